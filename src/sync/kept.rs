//! Partitioned tables without a partition for some times: rows that are earlier than the oldest partition, or lie between
//! two partitions, are left out.

use std::cell::RefCell;
use std::rc::Rc;

use pgrx::prelude::*;

use crate::pg::{
    Arg, Days, Db, Error, Micros, Result, Row, Sees, arg, attempt, known, quote_literal, remark, syscache,
    syscache::oid_of, utc,
};
use crate::sync::content::Value;
use crate::sync::statement::scalar_arg;
use crate::sync::table::{Table, Type};

/// How the times that a table has partitions for are found.
struct Partitions {
    /// The statement, with the values of the scope as parameters.
    sql: String,
    /// Whether the table is partitioned by time alone, so that every scope has the same answer.
    by_time: bool,
}

thread_local! {
    /// What this session was told of.
    static TOLD: RefCell<Vec<(String, Gap)>> = const { RefCell::new(Vec::new()) };
}

/// Times without a partition, up to a later partition: in microseconds or days since 2000 like the first column of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// `i64::MIN` before the oldest partition.
    pub from: i64,
    /// The first moment of the later partition.
    pub to: i64,
}

impl Gap {
    /// Whether a time lies in the gap.
    pub fn holds(&self, time: i64) -> bool {
        (self.from..self.to).contains(&time)
    }

    /// The times, as words after "rows"; the gap is one of a table.
    pub fn shown(&self, table: &Table) -> String {
        let shown = |time| match table.key[0].kind {
            Type::Date => regime_core::calendar::civil::date_of(time),
            _ => utc(time),
        };
        match self.from {
            i64::MIN => format!("before {}", shown(self.to)),
            from => format!("from {} until before {}", shown(from), shown(self.to)),
        }
    }
}

/// The time from which on no row of a scope is left out; `None` where no row is.
///
/// # Errors
/// As [`gaps`].
pub fn from(db: Db, relation: &str, table: &Table, scope: &[Value]) -> Result<Option<i64>> {
    Ok(gaps(db, relation, table, scope)?.last().map(|gap| gap.to))
}

/// The times for which the rows of a scope have no partition although a later partition exists, ascending. None where
/// the table has no partition for the scope at all.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn gaps(db: Db, relation: &str, table: &Table, scope: &[Value]) -> Result<Rc<Vec<Gap>>> {
    let is_time = matches!(table.key[0].kind, Type::Timestamptz | Type::Date);
    if !is_time || !syscache::is_partitioned(oid_of(relation)?) {
        return Ok(Rc::default());
    }
    let partitions = known("partitions", &relation.to_owned(), || partitions(db, relation, table))?;
    let args = || scope.iter().map(|value| scalar_arg(*value)).collect::<Result<Vec<Arg>>>();
    let find = || {
        // A key of partitions that is no column of ours cannot be compared: then every row has to find its partition.
        let spans = attempt(|| {
            db.all(&partitions.sql, &args()?, Sees::Now, |row| {
                Ok((moment(row, table, 0)?, moment(row, table, 1)?))
            })
        });
        Ok(between(&spans.unwrap_or_default()))
    };
    if partitions.by_time { known("gaps", &relation.to_owned(), find) } else { Ok(Rc::new(find()?)) }
}

/// The gaps before and between spans, which ascend by their begin.
fn between(spans: &[(i64, i64)]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut end = i64::MIN;
    for (from, to) in spans {
        if *from > end {
            gaps.push(Gap { from: end, to: *from });
        }
        end = end.max(*to);
    }
    gaps
}

fn moment(row: &Row, table: &Table, column: usize) -> Result<i64> {
    Ok(match table.key[0].kind {
        Type::Date => match row.get::<Days>(column)?.0 {
            i32::MIN => i64::MIN,
            i32::MAX => i64::MAX,
            day => i64::from(day),
        },
        _ => row.get::<Micros>(column)?.0,
    })
}

/// A partition that holds rows.
struct Leaf {
    /// The bounds of the time, as text.
    from: String,
    to: String,
    /// Whether the partition takes the times that other partitions leave.
    is_default: bool,
    /// SQL: whether a row belongs to the partition.
    condition: String,
}

