//! Faults of profiles: a profile that cannot be used, a row that names no asset, and rows of which it is chance which one gives
//! an asset its profile.

use std::collections::{BTreeMap, HashSet};

use crate::output::finding::{Finding, Kind, Severity, Subject, Together};
use crate::pg::{Db, Error, Result, attempt_unless_cancelled, quote_literal};
use crate::source::names;
use crate::source::nearest::nearest;
use crate::systems::cmc_regimes::assets::all_of;
use crate::systems::cmc_regimes::params::{Given, NOTHING};
use crate::systems::cmc_regimes::profiles::{Assigned, DEFAULT, Names, Profiles};

/// The faults of profiles, for `regime_health`.
///
/// # Errors
/// Where profiles or symbols cannot be read.
pub fn faults(db: Db, own: &str) -> Result<Vec<Finding>> {
    let profiles = Profiles::now(db, &NOTHING)?;
    let rows = &profiles.rows;
    let mut findings = Vec::new();
    let named = rows.profiles.values().map(|profile| (profile.name.as_str(), &profile.given));
    for (name, given) in named.chain([(DEFAULT, profiles.of_profile(&None))]) {
        let load = || profiles.parameters(db, given, None)?.setup(db, given);
        let is_other = name != DEFAULT || *given != NOTHING;
        findings.extend(
            attempt_unless_cancelled(load)
                .err()
                .filter(|_| is_other)
                .map(|error| unusable(own, name, given, &error)),
        );
    }
    if rows.assigned.is_empty() {
        return Ok(findings);
    }
    let active = all_of(db, &profiles, profiles.of_profile(&None))?;
    let by_symbol = profiles.all_by_symbol(db)?;
    let named: HashSet<*const Assigned> = by_symbol.iter().map(|(_, row)| std::ptr::from_ref(*row)).collect();
    for row in &rows.assigned {
        let is_named = match &row.names {
            Names::Id(id) => active.binary_search(id).is_ok(),
            _ => named.contains(&std::ptr::from_ref(row)),
        };
        if !is_named {
            findings.push(nobody(db, own, row));
        }
    }
    findings.extend(ambiguous(db, own, &by_symbol)?);
    Ok(findings)
}

fn unusable(own: &str, name: &str, given: &Given, error: &Error) -> Finding {
    let report = error.report();
    let table = if given.missing.is_some() { "regime_profile_asset" } else { "regime_profile" };
    let detail = format!("Profile \"{name}\": {}.", report.message.trim_end_matches('.'));
    let subject = Subject::Named(format!("profile \"{name}\""));
    let finding = Finding::of(Severity::Error, Kind::UnusableProfile, subject, detail);
    shown(finding, &format!("{own}.{table}"), format!("profile = {}", quote_literal(name)))
}

/// The finding with the statement that shows the rows of a table that meet a condition, and those of findings alike.
fn shown(finding: Finding, table: &str, condition: String) -> Finding {
    let together = Together {
        around: [format!("SELECT * FROM {table} WHERE "), " OR ".to_owned(), ";".to_owned()],
        of_many: format!("SELECT * FROM {table};"),
        member: condition.clone(),
    };
    let finding = finding.typed(format!("SELECT * FROM {table} WHERE {condition};"));
    Finding { together: Some(together), ..finding }
}

/// A row that names no asset.
fn nobody(db: Db, own: &str, row: &Assigned) -> Finding {
    let (what, condition) = match &row.names {
        Names::Id(id) => {
            (format!("asset {id}, which has no daily bars or is not active"), format!("id = {id}"))
        }
        Names::Symbol(symbol) => {
            let near = attempt_unless_cancelled(|| names::symbols(db)).unwrap_or_default();
            let near = nearest(symbol, near.iter());
            let near = near.map_or_else(String::new, |near| format!("; {} is near", quote_literal(near)));
            (
                format!("symbol {}, which no asset has{near}", quote_literal(symbol)),
                format!("symbol = {}", quote_literal(symbol)),
            )
        }
        Names::Pattern(pattern) => (
            format!("symbols like {}, which no asset has", quote_literal(pattern)),
            format!("pattern = {}", quote_literal(pattern)),
        ),
    };
    let detail = format!("Profile \"{}\" is given to {what}.", row.profile.name);
    let subject = Subject::Named(condition.clone());
    let finding = Finding::of(Severity::Warning, Kind::ProfileOfNobody, subject, detail);
    shown(finding, &format!("{own}.regime_profile_asset"), condition)
}

/// Assets that patterns of the same length give different profiles: one finding for each pair of patterns.
fn ambiguous(db: Db, own: &str, by_symbol: &[(i32, &Assigned)]) -> Result<Vec<Finding>> {
    let mut of_asset: BTreeMap<i32, Vec<&Assigned>> = BTreeMap::new();
    by_symbol.iter().for_each(|(id, row)| of_asset.entry(*id).or_default().push(row));
    let mut pairs: BTreeMap<(&str, &str), (i32, usize)> = BTreeMap::new();
    for (id, rows) in of_asset {
        let mut patterns: Vec<(&str, &str)> = rows
            .iter()
            .filter_map(|row| match &row.names {
                Names::Pattern(pattern) => Some((pattern.as_str(), row.profile.name.as_str())),
                _ => None,
            })
            .collect();
        // An id or a symbol decides.
        if patterns.len() < rows.len() {
            continue;
        }
        let length = |pattern: &str| pattern.chars().count();
        patterns.sort_by(|(a, _), (b, _)| length(b).cmp(&length(a)).then(a.cmp(b)));
        if let [(first, a), (second, b), ..] = patterns[..]
            && length(first) == length(second)
            && a != b
        {
            pairs.entry((first, second)).or_insert((id, 0)).1 += 1;
        }
    }
    let finding = |((first, second), (id, n)): ((&str, &str), (i32, usize))| {
        let asset = names::in_words(db, id, None)?;
        let others = if n > 1 { format!(" and {} more", n - 1) } else { String::new() };
        let [first, second] = [first, second].map(quote_literal);
        let detail = format!(
            "Patterns {first} and {second} are of the same length and give {asset}{others} different profiles: that of the first counts."
        );
        let finding = Finding::of(Severity::Warning, Kind::TwoProfiles, Subject::Asset(id), detail);
        let table = format!("{own}.regime_profile_asset");
        Ok(shown(finding, &table, format!("pattern IN ({first}, {second})")))
    };
    pairs.into_iter().map(finding).collect()
}
