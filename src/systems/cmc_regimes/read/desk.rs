//! Assets as a desk looks at them: the current run, the policy in force, the changes that wait.

use std::collections::HashMap;

use regime_core::Layer;
use regime_core::cmc_regimes::row::FlipLayer;
use regime_core::math::number::rounded;
use regime_core::math::periods::Period;

use crate::output::desk::{Breadth, Days, Line, Run};
use crate::output::relation::output_relation;
use crate::pg::asset::Asset;
use crate::pg::{
    Db, Result, Row, Sees, arg, attempt, attempt_unless_cancelled, settings, syscache, work_relation,
    work_schema,
};
use crate::source::names;
use crate::systems::cmc_regimes::params::NOTHING;
use crate::systems::cmc_regimes::profiles::Profiles;
use crate::systems::cmc_regimes::read::latest::{self, Latest};
use crate::systems::cmc_regimes::read::picture::only_days;
use crate::systems::cmc_regimes::read::{board, history, statistics};
use crate::systems::cmc_regimes::tables::{REGIMES, STATE, TF};

/// Each asset that has rows, or one of them, by ascending asset.
///
/// # Errors
/// Where there is no such asset, and where rows or daily bars cannot be read.
pub fn desk(db: Db, asset: Option<&Asset>) -> Result<Vec<Line>> {
    let asked = asset.map(|asset| names::id(db, asset, None)).transpose()?;
    let mut rows = latest::all(db)?;
    rows.retain(|row| asked.is_none_or(|id| id == row.stored.id));
    let ids: Vec<i32> = rows.iter().map(|row| row.stored.id).collect();
    let mut waiting = waiting(db, &ids)?;
    let mut lines = Vec::with_capacity(rows.len());
    for latest in rows {
        pgrx::check_for_interrupts!();
        let id = latest.stored.id;
        let (periods, return_since) = periods(db, id)?;
        let (waiting, missing_bars) = waiting.remove(&id).unzip();
        lines.push(Line {
            id: Some(id),
            run: Run::last(&periods, return_since),
            in_force: Some(in_force(&latest)),
            waiting,
            missing_bars,
            is_stale: latest.is_stale,
            ..Line::default()
        });
    }
    Ok(lines)
}

/// The periods of an asset, and the return over the last: `None` also for a role that may read the outputs only.
fn periods(db: Db, id: i32) -> Result<(Vec<Period<String>>, Option<f64>)> {
    let layer = FlipLayer::Composite;
    Ok(match attempt(|| statistics::of_assets(db, Some(id), layer)) {
        Ok(rows) => {
            let return_since = rows.last().and_then(|row| row.return_over);
            (rows.into_iter().map(|row| row.period).collect(), return_since)
        }
        Err(_) => (statistics::periods_of(db, Some(id), layer)?, None),
    })
}

/// How many assets had which key on each day, as their bars count days.
///
/// # Errors
/// Where a timeframe other than 1D is asked for, and where the table cannot be read.
pub fn breadth(db: Db, days: Days) -> Result<Breadth> {
    if let Some(timeframe) = days.timeframe.filter(|timeframe| !timeframe.eq_ignore_ascii_case(TF)) {
        return Err(only_days(timeframe));
    }
    let mut all = Breadth::new();
    for (clock, ids) in board::clocks(db, history::assets(db)?)? {
        let sql = format!(
            "SELECT day, key, count(*) FROM (SELECT {} AS day, r.regime_key::text AS key FROM {} AS r \
             WHERE r.id = ANY ($3::int[]) AND r.tf = $4 AND r.regime_key IS NOT NULL AND pg_catalog.isfinite(r.ts)) AS r \
             WHERE day >= coalesce($1, '-infinity') AND day <= coalesce($2, 'infinity') GROUP BY 1, 2",
            clock.day("r.ts::timestamptz"),
            output_relation(db, &REGIMES)?
        );
        days.count(db, &sql, [arg(ids), arg(TF)], &mut all)?;
    }
    Ok(all)
}

/// The policy of a row in words.
fn in_force(latest: &Latest) -> String {
    let row = &latest.stored.row;
    let figure = |name: &str, value: Option<f64>| Some(format!("{name} {}", rounded(value?, 4, &[])));
    let orders = row.orders.as_ref().map(|orders| format!("orders {orders}"));
    let setups = row.setups.as_ref().map(|setups| setups.join(" "));
    [figure("size", row.size_mult), figure("stop", row.stop_mult), orders, setups]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// The changes of layers that hysteresis holds back, in words, and the fewest rows that one of them must still be seen on, of
/// these assets; nothing where the states may not be read.
///
/// # Errors
/// Where the states or the parameters of an asset cannot be read.
pub fn waiting(db: Db, ids: &[i32]) -> Result<HashMap<i32, (String, u32)>> {
    let schema = settings::target_schema();
    if syscache::readable(&work_schema(&schema), STATE) != Some(true) {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT id, accepted, pending, pending_rows, arguments FROM {} \
         WHERE tf = $1 AND id = ANY ($2::int[]) AND pg_catalog.array_remove(pending, NULL) <> '{{}}'",
        work_relation(&schema, STATE)
    );
    let read = |row: &Row| {
        let labels = |name| row.get::<Vec<Option<String>>>(name);
        let rows: Vec<Option<i32>> = row.get("pending_rows")?;
        let id: i32 = row.get("id")?;
        Ok((id, labels("accepted")?, labels("pending")?, rows, row.get::<String>("arguments")?))
    };
    let found = db.all(&sql, &[arg(TF), arg(ids)], Sees::Snapshot, read)?;
    let mut holds = Holds::new(db)?;
    let mut all = HashMap::new();
    for (id, accepted, pending, rows, arguments) in found {
        let Some(hold) = holds.of(id, &arguments)? else { continue };
        let mut words = Vec::new();
        let mut fewest = u32::MAX;
        for ((layer, accepted), (pending, rows)) in
            Layer::ALL.into_iter().zip(accepted).zip(pending.into_iter().zip(rows))
        {
            let (Some(pending), Some(rows)) = (pending, rows.and_then(|rows| u32::try_from(rows).ok()))
            else {
                continue;
            };
            let from = accepted.map_or(String::new(), |accepted| format!("{accepted} -> "));
            words.push(format!("{} {from}{pending}: {rows} of {hold} rows", layer.as_str()));
            fewest = fewest.min(hold.saturating_sub(rows));
        }
        all.insert(id, (words.join("; "), fewest));
    }
    Ok(all)
}

/// On how many rows a change must be seen, by the profiles of assets and the arguments that assets keep.
struct Holds<'c> {
    db: Db<'c>,
    profiles: Profiles<'static>,
    known: HashMap<(Option<String>, String), Option<u32>>,
}

impl<'c> Holds<'c> {
    fn new(db: Db<'c>) -> Result<Self> {
        Ok(Self { db, profiles: Profiles::now(db, &NOTHING)?, known: HashMap::new() })
    }

    /// `None` where the parameters of the asset cannot be used.
    fn of(&mut self, id: i32, kept: &str) -> Result<Option<u32>> {
        let own = self.profiles.of_asset(self.db, id)?;
        let key = (own.as_ref().map(|profile| profile.name.clone()), kept.to_owned());
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let due = self.profiles.due(&own, kept);
        let load = || self.profiles.parameters(self.db, &due, None);
        let hold = attempt_unless_cancelled(load).ok().map(|parameters| parameters.params.hold);
        self.known.insert(key, hold);
        Ok(hold)
    }
}
