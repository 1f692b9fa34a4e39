//! What was made for each relation that was connected (`regime_connection`), and taking that away again.

use pgrx::prelude::*;

use regime_core::Layer;

use crate::pg::{
    Action, Db, Error, Outcome, Result, Row, Sees, arg, attempt, catalog, check_schema, current_user,
    extension_schema, insufficient_privilege, owner, plural, qualified, quote_literal, settings,
    syscache::relation_oid, undefined_object,
};
use crate::source::build::target::is_built;
use crate::source::map;

/// The comment by which a table of assets is known to be made by `regime_connect`.
pub const NAMES: &str =
    "Assets of connected prices, made by pg_regime's regime_connect; new symbols are added by refreshes";

/// The tables of the extension that connecting writes.
const WRITTEN: [&str; 5] =
    ["regime_source", "regime_source_user", "regime_connection", "regime_profile", "regime_profile_asset"];

/// What was made for a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Schema and name.
    pub table: [String; 2],
    /// The scheme whose rows of the map read the relation.
    pub cal_scheme: Option<String>,
    /// The profile that was made.
    pub profile: Option<String>,
    /// Whether the row of the map for candles reads the relation.
    pub candles: bool,
    /// Whether `dim_assets` beside the relation was made.
    pub names: bool,
    /// Schema of the tables that are built.
    pub built_schema: Option<String>,
    /// Their names.
    pub built: Vec<String>,
}

