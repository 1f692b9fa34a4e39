//! A source relation: its name, columns and filter as SQL.

use crate::pg::{Arg, Db, Result, Sees, arg, current_user, insufficient_privilege, plural, quote_literal};

/// A mapped relation and the SQL that reads it.
#[derive(Clone)]
pub struct Relation {
    /// Quoted, with its schema.
    pub sql: String,
    /// The quoted column of the asset id, or of the symbol.
    pub id: String,
    /// The quoted column of the timeframe, if rows are selected by it.
    pub tf: Option<String>,
    /// Conditions made of the filter of the map.
    pub filters: Vec<String>,
    /// Conditions on the rows of every asset, joined by AND: `$1` is the timeframe.
    pub shared_condition: String,
    /// SQL expressions of the columns read, in the order of the request; the time is first.
    pub columns: Vec<String>,
    /// The quoted column of the time.
    pub time: String,
    /// Whether the time is a `timestamp` or `date` of the source, which has no time zone and is taken as UTC.
    pub at_utc: bool,
    /// `WHERE` clause without the keyword: `$1` is the asset, `$2` the timeframe, `$3` the moment after
    /// which rows are read.
    pub later_condition: String,
    /// `WHERE` clause without the keyword: `$1` is the asset, `$2` the timeframe, `$3` the moment up to
    /// which rows are read, or NULL for all.
    pub condition: String,
}

impl Relation {
    /// The statement that reads the columns of the rows of a condition.
    pub fn select(&self, condition: &str) -> String {
        format!("SELECT {} FROM {} WHERE {condition}", self.columns.join(", "), self.sql)
    }

    /// The clause that selects all rows of an asset, without parameters, to be shown to the user.
    pub fn condition_of(&self, asset: i32, tf: Option<&str>) -> String {
        let tf = self.tf.as_ref().zip(tf).map(|(column, tf)| format!("{column} = {}", quote_literal(tf)));
        let own = [format!("{} = {asset}", self.id)];
        own.into_iter().chain(tf).chain(self.filters.iter().cloned()).collect::<Vec<_>>().join(" AND ")
    }
}

/// Whether row-level security may hide rows of a relation, which is named as in SQL, from the current role.
///
/// # Errors
/// Where there is no such relation.
pub fn may_hide_rows(db: Db, relation: &str) -> Result<bool> {
    let sql = "SELECT pg_catalog.row_security_active($1::text::regclass)";
    db.once().one(sql, &[arg(relation)], Sees::Snapshot, |row| row.only())
}

/// The HINT for a role from whom row-level security may hide rows.
pub fn see_all_rows() -> String {
    let user = current_user();
    format!("Refresh as a role that sees all rows, such as {user} after ALTER ROLE {user} BYPASSRLS;")
}

/// Refuses to delete output rows that hidden source rows could explain: under row-level security, a hidden row looks
/// deleted. To be called when `deleted` rows of `table` would be deleted.
///
/// # Errors
/// Where rows would be deleted and row-level security of the source is active for the current role.
pub fn check_none_hidden(db: Db, relation: &Relation, table: &str, deleted: u64) -> Result<()> {
    if deleted == 0 || !may_hide_rows(db, &relation.sql)? {
        return Ok(());
    }
    let rows = plural(deleted, "row");
    Err(insufficient_privilege(format!(
        "{deleted} {rows} of {table} would be deleted, but row-level security of {} may hide the source rows",
        relation.sql
    ))
    .hint(see_all_rows()))
}

/// The parameters of the conditions of a [`Relation`]: the asset, the timeframe, a moment in microseconds
/// since 2000.
pub fn relation_args(asset: i32, tf: Option<&str>, as_of: Option<i64>) -> [Arg; 3] {
    [arg(asset), arg(tf), crate::pg::arg::timestamp_arg(as_of)]
}
