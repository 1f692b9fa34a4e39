//! `dim_assets (id, symbol, is_active)`, the user's table or view of assets beside the daily bars: which of its
//! columns exist, and whether they may be read.

use pgrx::prelude::*;

use crate::pg::{
    Column, Db, Error, Result, Sees, arg, columns, current_user, datatype_mismatch, insufficient_privilege,
    known, no_privilege, quoted, syscache, undefined_column,
};
use crate::source::connect::record::NAMES;

/// What the catalogs say of the relation: of each column, whether the current role may read it; `None`
/// where the column does not exist or is of another type.
#[derive(Clone, Debug)]
pub struct DimAssets {
    /// Quoted, with its schema.
    pub relation: String,
    /// An `int2`, `int4` or `int8`.
    pub id: Option<bool>,
    /// Any type of text.
    pub symbol: Option<bool>,
    /// Whether different texts can be equal as symbols.
    pub is_loose: bool,
    /// Of any type whose values can be read as true or false.
    pub is_active: Option<bool>,
    /// SQL: `is_active` as a text.
    flag: String,
    /// The type of `is_active`, where that is not boolean.
    pub flag_type: Option<String>,
    /// The type of `id`, where that is no integer type, so that the relation lists no assets.
    pub id_type: Option<String>,
    /// The type of `symbol`, where that is no type of text, so that no symbol is known.
    pub symbol_type: Option<String>,
    /// Whether `regime_connect` made the table, for bars that name assets by symbols.
    pub is_made: bool,
    /// Its schema, quoted, and whether the current role may use it.
    schema: (String, bool),
}

fn is_integer(column: &Column) -> bool {
    [pg_sys::INT2OID, pg_sys::INT4OID, pg_sys::INT8OID].contains(&column.type_oid)
}

/// A value of `is_active` as a truth: of a boolean, an integer, a text, a bit, and all that is written like one of them.
/// `None` for a value that is neither true nor false.
fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "y" | "yes" | "on" => Some(true),
        "0" | "f" | "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

impl DimAssets {
    /// The ids of the active assets, ascending; NULL is not active.
    ///
    /// # Errors
    /// Where the current role may not read the columns, and where a value of `is_active` is neither true nor false.
    pub fn active(&self, db: Db, mut take: impl FnMut(i64) -> Result<()>) -> Result<()> {
        self.check_readable(&[self.id, self.is_active])?;
        let relation = &self.relation;
        let Some(flag_type) = &self.flag_type else {
            let sql =
                format!("SELECT id::int8 FROM {relation} WHERE is_active AND id IS NOT NULL ORDER BY id");
            return db.rows(&sql, &[], Sees::Now, |row| take(row.only()?));
        };
        let sql = format!(
            "SELECT id::int8, {} AS flag FROM {relation} WHERE id IS NOT NULL AND is_active IS NOT NULL ORDER BY id",
            self.flag
        );
        db.rows(&sql, &[], Sees::Now, |row| {
            let (id, flag): (i64, &str) = (row.get("id")?, row.get("flag")?);
            match truth(flag) {
                Some(true) => take(id),
                Some(false) => Ok(()),
                None => Err(datatype_mismatch(format!("column is_active of {relation} is {flag_type} '{flag}' for asset {id}, neither true nor false"))
                .detail("Values that are read: 1, t, true, y, yes, on; 0, f, false, n, no, off. NULL is not active.")
                .hint(format!("SELECT is_active, count(*) FROM {relation} GROUP BY is_active ORDER BY 2;"))),
            }
        })
    }

    /// The relation in this schema; `None` where there is none.
    ///
    /// # Errors
    /// Where the catalogs cannot be read.
    pub fn find(db: Db, schema: &str, sees: Sees) -> Result<Option<Self>> {
        let find = || Self::found(db, schema, sees);
        Ok(known("dim_assets", &schema.to_owned(), find)?.as_ref().clone())
    }

    fn found(db: Db, schema: &str, sees: Sees) -> Result<Option<Self>> {
        let Some(oid) = syscache::source_oid(schema, "dim_assets") else { return Ok(None) };
        let columns = columns(db, oid, sees)?;
        let readable = |name: &str, fits: fn(&Column) -> bool| {
            columns.iter().find(|column| column.name == name && fits(column)).map(|column| column.may_read)
        };
        let type_of = |name: &str, is_other: &dyn Fn(&Column) -> bool| {
            let column = columns.iter().find(|column| column.name == name && is_other(column));
            column.map(|column| column.type_name.clone())
        };
        let sql = "SELECT pg_catalog.obj_description($1, 'pg_class') IS NOT DISTINCT FROM $2";
        let is_made = db.one(sql, &[arg(oid), arg(NAMES)], sees, |row| row.only())?;
        Ok(Some(Self {
            is_made,
            relation: format!("{}.dim_assets", quoted(schema)),
            id: readable("id", is_integer),
            symbol: readable("symbol", |symbol| symbol.is_text),
            is_loose: readable("symbol", |symbol| symbol.nondeterministic().is_some()).is_some(),
            is_active: readable("is_active", |_| true),
            flag: columns
                .iter()
                .find(|column| column.name == "is_active")
                .map(Column::as_text)
                .unwrap_or_default(),
            flag_type: type_of("is_active", &|flag| flag.type_oid != pg_sys::BOOLOID),
            id_type: type_of("id", &|id| !is_integer(id)),
            symbol_type: type_of("symbol", &|symbol| !symbol.is_text),
            schema: (quoted(schema).to_string(), syscache::may_use(schema)),
        }))
    }

    /// The error for what the relation lacks to give ids to symbols, with the statement that mends it; `None` where it lacks
    /// nothing. `says` makes the message of the words; a column that is added is of the type in `added`, of `id` and `symbol`.
    pub fn lack(&self, added: [&str; 2], says: impl Fn(&str) -> String) -> Option<Error> {
        let relation = &self.relation;
        let of = [(self.id, &self.id_type, "id", "int"), (self.symbol, &self.symbol_type, "symbol", "text")];
        of.into_iter().zip(added).find_map(|((is_there, other, name, wanted), added)| {
            match (is_there, other) {
                (Some(_), _) => None,
                (None, Some(other)) => {
                    let says = says(&format!("has a column {name} of type {other}, not {wanted}"));
                    let mend = format!(
                        "ALTER TABLE {relation} ALTER COLUMN {name} TYPE {wanted} USING {name}::{wanted};"
                    );
                    Some(datatype_mismatch(says).hint(mend))
                }
                (None, None) => {
                    let says = says(&format!("has no column {name} of type {wanted}"));
                    Some(undefined_column(says).hint(format!("ALTER TABLE {relation} ADD {name} {added};")))
                }
            }
        })
    }

    /// Checks that the current role may read these columns, as far as they exist.
    ///
    /// # Errors
    /// Where the SELECT privilege or the USAGE of the schema is missing.
    pub fn check_readable(&self, columns: &[Option<bool>]) -> Result<()> {
        let (schema, usable) = &self.schema;
        if !usable {
            return Err(insufficient_privilege(format!("permission denied for schema {schema}"))
                .hint(format!("GRANT USAGE ON SCHEMA {schema} TO {};", current_user())));
        }
        if columns.contains(&Some(false)) {
            return Err(no_privilege(&self.relation, "SELECT", &current_user()));
        }
        Ok(())
    }
}
