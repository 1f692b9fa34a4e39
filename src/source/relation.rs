//! A source relation: its name, columns and filter as SQL.

use crate::pg::{
    Arg, Db, Error, Micros, Result, Sees, arg, attempt, can_catch, current_user, data_exception,
    insufficient_privilege, plural, quote_literal, timestamp_arg, timestamps_arg, utc,
};
use crate::source::assets::distinct_ids;
use crate::source::clock::{Clock, Times};
use crate::source::symbols;

/// The alias of the list of assets or symbols in a statement that reads the rows of each of many.
pub const EACH: &str = "pg_regime_each";
/// The alias where the relation itself is called so.
pub const EACH_TOO: &str = "pg_regime_each_too";

/// A mapped relation and the SQL that reads it.
#[derive(Clone)]
pub struct Relation {
    /// Quoted, with its schema.
    pub sql: String,
    /// The quoted column of the asset id, or of the symbol.
    pub id: String,
    /// Whether rows name their assets; otherwise all rows are of every asset.
    pub has_ids: bool,
    /// The table of the ids, quoted, where bars or EMAs name their assets by symbols.
    pub symbols: Option<String>,
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
    /// What the column of the time is.
    pub times: Times,
    /// How the times are read.
    pub clock: Clock,
    /// SQL: the time of which the date is the day of a bar, where that is not the first of `columns`.
    pub day_time: Option<String>,
    /// The number columns that are texts, quoted.
    pub texts: Vec<String>,
    /// `WHERE` clause without the keyword: `$1` is the asset, `$2` the timeframe, `$3` the moment after
    /// which rows are read.
    pub later_condition: String,
    /// The name of the FROM item of [`Relation::of_each`], which is not that of the relation.
    pub each: &'static str,
    /// `WHERE` clauses without the keyword of rows of each of many, whose FROM item has an `asset` and a
    /// `timeframe`: of all rows, and of those after its `moment`, of which `$3` is the earliest.
    pub of_each: [String; 2],
    /// `WHERE` clause without the keyword: `$1` is the asset, `$2` the timeframe, `$3` the moment up to
    /// which rows are read, or NULL for all.
    pub condition: String,
}

