//! Findings about assets as a whole: mixed version hashes, rounds that stopped.

use crate::output::finding::{Finding, Severity};
use crate::pg::arg::arg;
use crate::pg::catalog::work_relation;
use crate::pg::error::Result;
use crate::pg::settings;
use crate::pg::spi::{Db, Sees};
use crate::systems::cmc_regimes::assets::all_ids;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{self, Given};
use crate::systems::cmc_regimes::refresh::rounds::{is_in_work, task};
use crate::systems::cmc_regimes::tables::{STATE, WORK};

/// Active assets of which some were computed with other things than the rest; the others nobody refreshes.
pub fn mixed_hashes(db: Db, own: &str) -> Result<Option<Finding>> {
    let state = work_relation(&settings::target_schema(), STATE);
    let active = all_ids(db, &params::load(db, &Given::default(), None)?)?;
    let sql = format!(
        "SELECT string_agg(h.hash || ' (' || h.assets || ')', ', ' ORDER BY h.assets DESC, h.hash) FROM \
         (SELECT regime_version_hash AS hash, count(*) AS assets FROM {state} WHERE id = ANY ($1) GROUP BY 1) AS h HAVING count(*) > 1"
    );
    let mixed = db.first(&sql, &[arg(active)], Sees::Snapshot, |row| Ok(row.string(0)))?.flatten();
    Ok(mixed.map(|hashes| Finding {
        severity: Severity::Warning,
        what: "mixed version hashes",
        asset: None,
        detail: format!("Active assets were computed with different policies or parameters: {hashes}."),
        command: format!("SELECT * FROM {own}.refresh_cmc_regimes();"),
    }))
}

/// A round of `refresh_all_cmc_regimes` that stopped before its end, and that no session works on.
pub fn unfinished_round(db: Db, own: &str) -> Result<Option<Finding>> {
    let work = work_relation(&settings::target_schema(), WORK);
    let sql = format!(
        "SELECT round, count(*) FILTER (WHERE status = 'waiting'), min(task) FROM {work} GROUP BY round \
         HAVING bool_or(status = 'waiting') AND GREATEST(max(began), max(finished)) < clock_timestamp() - $1 * interval '1 minute' \
         ORDER BY round DESC LIMIT 1"
    );
    let args = [arg(f64::from(settings::resume_minutes()))];
    let found = db.first(&sql, &args, Sees::Snapshot, |row| Ok((row.long(0), row.long(1), row.string(2))))?;
    let Some((round, waiting, of)) = found else { return Ok(None) };
    let round = round.unwrap_or_default();
    if is_in_work(db, round)? {
        return Ok(None);
    }
    // A call goes on with a round of the same task alone, or removes it for a new one.
    let basis = Engine::new(db, params::load(db, &Given::default(), None)?, None).basis(None);
    let is = |only_dirty| of.as_deref() == Some(task(only_dirty, &basis).as_str());
    let (parameters, command) = if is(false) {
        ("", format!("CALL {own}.refresh_all_cmc_regimes();"))
    } else if is(true) {
        ("", format!("CALL {own}.refresh_all_cmc_regimes(only_dirty => true);"))
    } else {
        (", with other parameters or sources than now,", format!("DELETE FROM {work} WHERE round = {round};"))
    };
    Ok(Some(Finding {
        severity: Severity::Warning,
        what: "unfinished round",
        asset: None,
        detail: format!(
            "Round {round} of refresh_all_cmc_regimes{parameters} stopped; assets that wait: {}.",
            waiting.unwrap_or_default()
        ),
        command,
    }))
}
