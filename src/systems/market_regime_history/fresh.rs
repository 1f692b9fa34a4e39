//! How fresh the history of each symbol is.

use crate::output::fresh::{Fresh, Last};
use crate::output::relation::{output_relation, work_relation};
use crate::pg::catalog::extension_schema;
use crate::pg::error::Result;
use crate::pg::spi::{Db, Sees};
use crate::systems::market_regime_history::closes::Closes;
use crate::systems::market_regime_history::days::{midnight, shown};
use crate::systems::market_regime_history::tables::{BACKFILLS, MARKET_REGIME_HISTORY};

/// Every symbol that has days or was asked for.
pub fn all(db: Db) -> Result<Vec<Fresh>> {
    let own = format!("{}.", extension_schema(db)?);
    let (history, backfills) =
        (output_relation(db, MARKET_REGIME_HISTORY.name)?, work_relation(db, BACKFILLS)?);
    let sql = format!(
        "SELECT s.market_symbol::text, (SELECT max(date)::date FROM {history} h WHERE h.market_symbol = s.market_symbol), \
         b.reported, b.status, b.failures, b.differing, b.first_differing, b.start_date \
         FROM (SELECT market_symbol FROM {history} UNION SELECT market_symbol FROM {backfills}) AS s \
         LEFT JOIN LATERAL (SELECT * FROM {backfills} b WHERE b.market_symbol = s.market_symbol ORDER BY b.backfill DESC LIMIT 1) AS b ON true \
         ORDER BY 1"
    );
    let mut all = Vec::new();
    db.rows(&sql, &[], Sees::Snapshot, |row| {
        let newest = row.date(1);
        let (reported, has_failed) = (row.micros(2), row.text(3) == Some("failed"));
        let last = if has_failed {
            let message = row.strings(4).and_then(|failures| failures.into_iter().next());
            Last { error: reported, message, ..Last::default() }
        } else {
            Last { success: reported, ..Last::default() }
        };
        let name = row.string(0).unwrap_or_default();
        // From where it has to be done again, or from the newest day on.
        let differing = row.date(6);
        let again = differing.into_iter().chain(row.date(7).filter(|_| has_failed)).min();
        let from = again.or(newest).map(|day| {
            let refresh = if differing.is_some() { "full_refresh => true, " } else { "" };
            format!("start_date => '{}', {refresh}", shown(day))
        });
        let fresh = Fresh {
            command: crate::systems::market_regime_history::days::call(
                &own,
                &name,
                &from.unwrap_or_default(),
            ),
            name,
            newest_row: newest.map(midnight),
            marked: row.long(5).is_some_and(|days| days > 0),
            last,
            ..Fresh::default()
        };
        all.push((fresh, newest));
        Ok(())
    })?;
    for (fresh, newest) in &mut all {
        // A symbol whose closes are gone keeps its days; there is nothing newer.
        let Ok(closes) = Closes::find(db, &fresh.name) else { continue };
        fresh.newest_source = closes.newest(db)?.map(midnight);
        fresh.behind = newest.map_or(Ok(0), |day| closes.bars_after(db, day))?;
    }
    Ok(all.into_iter().map(|(fresh, _)| fresh).collect())
}
