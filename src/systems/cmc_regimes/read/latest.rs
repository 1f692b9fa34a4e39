//! The newest row of each asset, and whether it may still be trusted.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use regime_core::Layer;

use crate::output::fresh::{Because, stale_because};
use crate::output::relation::output_relation;
use crate::pg::timescale::Recent;
use crate::pg::{
    Arg, Db, Micros, Result, Row, Sees, arg, attempt_unless_cancelled, catalog, citus, settings, syscache,
    work_relation, work_schema,
};
use crate::source::map::{self, Source};
use crate::source::relation::may_hide_rows;
use crate::source::rhythm::Watch;
use crate::systems::cmc_regimes::chunks;
use crate::systems::cmc_regimes::marked::{self, is_marked};
use crate::systems::cmc_regimes::now::{Judge, Kept};
use crate::systems::cmc_regimes::params::NOTHING;
use crate::systems::cmc_regimes::profiles::{self, Profiles};
use crate::systems::cmc_regimes::read::as_of;
use crate::systems::cmc_regimes::row::Stored;
use crate::systems::cmc_regimes::status::OfProfiles;
use crate::systems::cmc_regimes::tables::{ASSETS, REGIMES, STATE, TF};

/// The newest row of an asset.
pub struct Latest {
    pub stored: Stored,
    /// The age of the row in microseconds; `None` where its time is infinite.
    pub age: Option<i64>,
    /// The time of the newest daily bar, in microseconds since 2000; `None` also where the source is missing or may
    /// not be read.
    pub newest_bar: Option<i64>,
    /// Whether the row may not be trusted; `None` where that is unknown.
    pub is_stale: Option<bool>,
    /// Why the row may not be trusted.
    pub because: Option<Because>,
}

/// The newest row of an asset, and what its statement tells of whether the row may be trusted.
struct Read {
    stored: Stored,
    age: Option<i64>,
    newest_bar: Option<i64>,
    is_old: bool,
    /// Whether the row is not that of the newest bar.
    other_bar: Option<bool>,
    is_marked: Option<bool>,
}

