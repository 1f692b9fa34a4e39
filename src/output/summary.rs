//! Findings summed up: a row for each kind, however many subjects there are.

use std::collections::BTreeMap;

use crate::output::finding::{Finding, Kind, MOST_NAMED, Severity, Subject, Together};
use crate::pg::quote_literal;

/// Most statements that the findings of a kind in a system are divided by.
const MOST_STATEMENTS: usize = 5;

/// What is wrong with a number of subjects.
pub struct Row {
    pub severity: Severity,
    pub what: Kind,
    /// The number of findings.
    pub n: i64,
    /// The first of their subjects.
    pub subjects: Vec<Subject>,
    pub detail: String,
    pub command: Option<String>,
    pub advice: Option<String>,
}

/// The rows of findings, each with the number of its system, in their order; `own` is the quoted schema of the extension.
pub fn rows(findings: Vec<(usize, Finding)>, own: &str) -> Vec<Row> {
    let mut kinds: BTreeMap<(Severity, Kind, usize), Vec<Finding>> = BTreeMap::new();
    for (system, finding) in findings {
        kinds.entry((finding.severity, finding.what, system)).or_default().push(finding);
    }
    kinds.into_values().flat_map(|kind| of_kind(kind, own)).collect()
}

/// The findings of a kind in a system: a row for each statement that some of them are mended by together, if there are few of these.
fn of_kind(mut kind: Vec<Finding>, own: &str) -> Vec<Row> {
    kind.sort_by_key(|finding| finding.rank);
    let mut groups: BTreeMap<Option<([String; 3], String)>, Vec<Finding>> = BTreeMap::new();
    for finding in kind {
        let shared = finding.together.as_ref().map(Together::shared);
        let shared = shared.map(|(around, of_many)| (around.clone(), of_many.to_owned()));
        groups.entry(shared).or_default().push(finding);
    }
    let mut groups: Vec<Vec<Finding>> = groups.into_values().collect();
    if groups.len() > MOST_STATEMENTS {
        let mut all = groups.concat();
        all.sort_by_key(|finding| finding.rank);
        groups = vec![all];
    }
    groups.sort_by(|a, b| a[0].subject.cmp(&b[0].subject));
    groups.into_iter().map(|group| summed_up(group, own)).collect()
}

/// One row for findings of a kind, of which there is at least one.
fn summed_up(group: Vec<Finding>, own: &str) -> Row {
    let first = &group[0];
    let is_common = |of: fn(&Finding) -> Option<&String>| group.iter().all(|other| of(other) == of(first));
    let n = group.len();
    let detail = match is_common(|finding| Some(&finding.detail)) {
        true => first.detail.clone(),
        false => format!("The first of {n}: {}", first.detail),
    };
    let members: Vec<&Together> = group.iter().filter_map(|finding| finding.together.as_ref()).collect();
    let is_together = members.len() == n && members.iter().all(|one| one.shared() == members[0].shared());
    let command = match () {
        () if is_common(|finding| finding.command.as_ref()) => first.command.clone(),
        () if is_together => Together::statement(&members),
        () => Some(format!(
            "SELECT * FROM {own}.regime_health_details({});",
            quote_literal(first.what.as_str())
        )),
    };
    let named = group.iter().map(|finding| &finding.subject).filter(|subject| **subject != Subject::All);
    Row {
        severity: first.severity,
        what: first.what,
        n: n as i64,
        subjects: named.take(MOST_NAMED).cloned().collect(),
        detail,
        command,
        advice: first.advice.clone(),
    }
}
