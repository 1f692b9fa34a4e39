//! Writing the regime of each signal into the table of signals, with one statement.

use std::collections::HashMap;
use std::rc::Rc;

use pgrx::pg_sys;
use pgrx::prelude::*;

use regime_core::cmc_regimes::policy::UNKNOWN;

use crate::output::relation::output_relation;
use crate::pg::{
    Db, Error, Result, Sees, arg, cardinality_violation, columns, columns::Table, columns::check_name,
    columns::column, columns::wrong_type, current_user, insufficient_privilege, internal, no_privilege,
    quote_literal, quoted, shortened, wrong_object_type,
};
use crate::source::names;
use crate::systems::cmc_regimes::read::as_of;
use crate::systems::cmc_regimes::tables::{REGIMES, TF};

/// Most symbols that a WARNING names.
const MOST_NAMED: usize = 5;

/// The id of each symbol; `None` where several assets have it.
type Ids = HashMap<String, Option<i64>>;

/// The columns of the signals, as the caller names them.
pub struct Names<'a> {
    pub asset: &'a str,
    pub ts: &'a str,
    pub key: &'a str,
}

/// Fills the key column where that is NULL, and adds the column where the table has none. Returns the number of rows
/// filled.
///
/// # Errors
/// Where the relation is not a table, where a column has a wrong type, and where the user may not read, alter or
/// update what this takes.
pub fn tag(db: Db, relation: pg_sys::Oid, names: &Names) -> Result<i64> {
    for (argument, name) in
        [("asset_column", names.asset), ("ts_column", names.ts), ("key_column", names.key)]
    {
        check_name(argument, name)?;
    }
    let regimes = output_relation(db, &REGIMES)?;
    let mut table = find(db, relation)?;
    let (asset, symbols) = asset_expression(db, &table, names)?;
    let ts = ts_expression(&table, names.ts)?;
    if !table.columns.iter().any(|c| c.name == names.key) {
        add_key(db, &table, names.key)?;
        table = find(db, relation)?;
    }
    check_key(&table, names.key)?;
    let key = quoted(names.key);
    let limit = as_of::limit(None)?.map(|micros| micros as f64);
    let fresh = match limit {
        Some(_) => format!(" AND r.ts >= {ts} - $2 * interval '1 microsecond'"),
        None => String::new(),
    };
    let sql = format!(
        "UPDATE {} AS s SET {key} = coalesce((SELECT r.regime_key::text FROM {regimes} r WHERE r.id = {asset} \
         AND r.tf = '{TF}' AND r.ts <= {ts}{fresh} ORDER BY r.ts DESC LIMIT 1), $1) WHERE s.{key} IS NULL",
        table.sql
    );
    let json = symbols.as_ref().map(serde_json::to_string).transpose();
    let args = [arg(UNKNOWN), arg(limit), arg(json.map_err(|error| internal(error.to_string()))?)];
    let filled = db.execute(&sql, &args)?;
    if let Some(symbols) = &symbols {
        warn_of_shared(db, &table, names.asset, symbols)?;
    }
    Ok(filled as i64)
}

/// The table of signals.
fn find(db: Db, relation: pg_sys::Oid) -> Result<Rc<Table>> {
    let table = columns::find(db, relation, "SELECT {schema}.regime_tag_signals('signals');")?;
    if matches!(table.kind.as_str(), "r" | "p") {
        return Ok(table);
    }
    Err(wrong_object_type(format!("{} is not a table", table.sql))
        .hint("Pass the table that holds the signals; a view can join cmc_regimes itself."))
}

/// SQL: the id of the asset of a signal; of a text, by the object `$3` of the ids by texts, which are returned: symbols, and other
/// texts that name an asset as an argument would.
fn asset_expression(db: Db, table: &Table, names: &Names) -> Result<(String, Option<Ids>)> {
    let name = names.asset;
    let column = column(table, "asset_column", name)?;
    let wrong_type = || wrong_type(table, "asset_column", column, "integer");
    match column.base_type().as_str() {
        "integer" | "bigint" | "smallint" => Ok((format!("s.{}", quoted(name)), None)),
        "text" | "character varying" | "character" | "name" => {
            let by_symbol = names::ids_by_symbol(db)?;
            let mut ids = by_symbol.clone().unwrap_or_default();
            let others =
                texts(db, table, names)?.into_iter().filter(|text| !ids.contains_key(text)).collect();
            ids.extend(names::ids_of(db, others)?);
            // Without symbols, texts that are no ids are no assets at all.
            if by_symbol.is_none() && ids.is_empty() {
                return Err(wrong_type());
            }
            Ok((format!("($3::jsonb ->> s.{}::text)::int8", quoted(name)), Some(ids)))
        }
        _ => Err(wrong_type()),
    }
}

