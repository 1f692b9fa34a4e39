//! How fresh each asset is: its newest bar against its newest row, and when it was last refreshed.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use regime_core::Layer;

use crate::output::fresh::{Fresh, Last};
use crate::output::own::RUN_LOG;
use crate::output::relation::{output_relation, work_relation};
use crate::pg::timescale::Recent;
use crate::pg::{Db, Micros, Result, Row, Sees, arg, attempt_unless_cancelled, catalog, citus, settings};
use crate::source::map::Source;
use crate::source::relation::may_hide_rows;
use crate::source::rhythm::Watch;
use crate::systems::cmc_regimes::assets::all_of;
use crate::systems::cmc_regimes::chunks::Newest;
use crate::systems::cmc_regimes::marked;
use crate::systems::cmc_regimes::now::{Found, Judge, Kept};
use crate::systems::cmc_regimes::params::{Given, NOTHING};
use crate::systems::cmc_regimes::profiles::{Profile, Profiles};
use crate::systems::cmc_regimes::tables::{ASSETS, REGIMES, STATE, TF};
use crate::systems::cmc_regimes::tracked;

/// How fresh an asset is.
pub struct Status {
    pub fresh: Fresh,
    /// The key of the newest row.
    pub regime_key: Option<String>,
}

/// The status of every active asset and of every asset with rows, for the current settings.
///
/// # Errors
/// A source map that cannot be used, or output or working tables that are missing or cannot be read.
pub fn all(db: Db) -> Result<Vec<Status>> {
    of(db, None)
}

/// [`all`], or of one asset alone.
///
/// # Errors
/// As [`all`].
pub fn of(db: Db, asset: Option<i32>) -> Result<Vec<Status>> {
    let profiles = Profiles::now(db, &NOTHING)?;
    let given = profiles.of_profile(&None);
    let parameters = profiles.parameters(db, given, None)?;
    let version = parameters.version();
    let setup = parameters.setup_of_bars(db, given)?;
    // An error names the table that is missing or cannot be read.
    let regimes = output_relation(db, &REGIMES)?;
    let (state, log) = (work_relation(db, STATE)?, work_relation(db, RUN_LOG)?);
    for table in ASSETS.tables() {
        work_relation(db, table)?;
    }
    let mut ids = all_of(db, &profiles, given)?;
    let active: HashSet<i32> = ids.iter().copied().collect();
    let with_state = format!("SELECT id FROM {state} WHERE tf = $1");
    ids.extend(db.all(&with_state, &[arg(TF)], Sees::Snapshot, |row| row.get::<i32>("id"))?);
    ids.sort_unstable();
    ids.dedup();
    ids.retain(|id| asset.is_none_or(|asset| asset == *id));
    let of_profiles = OfProfiles { own: profiles.of(db, &ids)?, profiles: &profiles };
    let Some(daily) = &setup.sources[Layer::L2] else { return Ok(Vec::new()) };
    let mut judge = Judge::new(db, &ids);
    let shared = Shared { tables: [&regimes, &state, &log], of_profiles: &of_profiles, version, active };
    let mut all = Vec::with_capacity(ids.len());
    for (daily, ids) in of_profiles.by_daily_bars(db, daily, ids) {
        all.extend(read(db, &daily, ids, &shared, &mut judge)?);
    }
    all.sort_by_key(|status| status.fresh.id);
    Ok(all)
}

/// Assets and their profiles.
pub struct OfProfiles<'a> {
    /// The profiles of the assets that have one of their own.
    pub own: HashMap<i32, Rc<Profile>>,
    pub profiles: &'a Profiles<'a>,
}

impl OfProfiles<'_> {
    /// Assets by the source of their daily bars, that of the default first; a profile that cannot be used has that of the
    /// default.
    pub fn by_daily_bars(&self, db: Db, default: &Rc<Source>, ids: Vec<i32>) -> Vec<(Rc<Source>, Vec<i32>)> {
        let mut all: Vec<(Rc<Source>, Vec<i32>)> = vec![(Rc::clone(default), Vec::new())];
        let mut known: HashMap<String, usize> = HashMap::new();
        for id in ids {
            let Some(profile) = self.own.get(&id) else {
                all[0].1.push(id);
                continue;
            };
            let find = || {
                let given = &profile.given;
                let load = || self.profiles.parameters(db, given, None)?.setup_of_bars(db, given);
                let found =
                    attempt_unless_cancelled(load).ok().and_then(|mut setup| setup.sources[Layer::L2].take());
                let Some(found) = found else { return 0 };
                let is_same = |(source, _): &(Rc<Source>, _)| source.texts().eq(found.texts());
                all.iter().position(is_same).unwrap_or_else(|| {
                    all.push((found, Vec::new()));
                    all.len() - 1
                })
            };
            let n = *known.entry(profile.name.clone()).or_insert_with(find);
            all[n].1.push(id);
        }
        all
    }
}

