//! Policies: loading and dropping them, who may do so, and their tables of rules.

use std::cell::RefCell;
use std::rc::Rc;

use pgrx::prelude::*;
use serde_json::Value;

use regime_core::cmc_regimes::policy::{Finding, Policy, PolicyError, PolicyTable, Rule, parse_rules};
use regime_core::yaml;

use crate::pg::{
    Db, Error, Result, Sees, arg, catalog, check_writable, current_user, extension_schema,
    insufficient_privilege, invalid_parameter, json, owner, shortened, spi, syscache, undefined_object,
};
use crate::sync::working::Working;

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        invalid_parameter(error.to_string()).hint(error.hint())
    }
}

/// Most bytes of a text with rules, and of what a message shows of the text.
const MOST_BYTES: usize = 1 << 20;

/// Most bytes of the name of a policy: names are keys, and an index takes no longer ones than a page.
const MOST_BYTES_OF_NAME: usize = 200;
const MOST_SHOWN: usize = 200;

/// The policy that consists of the built-in rules alone.
pub const DEFAULT_POLICY: &str = "default";

/// [`load`] of a text: JSON or YAML. Errors name the line, where there is more than one.
///
/// # Errors
/// As [`load`], and a text that is neither JSON nor YAML.
pub fn load_text(policy: &str, text: &str) -> Result<i32> {
    spi::connect_as_caller(|db| load_text_checked(db, policy, text))
}

fn load_text_checked(db: Db, policy: &str, text: &str) -> Result<i32> {
    // Whoever may not store rules has no text read.
    check_may_load(db, policy)?;
    if text.len() > MOST_BYTES {
        return Err(invalid_parameter(format!(
            "the document has {} bytes, more than {MOST_BYTES}",
            text.len()
        ))
        .hint("Use empty places or globs in match, so that one rule matches many keys."));
    }
    let yaml = yaml::parse(text);
    let json = text.trim_start().starts_with(['[', '{']).then(|| json::parse(text));
    let document = match (json, &yaml) {
        // YAML may look like JSON, with fewer quotation marks; what is not read of YAML, such as a key that is given twice, is
        // not read of JSON either.
        (Some(Ok(document)), Ok(_)) => document,
        (Some(Ok(document)), Err(error)) if !error.is_yaml => document,
        (_, Ok(yaml)) => yaml.value.clone(),
        (Some(Err(error)), Err(_)) => return Err(error),
        (_, Err(error)) => {
            let problem = shortened(error.to_string(), MOST_SHOWN);
            return Err(invalid_parameter(format!("could not read the YAML document: {problem}"))
                .hint("Give a list of flat rules, in which a text that begins with *, & or ! is quoted: - {match: \"*-RiskOff-*\", size_mult: 0.5}"));
        }
    };
    let rules = parse_rules(&document).map_err(|error| {
        let place = yaml.ok().filter(|_| text.trim_end().contains('\n')).and_then(|yaml| {
            let pointers = error.pointers().into_iter();
            pointers.flat_map(|at| [format!("/rules{at}"), at]).find_map(|at| yaml.line(&at))
        });
        let message = place.map(|line| format!("line {line}: {error}")).unwrap_or(error.to_string());
        invalid_parameter(message).hint(error.hint())
    })?;
    store(db, policy, &document, rules)
}

/// Stores the rules of a document as a policy, in place of an earlier one of that name; gives their number. A rule
/// that will never act is reported with a WARNING.
///
/// # Errors
/// A name that cannot be used, an invalid rule, a read-only transaction, or a missing privilege.
pub fn load(policy: &str, document: &Value) -> Result<i32> {
    spi::connect_as_caller(|db| {
        check_may_load(db, policy)?;
        store(db, policy, document, parse_rules(document)?)
    })
}

fn check_may_load(db: Db, policy: &str) -> Result<()> {
    check_name(policy)?;
    check_writable("regime_load_policy()")?;
    check_may_change(db, &extension_schema(db)?)
}

fn store(db: Db, policy: &str, document: &Value, rules: Vec<Rule>) -> Result<i32> {
    let count = rules.len() as i32;
    // Stored as given, so that users read back what they wrote. Qualified throughout, for `spi::connect_as_caller`.
    let list = document.get("rules").unwrap_or(document).to_string();
    let schema = extension_schema(db)?;
    let relation = format!("{schema}.regime_policy");
    let write = format!(
        "INSERT INTO {relation} AS p (policy, rules) VALUES ($1, $2::pg_catalog.jsonb) ON CONFLICT (policy) \
         DO UPDATE SET rules = excluded.rules, loaded_at = excluded.loaded_at, loaded_by = excluded.loaded_by"
    );
    let stored = format!(
        "SELECT FROM {relation} WHERE policy OPERATOR(pg_catalog.=) $1 AND rules OPERATOR(pg_catalog.=) $2::pg_catalog.jsonb"
    );
    Working { relation: &relation, write, stored, rows: 1 }.run(db, &[arg(policy), arg(list)])?;
    report_findings(&BUILT_IN_TABLE.with(|table| PolicyTable::clone(table)).overlay(rules), policy, &schema);
    Ok(count)
}

/// Removes a stored policy.
///
/// # Errors
/// A name that cannot be used, an unknown policy, a read-only transaction, or a missing privilege.
pub fn drop(policy: &str) -> Result<()> {
    check_name(policy)?;
    check_writable("regime_drop_policy()")?;
    spi::connect_as_caller(|db| {
        let schema = extension_schema(db)?;
        check_may_change(db, &schema)?;
        let sql = format!("DELETE FROM {schema}.regime_policy WHERE policy OPERATOR(pg_catalog.=) $1");
        match db.execute(&sql, &[arg(policy)])? {
            0 => Err(unknown_policy(policy, &schema)),
            _ => Ok(()),
        }
    })
}