impl Record {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            table: row.each(["bars_schema", "bars_table"])?,
            cal_scheme: row.get("cal_scheme")?,
            profile: row.get("profile")?,
            candles: row.get("candles")?,
            names: row.get("names")?,
            built_schema: row.get("built_schema")?,
            built: row.get("built")?,
        })
    }

    /// The records of all relations; `own` is the quoted schema of the extension.
    ///
    /// # Errors
    /// Where the table cannot be read.
    pub fn all(db: Db, own: &str) -> Result<Vec<Self>> {
        let sql = format!(
            "SELECT bars_schema::text, bars_table::text, cal_scheme, profile, candles, names, built_schema::text, built::text[] \
             FROM {own}.regime_connection ORDER BY bars_schema, bars_table"
        );
        db.all(&sql, &[], Sees::Now, Self::read)
    }

    /// The record of a relation.
    ///
    /// # Errors
    /// As [`Record::all`].
    pub fn of(db: Db, own: &str, table: &[String; 2]) -> Result<Option<Self>> {
        Ok(Self::all(db, own)?.into_iter().find(|record| record.table == *table))
    }

    /// Stores the record, in place of an earlier one.
    ///
    /// # Errors
    /// Where the table cannot be written.
    pub fn store(&self, db: Db, own: &str) -> Result<()> {
        self.forget(db, own)?;
        let sql = format!(
            "INSERT INTO {own}.regime_connection (bars_schema, bars_table, cal_scheme, profile, candles, names, built_schema, built) \
             VALUES ($1::text::name, $2::text::name, $3, $4, $5, $6, $7::text::name, $8::text[]::name[])"
        );
        let [schema, name] = &self.table;
        let args = [
            arg(schema.as_str()),
            arg(name.as_str()),
            arg(self.cal_scheme.as_deref()),
            arg(self.profile.as_deref()),
            arg(self.candles),
            arg(self.names),
            arg(self.built_schema.as_deref()),
            arg(self.built.clone()),
        ];
        db.execute(&sql, &args).map(|_| ())
    }

    fn forget(&self, db: Db, own: &str) -> Result<()> {
        let sql = format!(
            "DELETE FROM {own}.regime_connection WHERE bars_schema = $1::text::name AND bars_table = $2::text::name"
        );
        let [schema, name] = &self.table;
        db.execute(&sql, &[arg(schema.as_str()), arg(name.as_str())]).map(|_| ())
    }

    /// Whether a table is recorded of the relation: one that is built, or the names beside it.
    fn has(&self, [schema, name]: &[String; 2]) -> bool {
        let is_built = self.built_schema.as_ref() == Some(schema) && self.built.contains(name);
        is_built || (name == "dim_assets" && self.table[0] == *schema)
    }

    /// Whether what was made for the relation, which is not in its place, is beside a relation of these names, of which the schema
    /// may be missing.
    fn is_in(&self, db: Db, wanted: &[String]) -> Result<bool> {
        let [schema, name] = wanted else { return Ok(true) };
        if relation_oid(schema, name).is_none() {
            return Ok(false);
        }
        for table in &self.built {
            if is_built(db, &[schema.clone(), table.clone()])? {
                return Ok(true);
            }
        }
        names_are_ours(db, &[schema.clone(), "dim_assets".to_owned()])
    }

    /// Whether the relation is there.
    pub fn exists(&self) -> bool {
        relation_oid(&self.table[0], &self.table[1]).is_some()
    }

    /// The relation, as SQL.
    pub fn relation(&self) -> String {
        qualified(&self.table[0], &self.table[1])
    }

    /// Takes away what was made: the rows of the map, of which built-in ones come back, the profile, the tables that were built,
    /// and `dim_assets`. What a user changed since stays.
    ///
    /// # Errors
    /// Where a privilege is missing, or something of the user's depends on a table.
    pub fn take_away(&self, db: Db, own: &str) -> Result<Vec<Action>> {
        check_may_write(db, own)?;
        let [schema, _] = &self.table;
        let mut actions = Vec::new();
        if let Some(cal_scheme) = &self.cal_scheme {
            // Not through the view, where a built-in row that is deleted stays away. Labels of a scheme that is no built-in one have
            // no daily bars any more to be joined to.
            let built_in =
                format!("SELECT true FROM {own}.regime_source_built_in AS b WHERE b.cal_scheme = $1 LIMIT 1");
            let is_built_in =
                db.first(&built_in, &[arg(cal_scheme.as_str())], Sees::Now, |_| Ok(()))?.is_some();
            let of_bars = if is_built_in { " AND layer IN ('L0', 'L1', 'L2')" } else { "" };
            let sql = format!("DELETE FROM {own}.regime_source_user WHERE cal_scheme = $1{of_bars}");
            let rows = db.execute(&sql, &[arg(cal_scheme.as_str())])?;
            actions.push(did(
                format!("{own}.regime_source"),
                format!("{rows} rows of calendar scheme {} removed", quote_literal(cal_scheme)),
            ));
            let kept = format!(
                "SELECT pg_catalog.string_agg(layer, ', ' ORDER BY layer) FROM {own}.regime_source_user \
                 WHERE cal_scheme = $1 AND origin = 'user' AND layer IN ('L3', 'L4')"
            );
            let kept =
                db.one(&kept, &[arg(cal_scheme.as_str())], Sees::Now, |row| row.only::<Option<String>>())?;
            actions.extend(kept.map(|layers| {
                let scheme = quote_literal(cal_scheme);
                did(
                    format!("{own}.regime_source"),
                    format!("{layers} of calendar scheme {scheme} kept: not made by regime_connect"),
                )
            }));
        }
        if self.candles {
            let sql = format!("DELETE FROM {own}.regime_source_user WHERE layer = 'candles'");
            db.execute(&sql, &[])?;
            actions.push(did(format!("{own}.regime_source"), "row of candles removed".to_owned()));
        }
        if let Some(profile) = &self.profile {
            actions.extend(self.take_profile(db, own, profile)?);
        }
        actions.extend(self.take_built(db, own)?);
        let is_shared = is_shared(db, own, self)?;
        // Whichever relation it was made for, the last one takes it.
        if let Some(table) = self.place(db, own, (schema, "dim_assets"), names_are_ours)?
            && (self.names || (is_made(db, &table)? && self.cal_scheme.is_some() && !is_shared))
        {
            let is_unchanged = names_are_ours(db, &table)? && !is_shared;
            actions.push(match is_unchanged {
                true => drop_table(db, &table)?,
                false => did(
                    qualified(&table[0], &table[1]),
                    "kept: it was changed, or other prices use it".to_owned(),
                ),
            });
        }
        actions.extend(self.take_symbols(db, own)?);
        self.forget(db, own)?;
        actions.extend(self.pass_on(db, own)?);
        Ok(actions)
    }

    /// Takes the symbols that no other connected relation has out of a `dim_assets` that `regime_connect` made and others use: a
    /// refresh would find these assets without bars, and delete their rows.
    fn take_symbols(&self, db: Db, own: &str) -> Result<Option<Action>> {
        let [schema, _] = &self.table;
        let Some(table) = self.place(db, own, (schema, "dim_assets"), names_are_ours)? else {
            return Ok(None);
        };
        if self.cal_scheme.is_none() || !is_made(db, &table)? || !is_shared(db, own, self)? {
            return Ok(None);
        }
        let relation = qualified(&table[0], &table[1]);
        let taken = attempt(|| {
            let mut kept: Vec<i64> = Vec::new();
            for other in Self::all(db, own)?.into_iter().filter(|other| other.table != self.table) {
                if other.table[0] == self.table[0]
                    && let Some(scheme) = &other.cal_scheme
                    && let Some(row) = &map::map(db, scheme, own)?[Layer::L2]
                {
                    let bars = row.bars(db, &[])?;
                    kept.extend(
                        db.all(&bars.ids(), &[arg(row.tf.as_deref())], Sees::Now, |row| row.only::<i64>())?,
                    );
                }
            }
            owner::hold_for_writing(db, &[(table[0].clone(), "dim_assets")])?;
            db.execute(
                &format!("DELETE FROM {relation} WHERE is_active AND id::int8 <> ALL ($1)"),
                &[arg(kept)],
            )
        });
        Ok(match taken {
            Ok(0) => None,
            Ok(n) => {
                Some(did(relation, format!("{n} {} of this relation alone removed", plural(n, "symbol"))))
            }
            Err(error) => Some(did(relation, format!("symbols kept: {}", error.report().message))),
        })
    }

    /// Gives the scheme of another connection to the assets without a profile where they had that of this one, so that calls
    /// without assets refresh what is still connected.
    fn pass_on(&self, db: Db, own: &str) -> Result<Option<Action>> {
        let Some(gone) = &self.cal_scheme else { return Ok(None) };
        let sql = format!("SELECT cal_scheme FROM {own}.regime_profile WHERE profile = 'default'");
        let kept = db.first(&sql, &[], Sees::Now, |row| row.only::<Option<String>>())?.flatten();
        if kept.unwrap_or_else(settings::cal_scheme) != *gone {
            return Ok(None);
        }
        let Some(next) = Self::all(db, own)?.into_iter().find_map(|record| record.cal_scheme) else {
            if ["iso", "us"].contains(&gone.as_str()) {
                return Ok(None);
            }
            let sql = format!("UPDATE {own}.regime_profile SET cal_scheme = NULL WHERE profile = 'default'");
            db.execute(&sql, &[])?;
            return self.take_profile(db, own, "default");
        };
        let sql = format!(
            "INSERT INTO {own}.regime_profile (profile, cal_scheme, market_proxy_id) VALUES ('default', $1, 0) \
             ON CONFLICT (profile) DO UPDATE SET cal_scheme = EXCLUDED.cal_scheme"
        );
        db.execute(&sql, &[arg(next.as_str())])?;
        let what = format!("profile 'default' has calendar scheme {} now", quote_literal(next));
        Ok(Some(did(format!("{own}.regime_profile"), what)))
    }

    /// Drops the tables that were built for this relation, and no table that is recorded of another one.
    fn take_built(&self, db: Db, own: &str) -> Result<Vec<Action>> {
        let Some(schema) = &self.built_schema else { return Ok(Vec::new()) };
        let others = Self::all(db, own)?;
        let is_of_another = |name: &String| {
            others.iter().any(|other| {
                other.table != self.table
                    && other.built_schema.as_ref() == Some(schema)
                    && other.built.contains(name)
            })
        };
        let mut actions = Vec::new();
        for name in self.built.iter().filter(|name| !is_of_another(name)) {
            if let Some(table) = self.place(db, own, (schema, name), is_built)?
                && is_built(db, &table)?
            {
                actions.push(drop_table(db, &table)?);
            }
        }
        Ok(actions)
    }

    /// Schema and name of a table that was made in a schema: there, or, where the schema is gone, the only table of this name that
    /// `is_ours` beside a relation of the name of this one, as in a schema that was renamed. None that is recorded of another
    /// relation, nor where another relation of the name is not in its place either.
    fn place(
        &self,
        db: Db,
        own: &str,
        (schema, name): (&str, &str),
        is_ours: fn(Db, &[String; 2]) -> Result<bool>,
    ) -> Result<Option<[String; 2]>> {
        let sql = "SELECT n.nspname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relname = $1::text::name AND c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace AS g WHERE g.nspname = $2::text::name) ORDER BY 1";
        if relation_oid(schema, name).is_some() {
            return Ok(Some([schema.to_owned(), name.to_owned()]));
        }
        let others: Vec<Self> =
            Self::all(db, own)?.into_iter().filter(|other| other.table != self.table).collect();
        if others.iter().any(|other| other.table[1] == self.table[1] && !other.exists()) {
            return Ok(None);
        }
        let schemas = db.all(sql, &[arg(name), arg(schema)], Sees::Now, |row| row.only::<String>())?;
        let mut ours = Vec::new();
        for schema in schemas {
            let table = [schema, name.to_owned()];
            let is_beside = relation_oid(&table[0], &self.table[1]).is_some();
            if is_beside && !others.iter().any(|other| other.has(&table)) && is_ours(db, &table)? {
                ours.push(table);
            }
        }
        Ok(if ours.len() == 1 { ours.pop() } else { None })
    }

    fn take_profile(&self, db: Db, own: &str, profile: &str) -> Result<Option<Action>> {
        if profile != "default" {
            let of_assets = format!("DELETE FROM {own}.regime_profile_asset WHERE profile = $1");
            db.execute(&of_assets, &[arg(profile)])?;
        }
        let unchanged = "pg_catalog.num_nonnulls(policy, hysteresis, hysteresis_mode, min_hold_bars, min_bars_l0, min_bars_l1, min_bars_l2, \
             l4_label, point_in_time, config) = 0 AND market_proxy_id IS NOT DISTINCT FROM 0";
        let condition = if profile == "default" { unchanged } else { "true" };
        let sql = format!("DELETE FROM {own}.regime_profile WHERE profile = $1 AND {condition}");
        let deleted = db.execute(&sql, &[arg(profile)])?;
        let what = if deleted > 0 { "removed" } else { "kept: it was changed" };
        Ok(Some(did(format!("{own}.regime_profile"), format!("profile {} {what}", quote_literal(profile)))))
    }
}

