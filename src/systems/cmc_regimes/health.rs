//! Findings about all assets together: mixed version hashes, rounds that stopped.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::output::finding::{Finding, Severity};
use crate::pg::lock::{self, Key, named};
use crate::pg::{Db, Result, Sees, arg, plural, quote_literal, settings, work_relation};
use crate::systems::cmc_regimes::assets::all_ids;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::{self, Given};
use crate::systems::cmc_regimes::refresh::rounds::{Unfinished, rounds_of, task};
use crate::systems::cmc_regimes::schemes::{Scheme, of as scheme_of, schemes};
use crate::systems::cmc_regimes::tables::STATE;

/// Active assets of one calendar scheme computed with different version hashes; inactive assets are ignored, since nothing
/// refreshes them. The command refreshes only assets that differ from the default policy and parameters, in their own
/// scheme; it only shows the versions where no asset has these, or the scheme is not known any more.
///
/// # Errors
/// A source map that cannot be used, or a state table that cannot be read.
pub fn mixed_hashes(db: Db, own: &str) -> Result<Vec<Finding>> {
    let state = work_relation(&settings::target_schema(), STATE);
    let active = all_ids(db, &params::load(db, &Given::default(), None)?)?;
    let sql = format!("SELECT id, regime_version_hash, sources FROM {state} WHERE id = ANY ($1) ORDER BY id");
    let computed = db.all(&sql, &[arg(active)], Sees::Snapshot, |row| {
        Ok((row.get::<i32>("id")?, row.get::<String>("regime_version_hash")?, row.get::<String>("sources")?))
    })?;
    if computed.windows(2).all(|pair| pair[0].1 == pair[1].1) {
        return Ok(Vec::new());
    }
    let schemes = schemes(db)?;
    let mut of_scheme: BTreeMap<Option<&str>, BTreeMap<&str, Vec<i32>>> = BTreeMap::new();
    for (id, hash, sources) in &computed {
        let scheme = scheme_of(&schemes, hash, sources).map(|scheme| scheme.name.as_str());
        of_scheme.entry(scheme).or_default().entry(hash).or_default().push(*id);
    }
    let mixed = of_scheme.into_iter().filter(|(_, by_hash)| by_hash.len() > 1);
    Ok(mixed
        .map(|(name, by_hash)| {
            mixed_in(own, &state, schemes.iter().find(|s| Some(s.name.as_str()) == name), &by_hash)
        })
        .collect())
}

/// The finding about the assets of a scheme, given by version hash.
fn mixed_in(own: &str, state: &str, scheme: Option<&Scheme>, by_hash: &BTreeMap<&str, Vec<i32>>) -> Finding {
    let mut hashes: Vec<(&str, usize)> = by_hash.iter().map(|(hash, ids)| (*hash, ids.len())).collect();
    hashes.sort_by_key(|(_, assets)| Reverse(*assets));
    let hashes: Vec<String> = hashes.iter().map(|(hash, assets)| format!("{hash} ({assets})")).collect();
    let default = scheme.filter(|scheme| by_hash.contains_key(scheme.version.as_str()));
    let command = match default {
        Some(scheme) => {
            let others = by_hash.iter().filter(|(hash, _)| **hash != scheme.version);
            let mut ids: Vec<i32> = others.flat_map(|(_, ids)| ids.iter().copied()).collect();
            ids.sort_unstable();
            let ids: Vec<String> = ids.iter().map(i32::to_string).collect();
            format!(
                "SELECT * FROM {own}.refresh_cmc_regimes(ids => '{{{}}}', cal_scheme => {});",
                ids.join(","),
                quote_literal(&scheme.name)
            )
        }
        None => {
            format!("SELECT regime_version_hash, array_agg(id ORDER BY id) AS ids FROM {state} GROUP BY 1;")
        }
    };
    let of = scheme.map_or_else(String::new, |scheme| format!(" of calendar scheme {}", scheme.name));
    Finding {
        severity: Severity::Warning,
        what: "mixed version hashes",
        asset: None,
        detail: format!(
            "Active assets{of} were computed with different policies or parameters: {}.",
            hashes.join(", ")
        ),
        command,
    }
}

/// What a lock keeps others from refreshing: an asset, or the beginning of rounds.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn locked(db: Db, schema: &str, key: Key) -> Result<Option<(Option<i32>, String)>> {
    Ok(match key {
        Key::Pair(space, id) if space == lock::space(db, schema)? as u32 => {
            Some((Some(id as i32), format!("asset {}", id as i32)))
        }
        Key::Name(key) => {
            named(db, key, vec![rounds_of(schema)])?.map(|_| (None, "rounds of refreshes".to_owned()))
        }
        _ => None,
    })
}

/// A round of `refresh_all_cmc_regimes` that stopped before its end.
///
/// # Errors
/// A source map that cannot be used, or a table of work that cannot be read.
pub fn unfinished_round(db: Db, own: &str) -> Result<Vec<Finding>> {
    let Some(stopped) = Unfinished::stopped(db)? else { return Ok(Vec::new()) };
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
    Ok(vec![Finding {
        severity: Severity::Warning,
        what: "unfinished round",
        asset: None,
        detail: format!(
            "Round {round} of refresh_all_cmc_regimes{parameters} stopped with {waiting} {} waiting.",
            plural(waiting as u64, "asset")
        ),
        command,
    }])
}
