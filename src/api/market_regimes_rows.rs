//! `market_regime_labels`: market regimes of arrays.

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use regime_core::market_regimes::{Config, Machine};

use crate::pg::error::{Error, Result as Checked, null_argument};
use crate::pg::json::JsonText;
use crate::pg::result_set::{Caller, Field, Rows};
use crate::systems::market_regimes::label::LabelTexts;

#[pg_extern(sql = r#"CREATE FUNCTION "market_regime_labels"(
	"high" double precision[],
	"low" double precision[],
	"close" double precision[],
	"config" jsonb DEFAULT NULL
) RETURNS TABLE (
	"bar" INT,
	"trend_state" TEXT,
	"volatility_state" TEXT,
	"momentum_state" TEXT,
	"full_regime" TEXT,
	"simplified_regime" TEXT,
	"confidence" double precision,
	"warmup" bool
)
IMMUTABLE PARALLEL SAFE
LANGUAGE c
AS 'MODULE_PATHNAME', 'market_regime_labels_wrapper';"#)]
fn market_regime_labels(
    caller: Caller<'_>,
    high: Option<Vec<Option<f64>>>,
    low: Option<Vec<Option<f64>>>,
    close: Option<Vec<Option<f64>>>,
    config: Option<JsonText>,
) -> Result<(), ErrorReport> {
    let rows = Rows::begin(caller)?;
    Ok(labels(rows, known("high", high)?, known("low", low)?, known("close", close)?, config)?)
}

fn known(name: &str, values: Option<Vec<Option<f64>>>) -> Checked<Vec<f64>> {
    let values = values.ok_or_else(|| null_argument(name))?;
    Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

fn labels(
    mut rows: Rows,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    config: Option<JsonText>,
) -> Checked<()> {
    for (name, values) in [("high", &high), ("low", &low)] {
        if values.len() != close.len() {
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_ARRAY_ELEMENT_ERROR,
                format!("{name} has {} elements, close has {}", values.len(), close.len()),
            )
            .hint("Give one element a bar in each array; NULL where a value is unknown."));
        }
    }
    let config = config.map_or(Ok(Config::default()), |json| Config::parse(json.as_str()))?;
    let mut machine = Machine::new(&config);
    let texts = LabelTexts::new();
    for (bar, ((high, low), close)) in (0..).zip(high.into_iter().zip(low).zip(close)) {
        let label = machine.push(high, low, close);
        let [trend, volatility, momentum, full, simplified] = texts.fields(label);
        rows.push(&[
            Field::int(bar),
            trend,
            volatility,
            momentum,
            full,
            simplified,
            Field::float(label.confidence),
            Field::bool(label.warmup),
        ])?;
    }
    Ok(())
}