/// Whether another connected relation has its assets in the same `dim_assets`.
fn is_shared(db: Db, own: &str, record: &Record) -> Result<bool> {
    let others = Record::all(db, own)?;
    Ok(others.iter().any(|other| {
        other.table != record.table && other.table[0] == record.table[0] && other.cal_scheme.is_some()
    }))
}

/// Whether a table of assets was made by `regime_connect`.
fn is_made(db: Db, [schema, name]: &[String; 2]) -> Result<bool> {
    let sql =
        "SELECT pg_catalog.obj_description(pg_catalog.to_regclass($1), 'pg_class') IS NOT DISTINCT FROM $2";
    db.one(sql, &[arg(qualified(schema, name)), arg(NAMES)], Sees::Now, |row| row.only())
}

/// Whether a table of assets is as `regime_connect` and refreshes make it.
///
/// # Errors
/// Where the catalogs or the table cannot be read.
pub fn names_are_ours(db: Db, [schema, name]: &[String; 2]) -> Result<bool> {
    let relation = qualified(schema, name);
    let sql = "SELECT pg_catalog.obj_description(c.oid, 'pg_class') IS NOT DISTINCT FROM $2 AND c.relnatts = 3 AND c.relkind = 'r' \
         FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1)";
    let args = [arg(relation.as_str()), arg(NAMES)];
    if db.first(sql, &args, Sees::Now, |row| row.only::<bool>())? != Some(true) {
        return Ok(false);
    }
    let inactive = format!("SELECT true FROM {relation} WHERE NOT is_active LIMIT 1");
    Ok(db.first(&inactive, &[], Sees::Now, |_| Ok(()))?.is_none())
}

