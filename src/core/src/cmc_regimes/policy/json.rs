//! Reading rules from JSON: `{"rules": [{"match": …, …}]}` or the bare array.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::cmc_regimes::policy::pattern::{Align, Pattern};
use crate::cmc_regimes::policy::rule::{Orders, Origin, Rule};
use crate::json::shown;

const FIELDS: [&str; 7] = ["match", "size_mult", "stop_mult", "orders", "setups", "gross_cap", "pyramids"];

/// Most rules of an overlay: far more than needed, and few enough to be resolved fast.
pub const MOST_RULES: usize = 1000;
/// Most characters of a label or of a rule's `match`, limited for the same reason.
pub const MOST_CHARACTERS: usize = 200;
/// Most characters of a number.
const MOST_DIGITS: usize = 1000;

/// Why a JSON document is not a valid list of policy rules. Rules are numbered from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// The document is neither an array nor an object with `rules`.
    #[error("policy rules must be a JSON array of rules or an object with the key \"rules\", not {0}")]
    Document(String),
    /// The object around the rules has another key.
    #[error("unknown key \"{0}\" beside \"rules\"")]
    DocumentKey(String),
    /// The document has more than [`MOST_RULES`] rules.
    #[error("{0} policy rules, more than {MOST_RULES}")]
    TooMany(usize),
    /// A rule is wrong: its number, its `match` (quoted and in parentheses, or empty), and the problem.
    #[error("rule {0}{1}{2}")]
    Rule(usize, String, Problem),
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// The rule is this value, and not an object.
    #[error(" is {0}, not an object")]
    NotAnObject(String),
    /// An unknown field.
    #[error(": unknown field \"{0}\"")]
    UnknownField(String),
    /// There is no `match`.
    #[error(": \"match\" is missing")]
    NoMatch,
    /// No field is given beside `match`, which would lift every limit of the rule that is replaced.
    #[error(": no field beside \"match\"")]
    NoField,
    /// A field has an invalid value: the field, and what is wrong, with the value.
    #[error(": \"{0}\" {1}")]
    Field(&'static str, String),
    /// The `match` is that of the earlier rule of this number.
    #[error(": \"match\" \"{0}\" is already the match of rule {1}")]
    Duplicate(String, usize),
}

impl PolicyError {
    /// Where the problem is in the list of rules: JSON pointers, the nearest first.
    pub fn pointers(&self) -> Vec<String> {
        let (rule, problem) = match self {
            PolicyError::Document(_) | PolicyError::TooMany(_) => return Vec::new(),
            PolicyError::DocumentKey(key) => return vec![format!("/{key}")],
            PolicyError::Rule(number, _, problem) => (format!("/{}", number - 1), problem),
        };
        let field = match problem {
            Problem::UnknownField(field) => field.as_str(),
            Problem::Field(field, _) => field,
            Problem::Duplicate(..) => "match",
            Problem::NotAnObject(_) | Problem::NoMatch | Problem::NoField => "",
        };
        vec![format!("{rule}/{field}"), rule]
    }

    /// The hint for the user: what to write instead.
    pub fn hint(&self) -> String {
        let hint = match self {
            PolicyError::Document(_)
            | PolicyError::DocumentKey(_)
            | PolicyError::Rule(_, _, Problem::NotAnObject(_)) => {
                "Write {\"rules\": [{\"match\": \"Down-\", \"size_mult\": 0.5}]} or the bare array."
            }
            PolicyError::TooMany(_) => {
                "Use empty places or globs in \"match\", so that one rule matches many keys."
            }
            PolicyError::Rule(_, _, problem) => match problem {
                Problem::UnknownField(_) => return format!("A rule has the fields {}.", FIELDS.join(", ")),
                Problem::Field(field, _) => field_hint(field),
                Problem::Duplicate(..) => "Remove one of the two rules.",
                Problem::NoField => {
                    "State what the rule limits, such as \"size_mult\": 0.5, or \"size_mult\": 1 for no limit."
                }
                _ => "State which keys the rule is for, such as \"match\": \"Up-High-\".",
            },
        };
        hint.to_owned()
    }
}

fn field_hint(field: &str) -> &'static str {
    match field {
        "size_mult" | "gross_cap" => {
            "Give a number from 0 to 10, or from 0 to 1 if the match of the rule contains *, ? or [."
        }
        "stop_mult" => "Give a number above 0, at most 100.",
        "orders" => "Give \"mixed\", \"conservative\" or \"passive\".",
        "setups" => {
            "Give an array of names, such as [\"pullback\", \"hedge\"]; leave the field out for no restriction."
        }
        "pyramids" => "Give true or false.",
        _ => "Give places such as \"Up-High-\" or \"-Stressed\", or a glob such as \"*-RiskOff-*\".",
    }
}

