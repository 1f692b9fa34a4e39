//! Assets that have no bar or no row in the newest chunks of a hypertable, such as assets that are no longer listed.

use std::collections::HashMap;

use crate::pg::timescale::{Recent, at};
use crate::pg::{Arg, Db, Micros, Result, Row, Sees, arg, known, timestamps_arg, work_relation};
use crate::source::map::Source;
use crate::source::relation::may_hide_rows;
use crate::systems::cmc_regimes::marked::is_marked;
use crate::systems::cmc_regimes::params::{self, Given};
use crate::systems::cmc_regimes::tables::{STATE, TF};
use crate::systems::cmc_regimes::tracked;

/// The newest bar and the newest row of assets, in microseconds since 2000.
pub struct Newest {
    ids: Vec<i32>,
    bars: HashMap<i32, i64>,
    rows: HashMap<i32, i64>,
}

impl Newest {
    /// Finds the newest bars and rows in all chunks; beside each asset is the time of its newest row as the states tell. `marks`
    /// is the schema whose marks and states can be read.
    ///
    /// # Errors
    /// Where bars or rows cannot be read.
    pub fn find(
        db: Db,
        daily: Option<&Source>,
        regimes: &str,
        assets: &[(i32, Option<i64>)],
        marks: Option<&str>,
    ) -> Result<Self> {
        let read = |row: &Row| Ok((row.get::<i32>("id_")?, row.get::<Option<Micros>>("ts_")?));
        let all = |db: Db, sql: &str, args: &[Arg]| {
            let found = db.all(sql, args, Sees::Snapshot, read)?.into_iter();
            Ok(found.filter_map(|(id, ts)| Some((id, ts?.0))).collect())
        };
        let may_hide = may_hide_rows(db, regimes)?;
        let rows = Recent::newest_of_rows(db, regimes, assets.to_vec(), may_hide, |db, chunks, ids| {
            let is_there = chunks.condition("n.ts");
            let sql = format!(
                "SELECT n.id::int AS id_, pg_catalog.max(n.ts)::timestamptz AS ts_ FROM {regimes} n \
                 WHERE n.id = ANY ($1) AND n.tf = '{TF}'{is_there} GROUP BY n.id"
            );
            all(db, &sql, &[arg(ids.to_vec())])
        })?;
        let bars = match daily {
            Some(Source { bars, tf, .. }) => {
                let find = |db: Db, chunks: &Recent, ids: &[i32]| {
                    let sql = bars.newest_of("$2", &chunks.condition(&bars.columns[0]));
                    all(db, &sql, &[arg(tf.as_deref()), arg(ids.to_vec())])
                };
                let mut newest = match marks {
                    Some(schema) => with_rows(db, schema, assets, &bars.sql, find)?,
                    None => HashMap::new(),
                };
                let others: Vec<_> =
                    assets.iter().filter(|(id, _)| !newest.contains_key(id)).copied().collect();
                newest.extend(Recent::newest_of(db, &bars.sql, &others, find)?);
                newest
            }
            None => HashMap::new(),
        };
        Ok(Self { ids: assets.iter().map(|(id, _)| *id).collect(), bars, rows })
    }

    /// The assets that have bars after their newest row, or bars and no row; the others stay.
    pub fn take_behind(&mut self) -> Vec<i32> {
        let (bars, rows) = (&self.bars, &self.rows);
        let is_behind = |id: &i32| bars.get(id) > rows.get(id);
        let (behind, others) = self.ids.drain(..).partition(is_behind);
        self.ids = others;
        behind
    }

    /// When the oldest of the newest rows of assets is; `None` where one of them has no row.
    pub fn oldest_row(&self, ids: &[i32]) -> Option<i64> {
        ids.iter().map(|id| self.rows.get(id).copied()).min().flatten()
    }

    /// SQL: the newest rows, with these columns, of the assets in `$2`; opens only the chunks that hold them.
    pub fn rows(&self, regimes: &str, columns: &str) -> String {
        let is_there = at("n.ts", self.rows.values().copied());
        format!(
            "(SELECT {columns} FROM {regimes} n WHERE n.id = ANY ($2) AND n.tf = '{TF}'{is_there} OFFSET 0)"
        )
    }

    /// The assets, their newest bars and their newest rows, as parameters.
    pub fn args(&self) -> [Arg; 3] {
        let of = |all: &HashMap<i32, i64>| {
            timestamps_arg(self.ids.iter().map(|id| all.get(id).copied()).collect())
        };
        [arg(self.ids.clone()), of(&self.bars), of(&self.rows)]
    }
}

/// The newest bars of those assets whose newest bar is that of the newest row, as was found once while their states, and their
/// bars as marks tell, stay the same.
fn with_rows(
    db: Db,
    schema: &str,
    assets: &[(i32, Option<i64>)],
    bars: &str,
    find: impl Fn(Db, &Recent, &[i32]) -> Result<Vec<(i32, i64)>>,
) -> Result<HashMap<i32, i64>> {
    let Ok(setup) = params::load(db, &Given::default(), None) else { return Ok(HashMap::new()) };
    let tracking = tracked::tracking(db, schema, &setup.sources)?;
    let Some(tracking) = tracking.filter(|tracking| tracking.is_complete()) else {
        return Ok(HashMap::new());
    };
    let sql = format!(
        "SELECT c.id, c.computed_at FROM {} AS c WHERE c.tf = $1 AND c.tracking = $2 AND NOT {}",
        work_relation(schema, STATE),
        is_marked(schema, setup.sources.iter().flatten().find_map(|source| source.symbols()), "c.id")
    );
    let read = |row: &Row| Ok((row.get::<i32>("id")?, row.get::<Micros>("computed_at")?.0));
    let args = [arg(TF), arg(tracking.fingerprint.as_str())];
    let unchanged: HashMap<i32, i64> =
        db.anew().all(&sql, &args, Sees::Snapshot, read)?.into_iter().collect();
    let of_state = |(id, row): &(i32, Option<i64>)| Some((*id, (*row)?, *unchanged.get(id)?));
    let mut stated: Vec<(i32, i64, i64)> = assets.iter().filter_map(of_state).collect();
    stated.sort_unstable();
    let all = || {
        let subjects: Vec<_> = stated.iter().map(|(id, row, _)| (*id, Some(*row))).collect();
        Recent::newest_of(db, bars, &subjects, &find)
    };
    let found = known("newest bars", &(bars.to_owned(), tracking.fingerprint.clone(), stated.clone()), all)?;
    Ok(stated
        .iter()
        .filter(|(id, row, _)| found.get(id) == Some(row))
        .map(|(id, row, _)| (*id, *row))
        .collect())
}