/// Checks that the current role may write what connecting writes.
///
/// # Errors
/// Where a privilege is missing; the hint is the GRANT. Where a table belongs to a role whose code would run with the rights of
/// the current role.
pub fn check_may_write(db: Db, own: &str) -> Result<()> {
    let schema = catalog::extension_schema_name(db)?;
    owner::hold_for_writing(db, &WRITTEN.map(|table| (schema.clone(), table)))?;
    let sql = "SELECT pg_catalog.bool_and(has_table_privilege(t, p)) FROM pg_catalog.unnest($1::text[]) AS t, \
         pg_catalog.unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS p";
    let tables: Vec<String> = WRITTEN.iter().map(|table| format!("{own}.{table}")).collect();
    if db.one(sql, &[arg(tables.clone())], Sees::Now, |row| row.only::<bool>())? {
        return Ok(());
    }
    Err(insufficient_privilege("permission denied to connect prices")
        .detail(format!("Connecting prices writes to {}.", tables.join(", ")))
        .hint(format!("GRANT INSERT, UPDATE, DELETE ON {} TO {};", tables.join(", "), current_user())))
}

/// Refuses to drop a table while views or foreign keys of the user's depend on it.
fn check_unused(db: Db, relation: &str) -> Result<()> {
    let sql = include_str!("../../../sql/read/users_of_table.sql");
    let users: Vec<[String; 2]> =
        db.all(sql, &[arg(relation)], Sees::Now, |row| row.each(["what", "drop"]))?;
    if users.is_empty() {
        return Ok(());
    }
    let (named, drops): (Vec<String>, Vec<String>) =
        users.into_iter().map(|[what, drop]| (what, drop)).unzip();
    let verb = if named.len() == 1 { "depends" } else { "depend" };
    Err(Error::new(
        PgSqlErrorCode::ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST,
        format!("{} {verb} on {relation}, which regime_connect has made", named.join(", ")),
    )
    .hint(format!("{};", drops.join("; "))))
}

