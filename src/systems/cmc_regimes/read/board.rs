//! What holds for each asset now, in a line that fits a terminal.

use std::collections::{HashMap, HashSet};

use regime_core::cmc_regimes::row::FlipLayer;

use crate::output::relation::output_relation;
use crate::pg::{Days, Db, Result, Sees, arg, citus, timestamps_arg};
use crate::source::clock::Clock;
use crate::systems::cmc_regimes::params::NOTHING;
use crate::systems::cmc_regimes::profiles::Profiles;
use crate::systems::cmc_regimes::read::latest::{self, Latest};
use crate::systems::cmc_regimes::status::OfProfiles;
use crate::systems::cmc_regimes::tables::{FLIPS, TF};

/// The newest row of an asset, and the days, since 2000, of its bar and of the bar that brought its regime.
pub struct Line {
    pub latest: Latest,
    pub day: Option<i32>,
    /// `None` where no flip to the regime is stored.
    pub since: Option<i32>,
}

/// A line for each asset that has rows, by ascending asset.
///
/// # Errors
/// Where the tables are not there or cannot be read.
pub fn all(db: Db) -> Result<Vec<Line>> {
    let rows = latest::all(db)?;
    let mut days = HashMap::new();
    for (clock, ids) in clocks(db, rows.iter().map(|row| row.stored.id).collect())? {
        let ids: HashSet<i32> = ids.into_iter().collect();
        let of: Vec<&Latest> = rows.iter().filter(|row| ids.contains(&row.stored.id)).collect();
        read_days(db, &clock, &of, &mut days)?;
    }
    let line = |latest: Latest| {
        let (day, since) = days.get(&latest.stored.id).copied().unwrap_or_default();
        Line { latest, day, since }
    };
    Ok(rows.into_iter().map(line).collect())
}

/// The assets by how the times of their daily bars are read; UTC where the source map has none.
///
/// # Errors
/// Where profiles cannot be read.
pub fn clocks(db: Db, ids: Vec<i32>) -> Result<Vec<(Clock, Vec<i32>)>> {
    let Some(daily) = latest::daily(db).ok().flatten() else { return Ok(vec![(Clock::default(), ids)]) };
    let profiles = Profiles::now(db, &NOTHING)?;
    let of_profiles = OfProfiles { own: profiles.of(db, &ids)?, profiles: &profiles };
    let by_source = of_profiles.by_daily_bars(db, &daily, ids);
    Ok(by_source.into_iter().map(|(source, ids)| (source.bars.clock.clone(), ids)).collect())
}

/// Adds the days of assets whose times one clock reads.
fn read_days(
    db: Db,
    clock: &Clock,
    rows: &[&Latest],
    days: &mut HashMap<i32, (Option<i32>, Option<i32>)>,
) -> Result<()> {
    let flips = output_relation(db, &FLIPS)?;
    let of_layer = "f.tf = $3 AND f.layer = $4 AND f.ts <= a.ts";
    let assets =
        "ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::timestamptz[])) AS a (id, ts)";
    // Citus joins no function by LEFT JOIN LATERAL, and nothing from the outside of such a join: all flips of an asset are read.
    let newest = match citus::is_loaded() {
        true => format!(
            "(SELECT a.id, pg_catalog.max(f.ts::timestamptz) AS ts FROM {flips} AS f JOIN {assets} ON a.id = f.id WHERE {of_layer} GROUP BY a.id) AS f \
             ON f.id = a.id"
        ),
        false => format!(
            "LATERAL (SELECT f.ts::timestamptz AS ts FROM {flips} AS f WHERE f.id = a.id AND {of_layer} ORDER BY f.ts DESC LIMIT 1) AS f \
             ON true"
        ),
    };
    let sql = format!(
        "SELECT a.id, {day} AS day, {since} AS since FROM {assets} LEFT JOIN {newest}",
        day = clock.day("a.ts"),
        since = clock.day("f.ts"),
    );
    let args = [
        arg(rows.iter().map(|row| row.stored.id).collect::<Vec<_>>()),
        timestamps_arg(rows.iter().map(|row| row.stored.ts).collect()),
        arg(TF),
        arg(FlipLayer::Composite.as_str()),
    ];
    db.rows(&sql, &args, Sees::Snapshot, |row| {
        let day = |name| -> Result<Option<i32>> { Ok(row.get::<Option<Days>>(name)?.map(|Days(day)| day)) };
        days.insert(row.get("id")?, (day("day")?, day("since")?));
        Ok(())
    })
}