/// What the statuses of all assets share.
struct Shared<'a> {
    /// Regimes, state and run log, as SQL.
    tables: [&'a str; 3],
    of_profiles: &'a OfProfiles<'a>,
    /// The version hash of the default.
    version: String,
    /// The assets that are refreshed where none are named.
    active: HashSet<i32>,
}

fn read(db: Db, daily: &Source, ids: Vec<i32>, shared: &Shared, judge: &mut Judge) -> Result<Vec<Status>> {
    let Shared { tables, of_profiles, version, active } = shared;
    let (tables, [regimes, ..]) = (*tables, *tables);
    let schema = catalog::extension_schema(db)?;
    let read = |row: &Row| Ok((status(row)?, Kept::read(row)?, row.get::<Option<String>>("row_hash")?));
    let of = |db: Db, sql: &str, ids: Vec<i32>| {
        db.all(sql, &[arg(daily.tf.as_deref()), arg(ids), arg(TF)], Sees::Snapshot, read)
    };
    let found = if citus::is_loaded() {
        of(db.by_key(), &by_reading(daily, tables), ids)?
    } else {
        let recent = [Recent::of(db, &daily.bars.sql)?, Recent::of(db, regimes)?];
        let mut found = of(db.by_key(), &by_asset(daily, tables, &recent), ids)?;
        // What the newest chunks do not tell of an asset, all chunks do.
        let is_told = |Fresh { newest_source, newest_row, .. }: &Fresh| {
            recent[0].holds(*newest_source) && recent.iter().all(|recent| recent.holds(*newest_row))
        };
        let others: Vec<(i32, Option<i64>)> = found
            .iter()
            .filter(|(status, ..)| !is_told(&status.fresh))
            .filter_map(|(status, kept, _)| Some((status.fresh.id?, kept.as_ref().map(|kept| kept.newest))))
            .collect();
        if !others.is_empty() {
            found.retain(|(status, ..)| is_told(&status.fresh));
            let schema = settings::target_schema();
            let others = Newest::find(db, Some(daily), regimes, &others, Some(&schema))?;
            let [ids, bars, rows, behind] = others.args();
            let args = [arg(daily.tf.as_deref()), ids, arg(TF), bars, rows, behind];
            found.extend(db.once().all(&of_known(daily, &others, tables), &args, Sees::Snapshot, read)?);
            found.sort_by_key(|(status, ..)| status.fresh.id);
        }
        found
    };
    let may_hide = may_hide_rows(db, &daily.bars.sql)?;
    let newest = found.iter().filter_map(|(status, ..)| Some((status.fresh.id?, status.fresh.newest_source)));
    let silent = Watch::now().silent_assets(db, daily, newest)?;
    let judged = |(mut status, kept, hash): (Status, Option<Kept>, Option<String>)| {
        let newest = status.fresh.newest_row.map(|ts| (ts, hash.as_deref()));
        let id = status.fresh.id.unwrap_or_default();
        let own = of_profiles.own.get(&id).cloned();
        let Found { changed, unsure, refused } = judge.judge(id, kept.as_ref(), newest);
        let (silent, is_retired) = (silent.get(&id).copied(), !active.contains(&id));
        let fresh = Fresh { changed, unsure, refused, silent, is_retired, ..status.fresh };
        let mut fresh = if may_hide { fresh.of_hidden() } else { fresh };
        // The arguments of rows without a state are not known.
        let is_lost = own.is_none() && kept.is_none() && hash.is_some_and(|hash| hash != *version);
        fresh.lost = is_lost.then(|| {
            format!(
                "SELECT id, regime_version_hash, count(*) AS rows FROM {regimes} GROUP BY 1, 2 ORDER BY 1, 2;"
            )
        });
        let repeated = |kept: &Kept| of_profiles.profiles.repeated(&own, &kept.basis.arguments);
        fresh.arguments = kept.as_ref().map(repeated).unwrap_or_default();
        fresh.command =
            format!("SELECT * FROM {schema}.refresh_cmc_regimes({}{});", fresh.name, fresh.arguments);
        status.fresh = fresh;
        status
    };
    Ok(found.into_iter().map(judged).collect())
}

