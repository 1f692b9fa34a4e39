//! Policies: resolving labels, loading, listing and dropping rules, the version hash.

use pgrx::prelude::*;
use serde_json::Value;

use regime_core::cmc_regimes::policy::{Finding, Policy, PolicyTable, Risk, Rule, parse_rules};
use regime_core::cmc_regimes::version::version_hash;

use crate::pg::error::{
    Error, Result as Checked, check_label, check_writable, invalid_parameter, null_argument,
};
use crate::pg::json::JsonText;
use crate::pg::spi;
use crate::pg::spi::{Db, Sees, arg};
use crate::source::map::{current_user, extension_schema};
use crate::systems::cmc_regimes::params;
use crate::systems::cmc_regimes::params::{DEFAULT_POLICY, Given};

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

fn table(policy: Option<&str>, rules: Option<&Value>) -> Checked<PolicyTable> {
    spi::connect(|db| params::policy_table(db, &extension_schema(db)?, policy, rules))
}

#[pg_extern(volatile, parallel_unsafe)]
fn regime_load_policy(policy: Option<&str>, rules: Option<JsonText>) -> Result<i32, ErrorReport> {
    Ok(load(
        policy.ok_or_else(|| null_argument("policy"))?,
        &rules.ok_or_else(|| null_argument("rules"))?.parse()?,
    )?)
}

fn load(policy: &str, document: &Value) -> Checked<i32> {
    check_name(policy)?;
    check_writable("regime_load_policy()")?;
    let rules = parse_rules(document)?;
    let count = rules.len() as i32;
    // Stored as given: what is read back is what the user wrote.
    let list = document.get("rules").unwrap_or(document).to_string();
    spi::connect(|db| {
        let schema = extension_schema(db)?;
        check_may_change(db, &schema)?;
        let sql = format!(
            "INSERT INTO {schema}.regime_policy AS p (policy, rules) VALUES ($1, $2::jsonb) ON CONFLICT (policy) \
             DO UPDATE SET rules = excluded.rules, loaded_at = excluded.loaded_at, loaded_by = excluded.loaded_by"
        );
        db.execute(&sql, &[arg(policy), arg(list)])?;
        report_findings(&PolicyTable::built_in().overlay(rules), policy, &schema);
        Ok(count)
    })
}

fn check_name(policy: &str) -> Checked<()> {
    match policy {
        "" => Err(invalid_parameter("policy is empty").hint("Give the policy a name, such as 'desk'.")),
        DEFAULT_POLICY => {
            Err(invalid_parameter("policy \"default\" is the built-in rules and cannot be changed")
                .hint("Load the rules under another name and pass it: policy => 'desk'."))
        }
        _ => Ok(()),
    }
}

fn check_may_change(db: Db, schema: &str) -> Checked<()> {
    let sql = format!(
        "SELECT has_table_privilege('{0}.regime_policy', 'INSERT') AND has_table_privilege('{0}.regime_policy', 'UPDATE') \
         AND has_table_privilege('{0}.regime_policy', 'DELETE')",
        schema.replace('\'', "''")
    );
    if db.first(&sql, &[], Sees::Snapshot, |row| Ok(row.bool(0)))?.flatten() == Some(true) {
        return Ok(());
    }
    Err(Error::new(PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE, "permission denied to change policies")
        .hint(format!("GRANT INSERT, UPDATE, DELETE ON {schema}.regime_policy TO {};", current_user())))
}

/// Tells the loader of rules that will never act.
fn report_findings(table: &PolicyTable, policy: &str, schema: &str) {
    for (i, rule) in table.rules().iter().enumerate() {
        let text = rule.match_text();
        let problem = match table.finding(i) {
            None => continue,
            Some(Finding::ShadowedBy(earlier)) => {
                format!(
                    "rule \"{text}\" is never reached: \"{}\" before it matches the same keys",
                    table.rules()[earlier].match_text()
                )
            }
            Some(Finding::NoLabel) => {
                format!(
                    "rule \"{text}\" matches no label computed from bars; only an l4_label could match it"
                )
            }
        };
        let hint =
            format!("SELECT * FROM {schema}.regime_policy_rules({});", pgrx::spi::quote_literal(policy));
        pg_sys::panic::ErrorReport::new(
            PgSqlErrorCode::ERRCODE_WARNING,
            format!("policy \"{policy}\": {problem}"),
            "pg_regime",
        )
        .set_hint(hint)
        .report(PgLogLevel::WARNING);
    }
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
            0 => Err(params::unknown_policy(policy, &schema)),
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