fn check_name(policy: &str) -> Result<()> {
    match policy {
        "" => Err(invalid_parameter("policy is empty").hint("Give the policy a name, such as 'desk'.")),
        DEFAULT_POLICY => {
            Err(invalid_parameter("policy \"default\" is the built-in rules and cannot be changed")
                .hint("Load the rules under another name and pass it: policy => 'desk'."))
        }
        _ if policy.len() > MOST_BYTES_OF_NAME => Err(invalid_parameter(format!(
            "the name of the policy has {} bytes, more than {MOST_BYTES_OF_NAME}",
            policy.len()
        ))
        .hint("Give the policy a shorter name, such as 'desk'.")),
        _ => Ok(()),
    }
}

fn check_may_change(db: Db, schema: &str) -> Result<()> {
    let place = catalog::extension_schema_name(db)?;
    if syscache::may_write(&place, "regime_policy") {
        return owner::hold_for_writing(db, &[(place, "regime_policy")]);
    }
    Err(insufficient_privilege("permission denied to change policies")
        .hint(format!("GRANT INSERT, UPDATE, DELETE ON {schema}.regime_policy TO {};", current_user())))
}

/// Reports each rule that will never act with a WARNING.
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
        Error::new(PgSqlErrorCode::ERRCODE_WARNING, format!("policy \"{policy}\": {problem}"))
            .hint(hint)
            .report_as(PgLogLevel::WARNING);
    }
}

thread_local! {
    /// The built-in rules alone, which most calls use.
    static BUILT_IN: Rc<Policy> = Rc::new(Policy::new(PolicyTable::built_in()));
    static BUILT_IN_TABLE: Rc<PolicyTable> = Rc::new(PolicyTable::built_in());
    /// The text of the stored policy that was read last, and its table.
    static STORED: RefCell<Option<(String, Rc<PolicyTable>)>> = const { RefCell::new(None) };
}

/// The policy of the built-in rules alone.
pub fn built_in() -> Rc<Policy> {
    BUILT_IN.with(Rc::clone)
}

/// [`policy_table`] for a function that reads nothing else.
///
/// # Errors
/// An unknown policy, or an invalid rule.
pub fn table(policy: Option<&str>, rules: Option<&Value>) -> Result<Rc<PolicyTable>> {
    spi::connect_as_caller(|db| policy_table(db, &extension_schema(db)?, policy, rules))
}

/// The policy of [`table`].
///
/// # Errors
/// As [`table`].
pub fn policy(name: Option<&str>, rules: Option<&Value>) -> Result<Rc<Policy>> {
    match (name, rules) {
        (None | Some(DEFAULT_POLICY), None) => Ok(built_in()),
        _ => Ok(Rc::new(Policy::new(Rc::unwrap_or_clone(table(name, rules)?)))),
    }
}

/// The table of a policy, with `rules` laid over it.
///
/// # Errors
/// An unknown policy, or an invalid rule.
pub fn policy_table(
    db: Db,
    schema: &str,
    policy: Option<&str>,
    rules: Option<&Value>,
) -> Result<Rc<PolicyTable>> {
    let named = policy.filter(|name| *name != DEFAULT_POLICY);
    if named.is_none() && rules.is_none() {
        return Ok(BUILT_IN_TABLE.with(Rc::clone));
    }
    let mut table = BUILT_IN_TABLE.with(Rc::clone);
    if let Some(name) = named {
        // Qualified throughout, for `spi::connect_as_caller`.
        let sql = format!(
            "SELECT rules::pg_catalog.text FROM {schema}.regime_policy WHERE policy OPERATOR(pg_catalog.=) $1"
        );
        let stored: Option<String> = db.first(&sql, &[arg(name)], Sees::Snapshot, |row| row.get("rules"))?;
        let stored = stored.ok_or_else(|| unknown_policy(name, schema))?;
        table = stored_table(name, schema, stored)?;
    }
    if let Some(rules) = rules {
        table = Rc::new(Rc::unwrap_or_clone(table).overlay(parse_rules(rules)?));
    }
    Ok(table)
}

/// The table of a stored policy, from the text of its JSON document.
fn stored_table(policy: &str, schema: &str, rules: String) -> Result<Rc<PolicyTable>> {
    let last = STORED.with_borrow(|last| {
        last.as_ref().filter(|(text, _)| *text == rules).map(|(_, table)| Rc::clone(table))
    });
    if let Some(table) = last {
        return Ok(table);
    }
    let built_in = BUILT_IN_TABLE.with(|table| PolicyTable::clone(table));
    let table = Rc::new(built_in.overlay(parse_stored(policy, schema, &rules)?));
    STORED.set(Some((rules, Rc::clone(&table))));
    Ok(table)
}

/// The rules of a stored policy, from the text of their JSON document.
///
/// # Errors
/// A document that is no list of valid rules.
pub fn parse_stored(policy: &str, schema: &str, rules: &str) -> Result<Vec<Rule>> {
    let parsed = json::parse(rules).and_then(|document| Ok(parse_rules(&document)?));
    parsed.map_err(|error| {
        error.detail(format!("The rules are stored as policy \"{policy}\" in {schema}.regime_policy."))
    })
}

/// The error for a policy that is not stored. The hint shows what there is: rules of ours would not be those that were meant.
fn unknown_policy(name: &str, schema: &str) -> Error {
    undefined_object(format!("policy \"{name}\" does not exist"))
        .detail(format!("Policies are loaded with {schema}.regime_load_policy(policy, rules)."))
        .hint(format!("SELECT policy, loaded_at, loaded_by FROM {schema}.regime_policy ORDER BY policy;"))
}
