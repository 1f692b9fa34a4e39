//! `regime_connect`: a relation of prices is looked at, made readable, and checked.

use std::rc::Rc;

use regime_core::Layer;

use crate::output::finding::Severity;
use crate::pg::{
    Db, Result, Sees, arg, attempt, attempt_unless_cancelled, extension_schema, internal, lock_schema,
    plural, qualified, settings, spi, syscache, work_schema,
};
use crate::source::build::Inputs;
use crate::source::connect::ask::Asked;
use crate::source::connect::look::look;
use crate::source::connect::make::Make;
use crate::source::connect::record::Record;
use crate::source::connect::{Line, Step};
use crate::source::map::rows_of_map;
use crate::systems::cmc_regimes::check::inputs;
use crate::systems::cmc_regimes::params::{NOTHING, Setup};
use crate::systems::cmc_regimes::profiles::Profiles;
use crate::systems::cmc_regimes::tables::{STATE, TABLES};

/// Most assets that are built and checked; a refresh builds the others.
const MOST_CHECKED: usize = 50;
/// Most assets that one statement refreshes.
const MOST_AT_ONCE: usize = 200;

/// Connects a relation, and tells what was found, made, and is left to do; with `dry_run`, nothing is made that stays.
///
/// # Errors
/// A relation that is no table of prices, what cannot be told, and privileges that are missing.
pub fn connect(asked: &Asked, dry_run: bool) -> Result<Vec<Line>> {
    spi::connect(|db| {
        // What a statement that connects several relations has made for the first is seen for the next.
        let whole = |db: Db, asked: &Asked| db.with_new_snapshot(|| whole(db, asked));
        if !dry_run {
            return whole(db, asked);
        }
        let mut told = None;
        let undone: Result<()> = attempt(|| {
            told = Some(whole(db, asked)?);
            Err(internal("rolled back"))
        });
        match (told, undone) {
            (Some(lines), _) => Ok(lines.into_iter().map(would).collect()),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Ok(Vec::new()),
        }
    })
}

/// The line where nothing was made that stays.
fn would(line: Line) -> Line {
    match line.step {
        Step::Made => Line { step: Step::ToMake, ..line },
        _ => line,
    }
}

fn whole(db: Db, asked: &Asked) -> Result<Vec<Line>> {
    let own = extension_schema(db)?;
    let asked = &as_before(db, asked, &own)?;
    let mut found = look(db, asked, &own)?;
    let mut lines = std::mem::take(&mut found.lines);
    lock_schema(db, &settings::target_schema())?;
    let before = Record::of(db, &own, &found.table)?;
    let others = others(db, before.as_ref())?;
    let stored = highest_stored(db)?;
    let mut make = Make { db, own: &own, asked, found: &found, before, others, stored, lines: Vec::new() };
    let record = make.all()?;
    lines.append(&mut make.lines);
    if let Some(cal_scheme) = &record.cal_scheme {
        let ids = make.ids()?;
        lines.extend(checked(db, cal_scheme, &ids)?);
        lines.push(refresh(&own, ids.len()));
    }
    if record.candles {
        let command = format!("SELECT * FROM {own}.refresh_market_regimes();");
        lines.push(
            Line::new(Step::ToDo, "refresh candles", "their regimes, where these are wanted")
                .command(command),
        );
    }
    Ok(lines)
}

/// What a caller says of a relation, and beside that the filter, the zone, the shift and the unit that the map has of one that is
/// connected: a call without these does not reset them.
fn as_before(db: Db, asked: &Asked, own: &str) -> Result<Asked> {
    let sql = format!(
        "SELECT map.bars_filter::text AS filter, map.bars_zone, map.bars_shift::text AS shift, map.bars_ts_unit FROM {own}.regime_connection AS r \
         JOIN pg_catalog.pg_namespace AS n ON n.nspname = r.bars_schema JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = r.bars_table \
         JOIN {} ON map.cal_scheme = r.cal_scheme AND map.layer = 'L2' AND map.bars_schema = r.bars_schema AND map.bars_table = r.bars_table WHERE c.oid = $1",
        rows_of_map(own)
    );
    let mut all = asked.clone();
    db.rows(&sql, &[arg(asked.relation)], Sees::Now, |row| {
        let filter: Option<String> = row.get("filter")?;
        all.filter = all.filter.take().or(filter.filter(|filter| filter != "{}"));
        all.zone = all.zone.take().or(row.get("bars_zone")?);
        // No shift was decided on, or given as none.
        all.shift =
            all.shift.take().or(Some(row.get::<Option<String>>("shift")?.unwrap_or_else(|| "0".to_owned())));
        all.unit = all.unit.take().or(row.get("bars_ts_unit")?);
        Ok(())
    })?;
    Ok(all)
}

