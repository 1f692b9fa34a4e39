//! Step 8: whether the stored row is the explained one, or which columns differ.

use regime_core::market_states::CLASSIFIER_VERSION;

use crate::output::told::{Line, comparable, line};
use crate::pg::{Micros, Result, Row, Sees, arg, quote_literal, settings, timestamp_arg, utc};
use crate::sync::content::Value;
use crate::sync::table::Type;
use crate::systems::market_states::explain::{Step, Told};
use crate::systems::market_states::tables::{MARKET_STATES, STATES};

/// The argument that has a refresh compare all rows.
const REPAIR: &str = ", full_refresh => true";

/// The lines of this step.
///
/// # Errors
/// Where the row cannot be read.
pub fn tell(told: &Told) -> Result<Vec<Line>> {
    let one = |value: &str, detail: String| vec![line(Step::Stored, "stored row", value, detail)];
    let relation = match comparable(told.db, &settings::target_schema(), &STATES, &MARKET_STATES)? {
        Ok(relation) => relation,
        Err(why) => return Ok(one("none to compare", why)),
    };
    let columns: Vec<&str> = MARKET_STATES.values.iter().map(|column| column.name).collect();
    let sql = format!(
        "SELECT {}, {} FROM {relation} WHERE symbol = $1 AND timeframe = $2 AND open_time = $3",
        columns.join(", "),
        MARKET_STATES.stamp
    );
    let series = told.series;
    let args = || [arg(series.symbol.as_str()), arg(series.timeframe.as_str()), timestamp_arg(Some(told.ts))];
    let [symbol, timeframe] = [&series.symbol, &series.timeframe].map(quote_literal);
    let refresh = format!("SELECT * FROM {}.refresh_market_states({symbol}, {timeframe}", told.own);
    let mut explained = told.made.values().to_vec();
    explained.push(Value::Text(CLASSIFIER_VERSION));
    let read = |row: &Row| {
        let mut differing = Vec::new();
        for (column, value) in MARKET_STATES.values.iter().zip(&explained) {
            if let Some(stored) = other(row, column.name, column.kind, *value)? {
                let detail = format!("explained here: {}", or_null(value.shown()));
                differing.push(line(Step::Stored, "stored", or_null(stored), detail).of(column.name));
            }
        }
        Ok((differing, row.get::<Option<Micros>>(MARKET_STATES.stamp)?))
    };
    let Some((differing, written)) = told.db.first(&sql, &args(), Sees::Snapshot, read)? else {
        // A refresh adds rows after the newest; a row in between was deleted, or its candle came late.
        let later = format!(
            "SELECT true FROM {relation} WHERE symbol = $1 AND timeframe = $2 AND open_time > $3 LIMIT 1"
        );
        let has_later = told.db.first(&later, &args(), Sees::Snapshot, |_| Ok(()))?.is_some();
        let repair = if has_later { REPAIR } else { "" };
        return Ok(one("not stored", format!("{refresh}{repair});")));
    };
    let when = written.map_or(String::new(), |Micros(at)| format!(", written at {}", utc(at)));
    if differing.is_empty() {
        return Ok(one("as stored", format!("{relation} holds exactly this row{when}")));
    }
    let n = differing.len();
    let mut lines = one(
        "differs",
        format!(
            "in {n} columns{when}; candles or eras have changed since, or the row was changed: {refresh}{REPAIR});"
        ),
    );
    lines.extend(differing);
    Ok(lines)
}

fn or_null(text: Option<String>) -> String {
    text.unwrap_or_else(|| "NULL".to_owned())
}

/// The stored value of a column for a reader where it is not this value.
fn other(row: &Row, column: &'static str, kind: Type, value: Value) -> Result<Option<Option<String>>> {
    let beside = |stored: Value| (stored != value).then(|| stored.shown());
    Ok(match kind {
        Type::Float => beside(Value::float(row.get(column)?)),
        Type::FloatArray => {
            let stored: Option<Vec<f64>> = row.get(column)?;
            beside(stored.as_deref().map_or(Value::Null, Value::Floats))
        }
        Type::Timestamptz => {
            beside(row.get::<Option<Micros>>(column)?.map_or(Value::Null, |Micros(at)| Value::Micros(at)))
        }
        Type::Bool => beside(row.get::<Option<bool>>(column)?.map_or(Value::Null, Value::Bool)),
        _ => {
            let stored: Option<String> = row.get(column)?;
            beside(Value::text(stored.as_deref()))
        }
    })
}
