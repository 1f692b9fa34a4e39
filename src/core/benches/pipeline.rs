//! One asset with the longest daily history there is, and the parts of it that cost most; the sister systems.
#![allow(missing_docs)]

#[path = "../tests/laws/common/synthetic.rs"]
#[allow(dead_code, reason = "tests use the rest")]
mod synthetic;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

use regime_core::cmc_regimes::comovement::comovement;
use regime_core::cmc_regimes::hysteresis::{Mode, State};
use regime_core::cmc_regimes::labeller::{atrp, label_bars};
use regime_core::cmc_regimes::params::Params;
use regime_core::cmc_regimes::pipeline::run;
use regime_core::cmc_regimes::policy::{Policy, PolicyTable};
use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::cmc_regimes::series::Series;
use regime_core::market_regime_history::days;
use regime_core::market_regimes::{Config, labels};
use regime_core::math::rolling::{Standing, standings};
use regime_core::{Layer, PerLayer, Tier};

use synthetic::{DAY, Shape, series};

fn layer(seed: u64, bars: usize, days: i64, periods: [usize; 3]) -> Series {
    series(Shape { step: days * DAY, periods, ..Shape::daily(seed, bars) })
}

fn pipeline(c: &mut Criterion) {
    let daily = layer(1, 5_614, 1, [20, 50, 100]);
    let weekly = layer(2, 800, 7, [20, 50, 200]);
    let monthly = layer(3, 184, 30, [12, 24, 48]);
    let proxy = Proxy::new(&layer(4, 800, 7, [20, 50, 200]));
    let policy = Policy::new(PolicyTable::built_in());
    let params = Params::default();

    let bars = daily.bars();
    c.bench_function("label_bars", |b| {
        b.iter(|| label_bars(black_box(&bars), &params.labelling(Layer::L2), Tier::Full));
    });

    let volatility = atrp(&bars, &params.config);
    c.bench_function("percentile_rank", |b| {
        b.iter(|| standings(black_box(&volatility), 0, 250, 83, Standing::percentile));
    });

    let labels = label_bars(&bars, &params.labelling(Layer::L2), Tier::Full);
    for mode in [Mode::Asymmetric, Mode::Symmetric] {
        c.bench_function(&format!("hysteresis/{}", mode.as_str()), |b| {
            b.iter(|| {
                let mut state = State::default();
                for label in black_box(&labels) {
                    state.step(Some(*label), mode, 3, |old, new| policy.tightens(old, new));
                }
                state
            });
        });
    }

    c.bench_function("comovement", |b| b.iter(|| comovement(black_box(&daily.ema[0]), &daily.ema[1])));

    c.bench_function("run", |b| {
        let all = PerLayer::new([Some(&monthly), Some(&weekly), Some(&daily), None]);
        b.iter(|| run(black_box(all), Some(&proxy), &policy, &params));
    });

    c.bench_function("policy", |b| b.iter(|| Policy::new(black_box(PolicyTable::built_in()))));
}

fn sisters(c: &mut Criterion) {
    let candles = layer(5, 10_000, 1, [20, 50, 100]);
    let close = &candles.close;
    let [high, low] = [1.004, 0.995].map(|by| close.iter().map(|c| c * by).collect::<Vec<_>>());
    let config = Config::default();
    c.bench_function("market/labels of 10,000 candles", |b| {
        b.iter(|| labels(black_box(&high), &low, close, &config));
    });
    c.bench_function("market_history/10,000 days", |b| b.iter(|| days(black_box(close), 0)));
}

criterion_group!(benches, pipeline, sisters);
criterion_main!(benches);
