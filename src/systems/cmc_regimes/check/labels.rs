//! Complaints about relations of labels from elsewhere.

use regime_core::cmc_regimes::policy::MOST_CHARACTERS;

use crate::output::finding::Severity;
use crate::pg::{Db, Micros, Result, Sees};
use crate::source::outside::LabelSource;
use crate::systems::cmc_regimes::check::Complaint;

/// The complaints about a relation of labels: its rows that are left out or cannot be used.
///
/// # Errors
/// Where the relation cannot be read.
pub fn complaints(db: Db, source: &LabelSource) -> Result<Vec<Complaint>> {
    let relation = &source.relation;
    let [time, label] = [&relation.columns[0], &relation.columns[1]];
    let known = relation.columns.get(2).unwrap_or(time);
    let own = relation.filters.iter().map(|filter| format!(" AND {filter}")).collect::<String>();
    let rows = |condition: &str| format!("FROM {} WHERE {condition}{own}", relation.sql);
    let count = |condition: &str| -> Result<(i64, Option<i64>)> {
        let sql = format!(
            "SELECT count(*) AS n, pg_catalog.min({time}) FILTER (WHERE pg_catalog.isfinite({time})) AS first {}",
            rows(condition)
        );
        db.one(&sql, &[], Sees::Snapshot, |row| {
            Ok((row.get("n")?, row.get::<Option<Micros>>("first")?.map(|Micros(ts)| ts)))
        })
    };
    let mut all = Vec::new();
    let mut complain = |severity, problem: &str, (n, first): (i64, Option<i64>), command: String| {
        all.push(Complaint {
            place: Some(source.layer.as_str()),
            n: Some(n),
            first,
            ..Complaint::of_all(severity, problem).typed(command)
        });
    };
    let mut conditions = vec![
        (Severity::Warning, "time of a label is NULL: left out", format!("{time} IS NULL")),
        (Severity::Warning, "label is NULL or empty: left out", format!("COALESCE({label}, '') = ''")),
        (
            Severity::Error,
            "label is too long",
            format!("pg_catalog.char_length({label}) > {MOST_CHARACTERS}"),
        ),
    ];
    if source.has_known_at {
        conditions.extend([
            (Severity::Warning, "known_at_column is NULL: never in force", format!("{known} IS NULL")),
            (Severity::Info, "known before its time: in force from its time on", format!("{known} < {time}")),
        ]);
    }
    if count("true")?.0 == 0 {
        complain(Severity::Warning, "no labels", (0, None), format!("SELECT count(*) {};", rows("true")));
    }
    for (severity, problem, condition) in conditions {
        let found = count(&condition)?;
        if found.0 > 0 {
            complain(severity, problem, found, format!("SELECT * {};", rows(&condition)));
        }
    }
    let (found, twice) = twice(db, source, &own)?;
    if found.0 > 0 {
        complain(Severity::Error, "time of another label", found, format!("{twice};"));
    }
    Ok(all)
}

/// The labels of a time and moment that has another one: their number and first time, and the statement that lists these.
fn twice(db: Db, source: &LabelSource, filters: &str) -> Result<((i64, Option<i64>), String)> {
    let relation = &source.relation;
    let [time, label] = [&relation.columns[0], &relation.columns[1]];
    let known = relation.columns.get(2).unwrap_or(time);
    let usable = format!(
        "FROM {} WHERE {time} IS NOT NULL AND {known} IS NOT NULL AND {label} <> ''{filters}",
        relation.sql
    );
    let id = if relation.has_ids { relation.id.as_str() } else { "NULL::int" };
    let twice = format!(
        "SELECT {id} AS id, {time} AS ts, {known} AS known, count(*) AS labels {usable} GROUP BY 1, 2, 3 HAVING count(*) > 1"
    );
    let sql = format!("SELECT count(*) AS n, pg_catalog.min(ts) AS first FROM ({twice}) AS twice");
    let found = db.one(&sql, &[], Sees::Snapshot, |row| {
        Ok((row.get("n")?, row.get::<Option<Micros>>("first")?.map(|Micros(ts)| ts)))
    })?;
    Ok((found, twice))
}
