//! Assets that have no bar or no row in the newest chunks of a hypertable, such as assets that are no longer listed.

use std::collections::HashMap;

use crate::pg::timescale::{Recent, at};
use crate::pg::{Arg, Db, Micros, Result, Row, Sees, arg, timestamps_arg};
use crate::source::map::Source;
use crate::source::relation::may_hide_rows;
use crate::systems::cmc_regimes::tables::TF;

/// The newest bar and the newest row of assets, in microseconds since 2000.
pub struct Newest {
    ids: Vec<i32>,
    bars: HashMap<i32, i64>,
    rows: HashMap<i32, i64>,
}

impl Newest {
    /// Finds the newest bars and rows in all chunks; beside each asset is the time of its newest row as the states tell.
    ///
    /// # Errors
    /// Where bars or rows cannot be read.
    pub fn find(
        db: Db,
        daily: Option<&Source>,
        regimes: &str,
        assets: &[(i32, Option<i64>)],
    ) -> Result<Self> {
        let read = |row: &Row| Ok((row.get::<i32>("id")?, row.get::<Option<Micros>>("ts")?));
        let all = |db: Db, sql: &str, args: &[Arg]| {
            let found = db.all(sql, args, Sees::Snapshot, read)?.into_iter();
            Ok(found.filter_map(|(id, ts)| Some((id, ts?.0))).collect())
        };
        let may_hide = may_hide_rows(db, regimes)?;
        let rows = Recent::newest_of_rows(db, regimes, assets.to_vec(), may_hide, |db, chunks, ids| {
            let is_there = chunks.condition("n.ts");
            let sql = format!(
                "SELECT n.id::int AS id, pg_catalog.max(n.ts)::timestamptz AS ts FROM {regimes} n \
                 WHERE n.id = ANY ($1) AND n.tf = '{TF}'{is_there} GROUP BY n.id"
            );
            all(db, &sql, &[arg(ids.to_vec())])
        })?;
        let bars = match daily {
            Some(Source { bars, tf, .. }) => {
                let (ts, id) = (&bars.columns[0], &bars.id);
                Recent::newest_of(db, &bars.sql, assets, |db, chunks, ids| {
                    let (relation, condition) = (&bars.sql, &bars.shared_condition);
                    let is_there = chunks.condition(ts);
                    let sql = format!(
                        "SELECT {id}::int AS id, pg_catalog.max({ts}) AS ts FROM {relation} \
                         WHERE {id} = ANY ($2) AND {condition}{is_there} GROUP BY {id}"
                    );
                    all(db, &sql, &[arg(tf.as_deref()), arg(ids.to_vec())])
                })?
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
