//! Assets that have no bar or no row in the newest chunks of a hypertable, such as assets that are no longer listed.

use std::collections::HashMap;

use crate::pg::timescale::{Part, Recent, at, of_parts};
use crate::pg::{
    Arg, Db, Micros, Result, Row, Sees, arg, known, quote_literal, timestamps_arg, work_relation,
};
use crate::source::map::Source;
use crate::source::relation::may_hide_rows;
use crate::systems::cmc_regimes::marked::is_marked;
use crate::systems::cmc_regimes::params::{self, Given};
use crate::systems::cmc_regimes::tables::{STATE, TF};
use crate::systems::cmc_regimes::tracked;

/// The newest bar and the newest row of assets, in microseconds since 2000.
pub struct Newest {
    ids: Vec<i32>,
    bars: HashMap<i32, Bars>,
    rows: HashMap<i32, i64>,
}

/// The bars of an asset.
struct Bars {
    /// The time of the newest bar, in microseconds since 2000.
    newest: Option<i64>,
    /// The number of bars after the newest row; of all bars where there is no row.
    behind: i64,
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
        let may_hide = may_hide_rows(db, regimes)?;
        let rows = Recent::newest_of_rows(db, regimes, assets.to_vec(), may_hide, |db, parts| {
            let found = of_parts(parts, |Part { chunks, subjects }| {
                let (ids, is_there) = (ids_in_sql(subjects), chunks.condition("n.ts"));
                format!(
                    "SELECT n.id::int AS id, n.ts::timestamptz AS ts FROM {regimes} n WHERE n.id = ANY ({ids}) AND n.tf = '{TF}'{is_there}"
                )
            });
            let sql = format!("SELECT id, pg_catalog.max(ts) AS ts FROM ({found}) AS row_ GROUP BY id");
            let read = |row: &Row| Ok((row.get::<i32>("id")?, row.get::<Micros>("ts")?.0));
            db.all(&sql, &[], Sees::Snapshot, read)
        })?;
        let bars = match daily {
            Some(daily) => {
                let mut newest = match marks {
                    Some(schema) => with_rows(db, schema, assets, daily)?,
                    None => HashMap::new(),
                };
                // The bars after a row that is no longer the newest are counted.
                newest.retain(|id, bars| bars.newest == rows.get(id).copied());
                let others = assets.iter().map(|(id, _)| *id).filter(|id| !newest.contains_key(id));
                let others: Vec<_> = others.map(|id| (id, rows.get(&id).copied())).collect();
                newest.extend(newest_bars(db, daily, &others)?);
                newest
            }
            None => HashMap::new(),
        };
        Ok(Self { ids: assets.iter().map(|(id, _)| *id).collect(), bars, rows })
    }

    /// SQL: the newest rows, with these columns, of the assets in `$2`; opens only the chunks that hold them.
    pub fn rows(&self, regimes: &str, columns: &str) -> String {
        let is_there = at("n.ts", self.rows.values().copied());
        format!(
            "(SELECT {columns} FROM {regimes} n WHERE n.id = ANY ($2) AND n.tf = '{TF}'{is_there} OFFSET 0)"
        )
    }

    /// The assets, their newest bars, their newest rows and the numbers of their bars after these, as parameters.
    pub fn args(&self) -> [Arg; 4] {
        let bars = || self.ids.iter().map(|id| self.bars.get(id));
        let rows = self.ids.iter().map(|id| self.rows.get(id).copied());
        let behind: Vec<i64> = bars().map(|bars| bars.map_or(0, |bars| bars.behind)).collect();
        let newest = timestamps_arg(bars().map(|bars| bars?.newest).collect());
        [arg(self.ids.clone()), newest, timestamps_arg(rows.collect()), arg(behind)]
    }
}

/// SQL: an array of ids, in one order, so that the statement stays the same. As constants, they spare TimescaleDB from looking at
/// each chunk again whenever the statement begins.
fn ids_in_sql(ids: &[i32]) -> String {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let ids: Vec<String> = ids.iter().map(i32::to_string).collect();
    format!("'{{{}}}'::int[]", ids.join(","))
}

/// The bars of each of these assets that has bars; beside each is the time of its newest row.
fn newest_bars(db: Db, daily: &Source, assets: &[(i32, Option<i64>)]) -> Result<HashMap<i32, Bars>> {
    let Source { bars, tf, .. } = daily;
    let rows: HashMap<i32, Option<i64>> = assets.iter().copied().collect();
    Recent::newest_of(db, &bars.sql, assets, |db, parts| {
        let mut ids: Vec<i32> = parts.iter().flat_map(|part| &part.subjects).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = ids.iter().map(|id| rows.get(id).copied().flatten()).collect();
        let timeframe = tf.as_deref().map_or("NULL::text".to_owned(), quote_literal);
        let found = of_parts(parts, |Part { chunks, subjects }| {
            bars.rows_of(&ids_in_sql(subjects), &timeframe, &chunks.condition(&bars.columns[0]))
        });
        let sql = format!(
            "SELECT asset_.id, pg_catalog.max(bar_.ts) AS newest, count(*) FILTER (WHERE asset_.newest_row IS NULL OR bar_.ts > asset_.newest_row) AS behind \
             FROM ({found}) AS bar_ JOIN ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::timestamptz[])) AS asset_ (id, newest_row) \
               ON asset_.id = bar_.id GROUP BY asset_.id"
        );
        db.all(&sql, &[arg(ids), timestamps_arg(rows)], Sees::Snapshot, |row| {
            let newest = row.get::<Option<Micros>>("newest")?.map(|Micros(ts)| ts);
            let bars = Bars { newest, behind: row.get("behind")? };
            Ok((row.get("id")?, bars))
        })
    })
}

/// The bars of those assets whose newest bar is that of the newest row, as was found once while their states, and their bars as
/// marks tell, stay the same.
fn with_rows(
    db: Db,
    schema: &str,
    assets: &[(i32, Option<i64>)],
    daily: &Source,
) -> Result<HashMap<i32, Bars>> {
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
        db.by_key().all(&sql, &args, Sees::Snapshot, read)?.into_iter().collect();
    let of_state = |(id, row): &(i32, Option<i64>)| Some((*id, (*row)?, *unchanged.get(id)?));
    let mut stated: Vec<(i32, i64, i64)> = assets.iter().filter_map(of_state).collect();
    stated.sort_unstable();
    let all = || {
        let subjects: Vec<_> = stated.iter().map(|(id, row, _)| (*id, Some(*row))).collect();
        newest_bars(db, daily, &subjects)
    };
    let key = (daily.bars.sql.clone(), tracking.fingerprint.clone(), stated.clone());
    let found = known("newest bars", &key, all)?;
    let of_row = |(id, row, _): &(i32, i64, i64)| {
        let is_that = found.get(id).is_some_and(|bars| bars.newest == Some(*row));
        is_that.then_some((*id, Bars { newest: Some(*row), behind: 0 }))
    };
    Ok(stated.iter().filter_map(of_row).collect())
}
