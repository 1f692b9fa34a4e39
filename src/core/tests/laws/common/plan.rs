//! Small descriptions of whole assets, so that a failure can be read.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use regime_core::cmc_regimes::config::Config;
use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::params::{LayerParams, Params, SourceParams};
use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::cmc_regimes::series::Series;
use regime_core::{Layer, PerLayer};

use super::synthetic::{DAY, Shape, series};
use super::{config, key, mode};

/// What an asset's bars and the parameters are made of.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    /// Bars of each layer, `None` without a source.
    pub bars: PerLayer<Option<usize>>,
    /// Days from bar to bar: real months and weeks, or shorter ones, which start amid the daily rows.
    pub days: [i64; 2],
    /// Days by which sparse layers end before or after the last daily row.
    pub shift: i64,
    pub gaps: bool,
    pub atr: bool,
    pub adx_floor: Option<f64>,
    pub costs: bool,
    pub mode: Mode,
    pub hold: u32,
    pub min_bars: PerLayer<usize>,
    pub config: Config,
    pub l4_label: Option<String>,
    /// Weekly bars of the market proxy, unless the asset is that itself.
    pub proxy: Option<usize>,
}

/// All that a run takes beside the policy.
pub struct Asset {
    pub series: PerLayer<Option<Series>>,
    pub proxy: Option<Proxy>,
    pub proxy_weekly: Option<Series>,
    pub params: Params,
}

impl Plan {
    fn shape(&self, layer: Layer, bars: usize) -> Shape {
        let [month, week] = self.days.map(|days| days * DAY);
        let step = PerLayer::new([month, week, DAY, DAY / 4])[layer];
        Shape {
            step,
            gaps: self.gaps,
            atr: self.atr,
            adx: self.adx_floor.is_some(),
            costs: self.costs,
            ..Shape::daily(self.seed.wrapping_add(layer as u64), bars)
        }
    }

    fn sparse(&self, layer: Layer, bars: usize, seed: u64) -> Series {
        let mut series = series(Shape { seed, ..self.shape(layer, bars) });
        series.ts.iter_mut().for_each(|ts| *ts += self.shift * DAY);
        series
    }

    pub fn asset(&self) -> Asset {
        let own = PerLayer::from_fn(|layer| {
            let bars = self.bars[layer]?;
            Some(match layer {
                Layer::L2 => series(self.shape(layer, bars)),
                _ => self.sparse(layer, bars, self.seed.wrapping_add(layer as u64)),
            })
        });
        let proxy_weekly = self.proxy.map(|bars| self.sparse(Layer::L1, bars, self.seed.wrapping_add(9)));
        let layers = PerLayer::from_fn(|layer| LayerParams {
            min_bars: self.min_bars[layer],
            source: self.bars[layer].map(|_| SourceParams {
                periods: [4, 9, 20],
                atr: self.atr,
                adx_floor: self.adx_floor,
                costs: self.costs,
            }),
        });
        Asset {
            series: own,
            proxy: proxy_weekly.as_ref().map(Proxy::new),
            proxy_weekly,
            params: Params {
                mode: self.mode,
                hold: self.hold,
                layers,
                config: self.config,
                l4_label: self.l4_label.clone(),
                // One budget for all rows, whose laws are simple; laws of point in time switch it on.
                point_in_time: false,
                ..Params::default()
            },
        }
    }
}

impl Asset {
    pub fn series(&self) -> PerLayer<Option<&Series>> {
        self.series.each_ref().map(Option::as_ref)
    }
}

/// Counts at and around each threshold.
fn bars() -> impl Strategy<Value = PerLayer<Option<usize>>> {
    let bars = [
        option::weighted(0.8, select(vec![0usize, 1, 40, 59, 60, 70])),
        option::weighted(0.8, select(vec![0usize, 1, 51, 52, 99, 100, 120])),
        option::weighted(0.97, select(vec![0usize, 1, 2, 119, 120, 249, 250, 250, 300])),
        option::weighted(0.3, select(vec![0usize, 299, 300])),
    ];
    bars.prop_map(PerLayer::new)
}

fn min_bars() -> impl Strategy<Value = PerLayer<usize>> {
    let any =
        [select(vec![0, 30, 60]), select(vec![0, 20, 52]), select(vec![0, 60, 120]), select(vec![0, 300])];
    prop_oneof![Just([60, 52, 120, 300]), any].prop_map(PerLayer::new)
}

pub fn plan() -> impl Strategy<Value = Plan> {
    let floor = option::weighted(0.3, select(vec![0.0, 10.0, 25.0]));
    let columns = (any::<bool>(), any::<bool>(), floor, any::<bool>());
    let time = ([select(vec![30i64, 5]), select(vec![7i64, 2])], select(vec![0i64, 0, 3, -20]));
    let held = (mode(), 0u32..6, option::weighted(0.3, key()), config());
    let proxy = option::weighted(0.8, select(vec![0usize, 1, 30, 150]));
    (any::<u64>(), bars(), min_bars(), time, columns, held, proxy).prop_map(
        |(seed, bars, min_bars, (days, shift), (gaps, atr, adx_floor, costs), held, proxy)| {
            let (mode, hold, l4_label, config) = held;
            Plan {
                seed,
                bars,
                days,
                shift,
                gaps,
                atr,
                adx_floor,
                costs,
                mode,
                hold,
                min_bars,
                config,
                l4_label,
                proxy,
            }
        },
    )
}
