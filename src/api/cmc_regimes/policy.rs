//! Policies: resolving labels; loading, listing and dropping rules; the version hash.

use pgrx::prelude::*;

use crate::api::cmc_regimes::given;
use crate::api::{Result, TableIterator, required};
use crate::pg::{json::JsonText, spi};
use crate::systems::cmc_regimes::params::{Hysteresis, version_of};
use crate::systems::cmc_regimes::policies;
use crate::systems::cmc_regimes::policy::rules::{Listed, listed, resolve};
use crate::systems::cmc_regimes::profiles;

/// Resolves labels to limits and setups (specification 2, Policy).
#[pg_extern(stable, parallel_restricted)]
fn resolve_policy(
    l0: default!(Option<&str>, "NULL"),
    l1: default!(Option<&str>, "NULL"),
    l2: default!(Option<&str>, "NULL"),
    l3: default!(Option<&str>, "NULL"),
    l4: default!(Option<&str>, "NULL"),
    policy: default!(Option<&str>, "'default'"),
    rules: default!(Option<JsonText>, "NULL"),
) -> Result<
    TableIterator<(
        name!(size_mult, f64),
        name!(stop_mult, f64),
        name!(orders, &'static str),
        name!(setups, Option<Vec<String>>),
        name!(gross_cap, f64),
        name!(pyramids, bool),
    )>,
> {
    let rules = rules.map(|r| r.parse()).transpose()?;
    let (risk, setups) = resolve([l0, l1, l2, l3, l4], policy, rules.as_ref())?;
    Ok(TableIterator::once((
        risk.size_mult,
        risk.stop_mult,
        risk.orders.as_str(),
        setups,
        risk.gross_cap,
        risk.pyramids,
    )))
}

/// Stores rules under a name, as an overlay over the built-in rules; returns their number (specification 2, Policy).
#[pg_extern(volatile, parallel_unsafe)]
fn regime_load_policy(policy: Option<&str>, rules: Option<JsonText>) -> Result<i32> {
    let policy = required("policy", policy)?;
    Ok(policies::load(policy, &required("rules", rules)?.parse()?)?)
}

/// [`regime_load_policy`] of a text: JSON or YAML, as a file has them.
#[pg_extern(name = "regime_load_policy", volatile, parallel_unsafe)]
fn regime_load_policy_text(policy: Option<&str>, rules: Option<&str>) -> Result<i32> {
    Ok(policies::load_text(required("policy", policy)?, required("rules", rules)?)?)
}

/// The merged rules of a policy in order, the fallback last (specification 2, Policy).
// Declared in sql/install/cmc_regimes.sql.
#[pg_extern(sql = false)]
fn regime_policy_rules(
    policy: default!(Option<&str>, "'default'"),
) -> Result<
    TableIterator<(
        name!(rule, Option<i32>),
        name!(r#match, Option<String>),
        name!(size_mult, Option<f64>),
        name!(stop_mult, Option<f64>),
        name!(orders, Option<&'static str>),
        name!(setups, Option<Vec<String>>),
        name!(gross_cap, Option<f64>),
        name!(pyramids, Option<bool>),
        name!(aligned, Option<&'static str>),
        name!(origin, &'static str),
        name!(shadowed_by, Option<String>),
        name!(note, Option<String>),
    )>,
> {
    let table = policies::table(policy, None)?;
    let rules = listed(&table).into_iter().map(|Listed { rule, number, shadowed_by, note }| {
        (
            number,
            number.map(|_| rule.match_text().to_owned()),
            rule.size_mult,
            rule.stop_mult,
            rule.orders.map(|o| o.as_str()),
            rule.setups.clone(),
            rule.gross_cap,
            rule.pyramids,
            number.map(|_| rule.pattern.align().as_str()),
            rule.origin.as_str(),
            shadowed_by.map(str::to_owned),
            note,
        )
    });
    Ok(TableIterator::new(rules.collect::<Vec<_>>()))
}

/// Removes a stored policy (specification 2, Policy).
#[pg_extern(volatile, parallel_unsafe)]
fn regime_drop_policy(policy: Option<&str>) -> Result<()> {
    Ok(policies::drop(required("policy", policy)?)?)
}

/// The hash of everything beside the bars that can change a row (specification 1, section 6; specification 2, Policy).
#[pg_extern(stable, parallel_restricted)]
fn regime_version_hash(
    policy: default!(Option<String>, "NULL"),
    cal_scheme: default!(Option<String>, "NULL"),
    hysteresis: default!(Option<bool>, "NULL"),
    hysteresis_mode: default!(Option<String>, "NULL"),
    min_hold_bars: default!(Option<i32>, "NULL"),
    min_bars_l0: default!(Option<i32>, "NULL"),
    min_bars_l1: default!(Option<i32>, "NULL"),
    min_bars_l2: default!(Option<i32>, "NULL"),
    l4_label: default!(Option<String>, "NULL"),
    point_in_time: default!(Option<bool>, "NULL"),
    config: default!(Option<JsonText>, "NULL"),
) -> Result<String> {
    let hysteresis = Hysteresis { on: hysteresis, mode: hysteresis_mode, min_hold_bars };
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = given([cal_scheme, policy, l4_label], hysteresis, min_bars, point_in_time, config)?;
    Ok(spi::connect(|db| version_of(db, &profiles::of_default(db, &given)?))?)
}
