//! Whether stored rows say what was knowable when they closed: each is computed again from what closed until
//! then, budget included, and compared.

use crate::output::relation::output_relation;
use crate::pg::{Db, Result, Sees, arg, check_range, extension_schema, invalid_parameter, settings};
use crate::source::names;
use crate::sync::content::Value;
use crate::systems::cmc_regimes::arguments::{arguments, beside};
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{self, Given};
use crate::systems::cmc_regimes::profiles::Profiles;
use crate::systems::cmc_regimes::refresh::state;
use crate::systems::cmc_regimes::row::{Row, moment};
use crate::systems::cmc_regimes::tables::{REGIMES, TF};

/// The column that says what a row was computed with: rows are compared with what the same parameters give.
const GIVEN: &str = "regime_version_hash";

/// How a column compares.
pub struct Compared {
    pub column: &'static str,
    /// Rows compared.
    pub rows: i64,
    /// Rows that differ.
    pub differ: i64,
    pub first: Option<Difference>,
}

/// The first row whose column differs.
pub struct Difference {
    /// The time of the row, in microseconds since 2000.
    pub ts: i64,
    pub stored: Option<String>,
    pub knowable: Option<String>,
}

/// Compares an asset's stored rows, or `sample` of them in even steps, the newest among them, with what could be
/// computed when they closed: one element for each column, in the order of the table.
///
/// # Errors
/// Where `sample` is out of range, where the newest row was computed with other parameters than those given, and
/// where the table or the sources cannot be read.
pub fn check(db: Db, asset: i32, sample: Option<i32>, given: &Given) -> Result<Vec<Compared>> {
    let sample = check_range("sample", sample, 1, i32::MAX)?;
    let stored = stored(db, asset)?;
    let columns = REGIMES.values.iter().map(|column| column.name).filter(|column| *column != GIVEN);
    let mut compared: Vec<Compared> =
        columns.map(|column| Compared { column, rows: 0, differ: 0, first: None }).collect();
    let Some((_, newest)) = stored.last() else { return Ok(compared) };
    let engine = engine_of(db, asset, newest.version_hash.as_deref().unwrap_or("NULL"), given)?;
    let (series, labels) = (engine.series(asset)?, engine.labels(asset, None)?);
    let step = sample.map_or(1, |sample| stored.len().div_ceil(sample as usize));
    let chosen = stored.iter().rev().step_by(step).collect::<Vec<_>>();
    for (ts, row) in chosen.into_iter().rev() {
        pgrx::check_for_interrupts!();
        let known = series.each_ref().map(|s| s.as_ref().map(|s| s.first(s.until(*ts))));
        let outcome = engine.compute_from(asset, &known, &labels)?;
        let knowable = match outcome.row.last() {
            Some(last) if outcome.ts.last() == Some(ts) => Row::computed(
                &outcome.rows[*last as usize],
                engine.params.l4_label.as_deref(),
                engine.version_hash(),
            ),
            // The bar is gone.
            _ => Row::default(),
        };
        let beside = row.beside(&knowable).filter(|(column, _)| *column != GIVEN);
        for (compared, (_, [stored, knowable])) in compared.iter_mut().zip(beside) {
            compared.rows += 1;
            if stored != knowable {
                compared.differ += 1;
                let [stored, knowable] = [stored, knowable].map(Value::shown);
                compared.first.get_or_insert(Difference { ts: *ts, stored, knowable });
            }
        }
    }
    Ok(compared)
}

/// What the stored rows were made with: the parameters given, point in time or not.
fn engine_of<'c>(db: Db<'c>, asset: i32, hash: &str, given: &Given) -> Result<Engine<'c>> {
    let profiles = Profiles::now(db, given)?;
    let profile = profiles.of_asset(db, asset)?;
    let (asked, given) = (given, &profiles.given(&profile));
    let mut tried = Vec::new();
    for point_in_time in [false, true] {
        let given = Given { point_in_time: Some(point_in_time), ..given.clone() };
        let engine = Engine::new(db, params::load(db, &given, None)?, None);
        if engine.version_hash() == hash {
            return Ok(engine);
        }
        tried.push(engine.arguments());
    }
    let (own, known) = (extension_schema(db)?, state::load(db, &settings::target_schema(), asset)?);
    let kept = known.filter(|state| state.basis.version_hash == hash).map(|state| state.basis.arguments);
    Err(invalid_parameter(format!(
        "the newest row of {} was computed with another policy or other parameters ({hash})",
        names::in_words(db, asset, given.cal_scheme.as_deref())?
    ))
    .hint(match kept {
        Some(kept) if !tried.contains(&kept) => {
            // Both values of point_in_time are tried, and there is no such argument.
            let other = Given { point_in_time: None, ..beside(&kept, profiles.of_profile(&profile)) };
            format!("SELECT * FROM {own}.regime_repaint_check({asset}{});", arguments(&other))
        }
        kept => {
            let same = match (&profile, kept) {
                (Some(_), _) => String::new(),
                (None, Some(kept)) => profiles.repeated(&profile, &kept),
                (None, None) => arguments(asked),
            };
            format!("SELECT * FROM {own}.refresh_cmc_regimes({asset}{same});")
        }
    }))
}

/// The stored rows of an asset in ascending time, each with its time.
fn stored(db: Db, asset: i32) -> Result<Vec<(i64, Row)>> {
    let relation = output_relation(db, &REGIMES)?;
    let sql =
        format!("SELECT {} FROM {relation} WHERE id = $1 AND tf = $2 ORDER BY ts", REGIMES.selected(""));
    db.all(&sql, &[arg(asset), arg(TF)], Sees::Snapshot, |row| Ok((moment(row)?, Row::read(row)?)))
}