impl Relation {
    /// Reads with a statement of a condition, whose parameters are `args`. Where a text is no number, the error says which.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn reading<T>(
        &self,
        db: Db,
        (condition, args): (&str, &[Arg]),
        (whose, kind): (&dyn Fn() -> Result<String>, &str),
        read: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if self.texts.is_empty() {
            return read();
        }
        if !can_catch() {
            return self.not_a_number(db, (condition, args), (whose, kind))?.map_or_else(read, Err);
        }
        attempt(read)
            .or_else(|error| Err(self.not_a_number(db, (condition, args), (whose, kind))?.unwrap_or(error)))
    }

    /// The error for the earliest text that is no number, if there is one.
    fn not_a_number(
        &self,
        db: Db,
        (condition, args): (&str, &[Arg]),
        (whose, kind): (&dyn Fn() -> Result<String>, &str),
    ) -> Result<Option<Error>> {
        let time = &self.columns[0];
        for column in &self.texts {
            let sql = format!(
                "SELECT {time} AS ts_, {column}::text AS value_ FROM {} WHERE {condition} ORDER BY 1",
                self.sql
            );
            let mut doubtful = Vec::new();
            db.rows(&sql, args, Sees::Snapshot, |row| {
                let value: Option<&str> = row.get("value_")?;
                let is_plain = |v: &&str| v.trim().parse::<f64>().is_ok_and(|v| v.is_finite() && v != 0.0);
                if let Some(value) = value.filter(|v| !is_plain(v)) {
                    doubtful.push((row.get::<Option<Micros>>("ts_")?, value.to_owned()));
                }
                Ok(())
            })?;
            for (ts, value) in doubtful {
                let cast =
                    || db.one("SELECT $1::text::float8", &[arg(value.as_str())], Sees::Snapshot, |_| Ok(()));
                let is_number = if can_catch() { attempt(cast).is_ok() } else { may_be_number(&value) };
                if is_number {
                    continue;
                }
                let at =
                    ts.map_or_else(|| "without a time".to_owned(), |Micros(ts)| format!("of {}", utc(ts)));
                let shown: String = value.chars().take(100).collect();
                return Ok(Some(
                    data_exception(format!(
                        "{}: the {kind}bar {at} has the {column} {}, which is not a number",
                        whose()?,
                        quote_literal(&shown)
                    ))
                    .hint(format!("Correct or delete the affected bars in {}.", self.sql)),
                ));
            }
        }
        Ok(None)
    }

    /// The statement that reads the columns of the rows of a condition.
    pub fn select(&self, condition: &str) -> String {
        format!("SELECT {} FROM {} WHERE {condition}", self.columns.join(", "), self.sql)
    }

    /// The statement that reads the rows of assets, or of symbols, of a timeframe, all or `later` ones: the columns, then the number
    /// of the asset, from 1. `$1` are the assets, an array of `kind`, `$2` the moments after which the rows of each asset are read,
    /// and `$3` the earliest of these. The timeframe is a constant, so that an index with a condition on it serves. Of later rows,
    /// so many are read of each asset at most. `further` is a condition.
    pub fn select_of_each(
        &self,
        (kind, tf): (&str, Option<&str>),
        most_later: Option<u64>,
        further: &str,
    ) -> String {
        let (moments, moment, limit) = match most_later {
            Some(most) => (", pg_catalog.unnest($2::timestamptz[])", "moment, ", format!("LIMIT {most}")),
            None => ("", "", "OFFSET 0".to_owned()),
        };
        format!(
            "SELECT pg_regime_row.*, {each}.place FROM (SELECT *, {tf}::text AS timeframe FROM ROWS FROM (pg_catalog.unnest($1::{kind}[]){moments}) \
             WITH ORDINALITY AS e (asset, {moment}place)) AS {each} CROSS JOIN LATERAL (SELECT {} FROM {} WHERE {} AND {further} {limit}) AS pg_regime_row",
            self.columns.join(", "),
            self.sql,
            self.of_each[usize::from(most_later.is_some())],
            each = self.each,
            tf = tf.map_or("NULL".to_owned(), quote_literal)
        )
    }

    /// SQL: whether a row is of an asset, which is given as SQL.
    pub fn is(&self, asset: &str) -> String {
        match &self.symbols {
            Some(dim) => format!("{} = {}", self.id, symbols::of(dim, asset)),
            None => format!("{} = {asset}", self.id),
        }
    }

    /// SQL: the key of an asset in the marks of changes, of a row.
    pub fn mark(&self) -> String {
        match &self.symbols {
            Some(_) => symbols::key(&self.id),
            None => self.id.clone(),
        }
    }

    /// The statement of the distinct ids that have rows, as `int8`, in ascending order: `$1` is the timeframe.
    pub fn ids(&self) -> String {
        match &self.symbols {
            Some(dim) => symbols::distinct_ids(self, dim),
            None => distinct_ids(&self.sql, &self.id, &self.shared_condition),
        }
    }

    /// The statement of the time of the newest row, `ts_`, of each asset, `id_`, of these in an array, given as SQL.
    pub fn newest_of(&self, assets: &str, condition: &str) -> String {
        let (Self { sql, id, shared_condition, .. }, ts) = (self, &self.columns[0]);
        match &self.symbols {
            Some(dim) => {
                let all = symbols::of_all(dim, assets);
                let newest = format!(
                    "(SELECT {id} AS symbol, pg_catalog.max({ts}) AS ts FROM {sql} WHERE {id} = ANY ({all}) AND {shared_condition}{condition} GROUP BY {id})"
                );
                let from = symbols::join(dim, &newest, "pg_regime_newest");
                format!("SELECT pg_regime_dim.id::int AS id_, pg_regime_newest.ts AS ts_ FROM {from}")
            }
            None => format!(
                "SELECT {id}::int AS id_, pg_catalog.max({ts}) AS ts_ FROM {sql} WHERE {id} = ANY ({assets}) AND {shared_condition}{condition} GROUP BY {id}"
            ),
        }
    }

    /// The statement of the ids, `id`, and times, `ts`, of the rows of assets in an array; the array and the timeframe are given
    /// as SQL.
    pub fn rows_of(&self, assets: &str, timeframe: &str, condition: &str) -> String {
        let (Self { sql, id, tf, filters, .. }, ts) = (self, &self.columns[0]);
        let of_timeframe = tf.as_ref().map_or("true".to_owned(), |tf| format!("{tf} = {timeframe}"));
        let all: Vec<&str> = [&of_timeframe].into_iter().chain(filters).map(String::as_str).collect();
        let shared_condition = all.join(" AND ");
        match &self.symbols {
            Some(dim) => {
                let all = symbols::of_all(dim, assets);
                let rows = format!(
                    "(SELECT {id} AS symbol, {ts} AS ts FROM {sql} WHERE {id} = ANY ({all}) AND {shared_condition}{condition})"
                );
                let from = symbols::join(dim, &rows, "pg_regime_row");
                format!("SELECT pg_regime_dim.id::int AS id, pg_regime_row.ts FROM {from}")
            }
            None => format!(
                "SELECT {id}::int AS id, {ts} AS ts FROM {sql} WHERE {id} = ANY ({assets}) AND {shared_condition}{condition}"
            ),
        }
    }

    /// SQL, as Citus takes it: the ids, `id`, and times, `ts`, of all rows: `$1` is the timeframe.
    pub fn ids_and_times(&self) -> String {
        let (Self { sql, id, shared_condition, .. }, ts) = (self, &self.columns[0]);
        match &self.symbols {
            Some(dim) => {
                let rows = format!("(SELECT {id} AS symbol, {ts} AS ts FROM {sql} WHERE {shared_condition})");
                let from = symbols::join(dim, &rows, "pg_regime_row");
                format!("SELECT pg_regime_dim.id, pg_regime_row.ts FROM {from}")
            }
            None => format!("SELECT {id} AS id, {ts} AS ts FROM {sql} WHERE {shared_condition}"),
        }
    }

    /// The clause that selects all rows of an asset, without parameters, to be shown to the user.
    pub fn condition_of(&self, asset: i32, tf: Option<&str>) -> String {
        let tf = self.tf.as_ref().zip(tf).map(|(column, tf)| format!("{column} = {}", quote_literal(tf)));
        let own = [match &self.symbols {
            _ if !self.has_ids => "true".to_owned(),
            Some(dim) => format!("{} = (SELECT symbol FROM {dim} WHERE id = {asset})", self.id),
            None => format!("{} = {asset}", self.id),
        }];
        own.into_iter().chain(tf).chain(self.filters.iter().cloned()).collect::<Vec<_>>().join(" AND ")
    }
}