/// The ids that have daily bars.
fn ids_with_bars(db: Db, setup: &Setup) -> Result<Vec<i32>> {
    let Some(daily) = &setup.sources[Layer::L2] else { return Ok(Vec::new()) };
    let ids: Vec<i64> =
        db.all(&daily.bars.ids(), &[arg(daily.tf.as_deref())], Sees::Now, |row| row.only())?;
    Ok(ids.into_iter().filter_map(|id| i32::try_from(id).ok()).collect())
}

/// The ids of the assets of everything that is read now but what a connection reads.
fn others(db: Db, but: Option<&Record>) -> Result<Vec<i32>> {
    let profiles = Profiles::now(db, &NOTHING)?;
    let mut owns = vec![None];
    owns.extend(profiles.rows.used().map(|profile| Some(Rc::clone(profile))));
    let mut ids = Vec::new();
    for own in owns {
        let given = profiles.given(&own);
        if but.is_some_and(|record| record.cal_scheme == Some(given.scheme())) {
            continue;
        }
        let of = || ids_with_bars(db, &profiles.parameters(db, &given, None)?.setup_of_bars(db, &given)?);
        // What cannot be used has no assets that are computed.
        ids.extend(attempt_unless_cancelled(of).unwrap_or_default());
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The highest id of the output rows and states: a new asset with this id would have the rows of another.
fn highest_stored(db: Db) -> Result<Option<i32>> {
    let schema = settings::target_schema();
    let work = work_schema(&schema);
    let outputs = TABLES.iter().map(|table| (&schema, table.name));
    let mut highest = None;
    for (schema, name) in outputs.chain([(&work, STATE)]) {
        if syscache::readable(schema, name) == Some(true) {
            let sql = format!("SELECT pg_catalog.max(id)::int4 FROM {}", qualified(schema, name));
            highest = highest.max(db.first(&sql, &[], Sees::Now, |row| row.only::<Option<i32>>())?.flatten());
        }
    }
    Ok(highest)
}

/// Builds the inputs of some assets and checks these: a line for each fault.
fn checked(db: Db, cal_scheme: &str, ids: &[i32]) -> Result<Vec<Line>> {
    let some = &ids[..ids.len().min(MOST_CHECKED)];
    let mut lines = Vec::new();
    let inputs = db.with_new_snapshot(|| Inputs::find(db, cal_scheme))?;
    if let Some(inputs) = &inputs {
        inputs.hold()?;
        for id in some {
            pgrx::check_for_interrupts!();
            // The check tells of bars that cannot be used.
            let _ = attempt_unless_cancelled(|| db.with_new_snapshot(|| inputs.bring(*id)));
        }
    }
    let complaints = db.with_new_snapshot(|| inputs::of(db, Some(some.to_vec()), None))?;
    for complaint in complaints.into_iter().filter(|complaint| complaint.severity != Severity::Info) {
        let asset = complaint.who.map_or_else(|| "all assets".to_owned(), |id| format!("asset {id}"));
        let layer = complaint.place.map_or_else(String::new, |layer| format!(", {layer}"));
        let n = complaint.n.map_or_else(String::new, |n| format!(" ({n})"));
        let advice = complaint.advice.as_ref().map_or_else(String::new, |advice| format!(". {advice}"));
        let detail = format!("{}: {}{n}{advice}", complaint.severity.as_str(), complaint.problem());
        let line = Line::new(Step::ToDo, format!("{asset}{layer}"), detail);
        lines.push(Line { command: complaint.command, ..line });
    }
    let n = some.len();
    let of = if n < ids.len() { format!(", of {}", ids.len()) } else { String::new() };
    let what = if lines.is_empty() { "no faults" } else { "see below" };
    let detail = format!("inputs of {n} {}{of}: {what}", plural(n as u64, "asset"));
    lines.insert(0, Line::new(Step::Found, "checked", detail));
    Ok(lines)
}

fn refresh(own: &str, assets: usize) -> Line {
    let command = match assets {
        0..=MOST_AT_ONCE => format!("SELECT * FROM {own}.refresh_cmc_regimes();"),
        _ => format!("CALL {own}.refresh_all_cmc_regimes();"),
    };
    let detail = format!("{assets} {}; again after new bars", plural(assets as u64, "asset"));
    Line::new(Step::ToDo, "refresh", detail).command(command)
}
