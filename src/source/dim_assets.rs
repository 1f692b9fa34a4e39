//! `dim_assets (id, symbol, is_active)`, the user's table or view of assets beside the daily bars: which of its
//! columns exist, and whether they may be read.

use pgrx::prelude::*;

use crate::pg::{Column, Db, Error, Result, Sees, columns, current_user, no_privilege, quoted, syscache};

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
    /// A `boolean`.
    pub is_active: Option<bool>,
    /// Its schema, quoted, and whether the current role may use it.
    schema: (String, bool),
}

impl DimAssets {
    /// The relation in this schema; `None` where there is none.
    ///
    /// # Errors
    /// Where the catalogs cannot be read.
    pub fn find(db: Db, schema: &str, sees: Sees) -> Result<Option<Self>> {
        let Some(oid) = syscache::source_oid(schema, "dim_assets") else { return Ok(None) };
        let columns = columns(db, oid, sees)?;
        let readable = |name: &str, fits: fn(&Column) -> bool| {
            columns.iter().find(|column| column.name == name && fits(column)).map(|column| column.may_read)
        };
        Ok(Some(Self {
            relation: format!("{}.dim_assets", quoted(schema)),
            id: readable("id", |id| matches!(id.base_type().as_str(), "smallint" | "integer" | "bigint")),
            symbol: readable("symbol", |symbol| symbol.is_text),
            is_loose: readable("symbol", |symbol| symbol.nondeterministic.is_some()).is_some(),
            is_active: readable("is_active", |is_active| is_active.type_name == "boolean"),
            schema: (quoted(schema).to_string(), syscache::may_use(schema)),
        }))
    }

    /// Checks that the current role may read these columns, as far as they exist.
    ///
    /// # Errors
    /// Where the SELECT privilege or the USAGE of the schema is missing.
    pub fn check_readable(&self, columns: &[Option<bool>]) -> Result<()> {
        let (schema, usable) = &self.schema;
        if !usable {
            return Err(Error::new(
                PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!("permission denied for schema {schema}"),
            )
            .hint(format!("GRANT USAGE ON SCHEMA {schema} TO {};", current_user())));
        }
        if columns.contains(&Some(false)) {
            return Err(no_privilege(&self.relation, "SELECT", &current_user()));
        }
        Ok(())
    }
}