fn drop_table(db: Db, [schema, name]: &[String; 2]) -> Result<Action> {
    check_schema(db, schema)?;
    owner::check_owned(db, &[(schema.clone(), name)])?;
    let relation = qualified(schema, name);
    check_unused(db, &relation)?;
    db.execute(&format!("DROP TABLE {relation}"), &[])?;
    Ok(did(relation, "dropped".to_owned()))
}

fn did(relation: String, what: String) -> Action {
    Action { relation, action: Outcome::Did(what) }
}

/// A name for a table that is built from another one: of both, and no longer than PostgreSQL keeps.
pub fn built_name(table: &str, suffix: &str) -> String {
    /// Most bytes of a name.
    const MOST: usize = 63;
    let whole = format!("{table}_{suffix}");
    if whole.len() <= MOST {
        return whole;
    }
    let hash = &regime_core::hash::of_texts([table]).to_string()[..8];
    let kept = table.floor_char_boundary(MOST - suffix.len() - hash.len() - 2);
    format!("{}_{hash}_{suffix}", &table[..kept])
}

/// Takes away what was made for the relation of this name, as SQL; gives the relation, as SQL, where it is there, and what was
/// done.
///
/// # Errors
/// A relation that is not connected, and as [`Record::take_away`].
pub fn disconnect(db: Db, relation: &str) -> Result<(Option<String>, Vec<Action>)> {
    let own = extension_schema(db)?;
    let all = Record::all(db, &own)?;
    let sql = "SELECT pg_catalog.parse_ident($1)";
    let parts = || db.one(sql, &[arg(relation)], Sees::Snapshot, |row| row.only::<Vec<String>>());
    let wanted = attempt(parts).unwrap_or_else(|_| vec![relation.to_owned()]);
    let is_wanted = |record: &&Record| wanted == record.table || wanted == record.table[1..];
    let mut found: Vec<&Record> = all.iter().filter(is_wanted).collect();
    if found.is_empty() {
        // A schema that was renamed since.
        for record in all.iter().filter(|record| wanted.last() == record.table.last() && !record.exists()) {
            if record.is_in(db, &wanted)? {
                found.push(record);
            }
        }
    }
    if let [record] = found[..] {
        let is_there = |[schema, name]: &[String; 2]| relation_oid(schema, name).is_some();
        let now = <[String; 2]>::try_from(wanted).ok().filter(is_there);
        let now = now.or_else(|| Some(record.table.clone()).filter(is_there));
        let actions = record.take_away(db, &own)?;
        return Ok((now.map(|[schema, name]| qualified(&schema, &name)), actions));
    }
    let known: Vec<String> = all.iter().map(Record::relation).collect();
    let what =
        if found.is_empty() { "is not connected" } else { "is the name of several that are connected" };
    Err(undefined_object(format!("{relation} {what}"))
        .detail(match known.is_empty() {
            true => "Nothing is connected.".to_owned(),
            false => format!("Connected: {}.", known.join(", ")),
        })
        .hint(match known.first() {
            Some(first) => format!("SELECT * FROM {own}.regime_disconnect({});", quote_literal(first)),
            None => format!("SELECT * FROM {own}.regime_connection;"),
        }))
}