/// The newest row of each asset that has a row, by ascending asset.
///
/// # Errors
/// Where the table is not there or cannot be read.
pub fn all(db: Db) -> Result<Vec<Latest>> {
    let regimes = output_relation(db, &REGIMES)?;
    let daily = shown_daily(db)?;
    let schema = settings::target_schema();
    let work = work_schema(&schema);
    let may_see_states = syscache::readable(&work, STATE) == Some(true);
    let may_see_marks = ASSETS.tables().iter().all(|table| syscache::readable(&work, table) == Some(true));
    let kept = if may_see_states { kept(db, &schema)? } else { HashMap::new() };
    let ids: Vec<i32> = kept.keys().copied().collect();
    let elsewhere = match &daily {
        Some(daily) => attempt_unless_cancelled(|| newest_elsewhere(db, daily, &ids)).unwrap_or_default(),
        None => HashMap::new(),
    };
    let limit = as_of::limit(None)?;
    let marks = may_see_marks.then_some(schema.as_str());
    let tf = || daily.as_ref().map(|source| arg(source.tf.as_deref()));
    let read = |row: &Row| {
        let stored = Stored::read(row)?;
        let Micros(now) = row.get("now_")?;
        let read_here = row.get::<Option<Micros>>("newest_bar_")?.map(|Micros(ts)| ts);
        let newest_bar = elsewhere.get(&stored.id).copied().unwrap_or(read_here);
        let age = stored.ts.and_then(|ts| now.checked_sub(ts));
        let is_old = limit.is_some_and(|limit| age.is_none_or(|age| age > limit));
        let other_bar = daily.as_ref().map(|_| newest_bar != stored.ts);
        Ok(Read { stored, age, newest_bar, is_old, other_bar, is_marked: row.get("marked_")? })
    };
    let of = |db: Db, sql: &str, args: &[Arg]| db.all(sql, args, Sees::Snapshot, read);
    if citus::is_loaded() {
        let found = of(db.by_key(), &by_reading(&regimes, daily.as_deref(), marks), tf().as_slice())?;
        return Ok(judged(db, found, &kept, daily.as_ref()));
    }
    let of_bars = daily.as_ref().map_or(Ok(Recent::ALL), |source| Recent::of(db, &source.bars.sql))?;
    let recent = [of_bars, Recent::of(db, &regimes)?];
    let newest = Newest { regimes: &regimes, daily: daily.as_deref(), marks };
    let mut found = of(db.by_key(), &newest.sql(&steps(&regimes, &recent[1]), &recent), tf().as_slice())?;
    if recent.iter().all(Recent::is_all) {
        return Ok(judged(db, found, &kept, daily.as_ref()));
    }
    // Assets whose newest row or bar is in no new chunk.
    found.retain(|read| recent[0].holds(read.newest_bar));
    let ids: HashSet<i32> = found.iter().map(|read| read.stored.id).collect();
    let stored = Recent::keys(db, &regimes, !may_see_states || may_hide_rows(db, &regimes)?, |db| {
        let sql = format!("SELECT r.id FROM (SELECT n.id FROM {regimes} n OFFSET 0) AS r GROUP BY 1");
        db.all(&sql, &[], Sees::Snapshot, |row| row.only::<i32>())
    })?;
    let others: HashSet<i32> =
        kept.keys().chain(stored.iter()).copied().filter(|id| !ids.contains(id)).collect();
    let others: Vec<(i32, Option<i64>)> =
        others.into_iter().map(|id| (id, kept.get(&id).map(|kept| kept.newest))).collect();
    if !others.is_empty() {
        let marks = marks.filter(|_| may_see_states);
        let others = chunks::Newest::find(db, daily.as_deref(), &regimes, &others, marks)?;
        let [ids, bars, rows, _] = others.args();
        found.extend(of(db.once(), &newest.known(&others), &[rows, ids, bars])?);
        found.sort_by_key(|read| read.stored.id);
    }
    Ok(judged(db, found, &kept, daily.as_ref()))
}

/// The source of the daily bars; `None` where it is missing, which is a finding of regime_health, and where bars may be hidden,
/// which are not missing.
fn shown_daily(db: Db) -> Result<Option<Rc<Source>>> {
    Ok(match daily(db).ok().flatten() {
        Some(source) if may_hide_rows(db, &source.bars.sql)? => None,
        daily => daily,
    })
}

/// The newest rows, stale also where a refresh with the arguments that an asset keeps would not go on from them, and where the next
/// bar is late.
fn judged(db: Db, found: Vec<Read>, kept: &HashMap<i32, Kept>, daily: Option<&Rc<Source>>) -> Vec<Latest> {
    let ids: Vec<i32> = found.iter().map(|read| read.stored.id).collect();
    let mut judge = Judge::new(db, &ids);
    let silent = daily.map(|daily| attempt_unless_cancelled(|| silent(db, daily, &found)).ok());
    // Silence that cannot be judged is unknown.
    let silent = silent.unwrap_or_default();
    let judged = |read: Read| {
        let Read { stored, age, newest_bar, is_old, other_bar, is_marked } = read;
        let newest = stored.ts.map(|ts| (ts, stored.row.version_hash.as_deref()));
        let other_rows = judge.judge(stored.id, kept.get(&stored.id), newest).is_other();
        let (is_stale, because) = stale_because([
            (Because::Rows, other_bar),
            (Because::Changed, any([is_marked, other_rows])),
            (Because::Silent, silent.as_ref().map(|silent| silent.contains_key(&stored.id))),
            (Because::Old, Some(is_old)),
        ]);
        Latest { stored, age, newest_bar, is_stale, because }
    };
    found.into_iter().map(judged).collect()
}

