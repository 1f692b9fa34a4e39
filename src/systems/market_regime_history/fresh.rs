//! How fresh the history of each symbol is.

use crate::output::fresh::{Fresh, Last};
use crate::output::relation::{output_relation, work_relation};
use crate::output::set_up;
use crate::pg;
use crate::pg::lock::{Key, named};
use crate::pg::{
    Days, Db, Error, Micros, Result, Row, Sees, attempt_unless_cancelled, day_shown, extension_schema,
    midnight,
};
use crate::source::names;
use crate::systems::market_regime_history::backfill::lock_name;
use crate::systems::market_regime_history::calls::Status;
use crate::systems::market_regime_history::closes::Closes;
use crate::systems::market_regime_history::days::call;
use crate::systems::market_regime_history::tables::{BACKFILLS, HISTORY, MARKET_REGIME_HISTORY};

/// Every symbol that has stored days or a backfill.
///
/// # Errors
/// Where the table of days or of backfills cannot be read.
pub fn all(db: Db) -> Result<Vec<Fresh>> {
    let own = extension_schema(db)?;
    let (history, backfills) = (output_relation(db, &MARKET_REGIME_HISTORY)?, work_relation(db, BACKFILLS)?);
    // Each table by itself: Citus joins distributed and local tables only as results.
    let sql = format!(
        "WITH day_ AS MATERIALIZED (SELECT h.market_symbol, max(h.date)::date AS newest FROM {history} AS h GROUP BY h.market_symbol), \
         call_ AS MATERIALIZED (SELECT DISTINCT ON (b.market_symbol) b.* FROM {backfills} AS b ORDER BY b.market_symbol, b.backfill DESC) \
         SELECT market_symbol::text, d.newest, b.reported_at, b.status, b.failures, b.differing, b.first_differing, b.start_date \
         FROM day_ AS d FULL JOIN call_ AS b USING (market_symbol) ORDER BY 1"
    );
    let stored = db.anew().all(&sql, &[], Sees::Snapshot, Stored::read)?;
    let retired = attempt_unless_cancelled(|| names::retired(db)).unwrap_or_default();
    let fresh = |stored: Stored| {
        let is_retired = retired.contains(&stored.symbol);
        Ok(Fresh { is_retired, ..stored.fresh(db, &own)? })
    };
    stored.into_iter().map(fresh).collect()
}

/// What a lock keeps others from storing: the days of a symbol.
///
/// # Errors
/// Where the table of backfills cannot be read.
pub fn locked(db: Db, schema: &str, key: Key) -> Result<Option<(Option<i32>, String)>> {
    let Key::Name(key) = key else { return Ok(None) };
    if !set_up::is_set_up(db, schema, &HISTORY)? {
        return Ok(None);
    }
    let sql = format!("SELECT DISTINCT market_symbol FROM {}", pg::work_relation(schema, BACKFILLS));
    let all: Vec<String> = db.all(&sql, &[], Sees::Now, |row| row.only())?;
    let names = all.iter().map(|symbol| lock_name(schema, symbol)).collect();
    Ok(named(db, key, names)?.map(|place| (None, format!("the history of {}", all[place]))))
}

/// What the tables have of a symbol: its newest day, and its last backfill, if any. Days are days since 2000.
struct Stored {
    symbol: String,
    newest: Option<i32>,
    /// When the last batch ended, in microseconds since 2000.
    reported: Option<i64>,
    has_failed: bool,
    failures: Option<Vec<String>>,
    differing: Option<i64>,
    first_differing: Option<i32>,
    start_date: Option<i32>,
}

impl Stored {
    fn read(row: &Row) -> Result<Self> {
        let date = |name| Ok::<Option<i32>, Error>(row.get::<Option<Days>>(name)?.map(|day| day.0));
        Ok(Self {
            symbol: row.get("market_symbol")?,
            newest: date("newest")?,
            reported: row.get::<Option<Micros>>("reported_at")?.map(|at| at.0),
            has_failed: row.get::<Option<&str>>("status")? == Some(Status::Failed.as_str()),
            failures: row.get("failures")?,
            differing: row.get("differing")?,
            first_differing: date("first_differing")?,
            start_date: date("start_date")?,
        })
    }

    /// How fresh the days of the symbol are; `own` is the schema of the extension, quoted.
    fn fresh(self, db: Db, own: &str) -> Result<Fresh> {
        let command = self.command(own);
        let last = if self.has_failed {
            let message = self.failures.and_then(|failures| failures.into_iter().next());
            Last { error: self.reported, message, ..Last::default() }
        } else {
            Last { success: self.reported, ..Last::default() }
        };
        // A symbol whose closes are gone keeps its stored days, and no bar is newer.
        let (newest_source, behind, silent) = match Closes::find(db, &self.symbol) {
            Ok(closes) => {
                let newest = closes.newest(db)?;
                let behind = self.newest.map_or(Ok(0), |day| closes.bars_after(db, day))?;
                let silent = newest.map(|newest| closes.silent(db, newest)).transpose()?.flatten();
                (newest.map(midnight), behind, silent)
            }
            Err(_) => (None, 0, None),
        };
        Ok(Fresh {
            name: self.symbol,
            newest_source,
            newest_row: self.newest.map(midnight),
            behind,
            silent,
            marked: self.differing.is_some_and(|days| days > 0),
            command,
            last,
            ..Fresh::default()
        })
    }

    /// The call that stores the days again from the first that differs or failed, or from the newest day on.
    fn command(&self, own: &str) -> String {
        let failed = self.start_date.filter(|_| self.has_failed);
        let again = self.first_differing.into_iter().chain(failed).min();
        let refresh = if self.first_differing.is_some() { "full_refresh => true, " } else { "" };
        let from = again.or(self.newest).map(|day| format!("start_date => '{}', {refresh}", day_shown(day)));
        call(own, &self.symbol, &from.unwrap_or_default())
    }
}
