//! Rows of `market_states`: states of bars, as content to write and as rows of a function.

use std::collections::HashMap;

use regime_core::market_states::{
    Bar, Bias, Bucket, Eras, LiquidityLabel, LiquidityTrend, MomentumState, Posture, Row, Series, Side,
    StateLabel, VolatilityLabel, VolatilityTrend,
};

use crate::pg::result_set::{Field, Floats, Text};
use crate::source::candles::Candles;
use crate::sync::content::{Content, Value};
use crate::systems::market_states::state::{Lost, Stored};

/// Bars between two looks at whether the statement was cancelled; a bar takes some 50 microseconds.
pub const INTERRUPT_EVERY: usize = 256;

/// Prices and strengths of the levels of a bar.
pub struct Levels {
    /// Of supports, then resistances: prices, strengths.
    values: [[f64; 3]; 4],
    counts: [usize; 2],
}

impl Levels {
    fn of(supports: &Side, resistances: &Side) -> Self {
        let mut levels = Self { values: [[0.0; 3]; 4], counts: [supports.len(), resistances.len()] };
        for (side, of) in [supports, resistances].into_iter().enumerate() {
            for (i, level) in of.iter().enumerate() {
                levels.values[2 * side][i] = level.price;
                levels.values[2 * side + 1][i] = level.strength;
            }
        }
        levels
    }

    fn array(&self, which: usize) -> &[f64] {
        &self.values[which][..self.counts[which / 2]]
    }
}

/// The row of a bar.
pub struct Made {
    pub row: Row,
    levels: Levels,
}

/// Values of a row, in the order of the columns from `state_label` to `warmup`.
pub const VALUES: usize = 33;
/// The place among them of `era_start`, which `era_confidence` follows.
const ERA: usize = 27;

impl Made {
    /// A row with its levels as arrays.
    pub fn new(row: Row) -> Self {
        Self { levels: Levels::of(&row.metrics.supports, &row.metrics.resistances), row }
    }

    /// The values from `state_label` to `warmup`. Specification 5, section 6.
    pub fn values(&self) -> [Value<'_>; VALUES] {
        let Row { verdict, metrics, .. } = &self.row;
        let floats = |which| Value::Floats(self.levels.array(which));
        let bucket = self.row.bucket;
        [
            Value::Text(verdict.label.as_str()),
            Value::Float(verdict.confidence),
            Value::Text(verdict.bias.as_str()),
            Value::Text(verdict.posture.as_str()),
            Value::Float(metrics.market_bias),
            Value::Float(metrics.risk_level),
            Value::Float(metrics.volatility_score),
            Value::Text(metrics.volatility_label.as_str()),
            Value::Text(metrics.volatility_trend.as_str()),
            Value::Float(metrics.breakout_up),
            Value::Float(metrics.breakout_down),
            Value::Float(metrics.downside_shock_risk),
            Value::Float(metrics.efficiency_ratio),
            Value::Float(metrics.structural_score),
            Value::Float(metrics.momentum_score),
            Value::Float(metrics.impulse_intensity),
            Value::Text(metrics.momentum_state.as_str()),
            Value::Float(metrics.liquidity_score),
            Value::Text(metrics.liquidity_label.as_str()),
            Value::Text(metrics.liquidity_trend.as_str()),
            Value::Float(metrics.instability_index),
            Value::Float(metrics.asymmetry),
            floats(0),
            floats(1),
            floats(2),
            floats(3),
            Value::float(self.row.escalation),
            self.row.era_start.map_or(Value::Null, Value::Micros),
            Value::float(self.row.era_confidence),
            Value::float(self.row.percentile),
            Value::text(bucket.map(Bucket::as_str)),
            Value::text(bucket.map(Bucket::action)),
            Value::Bool(self.row.warmup),
        ]
    }

    /// [`Made::values`] but those of the era.
    pub fn values_without_eras(&self) -> Vec<Value<'_>> {
        let values = self.values();
        [&values[..ERA], &values[ERA + 2..]].concat()
    }
}

/// A candle as a bar.
pub fn bar(candles: &Candles, i: usize) -> Bar {
    Bar {
        open: candles.open[i],
        high: candles.high[i],
        low: candles.low[i],
        close: candles.close[i],
        volume: candles.volume[i],
    }
}

/// The row of the next candle of a series, which is that of an index.
///
/// # Errors
/// Where a node of the series cannot be read.
pub fn push(series: &mut Series<Stored>, eras: &Eras, candles: &Candles, i: usize) -> Result<Row, Lost> {
    if i.is_multiple_of(INTERRUPT_EVERY) {
        pgrx::check_for_interrupts!();
    }
    series.push(&bar(candles, i), candles.ts[i], eras)
}

/// The rows of `market_states` for candles at these times, in microseconds since 2000, ascending.
pub fn content<'a>(ts: &[i64], rows: &'a [Made], version: &'a str) -> Content<'a> {
    let mut content = Content {
        keys: ts.iter().map(|ts| Value::Micros(*ts)).collect(),
        entry: (0..rows.len() as u32).collect(),
        entries: Vec::with_capacity(rows.len() * (VALUES + 1)),
    };
    for row in rows {
        content.entries.extend(row.values());
        content.entries.push(Value::Text(version));
    }
    content
}

/// The texts of all labels, built once for any number of rows.
pub struct Texts(HashMap<&'static str, Text>);

impl Texts {
    /// Builds the texts of all labels.
    pub fn new() -> Self {
        macro_rules! all {
            ($($labels:ident),*) => {
                [].into_iter()$(.chain($labels::ALL.iter().map(|label| label.as_str())))*
            };
        }
        let labels = all!(
            StateLabel,
            Bias,
            Posture,
            VolatilityLabel,
            VolatilityTrend,
            MomentumState,
            LiquidityLabel,
            LiquidityTrend,
            Bucket
        );
        let actions = Bucket::ALL.iter().map(|bucket| bucket.action());
        Self(labels.chain(actions).map(|text| (text, Text::new(text))).collect())
    }

    /// The fields of values whose texts are labels; `floats` holds the arrays of a row.
    pub fn fields<'t>(&'t self, values: &[Value], floats: &'t mut Vec<Floats>) -> Vec<Field<'t>> {
        floats.clear();
        floats.extend(values.iter().filter_map(|value| match value {
            Value::Floats(array) => Some(Floats::new(array)),
            _ => None,
        }));
        let floats: &'t [Floats] = floats;
        let mut arrays = floats.iter();
        let field = |value: &Value| match value {
            Value::Text(text) => self.0.get(*text).map_or(Field::NULL, Field::text),
            Value::Floats(_) => arrays.next().map_or(Field::NULL, Field::floats),
            Value::Float(number) => Field::float(*number),
            Value::Micros(micros) => Field::timestamp(*micros),
            Value::Bool(truth) => Field::bool(*truth),
            Value::Int(number) => Field::int(*number),
            Value::Date(days) => Field::date(*days),
            Value::Null | Value::Texts(_) => Field::NULL,
        };
        values.iter().map(field).collect()
    }
}
