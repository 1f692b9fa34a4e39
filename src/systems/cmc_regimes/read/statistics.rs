//! Statistics of the stored regimes of an asset: transitions, durations, periods, forward returns.

use std::collections::BTreeMap;
use std::rc::Rc;

use regime_core::calendar::civil::day_of;
use regime_core::cmc_regimes::forward::{Forward, Rows, forward_returns_of};
use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::math::periods::{Period, periods, simple_return};

use crate::pg::{Db, Result, invalid_parameter, null_argument};
use crate::systems::cmc_regimes::read::history::{Closes, History, Recent, assets, changes, recent};

/// The longest horizon, in daily rows.
const MOST_ROWS: i32 = 10_000;
/// Most horizons in one call.
const MOST_HORIZONS: usize = 100;

/// A period of an asset.
pub struct PeriodRow {
    pub id: i32,
    pub period: Period<String>,
    /// The simple return over the period; `None` where a close is unknown.
    pub return_over: Option<f64>,
}

/// The periods of a layer, and the time of the newest row in the last one.
fn stored_periods(db: Db, asset: i32, layer: FlipLayer) -> Result<(Vec<Period<String>>, Option<i64>)> {
    let changes = changes(db, asset, layer)?;
    let Some(last) = changes.last() else { return Ok(Default::default()) };
    let Recent { rows, newest } = recent(db, asset, layer, last.ts)?;
    Ok((periods(&changes, rows), newest))
}

/// The periods of a layer, ascending, of one asset, or of all that have rows, asset after asset.
///
/// # Errors
/// Where the tables cannot be read.
pub fn periods_of(db: Db, asset: Option<i32>, layer: FlipLayer) -> Result<Vec<Period<String>>> {
    let mut all = Vec::new();
    for id in ids(db, asset)? {
        all.extend(stored_periods(db, id, layer)?.0);
    }
    Ok(all)
}

/// One asset, or all that have rows.
fn ids(db: Db, asset: Option<i32>) -> Result<Vec<i32>> {
    asset.map_or_else(|| assets(db), |id| Ok(vec![id]))
}

/// The periods of a layer with their returns, of one asset or of all that have rows, by asset and time ascending.
///
/// # Errors
/// Where the tables or the daily bars cannot be read.
pub fn of_assets(db: Db, asset: Option<i32>, layer: FlipLayer) -> Result<Vec<PeriodRow>> {
    let mut rows = Vec::new();
    for id in ids(db, asset)? {
        pgrx::check_for_interrupts!();
        rows.extend(with_returns(db, id, layer)?);
    }
    Ok(rows)
}

fn with_returns(db: Db, asset: i32, layer: FlipLayer) -> Result<Vec<PeriodRow>> {
    let (periods, newest) = stored_periods(db, asset, layer)?;
    if periods.is_empty() {
        return Ok(Vec::new());
    }
    let closes = Closes::read(db, asset)?;
    let row = |period: Period<String>| {
        let end = period.to.or(newest).map_or(f64::NAN, |end| closes.at(end));
        PeriodRow { id: asset, return_over: simple_return(closes.at(period.from), end), period }
    };
    Ok(periods.into_iter().map(row).collect())
}

/// The horizons given, in daily rows: each once, ascending.
///
/// # Errors
/// Where there are none or too many, and where an element is NULL or out of range.
pub fn horizons(given: Option<Vec<Option<i32>>>) -> Result<Vec<usize>> {
    const HINT: &str = "Pass horizons => '{1,5,20}', numbers of daily rows.";
    let given = given.ok_or_else(|| null_argument("horizons"))?;
    if given.is_empty() {
        return Err(invalid_parameter("horizons is empty").hint(HINT));
    }
    let mut horizons = Vec::new();
    for horizon in given {
        let horizon = horizon.ok_or_else(|| invalid_parameter("horizons has a NULL element").hint(HINT))?;
        if !(1..=MOST_ROWS).contains(&horizon) {
            return Err(
                invalid_parameter(format!("horizon is {horizon}, outside 1 to {MOST_ROWS}")).hint(HINT)
            );
        }
        horizons.push(horizon as usize);
    }
    horizons.sort_unstable();
    horizons.dedup();
    if horizons.len() > MOST_HORIZONS {
        let message =
            format!("horizons has {} different elements, more than {MOST_HORIZONS}", horizons.len());
        return Err(invalid_parameter(message).hint(HINT));
    }
    Ok(horizons)
}

/// Forward returns by regime and horizon, which is in daily rows, of one asset or of all that have rows.
///
/// # Errors
/// Where the table or the daily bars cannot be read.
pub fn forward(
    db: Db,
    asset: Option<i32>,
    layer: FlipLayer,
    horizons: &[usize],
) -> Result<BTreeMap<(Rc<str>, usize), Forward>> {
    let mut read = Vec::new();
    for id in ids(db, asset)? {
        pgrx::check_for_interrupts!();
        let history = History::read(db, id, layer, [None; 2])?;
        if history.ts.is_empty() {
            continue;
        }
        let day: Vec<i64> = history.ts.iter().map(|ts| day_of(*ts)).collect();
        read.push((day, history.closes(&Closes::read(db, id)?), history.label));
    }
    let rows: Vec<_> = read.iter().map(|(day, close, label)| Rows { day, label, close }).collect();
    Ok(forward_returns_of(
        &rows,
        horizons,
        |_| true,
        || {
            pgrx::check_for_interrupts!();
        },
    ))
}
