//! Of which time zone some instants are the midnights.

use std::collections::BTreeMap;

use regime_core::calendar::civil::MICROS_PER_DAY;

use crate::pg::{Db, Result, Sees, arg};

/// So many times of the day are those of one clock: it is changed twice a year, and laws change.
const MOST_CLOCKS: usize = 4;

/// Zones that are named before others of the same midnights.
const KNOWN: [&str; 12] = [
    "America/New_York",
    "America/Chicago",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Asia/Kolkata",
    "Australia/Sydney",
    "America/Sao_Paulo",
    "America/Los_Angeles",
    "Europe/Athens",
    "Asia/Dubai",
];

/// Whether a zone is that of a large market.
pub fn is_known(zone: &str) -> bool {
    KNOWN.contains(&zone)
}

/// A zone other than UTC whose midnights nine of ten instants are; `None` where there is none. The instants of each asset are in
/// microseconds since 2000.
///
/// # Errors
/// Where the zones cannot be read.
pub fn zone_of<'a>(db: Db, assets: impl Iterator<Item = &'a Vec<i64>>) -> Result<Option<String>> {
    let mut instants: Vec<i64> = assets.flatten().copied().collect();
    instants.sort_unstable();
    instants.dedup();
    // Zones are read only where the times of the day are those of few clocks.
    let mut clocks: BTreeMap<i64, usize> = BTreeMap::new();
    for instant in &instants {
        *clocks.entry(instant.rem_euclid(MICROS_PER_DAY)).or_default() += 1;
    }
    let mut counts: Vec<usize> = clocks.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let common: usize = counts.iter().take(MOST_CLOCKS).sum();
    if common * 10 < instants.len() * 9 {
        return Ok(None);
    }
    let each = (instants.len() / 500).max(1);
    let some: Vec<f64> = instants.into_iter().step_by(each).map(|instant| instant as f64 / 1e6).collect();
    let sql = "SELECT z.name FROM pg_catalog.pg_timezone_names AS z LEFT JOIN pg_catalog.unnest($2::text[]) WITH ORDINALITY AS k (name, place) ON k.name = z.name \
         CROSS JOIN LATERAL (SELECT pg_catalog.avg(CASE WHEN (pg_catalog.timezone(z.name, pg_catalog.to_timestamp(t + 946684800)))::time = '00:00'::time THEN 1 ELSE 0 END) AS share \
           FROM pg_catalog.unnest($1::float8[]) AS t) AS s \
         WHERE z.name ~ '^[A-Z][A-Za-z_]+/' AND z.name !~ '^(Etc|SystemV|US)/' AND s.share >= 0.9 ORDER BY s.share DESC, k.place, z.name LIMIT 1";
    db.first(sql, &[arg(some), arg(KNOWN.map(str::to_owned).to_vec())], Sees::Snapshot, |row| row.only())
}
