//! How long refreshes take, by the run log: `regime_refresh_times`.

use crate::output::own::RUN_LOG;
use crate::output::relation::work_relation;
use crate::pg::{Micros, Result, Sees, spi, timestamp_arg};

/// The refreshes of a subject.
pub struct Times {
    pub system: String,
    /// The asset, where the subject is one.
    pub id: Option<i32>,
    /// The newest symbol of an asset, or the name of any other subject.
    pub subject: Option<String>,
    /// The number of refreshes.
    pub n: i64,
    /// The number of those that failed.
    pub failed: i64,
    /// Milliseconds: the median, the 95th percentile and the longest.
    pub p50: f64,
    pub p95: f64,
    pub longest: f64,
    /// When the last one ended, in microseconds since 2000.
    pub last: i64,
}

/// The refreshes of each subject since a moment, or all of the log, the slowest first.
///
/// # Errors
/// Where the run log is missing or cannot be read.
pub fn all(since: Option<i64>) -> Result<Vec<Times>> {
    spi::connect(|db| {
        let log = work_relation(db, RUN_LOG)?;
        let sql = format!(
            "SELECT g.system::text AS system, g.id, COALESCE(g.own, (array_agg(g.subject ORDER BY g.run DESC) FILTER (WHERE g.subject IS NOT NULL))[1]) AS subject, count(*) AS n, \
               count(*) FILTER (WHERE g.status = 'failed') AS failed, \
               (percentile_cont(ARRAY[0.5, 0.95]::float8[]) WITHIN GROUP (ORDER BY g.elapsed_ms)) AS p, max(g.elapsed_ms) AS longest, \
               max(g.finished_at) AS last \
             FROM (SELECT *, CASE WHEN id IS NULL THEN subject END AS own FROM {log}) AS g \
             WHERE (g.id IS NOT NULL OR g.subject IS NOT NULL) AND ($1 IS NULL OR g.finished_at >= $1) \
             GROUP BY g.system, g.id, g.own ORDER BY max(g.elapsed_ms) IS NULL, (percentile_cont(0.95::float8) WITHIN GROUP (ORDER BY g.elapsed_ms)) DESC, 1, 2, 3"
        );
        db.all(&sql, &[timestamp_arg(since)], Sees::Snapshot, |row| {
            let percentiles: Vec<f64> = row.get("p")?;
            Ok(Times {
                system: row.get("system")?,
                id: row.get("id")?,
                subject: row.get("subject")?,
                n: row.get("n")?,
                failed: row.get("failed")?,
                p50: percentiles.first().copied().unwrap_or_default(),
                p95: percentiles.last().copied().unwrap_or_default(),
                longest: row.get("longest")?,
                last: row.get::<Micros>("last")?.0,
            })
        })
    })
}
