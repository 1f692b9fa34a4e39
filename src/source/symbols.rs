//! Bars that name their assets by symbols: `dim_assets (id, symbol)` beside the daily bars has the ids.

use std::collections::{HashMap, HashSet};

use pgrx::prelude::*;

use crate::pg::{
    Db, Result, Sees, arg, attempt, lock, owner, plural, quote_literal, quoted, remark, shortened, syscache,
};
use crate::source::assets::distinct_values;
use crate::source::relation::Relation;

/// Most symbols that a notice lists.
const MOST_LISTED: usize = 5;
/// Most characters of a symbol that a notice shows.
const MOST_SHOWN: usize = 40;

/// SQL: a symbol of `dim_assets` to compare with a column. The collation is that of the column, whose index can be used:
/// one that a subquery has, and the default too, gives way to that of a column.
const SYMBOL: &str = "pg_regime_dim.symbol::text COLLATE pg_catalog.\"default\"";

/// SQL: the symbol of an asset.
pub fn of(dim: &str, asset: &str) -> String {
    format!(
        "(SELECT {SYMBOL} FROM {dim} AS pg_regime_dim WHERE pg_regime_dim.id = {asset} ORDER BY 1 LIMIT 1)"
    )
}

/// SQL: an array of the symbols of assets, of which an array is given.
pub fn of_all(dim: &str, assets: &str) -> String {
    format!("ARRAY(SELECT {SYMBOL} FROM {dim} AS pg_regime_dim WHERE pg_regime_dim.id = ANY ({assets}))")
}

/// SQL: a FROM clause of the ids, `pg_regime_dim.id`, of the symbols in the column `symbol` of a FROM item.
pub fn join(dim: &str, item: &str, alias: &str) -> String {
    format!("{item} AS {alias} JOIN {dim} AS pg_regime_dim ON {SYMBOL} = {alias}.symbol")
}

/// SQL: the key under which changes of the rows of a symbol are marked, whether the symbol has an id yet or not. Negative,
/// which ids hardly are; two symbols may have one key.
pub fn key(symbol: &str) -> String {
    format!("(pg_catalog.hashtext({symbol}::text) | (-2147483648)::int)")
}

/// SQL: the key of the marks of an asset's symbol.
pub fn key_of(dim: &str, asset: &str) -> String {
    let key = key("pg_regime_dim.symbol");
    format!(
        "(SELECT {key} FROM {dim} AS pg_regime_dim WHERE pg_regime_dim.id = {asset} ORDER BY pg_regime_dim.symbol::text LIMIT 1)"
    )
}

/// The symbol of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub symbol: String,
    /// Of its marks.
    pub key: i32,
}

/// The symbols of all assets, or of these.
///
/// # Errors
/// Where `dim_assets` cannot be read.
pub fn named(db: Db, dim: &str, ids: Option<&[i32]>) -> Result<HashMap<i32, Named>> {
    let sql = format!(
        "SELECT DISTINCT ON (1) pg_regime_dim.id::int AS id, {SYMBOL} AS symbol, {} AS key FROM {dim} AS pg_regime_dim \
         WHERE pg_regime_dim.symbol IS NOT NULL AND {} ORDER BY 1, 2",
        key("pg_regime_dim.symbol"),
        if ids.is_some() {
            "pg_regime_dim.id = ANY ($1)"
        } else {
            "$1 IS NULL AND pg_regime_dim.id BETWEEN -2147483648 AND 2147483647"
        }
    );
    let all =
        db.doing("read symbols").all(&sql, &[arg(ids.map(<[i32]>::to_vec))], Sees::Snapshot, |row| {
            Ok((row.get("id")?, Named { symbol: row.get("symbol")?, key: row.get("key")? }))
        })?;
    Ok(all.into_iter().collect())
}

