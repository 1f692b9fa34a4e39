//! The function behind the triggers on a source table: what a statement there leaves as marks.

use pgrx::spi::{quote_identifier as quoted, quote_literal};

use crate::pg::catalog::work_schema;
use crate::track::marks::{FEW, MOST, Marks};
use crate::track::watched::Watched;

/// Raised whenever the function changes.
pub const VERSION: &str = "4";

/// What each statement on a source table sets off: the event, the transition tables, where the changed
/// rows are.
pub const EVENTS: [(&str, &str, &str); 3] = [
    ("insert", "NEW TABLE AS new_rows", "new_rows"),
    ("update", "OLD TABLE AS old_rows NEW TABLE AS new_rows", "(TABLE old_rows UNION ALL TABLE new_rows)"),
    ("delete", "OLD TABLE AS old_rows", "old_rows"),
];

/// The earliest time of rows `r`.
const EARLIEST: &str = "min(COALESCE(r.ts, '-infinity'))";

/// The statement that makes it. It belongs to whoever calls regime_track, like the tables it writes to, and
/// runs as such: whoever loads bars needs no privilege on the marks. Keys are put in order for those who look
/// one up, and rows of them kept short for the same reason. Columns of the source may be called as its variables
/// are.
pub fn ddl(schema: &str, function: &str, watched: &Watched) -> String {
    let marks = watched.marks;
    let Marks { key, keys, kind, state, of_state, .. } = marks;
    let source = quote_literal(&watched.relation);
    let [few, many, _] = marks.relations(schema);
    let arms = EVENTS.map(|(event, _, rows)| {
        format!("IF TG_OP = '{}' THEN{}", event.to_uppercase(), changed(schema, watched, rows))
    });
    let work = quoted(work_schema(schema));
    let (few_name, many_name) = (quote_literal(&few), quote_literal(&many));
    format!(
        "CREATE OR REPLACE FUNCTION {}.{function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
         SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $mark$\n#variable_conflict use_column\nDECLARE keys {kind}[]; sinces timestamptz[]; at timestamptz;\nBEGIN\n    \
         IF to_regclass({few_name}) IS NULL OR to_regclass({many_name}) IS NULL THEN RETURN NULL; END IF;\n    \
         IF TG_LEVEL = 'ROW' THEN{}\n        RETURN NULL;\n    END IF;\n    {}\n    \
         ELSE\n        SELECT array_agg(DISTINCT {of_state}), '-infinity' INTO keys, at FROM {}.{state} AS s;\n    END IF;\n    \
         IF keys IS NULL THEN RETURN NULL; END IF;\n    \
         IF at IS NOT NULL THEN sinces := array_fill(at, ARRAY[cardinality(keys)]); END IF;\n    \
         IF cardinality(keys) <= {FEW} THEN\n        INSERT INTO {few} ({key}, source, since) \
         SELECT u.key, {source}, u.since FROM ROWS FROM (unnest(keys), unnest(sinces)) AS u (key, since);\n    \
         ELSE\n        INSERT INTO {many} (source, {keys}, sinces) \
         SELECT {source}, keys[n:n + {MOST} - 1], sinces[n:n + {MOST} - 1] FROM generate_series(1, cardinality(keys), {MOST}) AS n;\n    \
         END IF;\n    RETURN NULL;\nEND $mark$",
        work,
        of_row(schema, watched),
        arms.join("\n    ELS"),
        work,
    )
}

/// What marks a row that is written by replication. Not once more where its transaction has marked the key from then
/// on: only of its own marks is it certain that nobody clears them who has not seen the row. They are looked up by
/// the index, also by a plan of a time when there were none, as the function is set to.
fn of_row(schema: &str, watched: &Watched) -> String {
    let Watched { marks, relation, key: value, ts } = watched;
    let Marks { key, kind, valid, .. } = marks;
    let ([few, ..], source) = (marks.relations(schema), quote_literal(relation));
    format!(
        "\n        INSERT INTO {few} ({key}, source, since) SELECT m.key, {source}, m.since FROM (\
         SELECT r.key::{kind} AS key, {EARLIEST} AS since FROM (SELECT {value} AS key, {ts} AS ts FROM (\
         SELECT OLD.* WHERE TG_OP <> 'INSERT' UNION ALL SELECT NEW.* WHERE TG_OP <> 'DELETE') AS c) AS r \
         WHERE r.key {valid} GROUP BY 1) AS m WHERE (SELECT true FROM {few} AS d WHERE d.{key} = m.key AND d.source = {source} \
         AND d.since <= m.since AND d.xmin = pg_current_xact_id()::xid AND d.marked_at = now() LIMIT 1) IS NULL;"
    )
}

/// What takes the keys of these rows, in order, and their earliest times. A statement with few rows writes its
/// marks at once; where all rows are of one time, as when a day is loaded, only that is taken, which costs
/// half as much.
fn changed(schema: &str, watched: &Watched, rows: &str) -> String {
    let Watched { marks, relation, key: value, ts } = watched;
    let Marks { key, kind, valid, .. } = marks;
    let ([few, ..], source) = (marks.relations(schema), quote_literal(relation));
    let rows = format!("(SELECT {value} AS key, {ts} AS ts FROM {rows} AS c) AS r");
    format!(
        "\n        IF NOT EXISTS (SELECT FROM {rows} OFFSET {FEW}) THEN\n            \
         INSERT INTO {few} ({key}, source, since) SELECT r.key, {source}, {EARLIEST} FROM {rows} WHERE r.key {valid} GROUP BY r.key;\n            \
         RETURN NULL;\n        END IF;\n        \
         SELECT f.ts INTO at FROM (SELECT r.ts FROM {rows} LIMIT 1) AS f \
         WHERE NOT EXISTS (SELECT FROM {rows} WHERE r.ts IS DISTINCT FROM f.ts);\n        \
         IF at IS NOT NULL THEN SELECT array_agg(DISTINCT r.key::{kind}) INTO keys FROM {rows} WHERE r.key {valid};\n        \
         ELSE SELECT array_agg(c.key), array_agg(c.since) INTO keys, sinces FROM (\
         SELECT r.key::{kind} AS key, {EARLIEST} AS since FROM {rows} WHERE r.key {valid} GROUP BY 1 ORDER BY 1) AS c;\n        \
         END IF;"
    )
}
