//! Rows of `market_regimes`: labels of candles, content to write.

use std::collections::HashMap;

use regime_core::market_regimes::{Label, Machine};

use crate::source::candles::Candles;
use crate::sync::content::{Content, Value};

/// Candles between two looks at whether the statement was cancelled.
const INTERRUPT_EVERY: usize = 4096;

/// The labels of further candles, in the order of the candles. Specification 3, sections 1 to 4.
pub fn run(machine: &mut Machine, candles: &Candles) -> impl Iterator<Item = Label> {
    let Candles { high, low, close, .. } = candles;
    high.iter().zip(low).zip(close).enumerate().map(|(i, ((high, low), close))| {
        if i.is_multiple_of(INTERRUPT_EVERY) {
            pgrx::check_for_interrupts!();
        }
        machine.push(*high, *low, *close)
    })
}

/// The rows of `market_regimes` for candles at these times, in microseconds since 2000, ascending.
pub fn content<'a>(ts: &[i64], labels: &[Label], version: &'a str) -> Content<'a> {
    let mut content = Content::default();
    let mut known: HashMap<(usize, u64, bool), u32> = HashMap::new();
    for (ts, label) in ts.iter().zip(labels) {
        content.keys.push(Value::Micros(*ts));
        let next = known.len() as u32;
        let entry =
            *known.entry((label.full_index(), label.confidence.to_bits(), label.warmup)).or_insert(next);
        content.entry.push(entry);
        if entry == next {
            content.entries.extend([
                Value::Text(label.trend.as_str()),
                Value::Text(label.volatility.as_str()),
                Value::Text(label.momentum.as_str()),
                Value::Text(label.full()),
                Value::Text(label.simplified.as_str()),
                Value::Float(label.confidence),
                Value::Text(version),
                Value::Bool(label.warmup),
            ]);
        }
    }
    content
}