/// The texts by which signals without a regime name their assets.
fn texts(db: Db, table: &Table, names: &Names) -> Result<Vec<String>> {
    let is_open = match table.columns.iter().any(|column| column.name == names.key) {
        true => format!("s.{} IS NULL", quoted(names.key)),
        false => "true".to_owned(),
    };
    let asset = quoted(names.asset);
    let sql = format!(
        "SELECT DISTINCT s.{asset}::text AS text FROM {} AS s WHERE {is_open} AND s.{asset} IS NOT NULL",
        table.sql
    );
    db.anew().all(&sql, &[], Sees::Now, |row| row.get("text"))
}

/// Raises a WARNING where signals have symbols of several assets: their regime is then unknown.
fn warn_of_shared(db: Db, table: &Table, name: &str, ids: &Ids) -> Result<()> {
    let shared: Vec<&str> =
        ids.iter().filter(|(_, id)| id.is_none()).map(|(symbol, _)| symbol.as_str()).collect();
    if shared.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT DISTINCT s.{column}::text AS symbol FROM {relation} AS s WHERE s.{column}::text = ANY ($1) ORDER BY 1 LIMIT {MOST_NAMED}",
        column = quoted(name),
        relation = table.sql
    );
    let found = db.all(&sql, &[arg(shared)], Sees::Now, |row| row.get::<String>("symbol"))?;
    if let (Some(first), Some(relation)) = (found.first(), names::relation_of_symbols(db, None)?) {
        let mut named: Vec<String> =
            found.iter().map(|symbol| quote_literal(shortened(symbol.clone(), 100))).collect();
        if named.len() == MOST_NAMED {
            named.push("…".to_owned());
        }
        let message =
            format!("signals of {} have no regime: several assets have the symbol", named.join(", "));
        cardinality_violation(message)
            .hint(format!("SELECT * FROM {relation} WHERE symbol = {};", quote_literal(first)))
            .report_as(PgLogLevel::WARNING);
    }
    Ok(())
}

/// The time of a signal; without a time zone, it is in UTC, as in the sources.
fn ts_expression(table: &Table, name: &str) -> Result<String> {
    let column = column(table, "ts_column", name)?;
    let sql = format!("s.{}", quoted(name));
    match column.base_type().as_str() {
        "timestamp with time zone" => Ok(sql),
        "timestamp without time zone" => Ok(format!("({sql} AT TIME ZONE 'UTC')")),
        "date" => Ok(format!("({sql}::timestamp AT TIME ZONE 'UTC')")),
        _ => Err(wrong_type(table, "ts_column", column, "timestamp with time zone")),
    }
}

fn add_key(db: Db, table: &Table, name: &str) -> Result<()> {
    let statement = format!("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} text", table.sql, quoted(name));
    if !table.may_alter {
        return Err(insufficient_privilege(format!(
            "column {} of table {} does not exist, and only its owner can add it",
            quoted(name),
            table.sql
        ))
        .hint(format!("{statement}; as the owner of the table.")));
    }
    db.execute(&statement, &[]).map(|_| ())
}

fn check_key(table: &Table, name: &str) -> Result<()> {
    let key = column(table, "key_column", name)?;
    if !matches!(key.base_type().as_str(), "text" | "character varying") {
        return Err(wrong_type(table, "key_column", key, "text"));
    }
    if key.is_generated {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_GENERATED_ALWAYS,
            format!("column {} of table {} is generated", quoted(name), table.sql),
        )
        .hint("Pass key_column => a plain column, or a name that is not taken."));
    }
    if key.may_update {
        return Ok(());
    }
    Err(no_privilege(&table.sql, &format!("UPDATE ({})", quoted(name)), &current_user()))
}
