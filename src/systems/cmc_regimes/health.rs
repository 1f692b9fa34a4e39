//! Findings about all assets together: mixed version hashes, market proxies, rounds that stopped.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::output::finding::{Finding, Kind, Severity, Subject, Together};
use crate::pg::lock::{self, Key, named};
use crate::pg::{
    Db, Micros, Result, Sees, arg, attempt_unless_cancelled, plural, quoted, settings, work_relation,
};
use crate::source::build::of_tables;
use crate::source::map;
use crate::source::names;
use crate::source::symbols::of_symbols;
use crate::systems::cmc_regimes::arguments::given;
use crate::systems::cmc_regimes::assets::all_of;
use crate::systems::cmc_regimes::engine::Engine;
use crate::systems::cmc_regimes::params::NOTHING;
use crate::systems::cmc_regimes::profiles::Profiles;
use crate::systems::cmc_regimes::proxy::ProxyPrint;
use crate::systems::cmc_regimes::refresh::groups::{Groups, Preparing};
use crate::systems::cmc_regimes::refresh::rounds::{Unfinished, rounds_of, task};
use crate::systems::cmc_regimes::tables::STATE;

/// Active assets of one calendar scheme computed with different version hashes; inactive assets are ignored, since nothing
/// refreshes them. A command refreshes only assets whose parameters now give another version, each with the parameters of
/// its last refresh; where there are none, the assets differ on purpose, and the command only shows the versions.
///
/// # Errors
/// A source map that cannot be used, or a state table that cannot be read.
pub fn mixed_hashes(db: Db, own: &str) -> Result<Vec<Finding>> {
    let state = work_relation(&settings::target_schema(), STATE);
    let profiles = Profiles::now(db, &NOTHING)?;
    let mut active = all_of(db, &profiles, profiles.of_profile(&None))?;
    // An asset that has not been computed as its profile says is stale.
    let with_profile = profiles.of(db, &active)?;
    active.retain(|id| !with_profile.contains_key(id));
    let sql =
        format!("SELECT id, regime_version_hash, arguments FROM {state} WHERE id = ANY ($1) ORDER BY id");
    let computed = db.all(&sql, &[arg(active)], Sees::Snapshot, |row| {
        let version: String = row.get("regime_version_hash")?;
        Ok(Computed { id: row.get("id")?, version, arguments: row.get("arguments")? })
    })?;
    if computed.windows(2).all(|pair| pair[0].version == pair[1].version) {
        return Ok(Vec::new());
    }
    let mut of_scheme: BTreeMap<String, Vec<&Computed>> = BTreeMap::new();
    for asset in &computed {
        of_scheme.entry(given(&asset.arguments).cal_scheme.unwrap_or_default()).or_default().push(asset);
    }
    let mut findings = Vec::new();
    for (scheme, assets) in of_scheme {
        findings.extend(mixed_in(db, own, &state, &profiles, &scheme, &assets)?);
    }
    Ok(findings)
}

/// An asset, the version that it was computed with, and the parameters that it keeps.
struct Computed {
    id: i32,
    version: String,
    arguments: String,
}