/// The assets whose feed is silent, each by its own daily bars.
fn silent(db: Db, daily: &Rc<Source>, found: &[Read]) -> Result<HashMap<i32, i64>> {
    let watch = Watch::now();
    let newest: HashMap<i32, i64> = found
        .iter()
        .filter_map(|read| Some((read.stored.id, read.newest_bar?)))
        .filter(|(_, newest)| watch.may_be_silent_by_day(*newest))
        .collect();
    let mut silent = HashMap::new();
    if newest.is_empty() {
        return Ok(silent);
    }
    let mut ids: Vec<i32> = newest.keys().copied().collect();
    ids.sort_unstable();
    let profiles = Profiles::now(db, &NOTHING)?;
    let of_profiles = OfProfiles { own: profiles.of(db, &ids)?, profiles: &profiles };
    for (daily, ids) in of_profiles.by_daily_bars(db, daily, ids) {
        let of_source = ids.into_iter().map(|id| (id, newest.get(&id).copied()));
        silent.extend(watch.silent_assets(db, &daily, of_source)?);
    }
    Ok(silent)
}

/// What the states keep of each asset.
fn kept(db: Db, schema: &str) -> Result<HashMap<i32, Kept>> {
    let (columns, state) = (Kept::COLUMNS, work_relation(schema, STATE));
    let sql = format!("SELECT c.id, {columns} FROM {state} AS c WHERE c.tf = '{TF}'");
    // All rows are read, whatever the plan.
    let all = db.all(&sql, &[], Sees::Snapshot, |row| Ok((row.get::<i32>("id")?, Kept::read(row)?)))?;
    Ok(all.into_iter().filter_map(|(id, kept)| Some((id, kept?))).collect())
}

/// The time of the newest daily bar, in microseconds since 2000, of those of these assets whose profiles read daily bars from
/// another source.
fn newest_elsewhere(db: Db, daily: &Rc<Source>, ids: &[i32]) -> Result<HashMap<i32, Option<i64>>> {
    let profiles = Profiles::now(db, &NOTHING)?;
    let of_profiles = OfProfiles { own: profiles.of(db, ids)?, profiles: &profiles };
    let with_profile = of_profiles.own.keys().copied().collect();
    let mut found = HashMap::new();
    for (source, ids) in of_profiles.by_daily_bars(db, daily, with_profile).into_iter().skip(1) {
        let Source { bars, tf, .. } = &*source;
        let sql = bars.newest_of("$2", "");
        found.extend(ids.iter().map(|id| (*id, None)));
        db.anew().rows(&sql, &[arg(tf.as_deref()), arg(ids)], Sees::Snapshot, |row| {
            let ts = row.get::<Option<Micros>>("ts_")?;
            found.insert(row.get("id_")?, ts.map(|ts| ts.0));
            Ok(())
        })?;
    }
    Ok(found)
}

/// The source of the daily bars of assets without a profile of their own.
///
/// # Errors
/// Where the row of the map is wrong.
pub fn daily(db: Db) -> Result<Option<Rc<Source>>> {
    let scheme = profiles::of_default(db, &NOTHING)?.scheme();
    let map = map::with_labels(&map::map(db, &scheme, &catalog::extension_schema(db)?)?, [false; 2])?;
    map[Layer::L2].as_ref().map(|row| map::check_row(db, row)).transpose()
}

/// True if one reason is true, else unknown if one is unknown.
fn any<const N: usize>(reasons: [Option<bool>; N]) -> Option<bool> {
    if reasons.contains(&Some(true)) {
        Some(true)
    } else {
        reasons.iter().all(Option::is_some).then_some(false)
    }
}

/// SQL: `asset_`, the assets that have rows in chunks of the output table: steps from asset to asset along the key.
fn steps(regimes: &str, of_rows: &Recent) -> String {
    let is_recent = of_rows.condition("r.ts");
    format!(
        "RECURSIVE asset_ AS ( \
           (SELECT r.id FROM {regimes} r WHERE true{is_recent} ORDER BY r.id LIMIT 1) \
           UNION ALL \
           SELECT (SELECT r.id FROM {regimes} r WHERE r.id > asset_.id{is_recent} ORDER BY r.id LIMIT 1) FROM asset_ WHERE asset_.id IS NOT NULL)"
    )
}

