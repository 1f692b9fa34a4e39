//! Stored states stay readable: bytes sealed by an earlier build decode to what the same bars give now.

use regime_core::calendar::{Calendar, DailyBars, Span, period_bars};
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::params::{Params, SourceParams};
use regime_core::cmc_regimes::pipeline::{Given, budget, whole};
use regime_core::cmc_regimes::policy::{Policy, PolicyTable};
use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::cmc_regimes::series::Series;
use regime_core::demo;
use regime_core::market_regimes::{Config, Machine};
use regime_core::math::ema::ema;
use regime_core::{Layer, PerLayer};

/// Sealed with memory version 1 before hashes and arrays per layer had types of their own.
const MEMORY: &[u8] = include_bytes!("sealed/memory_1.bin");
/// Sealed with machine version 1.
const MACHINE: &[u8] = include_bytes!("sealed/machine_1.bin");

fn series(bars: &DailyBars, periods: [u32; 3]) -> Series {
    Series {
        ts: bars.ts.clone(),
        close: bars.close.clone(),
        ema: periods.map(|period| ema(&bars.close, period)),
        ..Series::default()
    }
}

/// The memory of an asset with all four layers, the intraday one with an ATR, an ADX and costs.
fn memory() -> Memory {
    let bars = &demo::market(1, 400, 42)[0].bars;
    let monthly = series(&period_bars(bars, Span::Month, Calendar::Iso), [2, 3, 4]);
    let weekly = series(&period_bars(bars, Span::Week, Calendar::Iso), [5, 10, 20]);
    let daily = series(bars, [20, 50, 100]);
    let mut intraday = daily.clone();
    intraday.atr = Some(bars.high.iter().zip(&bars.low).map(|(high, low)| high - low).collect());
    intraday.adx = Some((0..400).map(|i| f64::from(i % 50)).collect());
    intraday.costs = Some([5, 7].map(|n| (0..400).map(|i| f64::from(i % n) + 1.0).collect()));
    let mut params = Params::default();
    params.layers[Layer::L3].source =
        Some(SourceParams { periods: [20, 50, 100], atr: true, adx_floor: Some(20.0), costs: true });
    let layers = PerLayer::new([&monthly, &weekly, &daily, &intraday].map(Some));
    let policy = Policy::new(PolicyTable::built_in());
    let proxy = Proxy::new(&weekly);
    let budget = budget(layers, &params);
    let given = Given { budget, proxy: Some(&proxy), policy: &policy, params: &params, look: || () };
    whole(layers, &given).memory
}

fn machine() -> Machine {
    let bars = &demo::market(1, 400, 42)[0].bars;
    let mut machine = Machine::new(&Config::default());
    for i in 0..bars.ts.len() {
        machine.push(bars.high[i], bars.low[i], bars.close[i]);
    }
    machine
}

#[test]
fn a_memory_of_an_earlier_build_is_read() {
    let decoded = Memory::decode(MEMORY).expect("a memory");
    assert_eq!((decoded.rows, decoded.newest_key()), (400, memory().newest_key()));
    assert!(decoded.layers.iter().all(|layer| layer.bars > 0 && layer.print.is_some()));
    // Bytes instead of values: a memory holds NaN.
    assert!(decoded.encode() == MEMORY && memory().encode() == MEMORY, "other bytes");
}

#[test]
fn a_machine_of_an_earlier_build_is_read() {
    let decoded = Machine::decode(MACHINE).expect("a machine");
    assert_eq!((decoded.candles(), decoded.config()), (400, &Config::default()));
    assert!(decoded.encode() == MACHINE && machine().encode() == MACHINE, "other bytes");
}