/// The findings about the assets of a scheme: one for each asset of another version.
fn mixed_in(
    db: Db,
    own: &str,
    state: &str,
    profiles: &Profiles,
    scheme: &str,
    assets: &[&Computed],
) -> Result<Vec<Finding>> {
    let hashes = counted(assets);
    if hashes.len() < 2 {
        return Ok(Vec::new());
    }
    let mut others: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    let mut versions: BTreeMap<&str, Option<String>> = BTreeMap::new();
    let mut gone = Vec::new();
    for Computed { id, version, arguments } in assets {
        // The policy of an asset, or its calendar scheme, may be gone.
        let now = match versions.get(arguments.as_str()) {
            Some(known) => known.clone(),
            None => attempt_unless_cancelled(|| {
                Ok(profiles.parameters(db, &profiles.due(&None, arguments), None)?.version())
            })
            .ok(),
        };
        match &now {
            None => gone.push(*id),
            Some(now) if now != version => others.entry(arguments).or_default().push(*id),
            Some(_) => {}
        }
        versions.insert(arguments, now);
    }
    let finding = |severity, subject, of_each: &str| {
        let detail = format!(
            "Active assets of calendar scheme {scheme} were computed with different policies or parameters: {}{of_each}.",
            hashes.join(", ")
        );
        Finding::of(severity, Kind::MixedVersionHashes, subject, detail)
    };
    let show = format!(
        "SELECT regime_version_hash, arguments, array_agg(id ORDER BY id) AS ids FROM {state} GROUP BY 1, 2;"
    );
    if !gone.is_empty() {
        let of_each = "; the policy or the scheme of the asset is gone";
        let of_asset = |id| finding(Severity::Warning, Subject::Asset(id), of_each).typed(show.clone());
        return Ok(gone.into_iter().map(of_asset).collect());
    }
    if others.is_empty() {
        let of_each = ", each up to date with the arguments of its last refresh";
        return Ok(vec![finding(Severity::Info, Subject::All, of_each).typed(show)]);
    }
    let of_group = |(arguments, ids): (&str, Vec<i32>)| {
        let call = format!("SELECT * FROM {own}.refresh_cmc_regimes(");
        let arguments = profiles.repeated(&None, arguments);
        let of_asset = |id: i32| {
            let finding = finding(Severity::Warning, Subject::Asset(id), "");
            let together = Together::of_assets([own, finding.what.as_str()], [&call, &arguments], id, None);
            Finding { together: Some(together), ..finding.typed(format!("{call}{id}{arguments});")) }
        };
        ids.into_iter().map(of_asset).collect::<Vec<_>>()
    };
    Ok(others.into_iter().flat_map(of_group).collect())
}

/// The versions of assets, the most frequent first, each with the number of its assets.
fn counted(assets: &[&Computed]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for asset in assets {
        *count.entry(&asset.version).or_default() += 1;
    }
    let mut hashes: Vec<(&str, usize)> = count.into_iter().collect();
    hashes.sort_by_key(|(_, assets)| Reverse(*assets));
    hashes.iter().map(|(hash, assets)| format!("{hash} ({assets})")).collect()
}

/// An asset of which a market proxy may cap rows.
struct Young {
    id: i32,
    /// The time of the newest row, in microseconds since 2000, if the proxy may cap that row.
    now: Option<i64>,
}

/// The market proxies that active assets without a monthly or weekly layer depend on, each with the number of assets that it caps
/// at their newest rows.
///
/// # Errors
/// A source map that cannot be used, or a state table that cannot be read.
pub fn proxies(db: Db, own: &str) -> Result<Vec<Finding>> {
    let state = work_relation(&settings::target_schema(), STATE);
    let profiles = Profiles::now(db, &NOTHING)?;
    let active = all_of(db, &profiles, profiles.of_profile(&None))?;
    let own_of = profiles.of(db, &active)?;
    let sql = format!(
        "SELECT id, ts, arguments, proxy FROM {state} WHERE id = ANY ($1) AND proxy IS NOT NULL ORDER BY id"
    );
    let mut groups: BTreeMap<(Option<String>, String), Vec<Young>> = BTreeMap::new();
    db.rows(&sql, &[arg(active)], Sees::Snapshot, |row| {
        let (id, Micros(newest)): (i32, Micros) = (row.get("id")?, row.get("ts")?);
        let profile = own_of.get(&id).map(|profile| profile.name.clone());
        let arguments = if profile.is_some() { String::new() } else { row.get("arguments")? };
        let until = ProxyPrint::parse(row.get("proxy")?).map(|print| print.until);
        groups
            .entry((profile, arguments))
            .or_default()
            .push(Young { id, now: until.filter(|until| *until == newest) });
        Ok(())
    })?;
    // For each proxy: how many assets depend on it, and those that it caps now.
    let mut found: BTreeMap<i32, (usize, Vec<i32>)> = BTreeMap::new();
    for ((_, arguments), assets) in groups {
        let profile = assets.first().and_then(|young| own_of.get(&young.id)).cloned();
        let given = profiles.due(&profile, &arguments);
        // What cannot be used is a finding of its own.
        let of_group = attempt_unless_cancelled(|| {
            let setup = profiles.parameters(db, &given, None)?.setup(db, &given)?;
            let engine = Engine::new(db, setup, None);
            let Some(proxy) = engine.params.market_proxy_id else { return Ok(None) };
            let mut capped = Vec::new();
            for Young { id, now } in &assets {
                if *id != proxy && now.map_or(Ok(false), |now| engine.caps_at(now))? {
                    capped.push(*id);
                }
            }
            Ok(Some((proxy, capped)))
        });
        if let Ok(Some((proxy, capped))) = of_group {
            let (dependents, all) = found.entry(proxy).or_default();
            *dependents += assets.len();
            all.extend(capped);
        }
    }
    found.into_iter().map(|(proxy, (dependents, capped))| told(db, own, proxy, dependents, &capped)).collect()
}

