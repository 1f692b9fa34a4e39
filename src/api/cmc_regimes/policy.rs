//! Policies: resolving labels, loading, listing and dropping rules, the version hash.

use pgrx::prelude::*;
use serde_json::Value;

use regime_core::cmc_regimes::policy::{Finding, Policy, PolicyTable, Risk, Rule};
use regime_core::cmc_regimes::version::version_hash;

use crate::pg::arg::arg;
use crate::pg::catalog::extension_schema;
use crate::pg::error::{Result as Checked, null_argument};
use crate::pg::json::JsonText;
use crate::pg::session::check_writable;
use crate::pg::spi;
use crate::systems::cmc_regimes::params::{Given, check_label};
use crate::systems::cmc_regimes::policies::{check_may_change, check_name, load};
use crate::systems::cmc_regimes::{params, policies};

use pgrx::pg_sys::panic::ErrorReport;

#[pg_extern(stable, parallel_restricted)]
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
fn resolve_policy(
    l0: default!(Option<&str>, "NULL"),
    l1: default!(Option<&str>, "NULL"),
    l2: default!(Option<&str>, "NULL"),
    l3: default!(Option<&str>, "NULL"),
    l4: default!(Option<&str>, "NULL"),
    policy: default!(Option<&str>, "'default'"),
    rules: default!(Option<JsonText>, "NULL"),
) -> Result<
    TableIterator<
        'static,
        (
            name!(size_mult, f64),
            name!(stop_mult, f64),
            name!(orders, &'static str),
            name!(setups, Option<Vec<String>>),
            name!(gross_cap, f64),
            name!(pyramids, bool),
        ),
    >,
    ErrorReport,
> {
    for (name, label) in [("l0", l0), ("l1", l1), ("l2", l2), ("l3", l3), ("l4", l4)] {
        check_label(name, label)?;
    }
    let rules = rules.map(|r| r.parse()).transpose()?;
    let table = table(policy, rules.as_ref())?;
    let (risk, setups) = Policy::new(table).resolve([l0, l1, l2, l3, l4]);
    Ok(TableIterator::once((
        risk.size_mult,
        risk.stop_mult,
        risk.orders.as_str(),
        setups,
        risk.gross_cap,
        risk.pyramids,
    )))
}

pub fn table(policy: Option<&str>, rules: Option<&Value>) -> Checked<PolicyTable> {
    spi::connect(|db| policies::policy_table(db, &extension_schema(db)?, policy, rules))
}

#[pg_extern(volatile, parallel_unsafe)]
pub fn regime_load_policy(policy: Option<&str>, rules: Option<JsonText>) -> Result<i32, ErrorReport> {
    Ok(load(
        policy.ok_or_else(|| null_argument("policy"))?,
        &rules.ok_or_else(|| null_argument("rules"))?.parse()?,
    )?)
}

// The SQL is written out because a Rust field cannot be called match.
#[pg_extern(
    stable,
    parallel_restricted,
    sql = r#"
CREATE FUNCTION regime_policy_rules(policy text DEFAULT 'default')
RETURNS TABLE (rule int, match text, size_mult float8, stop_mult float8, orders text, setups text[], gross_cap float8,
    pyramids boolean, aligned text, origin text, shadowed_by text, note text)
STABLE PARALLEL RESTRICTED LANGUAGE c AS 'MODULE_PATHNAME', '@FUNCTION_NAME@';
"#
)]
#[allow(clippy::type_complexity)]
fn regime_policy_rules(
    policy: default!(Option<&str>, "'default'"),
) -> Result<
    TableIterator<
        'static,
        (
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
        ),
    >,
    ErrorReport,
> {
    let table = table(policy, None)?;
    let listed = |rule: &Rule, number: Option<i32>, shadowed_by: Option<String>, note: Option<String>| {
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
            shadowed_by,
            note,
        )
    };
    let mut rows = Vec::new();
    for (i, rule) in table.rules().iter().enumerate() {
        let finding = table.finding(i);
        let shadowed_by = match finding {
            Some(Finding::ShadowedBy(earlier)) => Some(table.rules()[earlier].match_text().to_owned()),
            _ => None,
        };
        let mut notes = Vec::new();
        if finding == Some(Finding::NoLabel) {
            notes.push("matches no label computed from bars");
        }
        if rule.size_mult.is_some_and(|size| size > Risk::START.size_mult) {
            notes.push("a size above 1 is never let through");
        }
        if rule.stop_mult.is_some_and(|stop| stop < Risk::START.stop_mult) {
            notes.push("a stop under 1.5 is never let through");
        }
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        rows.push(listed(rule, Some(i as i32 + 1), shadowed_by, note));
    }
    rows.push(listed(table.fallback(), None, None, Some("where no rule but overrides matches".to_owned())));
    Ok(TableIterator::new(rows))
}

#[pg_extern(volatile, parallel_unsafe)]
fn regime_drop_policy(policy: Option<&str>) -> Result<(), ErrorReport> {
    let policy = policy.ok_or_else(|| null_argument("policy"))?;
    check_name(policy)?;
    check_writable("regime_drop_policy()")?;
    let dropped = spi::connect(|db| {
        let schema = extension_schema(db)?;
        check_may_change(db, &schema)?;
        match db.execute(&format!("DELETE FROM {schema}.regime_policy WHERE policy = $1"), &[arg(policy)])? {
            0 => Err(policies::unknown_policy(policy, &schema)),
            _ => Ok(()),
        }
    });
    Ok(dropped?)
}

#[pg_extern(stable, parallel_restricted)]
#[allow(clippy::too_many_arguments)]
fn regime_version_hash(
    policy: default!(Option<String>, "'default'"),
    cal_scheme: default!(Option<String>, "NULL"),
    hysteresis: default!(Option<bool>, "true"),
    hysteresis_mode: default!(Option<String>, "'asymmetric'"),
    min_hold_bars: default!(Option<i32>, "NULL"),
    min_bars_l0: default!(Option<i32>, "NULL"),
    min_bars_l1: default!(Option<i32>, "NULL"),
    min_bars_l2: default!(Option<i32>, "NULL"),
    l4_label: default!(Option<String>, "NULL"),
    point_in_time: default!(Option<bool>, "false"),
) -> Result<String, ErrorReport> {
    let min_bars = [min_bars_l0, min_bars_l1, min_bars_l2];
    let given = Given {
        cal_scheme,
        policy,
        hysteresis,
        hysteresis_mode,
        min_hold_bars,
        min_bars,
        l4_label,
        point_in_time,
    };
    let (_, params, table) = spi::connect(|db| params::parameters(db, &given, None))?;
    Ok(version_hash(&table, &params))
}
