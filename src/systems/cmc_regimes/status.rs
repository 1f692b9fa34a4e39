//! How fresh each asset is: its newest bar against its newest row, and when it was last refreshed.

use regime_core::Layer;

use crate::output::fresh::{Fresh, Last};
use crate::output::own::RUN_LOG;
use crate::output::relation::{output_relation, work_relation};
use crate::pg::arg::arg;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::pg::{catalog, settings};
use crate::source::bars::Reader;
use crate::systems::cmc_regimes::assets::all_ids;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::Given;
use crate::systems::cmc_regimes::refresh::dirty::proxy_has_changed;
use crate::systems::cmc_regimes::tables::{ASSETS, REGIMES, STATE, TF};
use crate::systems::cmc_regimes::{params, tracked};

/// One asset. Moments are microseconds since 2000.
pub struct Status {
    pub id: i32,
    pub newest_bar: Option<i64>,
    /// Time and key of the newest row.
    pub newest_row: Option<i64>,
    pub regime_key: Option<String>,
    /// Bars after the newest row.
    pub lag_bars: i64,
    /// Whether something changed that no refresh has seen, as far as it is tracked, or the market proxy of an asset
    /// that depends on it.
    pub marked: bool,
    /// What its rows were computed with.
    pub version: Option<String>,
    pub last_success: Option<i64>,
    pub last_error: Option<i64>,
    pub last_message: Option<String>,
    /// Code and hint of the last error.
    pub sqlstate: Option<String>,
    pub hint: Option<String>,
}

impl Status {
    /// Whether the stored rows are not what a refresh would make of the bars.
    pub fn is_stale(&self) -> bool {
        self.lag_bars > 0 || self.marked || self.is_ahead()
    }

    /// Whether its newest row has no bar any more.
    pub fn is_ahead(&self) -> bool {
        self.newest_row > self.newest_bar
    }

    /// From the newest row to the newest bar, in microseconds.
    pub fn lag(&self) -> Option<i64> {
        Some(self.newest_bar?.saturating_sub(self.newest_row?).max(0))
    }
}

/// The status of every active asset and of all that have rows, for the current settings.
pub fn all(db: Db) -> Result<Vec<Status>> {
    let setup = params::load(db, &Given::default(), None)?;
    // Each is named in an error if it is missing or may not be read.
    let regimes = output_relation(db, REGIMES.name)?;
    let (state, log) = (work_relation(db, STATE)?, work_relation(db, RUN_LOG)?);
    for table in ASSETS.tables() {
        work_relation(db, table)?;
    }
    let mut ids = all_ids(db, &setup)?;
    db.rows(&format!("SELECT id FROM {state} WHERE tf = $1"), &[arg(TF)], Sees::Snapshot, |row| {
        ids.extend(row.int(0));
        Ok(())
    })?;
    ids.sort_unstable();
    ids.dedup();
    read(db, &Engine::new(db, setup, None), &[regimes, state, log], ids)
}

fn read(db: Db, engine: &Engine, [regimes, state, log]: &[String; 3], ids: Vec<i32>) -> Result<Vec<Status>> {
    let Some(daily) = engine.reader(Layer::L2).map(Reader::source) else { return Ok(Vec::new()) };
    let ts = &daily.bars.columns[0];
    let bars = format!(
        "{} WHERE {} = asset_.asset AND {}",
        daily.bars.sql, daily.bars.id, daily.bars.shared_condition
    );
    let sql = format!(
        "SELECT asset_.asset, b.ts, r.ts, r.regime_key, l.bars, \
         {}, GREATEST(s.finished, c.computed_at), \
         e.finished, e.message, e.sqlstate, e.hint, c.regime_version_hash, c.sources, c.proxy \
         FROM (SELECT pg_catalog.unnest($2::int[]) AS asset) AS asset_ \
         LEFT JOIN {state} c ON c.id = asset_.asset AND c.tf = $3 \
         LEFT JOIN LATERAL (SELECT {ts} AS ts FROM {bars} ORDER BY 1 DESC NULLS LAST LIMIT 1) AS b ON true \
         LEFT JOIN LATERAL (SELECT ts::timestamptz AS ts, regime_key::text AS regime_key FROM {regimes} \
           WHERE id = asset_.asset AND tf = $3 ORDER BY 1 DESC LIMIT 1) AS r ON true \
         CROSS JOIN LATERAL (SELECT count(*) AS bars FROM {bars} AND (r.ts IS NULL OR {ts} > r.ts)) AS l \
         LEFT JOIN LATERAL (SELECT g.finished FROM {log} g WHERE g.id = asset_.asset AND g.status <> 'failed' \
           ORDER BY g.run DESC LIMIT 1) AS s ON true \
         LEFT JOIN LATERAL (SELECT g.finished, g.message, g.sqlstate, g.hint FROM {log} g WHERE g.id = asset_.asset AND g.status = 'failed' \
           ORDER BY g.run DESC LIMIT 1) AS e ON true ORDER BY asset_.asset",
        ASSETS.is_marked(&settings::target_schema(), "asset_.asset")
    );
    let (mut found, mut proxies) = (Vec::new(), Vec::new());
    // The proxy of another source map is not this one.
    let sources = engine.basis(None).sources;
    db.rows(&sql, &[arg(daily.tf.as_deref()), arg(ids), arg(TF)], Sees::Snapshot, |row| {
        found.push(Status {
            id: row.int(0).unwrap_or_default(),
            newest_bar: row.micros(1),
            newest_row: row.micros(2),
            regime_key: row.string(3),
            lag_bars: row.long(4).unwrap_or_default(),
            marked: row.bool(5) == Some(true),
            last_success: row.micros(6),
            last_error: row.micros(7),
            last_message: row.string(8),
            sqlstate: row.string(9),
            hint: row.string(10),
            version: row.string(11),
        });
        proxies.push(row.string(13).filter(|_| row.text(12) == Some(sources.as_str())));
        Ok(())
    })?;
    for (status, proxy) in found.iter_mut().zip(&proxies) {
        let depends = proxy.as_ref().filter(|_| !status.marked);
        status.marked |= depends.is_some_and(|before| proxy_has_changed(engine, before));
    }
    Ok(found)
}

/// [`all`], as of any system.
pub fn fresh(db: Db) -> Result<Vec<Fresh>> {
    let own = catalog::extension_schema(db)?;
    let fresh = |status: Status| Fresh {
        id: Some(status.id),
        name: status.id.to_string(),
        newest_source: status.newest_bar,
        newest_row: status.newest_row,
        behind: status.lag_bars,
        marked: status.marked,
        ahead: status.is_ahead(),
        version: status.version,
        command: format!("SELECT * FROM {own}.refresh_cmc_regimes({});", status.id),
        last: Last {
            success: status.last_success,
            error: status.last_error,
            message: status.last_message,
            sqlstate: status.sqlstate,
            hint: status.hint,
        },
    };
    Ok(all(db)?.into_iter().map(fresh).collect())
}

/// Sources whose changes are not marked.
pub fn untracked(db: Db) -> Result<Option<Vec<String>>> {
    let setup = params::load(db, &Given::default(), None)?;
    tracked::untracked(db, &settings::target_schema(), &setup.sources).map(Some)
}
