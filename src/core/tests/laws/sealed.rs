//! Stored states stay readable: bytes sealed by an earlier build decode to what the same bars give now.

use crate::common::states::Stored;

use regime_core::calendar::{Calendar, DailyBars, Span, period_bars};
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::params::{Params, SourceParams};
use regime_core::cmc_regimes::pipeline::{Given, budget, whole};
use regime_core::cmc_regimes::policy::{Policy, PolicyTable};
use regime_core::cmc_regimes::proxy::Proxy;
use regime_core::cmc_regimes::series::Series;
use regime_core::demo;
use regime_core::market_regimes::{Config, Machine};
use regime_core::market_states::{self, Bar, Change, Eras, InMemory, Sealed};
use regime_core::math::ema::ema;
use regime_core::{Layer, PerLayer};

/// Sealed with memory version 2.
const MEMORY: &[u8] = include_bytes!("sealed/memory_2.bin");
/// Sealed with machine version 1.
const MACHINE: &[u8] = include_bytes!("sealed/machine_1.bin");
/// A series of market states, sealed with state version 1: the state, then each node with its tree and number.
const STATES: &[u8] = include_bytes!("sealed/states_1.bin");

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
    let mut params = Params { point_in_time: false, ..Params::default() };
    params.layers[Layer::L3].source =
        Some(SourceParams { periods: [20, 50, 100], atr: true, adx_floor: Some(20.0), costs: true });
    let layers = PerLayer::new([&monthly, &weekly, &daily, &intraday].map(Some));
    let policy = Policy::new(PolicyTable::built_in());
    let proxy = Proxy::new(&weekly);
    let budget = budget(layers, &params);
    let given = Given {
        budget,
        proxy: Some(&proxy),
        policy: &policy,
        params: &params,
        outside: [None; 2],
        look: || (),
    };
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
    assert_eq!(decoded.candles(), 400);
    assert!(decoded.encode() == MACHINE && machine().encode() == MACHINE, "other bytes");
}

/// The parts of [`STATES`], each after its length.
fn states() -> Sealed {
    fn part<'a>(bytes: &mut &'a [u8], n: usize) -> &'a [u8] {
        let (part, rest) = bytes.split_at(n);
        *bytes = rest;
        part
    }
    fn number(bytes: &mut &[u8]) -> u32 {
        u32::from_le_bytes(part(bytes, 4).try_into().expect("four bytes"))
    }
    let mut bytes = STATES;
    let n = number(&mut bytes) as usize;
    let state = part(&mut bytes, n).to_vec();
    let mut nodes = Vec::new();
    while !bytes.is_empty() {
        let tree = part(&mut bytes, 1)[0];
        let (node, n) = (number(&mut bytes), number(&mut bytes) as usize);
        nodes.push(Change { tree, node, bytes: part(&mut bytes, n).to_vec() });
    }
    Sealed { state, emptied: false, nodes }
}

#[test]
fn market_states_of_an_earlier_build_are_read() {
    let bars = &demo::market(1, 340, 42)[0].bars;
    let rows: Vec<(Bar, i64)> = (0..340)
        .map(|i| {
            let [open, high, low] = [bars.open[i], bars.high[i], bars.low[i]];
            (Bar { open, high, low, close: bars.close[i], volume: bars.volume[i] }, bars.ts[i])
        })
        .collect();
    let mut stored = Stored::default();
    stored.apply(states());
    let mut decoded = stored.resume();
    assert_eq!(decoded.bars(), 300);
    assert!(decoded.seal().state == stored.state, "other bytes");
    let mut anew = market_states::Series::new(InMemory);
    let eras = Eras::none("1d");
    for (i, (bar, time)) in rows.iter().enumerate() {
        let Ok(expected) = anew.push(bar, *time, &eras);
        if i >= 300 {
            let Ok(row) = decoded.push(bar, *time, &eras);
            assert_eq!(row.verdict.label, expected.verdict.label);
            // Logarithms of another library may differ in the last bits.
            let [row, expected] = [row, expected].map(|row| row.escalation.expect("an escalation"));
            assert!((row - expected).abs() < 1e-9, "{row}, not {expected}");
        }
    }
}