/// The columns of the status of an asset, of which the FROM items of the statements below have the parts.
const COLUMNS: &str = "asset_.asset, b.ts AS newest_bar, r.ts AS newest_row, r.regime_key, r.row_hash, l.bars, \
     GREATEST(s.finished_at, c.computed_at) AS success, e.finished_at AS error, e.message, e.sqlstate, e.hint";

/// The statement of the status of each asset: looks into the indexes asset by asset, for bars and rows in chunks of their
/// tables.
fn by_asset(daily: &Source, [regimes, state, log]: [&str; 3], [of_bars, of_rows]: &[Recent; 2]) -> String {
    let ts = &daily.bars.columns[0];
    let bars = format!(
        "{} WHERE {} AND {}{}",
        daily.bars.sql,
        daily.bars.is("asset_.asset"),
        daily.bars.shared_condition,
        of_bars.condition(ts)
    );
    let is_recent = of_rows.condition("ts");
    format!(
        "SELECT {COLUMNS}, {kept}, {marked} AS marked FROM (SELECT pg_catalog.unnest($2::int[]) AS asset) AS asset_ \
         LEFT JOIN {state} c ON c.id = asset_.asset AND c.tf = $3 \
         CROSS JOIN LATERAL (SELECT pg_catalog.max({ts}) AS ts FROM {bars}) AS b \
         LEFT JOIN LATERAL (SELECT ts::timestamptz AS ts, regime_key::text AS regime_key, regime_version_hash::text AS row_hash FROM {regimes} \
           WHERE id = asset_.asset AND tf = $3{is_recent} ORDER BY 1 DESC LIMIT 1) AS r ON true \
         CROSS JOIN LATERAL (SELECT CASE WHEN r.ts IS NULL THEN (SELECT count(*) FROM {bars}) ELSE (SELECT count(*) FROM {bars} AND {ts} > r.ts) END AS bars) AS l {runs} ORDER BY asset_.asset",
        marked = marked(daily),
        runs = runs(log),
        kept = Kept::COLUMNS
    )
}

/// [`by_asset`] of assets whose newest bars, in `$4`, newest rows, in `$5`, and numbers of bars after these, in `$6`, are known.
fn of_known(daily: &Source, newest: &Newest, [regimes, state, log]: [&str; 3]) -> String {
    let columns = "n.id, n.ts::timestamptz AS ts, n.regime_key::text AS regime_key, n.regime_version_hash::text AS row_hash";
    format!(
        "SELECT {COLUMNS}, {kept}, {marked} AS marked FROM ROWS FROM (pg_catalog.unnest($2::int[]), pg_catalog.unnest($4::timestamptz[]), \
           pg_catalog.unnest($5::timestamptz[]), pg_catalog.unnest($6::int8[])) AS asset_ (asset, bar, newest, behind) \
         LEFT JOIN {state} c ON c.id = asset_.asset AND c.tf = $3 \
         CROSS JOIN LATERAL (SELECT asset_.bar AS ts) AS b \
         LEFT JOIN {rows} AS r ON r.id = asset_.asset AND r.ts = asset_.newest \
         CROSS JOIN LATERAL (SELECT asset_.behind AS bars) AS l {runs}",
        marked = marked(daily),
        rows = newest.rows(regimes, columns),
        runs = runs(log),
        kept = Kept::COLUMNS
    )
}

/// SQL: whether the asset `asset_` is marked.
fn marked(daily: &Source) -> String {
    marked::is_marked(&settings::target_schema(), daily.symbols(), "asset_.asset")
}

/// SQL: joins to the last run of the asset `asset_` that succeeded, `s`, and to the last that failed, `e`.
fn runs(log: &str) -> String {
    let last = |columns: &str, is: &str| {
        format!(
            "LEFT JOIN LATERAL (SELECT {columns} FROM {log} g WHERE g.id = asset_.asset AND g.status {is} 'failed' ORDER BY g.run DESC LIMIT 1)"
        )
    };
    format!(
        "{} AS s ON true {} AS e ON true",
        last("g.finished_at", "<>"),
        last("g.finished_at, g.message, g.sqlstate, g.hint", "=")
    )
}