/// Parses and checks the rules of an overlay, in order. Specification 1, section 5.
///
/// # Errors
/// The first problem of the document.
pub fn parse_rules(document: &Value) -> Result<Vec<Rule>, PolicyError> {
    let list = match document {
        Value::Array(list) => list,
        Value::Object(object) => {
            if let Some(key) = object.keys().find(|k| *k != "rules") {
                return Err(PolicyError::DocumentKey(key.clone()));
            }
            match object.get("rules") {
                Some(Value::Array(list)) => list,
                Some(other) => return Err(PolicyError::Document(format!("{{\"rules\": {}}}", shown(other)))),
                None => return Err(PolicyError::Document("{}".to_owned())),
            }
        }
        other => return Err(PolicyError::Document(shown(other))),
    };
    if list.len() > MOST_RULES {
        return Err(PolicyError::TooMany(list.len()));
    }
    let mut rules: Vec<Rule> = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        let rule = parse_rule(i + 1, value)?;
        if let Some(earlier) = rules.iter().position(|r| r.match_text() == rule.match_text()) {
            let text = rule.match_text().to_owned();
            return Err(PolicyError::Rule(i + 1, String::new(), Problem::Duplicate(text, earlier + 1)));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn parse_rule(number: usize, value: &Value) -> Result<Rule, PolicyError> {
    let Value::Object(object) = value else {
        return Err(PolicyError::Rule(number, String::new(), Problem::NotAnObject(shown(value))));
    };
    let text = match object.get("match") {
        Some(Value::String(text)) => format!(" (\"{}\")", text.trim()),
        _ => String::new(),
    };
    let context = Context { number, text, object };
    if let Some(field) = object.keys().find(|k| !FIELDS.contains(&k.as_str())) {
        return Err(context.wrong(Problem::UnknownField(field.clone())));
    }
    let pattern = match object.get("match") {
        None => return Err(context.wrong(Problem::NoMatch)),
        Some(Value::String(text)) => {
            let text = text.trim();
            let characters = text.chars().count();
            if characters > MOST_CHARACTERS {
                let problem = format!("has {characters} characters, more than {MOST_CHARACTERS}");
                return Err(Context { text: String::new(), ..context }.error("match", problem));
            }
            if text.contains('\0') {
                return Err(Context { text: String::new(), ..context }
                    .error("match", "has a character of code 0".to_owned()));
            }
            Pattern::parse(text).map_err(|problem| context.error("match", problem))?
        }
        Some(other) => return Err(context.wrong_type("match", other, "a string")),
    };
    if object.len() == 1 {
        return Err(context.wrong(Problem::NoField));
    }
    let mut rule = Rule::new(pattern, Origin::Overlay);
    let most = if rule.pattern.align() == Align::Glob { 1.0 } else { 10.0 };
    rule.size_mult = context.number("size_mult", |v| (0.0..=most).contains(&v), &format!("0 to {most}"))?;
    rule.gross_cap = context.number("gross_cap", |v| (0.0..=most).contains(&v), &format!("0 to {most}"))?;
    rule.stop_mult = context.number("stop_mult", |v| v > 0.0 && v <= 100.0, "0 (excluded) to 100")?;
    rule.orders = context.orders()?;
    rule.setups = context.setups()?;
    rule.pyramids = context.pyramids()?;
    Ok(rule)
}

/// Whether a number that is 0 as float8 has another digit.
fn is_not_zero(number: &str) -> bool {
    let digits = number.split(['e', 'E']).next().unwrap_or_default();
    digits.chars().any(|c| matches!(c, '1'..='9'))
}

struct Context<'a> {
    number: usize,
    text: String,
    object: &'a Map<String, Value>,
}

impl Context<'_> {
    fn wrong(&self, problem: Problem) -> PolicyError {
        PolicyError::Rule(self.number, self.text.clone(), problem)
    }

    fn error(&self, field: &'static str, problem: String) -> PolicyError {
        self.wrong(Problem::Field(field, problem))
    }

    fn wrong_type(&self, field: &'static str, found: &Value, wanted: &str) -> PolicyError {
        self.error(field, format!("is {}, not {wanted}", shown(found)))
    }

    fn number(
        &self,
        field: &'static str,
        in_range: impl Fn(f64) -> bool,
        range: &str,
    ) -> Result<Option<f64>, PolicyError> {
        match self.object.get(field) {
            None => Ok(None),
            // PostgreSQL stores the digits as they are written.
            Some(Value::Number(number)) if number.as_str().len() > MOST_DIGITS => {
                let characters = number.as_str().len();
                Err(self.error(field, format!("has {characters} characters, more than {MOST_DIGITS}")))
            }
            Some(value @ Value::Number(number)) => match number.as_f64() {
                Some(0.0) if is_not_zero(number.as_str()) => {
                    Err(self.error(field, format!("is {value}, too near to 0")))
                }
                // Adding zero turns -0 into 0, which PostgreSQL would show as "-0".
                Some(v) if v.is_finite() && in_range(v) => Ok(Some(v + 0.0)),
                _ => Err(self.error(field, format!("is {value}, outside {range}"))),
            },
            Some(other) => Err(self.wrong_type(field, other, "a number")),
        }
    }

    fn orders(&self) -> Result<Option<Orders>, PolicyError> {
        match self.object.get("orders") {
            None => Ok(None),
            Some(Value::String(text)) => {
                let unknown = || self.error("orders", format!("is \"{text}\", which is not known"));
                Orders::parse(text).map(Some).ok_or_else(unknown)
            }
            Some(other) => Err(self.wrong_type("orders", other, "a string")),
        }
    }

    fn setups(&self) -> Result<Option<Vec<String>>, PolicyError> {
        let Some(value) = self.object.get("setups") else { return Ok(None) };
        let Value::Array(list) = value else {
            return Err(self.wrong_type("setups", value, "an array of strings"));
        };
        let mut setups = Vec::with_capacity(list.len());
        for item in list {
            match item {
                Value::String(name) if !name.is_empty() && !name.contains('\0') => setups.push(name.clone()),
                other => return Err(self.error("setups", format!("contains {}, not a name", shown(other)))),
            }
        }
        setups.sort();
        setups.dedup();
        Ok(Some(setups))
    }

    fn pyramids(&self) -> Result<Option<bool>, PolicyError> {
        match self.object.get("pyramids") {
            None => Ok(None),
            Some(Value::Bool(allowed)) => Ok(Some(*allowed)),
            Some(other) => Err(self.wrong_type("pyramids", other, "true or false")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        parse_rules(&serde_json::from_str(json).expect("json")).expect_err("must fail").to_string()
    }

    #[test]
    fn both_shapes_are_read() {
        let bare =
            parse_rules(&serde_json::json!([{"match": "Down-", "size_mult": 0, "setups": ["b", "a", "b"]}]));
        let wrapped = parse_rules(
            &serde_json::json!({"rules": [{"match": "Down-", "size_mult": 0.0, "setups": ["a", "b"]}]}),
        );
        assert_eq!(bare, wrapped);
        assert_eq!(bare.expect("rules")[0].size_mult, Some(0.0));
    }

    #[test]
    fn errors_name_the_rule_the_field_and_the_value() {
        let cases = [
            ("1", r#"policy rules must be a JSON array of rules or an object with the key "rules", not 1"#),
            ("{}", r#"policy rules must be a JSON array of rules or an object with the key "rules", not {}"#),
            (r#"{"rules": [], "rule": []}"#, r#"unknown key "rule" beside "rules""#),
            ("[3]", "rule 1 is 3, not an object"),
            (r#"[{"size_mult": 1}]"#, r#"rule 1: "match" is missing"#),
            (r#"[{"match": 7}]"#, r#"rule 1: "match" is 7, not a string"#),
            (
                r#"[{"match": "a", "size_mult": 1}, {"match": "b", "size": 1}]"#,
                r#"rule 2 ("b"): unknown field "size""#,
            ),
            (r#"[{"match": "b", "size_mult": "1"}]"#, r#"rule 1 ("b"): "size_mult" is "1", not a number"#),
            (
                r#"[{"match": "b", "size_mult": -0.1}]"#,
                r#"rule 1 ("b"): "size_mult" is -0.1, outside 0 to 10"#,
            ),
            (
                r#"[{"match": "b", "stop_mult": 0}]"#,
                r#"rule 1 ("b"): "stop_mult" is 0, outside 0 (excluded) to 100"#,
            ),
            (
                r#"[{"match": "b*", "gross_cap": 1.01}]"#,
                r#"rule 1 ("b*"): "gross_cap" is 1.01, outside 0 to 1"#,
            ),
            (
                r#"[{"match": "b", "orders": "Mixed"}]"#,
                r#"rule 1 ("b"): "orders" is "Mixed", which is not known"#,
            ),
            (
                r#"[{"match": "b", "setups": "hedge"}]"#,
                r#"rule 1 ("b"): "setups" is "hedge", not an array of strings"#,
            ),
            (r#"[{"match": "b", "setups": [null]}]"#, r#"rule 1 ("b"): "setups" contains null, not a name"#),
            (r#"[{"match": "b", "pyramids": 1}]"#, r#"rule 1 ("b"): "pyramids" is 1, not true or false"#),
            (r#"[{"match": "a["}]"#, r#"rule 1 ("a["): "match" has an unclosed "[""#),
            (r#"[{"match": " a "}]"#, r#"rule 1 ("a"): no field beside "match""#),
            (
                r#"[{"match": "a", "pyramids": true}, {"match": " a", "size_mult": 1}]"#,
                r#"rule 2: "match" "a" is already the match of rule 1"#,
            ),
        ];
        for (json, message) in cases {
            assert_eq!(error(json), message);
        }
    }
}