fn partitions(db: Db, relation: &str, table: &Table) -> Result<Partitions> {
    let time = &table.key[0];
    let (name, kind) = (time.name, time.kind.sql());
    let sql = format!(include_str!("../../sql/read/partitions.sql"), kind = kind);
    let mut by_time = true;
    let leaves = db.all(&sql, &[arg(relation), arg(name)], Sees::Now, |row| {
        by_time &= row.get::<bool>("by_time")?;
        let condition: Option<String> = row.get("condition")?;
        Ok(Leaf {
            from: row.get("lower")?,
            to: row.get("upper")?,
            is_default: row.get("is_default")?,
            condition: condition.unwrap_or_else(|| "true".to_owned()),
        })
    })?;
    if leaves.is_empty() {
        return Ok(Partitions { sql: format!("SELECT NULL::{kind}, NULL::{kind} WHERE false"), by_time });
    }
    // A partition holds its times or none of these in a row of the scope, as its first moment tells; a default partition
    // is asked for each span between the bounds of all partitions.
    let span = |(n, leaf): (usize, &Leaf)| {
        let (from, to) = (quote_literal(&leaf.from), quote_literal(&leaf.to));
        format!("({n}, {from}::{kind}, {to}::{kind}, {})", leaf.is_default)
    };
    let spans: Vec<String> = leaves.iter().enumerate().map(span).collect();
    let conditions = leaves.iter().enumerate().map(|(n, leaf)| format!(" WHEN {n} THEN {}", leaf.condition));
    let scope = table.scope.iter().enumerate();
    let scope = scope.map(|(n, column)| format!("${}::{} AS {}", n + 1, column.kind.sql(), column.name));
    let others = table.key.iter().skip(1).chain(table.values);
    let others = others.map(|column| format!("NULL::{} AS {}", column.kind.sql(), column.name));
    let columns: Vec<String> = scope.chain(others).collect();
    let sql = format!(
        "WITH b (n_, from_, to_, is_default_) AS (VALUES {}), \
         every (from_) AS (SELECT from_ FROM b UNION SELECT to_ FROM b), \
         s (n_, from_, to_) AS (SELECT n_, from_, to_ FROM b WHERE NOT is_default_ UNION ALL \
           SELECT b.n_, e.from_, e.to_ FROM b JOIN (SELECT from_, lead(from_) OVER (ORDER BY from_) AS to_ FROM every) AS e \
           ON b.is_default_ AND e.to_ IS NOT NULL) \
         SELECT {name}, to_ FROM (SELECT n_, from_ AS {name}, to_, {} FROM s OFFSET 0) AS r WHERE CASE n_{} END ORDER BY 1",
        spans.join(", "),
        columns.join(", "),
        conditions.collect::<String>()
    );
    Ok(Partitions { sql, by_time })
}

/// Tells once a session that rows of a table, given as SQL, are left out.
pub fn tell(relation: &str, table: &Table, gap: Gap) {
    let told = (relation.to_owned(), gap);
    if TOLD.with_borrow(|all| all.contains(&told)) {
        return;
    }
    TOLD.with_borrow_mut(|all| all.push(told));
    let rows = if gap.from == i64::MIN { "earlier rows" } else { "these rows" };
    remark(format!("rows of {relation} {} are not stored", gap.shown(table)))
        .detail(format!("The table has no partition for {rows}."))
        .report_as(PgLogLevel::NOTICE);
}

/// Whether a message of PostgreSQL, in whatever language, names a table.
pub(super) fn names(message: &str, table: &str) -> bool {
    message.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == table)
}

/// The error of a row later than every partition of a table, given as SQL, with the statement that creates one.
pub fn explained(db: Db, error: Error, relation: &str, table: &Table) -> Error {
    let report = error.report();
    if report.hint.is_some()
        || report.code != PgSqlErrorCode::ERRCODE_CHECK_VIOLATION
        || !names(&report.message, table.name)
    {
        return error;
    }
    let kind = table.key[0].kind.sql();
    let sql = format!(include_str!("../../sql/read/newest_partition.sql"), kind = kind);
    let newest = db.one(&sql, &[arg(relation), arg(table.key[0].name)], Sees::Now, |row| row.only());
    match newest.ok().flatten() {
        Some::<String>(to) => error.hint(format!(
            "CREATE TABLE {relation}_next PARTITION OF {relation} FOR VALUES FROM ({}) TO (MAXVALUE);",
            quote_literal(to)
        )),
        None => error,
    }
}