/// [`by_asset`] as Citus takes it, which joins distributed and local tables only as results: reads each table once, where
/// its rows are.
fn by_reading(daily: &Source, [regimes, state, log]: [&str; 3]) -> String {
    let bars = daily.bars.ids_and_times();
    let marks = marked::all(&settings::target_schema(), daily.symbols());
    let newest = format!(
        "SELECT DISTINCT ON (id) id, ts::timestamptz AS ts, regime_key::text AS regime_key, regime_version_hash::text AS row_hash FROM {regimes} WHERE tf = $3 ORDER BY id, ts DESC"
    );
    let runs = |is: &str| {
        format!(
            "SELECT DISTINCT ON (g.id) g.* FROM {log} g WHERE g.status {is} 'failed' ORDER BY g.id, g.run DESC"
        )
    };
    format!(
        "WITH r AS MATERIALIZED ({newest}), c AS MATERIALIZED (SELECT * FROM {state} WHERE tf = $3), \
         b AS MATERIALIZED (SELECT bar_.id, pg_catalog.max(bar_.ts) AS ts, \
           count(*) FILTER (WHERE row_.ts IS NULL OR bar_.ts > row_.ts) AS bars \
           FROM ({bars}) AS bar_ \
           LEFT JOIN ({newest}) AS row_ ON row_.id = bar_.id GROUP BY bar_.id), \
         s AS MATERIALIZED ({}), e AS MATERIALIZED ({}), m (id) AS MATERIALIZED ({marks}) \
         SELECT {COLUMNS}, {kept}, asset_.asset IN (SELECT m.id FROM m) AS marked \
         FROM (SELECT pg_catalog.unnest($2::int[]) AS asset) AS asset_ \
         LEFT JOIN c ON c.id = asset_.asset LEFT JOIN b ON b.id = asset_.asset LEFT JOIN r ON r.id = asset_.asset \
         CROSS JOIN LATERAL (SELECT COALESCE(b.bars, 0) AS bars) AS l \
         LEFT JOIN s ON s.id = asset_.asset LEFT JOIN e ON e.id = asset_.asset ORDER BY asset_.asset",
        runs("<>"),
        runs("="),
        kept = Kept::COLUMNS
    )
}

fn status(row: &Row) -> Result<Status> {
    let id: i32 = row.get("asset")?;
    let moment = |name| row.get::<Option<Micros>>(name).map(|at| at.map(|at| at.0));
    let [newest_source, newest_row] = [moment("newest_bar")?, moment("newest_row")?];
    let fresh = Fresh {
        id: Some(id),
        name: id.to_string(),
        newest_source,
        newest_row,
        behind: row.get("bars")?,
        marked: row.get("marked")?,
        ahead: newest_row > newest_source,
        version: row.get("regime_version_hash")?,
        last: Last {
            success: moment("success")?,
            error: moment("error")?,
            message: row.get("message")?,
            sqlstate: row.get("sqlstate")?,
            hint: row.get("hint")?,
        },
        ..Fresh::default()
    };
    Ok(Status { fresh, regime_key: row.get("regime_key")? })
}

/// [`all`], as of any system.
///
/// # Errors
/// As [`all`].
pub fn fresh(db: Db) -> Result<Vec<Fresh>> {
    Ok(all(db)?.into_iter().map(|status| status.fresh).collect())
}

/// The relations of sources whose changes are not marked, quoted.
///
/// # Errors
/// A source map that cannot be used.
pub fn untracked(db: Db) -> Result<Option<Vec<String>>> {
    let profiles = Profiles::now(db, &NOTHING)?;
    let untracked = |given: &Given| {
        let setup = profiles.parameters(db, given, None)?.setup(db, given)?;
        tracked::untracked(db, &settings::target_schema(), &setup.sources)
    };
    let mut all = untracked(profiles.of_profile(&None))?;
    for profile in profiles.rows.used() {
        // A profile that cannot be used is a finding of its own.
        let further = attempt_unless_cancelled(|| untracked(&profile.given)).unwrap_or_default();
        all.extend(further.into_iter().filter(|relation| !all.contains(relation)).collect::<Vec<_>>());
    }
    Ok(Some(all))
}