/// The keys of the symbols of these assets that another symbol has, too, or another id of the symbol.
///
/// # Errors
/// Where `dim_assets` cannot be read.
pub fn shared_keys(db: Db, dim: &str, all: &[(i32, &Named)]) -> Result<HashSet<i32>> {
    let key = key("pg_regime_dim.symbol");
    let sql = format!(
        "SELECT DISTINCT pg_regime_dim.id::int8 AS id, {SYMBOL} AS symbol, {key} AS key FROM {dim} AS pg_regime_dim WHERE {key} = ANY ($1)"
    );
    let assets: HashMap<i32, (i64, &str)> =
        all.iter().map(|(id, named)| (named.key, (i64::from(*id), named.symbol.as_str()))).collect();
    let is_of_another = |(id, named): &&(i32, &Named)| assets[&named.key] != (i64::from(*id), &named.symbol);
    let mut shared: HashSet<i32> = all.iter().filter(is_of_another).map(|(_, named)| named.key).collect();
    let keys: Vec<i32> = assets.keys().copied().collect();
    db.doing("read symbols").rows(&sql, &[arg(keys)], Sees::Snapshot, |row| {
        let key = row.get("key")?;
        if (row.get::<i64>("id")?, row.get::<&str>("symbol")?) != assets[&key] {
            shared.insert(key);
        }
        Ok(())
    })?;
    Ok(shared)
}

/// The ids of the symbols that have bars, each once, ascending, as `int8`: `$1` is the timeframe.
pub fn distinct_ids(bars: &Relation, dim: &str) -> String {
    let symbols = format!("({})", with_bars(bars));
    format!(
        "SELECT DISTINCT pg_regime_dim.id::int8 FROM {} ORDER BY 1",
        join(dim, &symbols, "pg_regime_symbols")
    )
}

fn with_bars(bars: &Relation) -> String {
    let values = distinct_values(&bars.sql, &bars.id, &bars.shared_condition, "text");
    format!("SELECT pg_regime_value AS symbol FROM ({values}) AS pg_regime_values (pg_regime_value)")
}

/// The symbols that have bars and no id, and the statement that gives them ids.
pub struct Unnamed {
    pub symbols: Vec<String>,
    pub dim: String,
    pub statement: String,
    /// The columns to insert, and their values beside the symbol.
    insert: Option<String>,
}

impl Unnamed {
    /// What there is to say.
    pub fn problem(&self) -> String {
        let shown: Vec<String> = self
            .symbols
            .iter()
            .take(MOST_LISTED)
            .map(|s| quote_literal(shortened(s.clone(), MOST_SHOWN)))
            .collect();
        let n = self.symbols.len();
        let more = if n > MOST_LISTED { ", …" } else { "" };
        format!(
            "{n} {} without an id in {}: {}{more}",
            plural(n as u64, "symbol"),
            self.dim,
            shown.join(", ")
        )
    }
}