/// Whether a text may be a number, as far as that can be told without casting the text: an infinity, no number (NaN) and a zero are
/// ones, what overflows or underflows is none, and hexadecimal digits are left to the cast.
fn may_be_number(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_start_matches(['+', '-']);
    let mantissa = digits.split('e').next().unwrap_or_default();
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => number != 0.0 || !mantissa.contains(|c| matches!(c, '1'..='9')),
        Ok(_) => digits.starts_with(|c: char| c.is_ascii_alphabetic()),
        Err(_) => digits.starts_with("0x"),
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
    let rows = plural(deleted, "row");
    for source in [&relation.sql].into_iter().chain(&relation.symbols) {
        if deleted > 0 && may_hide_rows(db, source)? {
            return Err(insufficient_privilege(format!(
                "{deleted} {rows} of {table} would be deleted, but row-level security of {source} may hide the source rows"
            ))
            .hint(see_all_rows()));
        }
    }
    Ok(())
}

/// The moments after which the rows of each of many are read, and the earliest of these, as parameters; in microseconds since
/// 2000.
pub fn after_args(moments: &[i64]) -> [Arg; 2] {
    let earliest = moments.iter().copied().min();
    [timestamps_arg(moments.iter().copied().map(Some).collect()), timestamp_arg(earliest)]
}

/// The parameters of the conditions of a [`Relation`]: the asset, the timeframe, a moment in microseconds
/// since 2000.
pub fn relation_args(asset: i32, tf: Option<&str>, as_of: Option<i64>) -> [Arg; 3] {
    [arg(asset), arg(tf), timestamp_arg(as_of)]
}