/// The statement of the newest rows.
struct Newest<'a> {
    regimes: &'a str,
    daily: Option<&'a Source>,
    /// The schema whose marks count.
    marks: Option<&'a str>,
}

impl Newest<'_> {
    /// The statement for the assets of `$2`, whose newest rows are those of `$1` and whose newest bars those of `$3`.
    fn known(&self, others: &chunks::Newest) -> String {
        format!(
            "SELECT {columns}, now() AS now_, asset_.bar AS newest_bar_, {marked} AS marked_ FROM {rows} AS r \
             JOIN ROWS FROM (pg_catalog.unnest($1::timestamptz[]), pg_catalog.unnest($2::int[]), pg_catalog.unnest($3::timestamptz[])) \
               AS asset_ (ts, id, bar) ON asset_.id = r.id AND asset_.ts = r.ts",
            columns = REGIMES.selected("r."),
            marked = self.marked(),
            rows = others.rows(self.regimes, "n.*")
        )
    }

    /// SQL: whether the asset `asset_` is marked.
    fn marked(&self) -> String {
        let dim = self.daily.and_then(Source::symbols);
        self.marks.map_or("NULL::bool".to_owned(), |schema| is_marked(schema, dim, "asset_.id"))
    }

    /// The statement for the assets of `asset_`, with the columns `now_`, `newest_bar_` and `marked_`: takes the newest row and
    /// the newest bar of each from their indexes, in chunks of their tables.
    fn sql(&self, assets: &str, [of_bars, of_rows]: &[Recent; 2]) -> String {
        let newest_bar = match self.daily {
            Some(Source { bars, .. }) => format!(
                "(SELECT pg_catalog.max({ts}) FROM {relation} WHERE {is_own} AND {condition}{is_recent})",
                ts = bars.columns[0],
                relation = bars.sql,
                is_own = bars.is("asset_.id"),
                condition = bars.shared_condition,
                is_recent = of_bars.condition(&bars.columns[0])
            ),
            None => "NULL::timestamptz".to_owned(),
        };
        let marked = self.marked();
        format!(
            "WITH {assets} SELECT {columns}, now() AS now_, {newest_bar} AS newest_bar_, {marked} AS marked_ \
             FROM asset_ CROSS JOIN LATERAL \
               (SELECT * FROM {regimes} n WHERE n.id = asset_.id AND n.tf = '{TF}'{is_recent} ORDER BY n.ts DESC LIMIT 1) AS r",
            columns = REGIMES.selected("r."),
            regimes = self.regimes,
            is_recent = of_rows.condition("n.ts")
        )
    }
}

/// [`Newest::sql`] as Citus takes it, which refuses recursive queries and those that join distributed tables by LATERAL: reads
/// all rows and bars, each on its node.
fn by_reading(regimes: &str, daily: Option<&Source>, marks: Option<&str>) -> String {
    let newest_bars = match daily {
        Some(Source { bars, .. }) => {
            format!(
                "SELECT b.id AS id_, pg_catalog.max(b.ts) AS ts_ FROM ({}) AS b GROUP BY b.id",
                bars.ids_and_times()
            )
        }
        None => "SELECT NULL::int AS id_, NULL::timestamptz AS ts_".to_owned(),
    };
    let (marked, marks) = match marks {
        Some(schema) => ("m.key_ IS NOT NULL", marked::all(schema, daily.and_then(Source::symbols))),
        None => ("NULL::bool", "SELECT NULL::int".to_owned()),
    };
    format!(
        "WITH marks_ (key_) AS MATERIALIZED ({marks}) \
         SELECT {columns}, now() AS now_, b.ts_ AS newest_bar_, {marked} AS marked_ FROM \
           (SELECT DISTINCT ON (n.id) n.* FROM {regimes} n WHERE n.tf = '{TF}' ORDER BY n.id, n.ts DESC) AS r \
         LEFT JOIN ({newest_bars}) AS b ON b.id_ = r.id LEFT JOIN marks_ m ON m.key_ = r.id ORDER BY r.id",
        columns = REGIMES.selected("r.")
    )
}
