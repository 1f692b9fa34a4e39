//! Partitioned tables from which old partitions were dropped: the time from which on rows have a partition. Earlier rows
//! are left out.

use std::cell::RefCell;

use pgrx::prelude::*;

use crate::pg::{
    Arg, Days, Db, Error, Micros, Result, Row, Sees, arg, attempt, known, quote_literal, syscache,
    syscache::oid_of, utc,
};
use crate::sync::content::Value;
use crate::sync::statement::scalar_arg;
use crate::sync::table::{Table, Type};

/// How the first row that a table keeps of a scope is found.
struct Partitions {
    /// The statement, with the values of the scope as parameters.
    sql: String,
    /// Whether the table is partitioned by time alone, so that every scope has the same answer.
    by_time: bool,
}

thread_local! {
    /// What this session was told of.
    static TOLD: RefCell<Vec<(String, i64)>> = const { RefCell::new(Vec::new()) };
}

/// The time from which on the rows of a scope have a partition, in microseconds or days since 2000 like the first column
/// of the key; `None` where every earlier row has one too, and where the table has no partition for the scope at all.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn from(db: Db, relation: &str, table: &Table, scope: &[Value]) -> Result<Option<i64>> {
    let is_time = matches!(table.key[0].kind, Type::Timestamptz | Type::Date);
    if !is_time || !syscache::is_partitioned(oid_of(relation)?) {
        return Ok(None);
    }
    let partitions = known("partitions", &relation.to_owned(), || partitions(db, relation, table))?;
    let args = || scope.iter().map(|value| scalar_arg(*value)).collect::<Result<Vec<Arg>>>();
    let find = || {
        // A key of partitions that is no column of ours cannot be compared: then every row has to find its partition.
        let found = attempt(|| db.first(&partitions.sql, &args()?, Sees::Now, |row| moment(row, table)));
        Ok(found.ok().flatten().flatten())
    };
    if partitions.by_time { Ok(*known("kept from", &relation.to_owned(), find)?) } else { find() }
}

fn moment(row: &Row, table: &Table) -> Result<Option<i64>> {
    Ok(match table.key[0].kind {
        Type::Date => {
            row.get::<Option<Days>>(0)?.map(|Days(day)| day).filter(|day| *day != i32::MIN).map(i64::from)
        }
        _ => row.get::<Option<Micros>>(0)?.map(|Micros(ts)| ts).filter(|ts| *ts != i64::MIN),
    })
}

/// A partition that holds rows.
struct Leaf {
    /// The lower bound of the time.
    from: String,
    /// SQL: whether a row belongs to the partition.
    condition: String,
}

fn partitions(db: Db, relation: &str, table: &Table) -> Result<Partitions> {
    let time = &table.key[0];
    let sql = "WITH RECURSIVE part AS ( \
           SELECT $1::text::regclass::oid AS oid, '-infinity'::text COLLATE \"C\" AS bound, true AS by_time \
           UNION ALL SELECT i.inhrelid, (CASE WHEN a.attname = $2::name THEN coalesce(substring( \
             pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM '^FOR VALUES FROM [(]''([^'']*)'''), '-infinity') ELSE part.bound END) COLLATE \"C\", \
             part.by_time AND coalesce(a.attname = $2::name, false) \
           FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid \
           JOIN pg_catalog.pg_partitioned_table t ON t.partrelid = part.oid \
           LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = part.oid AND a.attnum = t.partattrs[0] AND t.partstrat = 'r' AND t.partnatts = 1) \
         SELECT part.bound, part.by_time, pg_catalog.pg_get_partition_constraintdef(part.oid) AS condition \
         FROM part JOIN pg_catalog.pg_class c ON c.oid = part.oid WHERE c.relkind <> 'p'";
    let mut by_time = true;
    let leaves = db.all(sql, &[arg(relation), arg(time.name)], Sees::Now, |row| {
        by_time &= row.get::<bool>("by_time")?;
        let condition: Option<String> = row.get("condition")?;
        Ok(Leaf { from: row.get("bound")?, condition: condition.unwrap_or_else(|| "true".to_owned()) })
    })?;
    // The first moment of each partition, in a row of the scope: of the partitions that this row belongs to, the earliest.
    let (name, kind) = (time.name, time.kind.sql());
    let numbered = |leaf: (usize, &Leaf)| format!("({}, {}::{kind})", leaf.0, quote_literal(&leaf.1.from));
    let bounds: Vec<String> = leaves.iter().enumerate().map(numbered).collect();
    let conditions = leaves.iter().enumerate().map(|(n, leaf)| format!(" WHEN {n} THEN {}", leaf.condition));
    let scope = table.scope.iter().enumerate();
    let scope = scope.map(|(n, column)| format!("${}::{} AS {}", n + 1, column.kind.sql(), column.name));
    let others = table.key.iter().skip(1).chain(table.values);
    let others = others.map(|column| format!("NULL::{} AS {}", column.kind.sql(), column.name));
    let columns: Vec<String> = scope.chain(others).collect();
    let sql = match bounds.is_empty() {
        true => format!("SELECT NULL::{kind}"),
        false => format!(
            "SELECT min({name}) FROM (SELECT n, {name}, {} FROM (VALUES {}) AS b (n, {name}) OFFSET 0) AS r WHERE CASE n{} END",
            columns.join(", "),
            bounds.join(", "),
            conditions.collect::<String>()
        ),
    };
    Ok(Partitions { sql, by_time })
}

/// Tells once a session that rows of a table, given as SQL, are left out before a time.
pub fn tell(relation: &str, table: &Table, from: i64) {
    let told = (relation.to_owned(), from);
    if TOLD.with_borrow(|all| all.contains(&told)) {
        return;
    }
    TOLD.with_borrow_mut(|all| all.push(told));
    let from = match table.key[0].kind {
        Type::Date => regime_core::calendar::civil::date_of(from),
        _ => utc(from),
    };
    Error::new(
        PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
        format!("rows of {relation} before {from} are not stored"),
    )
    .detail("The table has no partition for earlier rows.")
    .report_as(PgLogLevel::NOTICE);
}

/// The error of a row later than every partition of a table, given as SQL, with the statement that creates one.
pub fn explained(db: Db, error: Error, relation: &str, table: &Table) -> Error {
    let report = error.report();
    let is_named =
        report.message.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == table.name);
    if report.hint.is_some() || report.code != PgSqlErrorCode::ERRCODE_CHECK_VIOLATION || !is_named {
        return error;
    }
    let kind = table.key[0].kind.sql();
    let sql = format!(
        "SELECT max(substring(pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM ' TO [(]''([^'']*)''')::{kind})::text \
         FROM pg_catalog.pg_partitioned_table t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.partrelid AND a.attnum = t.partattrs[0] \
         JOIN pg_catalog.pg_inherits i ON i.inhparent = t.partrelid JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid \
         WHERE t.partrelid = $1::text::regclass AND t.partstrat = 'r' AND t.partnatts = 1 AND a.attname = $2::name"
    );
    let newest = db.one(&sql, &[arg(relation), arg(table.key[0].name)], Sees::Now, |row| row.only());
    match newest.ok().flatten() {
        Some::<String>(to) => error.hint(format!(
            "CREATE TABLE {relation}_next PARTITION OF {relation} FOR VALUES FROM ({}) TO (MAXVALUE);",
            quote_literal(to)
        )),
        None => error,
    }
}
