//! CHECK constraints of existing output tables that refuse a word which a refresh writes.

use crate::output::mend::Output;
use crate::output::shape::Flaw;
use crate::pg::{Db, Error, Result, Sees, arg, invalid_table_definition, quote_literal};

/// The flaws of an output table: its constraints on a column of few words that refuse some of them. A constraint of another
/// form than a list of words is not run here, since whose code it runs is only checked before a row is written.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn flaws(db: Db, output: &Output) -> Result<Vec<Flaw>> {
    let Output { oid, relation, table, .. } = output;
    if table.words.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT pg_catalog.quote_ident(k.conname::text) AS name, a.attname::text AS of_column, pg_get_expr(k.conbin, k.conrelid) AS expr \
         FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] \
         WHERE k.conrelid = $1 AND k.contype = 'c' AND pg_catalog.cardinality(k.conkey) = 1 ORDER BY k.conname";
    let checks: Vec<[String; 3]> = db.once().all(sql, &[arg(*oid)], Sees::Now, |row| {
        Ok([row.get("name")?, row.get("of_column")?, row.get("expr")?])
    })?;
    let mut flaws = Vec::new();
    for [name, column, expr] in checks {
        let Some((_, words)) = table.words.iter().find(|(of, _)| *of == column) else { continue };
        let Some(allowed) = listed(&expr, &column) else { continue };
        let is_refused = |word: &&&str| !allowed.iter().any(|allowed| allowed == **word);
        let refused: Vec<String> = words.iter().filter(is_refused).map(quote_literal).collect();
        if refused.is_empty() {
            continue;
        }
        flaws.push(Flaw {
            error: invalid_table_definition(format!(
                "constraint {name} of table {relation} refuses {} in column {column}",
                refused.join(", ")
            ))
            .detail("Refresh writes these words, too."),
            action: format!("DROP CONSTRAINT {name}"),
            retyped: None,
        });
    }
    Ok(flaws)
}

/// The words of a condition, as PostgreSQL prints it, that a column is one of some words; `None` for any other condition.
fn listed(expr: &str, column: &str) -> Option<Vec<String>> {
    const SIGNS: [&str; 14] = [
        "::character varying[]",
        "::character varying",
        "::text[]",
        "::text",
        "::bpchar",
        " = ANY ",
        " = ",
        " OR ",
        "ARRAY[",
        "]",
        ", ",
        "(",
        ")",
        " ",
    ];
    let mut words = Vec::new();
    let mut rest = expr;
    while !rest.is_empty() {
        let after = SIGNS.into_iter().chain([column]).find_map(|sign| rest.strip_prefix(sign));
        if let Some(after) = after {
            rest = after;
            continue;
        }
        let literal = rest.strip_prefix('\'')?;
        let (word, after) = literal.split_once('\'')?;
        // A quote within, or an array in one literal.
        if after.starts_with('\'') || word.starts_with('{') {
            return None;
        }
        words.push(word.to_owned());
        rest = after;
    }
    (!words.is_empty()).then_some(words)
}

/// The error of a row that a constraint of an output table refuses, with the statement that drops the constraint.
pub fn explained(db: Db, error: Error, relation: &str) -> Error {
    let report = error.report();
    if report.hint.is_some() || report.code != pgrx::PgSqlErrorCode::ERRCODE_CHECK_VIOLATION {
        return error;
    }
    let sql = "SELECT pg_catalog.quote_ident(conname::text) AS name FROM pg_catalog.pg_constraint \
         WHERE conrelid = pg_catalog.to_regclass($1) AND contype = 'c' AND pg_catalog.strpos($2, conname::text) > 0 \
         ORDER BY pg_catalog.length(conname::text) DESC LIMIT 1";
    let args = [arg(relation), arg(report.message.as_str())];
    match db.first(sql, &args, Sees::Now, |row| row.get::<String>("name")) {
        Ok(Some(name)) => error.hint(format!("ALTER TABLE {relation} DROP CONSTRAINT {name};")),
        _ => error,
    }
}