/// The symbols of daily bars that have no id; `None` where there are none, or bars name assets by ids.
///
/// # Errors
/// Where bars or `dim_assets` cannot be read.
pub fn unnamed(db: Db, bars: &Relation, tf: Option<&str>) -> Result<Option<Unnamed>> {
    let Some(dim) = &bars.symbols else { return Ok(None) };
    let sql = format!(
        "SELECT pg_regime_symbols.symbol FROM ({}) AS pg_regime_symbols WHERE NOT EXISTS \
         (SELECT FROM {dim} AS pg_regime_dim WHERE {SYMBOL} = pg_regime_symbols.symbol) ORDER BY 1",
        with_bars(bars)
    );
    let symbols: Vec<String> = db.all(&sql, &[arg(tf)], Sees::Now, |row| row.only())?;
    if symbols.is_empty() {
        return Ok(None);
    }
    // Whether the id comes by itself, and whether a new asset would be active.
    let sql = "SELECT c.relkind IN ('r', 'p') AS is_table, \
         bool_or(a.attname = 'id' AND (a.atthasdef OR a.attidentity <> '')) AS has_ids, \
         bool_or(a.attname = 'is_active' AND NOT a.atthasdef AND a.atttypid = 'bool'::regtype) AS takes_active, \
         bool_and(a.attname <> 'symbol' OR has_column_privilege(c.oid, a.attnum, 'INSERT')) AS may_insert \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
         WHERE c.oid = $1::text::regclass GROUP BY c.relkind";
    let [is_table, has_ids, takes_active, may_insert]: [bool; 4] =
        db.one(sql, &[arg(dim.as_str())], Sees::Now, |row| {
            Ok([row.get("is_table")?, row.get("has_ids")?, row.get("takes_active")?, row.get("may_insert")?])
        })?;
    let (active, is_active) = if takes_active { (", is_active", ", true") } else { ("", "") };
    let from = format!("FROM {} WHERE {} IS NOT NULL", bars.sql, bars.id);
    let is_new = format!("NOT EXISTS (SELECT FROM {dim} AS d WHERE d.symbol = s.symbol)");
    let own: Vec<String> = bars
        .tf
        .iter()
        .zip(tf)
        .map(|(column, tf)| format!(" AND {column} = {}", quote_literal(tf)))
        .chain(bars.filters.iter().map(|filter| format!(" AND {filter}")))
        .collect();
    let source = format!("(SELECT DISTINCT {} AS symbol {from}{})", bars.id, own.concat());
    let new = format!("WHERE {is_new} ORDER BY symbol");
    let statement = match has_ids {
        true => {
            format!("INSERT INTO {dim} (symbol{active}) SELECT symbol{is_active} FROM {source} AS s {new};")
        }
        // Citus numbers no rows of a subquery, but those of a WITH.
        false => format!(
            "INSERT INTO {dim} (id, symbol{active}) WITH s AS MATERIALIZED {source} \
             SELECT (SELECT COALESCE(max(id), 0) FROM {dim}) + row_number() OVER (ORDER BY symbol), symbol{is_active} FROM s {new};"
        ),
    };
    let insert = format!(
        "INSERT INTO {dim} (symbol{active}) SELECT u.symbol{is_active} FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS u (symbol, place) \
         WHERE NOT EXISTS (SELECT FROM {dim} AS pg_regime_dim WHERE {SYMBOL} = u.symbol) ORDER BY u.place"
    );
    let insert = (is_table && has_ids && may_insert).then_some(insert);
    Ok(Some(Unnamed { symbols, dim: dim.clone(), statement, insert }))
}

/// The name of the lock under which symbols get their ids in the `dim_assets` of a schema.
pub fn of_symbols(schema: &str) -> String {
    format!("symbols of {}", quoted(schema))
}

/// Gives ids to the symbols of daily bars that have none, where `dim_assets` makes ids and the current role may insert; else a
/// NOTICE says which symbols have none. The schema is that of `dim_assets`.
///
/// # Errors
/// Where bars or `dim_assets` cannot be read.
pub fn name_new(db: Db, (bars, tf, schema): (&Relation, Option<&str>, &str), dry_run: bool) -> Result<()> {
    let Some(unnamed) = unnamed(db, bars, tf)? else { return Ok(()) };
    let insert = |sql: &String| {
        attempt(|| {
            owner::hold_for_writing(db, &[(schema.to_owned(), "dim_assets")])?;
            lock(db, &of_symbols(schema))?;
            db.with_new_snapshot(|| db.execute(sql, &[arg(unnamed.symbols.clone())]))
        })
    };
    let done = match unnamed.insert.as_ref().filter(|_| !dry_run && syscache::may_use(schema)) {
        Some(sql) => insert(sql).err(),
        None => None,
    };
    if (unnamed.insert.is_none() || done.is_some()) && !dry_run {
        let mut notice = remark(unnamed.problem());
        let mut hint = unnamed.statement;
        if let Some(error) = done {
            // Typed by this role, the statement would run the code of the owner of the table.
            hint = error.report().hint.clone().unwrap_or(hint);
            notice =
                notice.detail(format!("They got none: {}.", error.report().message.trim_end_matches('.')));
        }
        notice.hint(hint).report_as(PgLogLevel::NOTICE);
    }
    Ok(())
}