fn told(db: Db, own: &str, proxy: i32, dependents: usize, capped: &[i32]) -> Result<Finding> {
    let name = names::in_words(db, proxy, None)?;
    let command = match capped.iter().min() {
        // Explaining an asset needs its bars.
        Some(id) => format!("SELECT * FROM {own}.regime_check_inputs(ARRAY[{id}]);"),
        None => "SELECT current_setting('pg_regime.market_proxy_id', true);".to_owned(),
    };
    let detail = format!(
        "{name} stands for the market: {} of {dependents} {} without a monthly or weekly layer {} capped now.",
        capped.len(),
        plural(dependents as u64, "asset"),
        if capped.len() == 1 { "is" } else { "are" }
    );
    Ok(Finding::of(Severity::Info, Kind::MarketProxy, Subject::Asset(proxy), detail).typed(command))
}

/// What a lock keeps others from refreshing: an asset, the beginning of rounds, what is built or named first.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn locked(db: Db, schema: &str, key: Key) -> Result<Option<(Option<i32>, String)>> {
    Ok(match key {
        Key::Pair(space, id) if space == lock::space(db, schema)? as u32 => {
            Some((Some(id as i32), format!("asset {}", id as i32)))
        }
        Key::Name(key) => {
            let mut names = vec![(rounds_of(schema), "rounds of refreshes".to_owned())];
            for source in map::all(db)? {
                let schema = &source.bars_schema;
                names.push((of_tables(schema), format!("the tables built in schema {}", quoted(schema))));
                names.push((of_symbols(schema), format!("new symbols in schema {}", quoted(schema))));
            }
            let place = named(db, key, names.iter().map(|(name, _)| name.clone()).collect())?;
            place.map(|place| (None, names.swap_remove(place).1))
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
    let schema = settings::target_schema();
    let preparing = Preparing { to_write: false, dry_run: true, only_dirty: false, force: true };
    let groups = Groups::prepare(db, &schema, None, &NOTHING, preparing)?;
    let is_of = |only_dirty| stopped.task == task(only_dirty, None, false, &groups);
    let ids = stopped.ids(db)?;
    let (parameters, command) = if is_of(false) {
        ("", format!("CALL {own}.refresh_all_cmc_regimes();"))
    } else if is_of(true) {
        ("", format!("CALL {own}.refresh_all_cmc_regimes(only_dirty => true);"))
    } else if stopped.task == task(false, Some(&ids), false, &groups) {
        let ids: Vec<String> = ids.iter().map(i32::to_string).collect();
        ("", format!("CALL {own}.refresh_all_cmc_regimes(assets => '{{{}}}');", ids.join(",")))
    } else {
        (", for other parameters or sources than the current ones,", stopped.delete())
    };
    let Unfinished { round, waiting, .. } = stopped;
    let detail = format!(
        "Round {round} of refresh_all_cmc_regimes{parameters} stopped with {waiting} {} waiting.",
        plural(waiting as u64, "asset")
    );
    Ok(vec![Finding::of(Severity::Warning, Kind::UnfinishedRound, Subject::All, detail).typed(command)])
}
