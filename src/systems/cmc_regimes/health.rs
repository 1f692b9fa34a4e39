//! Findings about all assets together: mixed version hashes, rounds that stopped.

use crate::output::finding::{Finding, Severity};
use crate::pg::{Db, Result, Sees, arg, plural, settings, work_relation};
use crate::systems::cmc_regimes::assets::all_ids;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{self, Given};
use crate::systems::cmc_regimes::refresh::rounds::{Unfinished, task};
use crate::systems::cmc_regimes::tables::STATE;

/// Active assets computed with different version hashes; inactive assets are ignored, since nothing refreshes them.
///
/// # Errors
/// A source map that cannot be used, or a state table that cannot be read.
pub fn mixed_hashes(db: Db, own: &str) -> Result<Option<Finding>> {
    let state = work_relation(&settings::target_schema(), STATE);
    let active = all_ids(db, &params::load(db, &Given::default(), None)?)?;
    let sql = format!(
        "SELECT string_agg(h.hash || ' (' || h.assets || ')', ', ' ORDER BY h.assets DESC, h.hash) AS hashes FROM \
         (SELECT regime_version_hash AS hash, count(*) AS assets FROM {state} WHERE id = ANY ($1) GROUP BY 1) AS h HAVING count(*) > 1"
    );
    let mixed: Option<String> = db.first(&sql, &[arg(active)], Sees::Snapshot, |row| row.get("hashes"))?;
    Ok(mixed.map(|hashes| Finding {
        severity: Severity::Warning,
        what: "mixed version hashes",
        asset: None,
        detail: format!("Active assets were computed with different policies or parameters: {hashes}."),
        command: format!("SELECT * FROM {own}.refresh_cmc_regimes();"),
    }))
}

/// A round of `refresh_all_cmc_regimes` that stopped before its end.
///
/// # Errors
/// A source map that cannot be used, or a table of work that cannot be read.
pub fn unfinished_round(db: Db, own: &str) -> Result<Option<Finding>> {
    let Some(stopped) = Unfinished::stopped(db)? else { return Ok(None) };
    // A call resumes only a round of its own task, and removes others for a new round.
    let engine = Engine::new(db, params::load(db, &Given::default(), None)?, None);
    let basis = engine.basis(db, &settings::target_schema(), None)?;
    let (parameters, command) = if stopped.task == task(false, &basis) {
        ("", format!("CALL {own}.refresh_all_cmc_regimes();"))
    } else if stopped.task == task(true, &basis) {
        ("", format!("CALL {own}.refresh_all_cmc_regimes(only_dirty => true);"))
    } else {
        (", for other parameters or sources than the current ones,", stopped.delete())
    };
    let Unfinished { round, waiting, .. } = stopped;
    Ok(Some(Finding {
        severity: Severity::Warning,
        what: "unfinished round",
        asset: None,
        detail: format!(
            "Round {round} of refresh_all_cmc_regimes{parameters} stopped with {waiting} {} waiting.",
            plural(waiting as u64, "asset")
        ),
        command,
    }))
}
