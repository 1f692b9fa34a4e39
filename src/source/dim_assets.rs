//! `dim_assets (id, symbol, is_active)`, the user's table or view of assets beside the daily bars: which of
//! its columns are there, and whether they may be read.

use pgrx::prelude::*;
use pgrx::spi::quote_identifier as quoted;

use crate::pg::arg::arg;
use crate::pg::error::{Error, Result, no_privilege};
use crate::pg::session::current_user;
use crate::pg::spi::{Db, Sees};

/// What the catalogs say of it: of each column whether the current role may read it, `None` where it is not
/// there or of another type than is read.
#[derive(Clone, Debug)]
pub struct DimAssets {
    /// Quoted, with its schema.
    pub relation: String,
    /// An `int2`, `int4` or `int8`.
    pub id: Option<bool>,
    /// Any type of text.
    pub symbol: Option<bool>,
    /// A `boolean`.
    pub is_active: Option<bool>,
    /// Its schema, quoted, and whether the current role may use it.
    schema: (String, bool),
}

impl DimAssets {
    /// The one in this schema.
    pub fn find(db: Db, schema: &str, sees: Sees) -> Result<Option<Self>> {
        let sql = "SELECT has_schema_privilege(n.oid, 'USAGE') AS usable, a.attname::text, \
             CASE a.attname WHEN 'id' THEN a.atttypid = ANY ('{int2,int4,int8}'::regtype[]) \
             WHEN 'symbol' THEN t.typcategory = 'S' ELSE a.atttypid = 'boolean'::regtype END AS fits, \
             has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS may_read FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('id', 'symbol', 'is_active') \
             LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
             WHERE n.nspname = $1::name AND c.relname = 'dim_assets' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";
        let mut found = None;
        db.rows(sql, &[arg(schema)], sees, |row| {
            let usable = row.get("usable")?;
            let it = found.get_or_insert_with(|| Self {
                relation: format!("{}.dim_assets", quoted(schema)),
                id: None,
                symbol: None,
                is_active: None,
                schema: (quoted(schema).to_string(), usable),
            });
            let fits = row.get::<Option<bool>>("fits")? == Some(true);
            let column = row.get::<Option<bool>>("may_read")?.filter(|_| fits);
            match row.get("attname")? {
                Some("id") => it.id = column,
                Some("symbol") => it.symbol = column,
                Some("is_active") => it.is_active = column,
                _ => {}
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Stops where the current role may not read one of these columns that is there.
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
