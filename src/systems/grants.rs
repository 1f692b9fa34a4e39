//! `regime_grant`: what a role needs to read regimes, to watch them, to refresh them, to load prices.

use std::collections::BTreeMap;

use pgrx::prelude::*;

use crate::output::system::System;
use crate::pg::catalog::extension_schema_name;
use crate::pg::{
    Db, Error, Result, Row, Sees, arg, check_schema, extension_schema, insufficient_privilege,
    invalid_parameter, quoted, undefined_object, work_schema,
};
use crate::source::map::rows_of_map;
use crate::systems::registry::systems;

/// What a role is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Reader,
    Monitor,
    Refresher,
    Loader,
}

const ALL: [(&str, For); 4] = [
    ("reader", For::Reader),
    ("monitor", For::Monitor),
    ("refresher", For::Refresher),
    ("loader", For::Loader),
];

/// The privileges on tables to read, and to write.
const READ: &str = "SELECT";
const WRITE: &str = "SELECT, INSERT, UPDATE, DELETE";

/// A statement, and whether it was run.
pub struct Grant {
    pub statement: String,
    pub is_granted: bool,
}

/// The grants that a role lacks for a purpose, by its name, in the target schema; granted, unless `dry_run`. Those on relations
/// that rows of the user's in the source map name are only told: who writes such a row need not be who may read the relation.
///
/// # Errors
/// An unknown role or purpose, and where the current role may not grant them: the hint has the statements.
pub fn grant(db: Db, schema: &str, role: &str, purpose: &str, dry_run: bool) -> Result<Vec<Grant>> {
    let known = |name: &str| ALL.into_iter().find(|(own, _)| *own == name).map(|(_, purpose)| purpose);
    let purpose = known(purpose).ok_or_else(|| {
        let names = ALL.map(|(name, _)| format!("'{name}'"));
        invalid_parameter(format!("purpose is \"{purpose}\", which is not known")).hint(format!(
            "Pass purpose => {} or {}.",
            names[..3].join(", "),
            names[3]
        ))
    })?;
    check_role(db, role)?;
    check_schema(db, schema)?;
    let [ours, named] = wanted(db, schema, purpose)?;
    let grants = statements(&lacking(db, role, &ours)?, role);
    let to_look_at = statements(&lacking(db, role, &named)?, role);
    if !dry_run {
        for statement in &grants {
            db.execute(statement, &[])?;
        }
        // Without the grant option, PostgreSQL grants nothing, and warns.
        if !lacking(db, role, &ours)?.is_empty() {
            return Err(not_granted(role, grants.into_iter().chain(to_look_at)));
        }
    }
    let told = |statement| Grant { statement, is_granted: false };
    let done = |statement| Grant { statement, is_granted: !dry_run };
    Ok(grants.into_iter().map(done).chain(to_look_at.into_iter().map(told)).collect())
}

/// [`grant`]'s error of a privilege, with all statements as its hint.
///
/// # Errors
/// The error itself.
pub fn explained(error: Error, db: Db, schema: &str, role: &str, purpose: &str) -> Error {
    if error.report().hint.is_some() || error.report().code != PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE
    {
        return error;
    }
    match grant(db, schema, role, purpose, true) {
        Ok(grants) => error.hint(joined(grants.into_iter().map(|grant| grant.statement))),
        Err(_) => error,
    }
}

fn not_granted(role: &str, statements: impl Iterator<Item = String>) -> Error {
    insufficient_privilege(format!(
        "not everything could be granted to {}: the current role may not grant it",
        quoted(role)
    ))
    .hint(joined(statements))
}

fn joined(statements: impl Iterator<Item = String>) -> String {
    statements.collect::<Vec<_>>().join(" ")
}

fn check_role(db: Db, role: &str) -> Result<()> {
    let sql = "SELECT true FROM pg_catalog.pg_roles WHERE rolname = $1::name";
    let found = db.first(sql, &[arg(role)], Sees::Now, |_| Ok(()))?;
    found.ok_or_else(|| {
        undefined_object(format!("role {} does not exist", quoted(role)))
            .hint(format!("CREATE ROLE {} LOGIN;", quoted(role)))
    })
}

/// Relations, by schema and name, with the privileges that are wanted on them.
type Wanted = Vec<(String, String, &'static str)>;

/// What a purpose needs, of relations that may not exist: of pg_regime's own and those of built-in rows of the source map, and
/// of those that rows of the user's name.
fn wanted(db: Db, schema: &str, purpose: For) -> Result<[Wanted; 2]> {
    let work = work_schema(schema);
    let mut ours = Wanted::new();
    let mut add = |relations: Vec<(String, String)>, privileges| {
        ours.extend(relations.into_iter().map(|(schema, name)| (schema, name, privileges)));
    };
    let of_systems = |of: fn(&System, &str) -> Vec<(String, &'static str)>| -> Vec<(String, String)> {
        let all = systems().into_iter().flat_map(|system| of(system, schema));
        all.map(|(schema, name)| (schema, name.to_owned())).collect()
    };
    let outputs = || of_systems(System::everything).into_iter().filter(|(of, _)| *of != work).collect();
    match purpose {
        For::Reader => add(outputs(), READ),
        For::Monitor => add(of_systems(System::everything), READ),
        For::Refresher => {
            add(of_systems(System::relations), WRITE);
            let own = extension_schema_name(db)?;
            let members = systems().into_iter().flat_map(|system| system.members);
            add(members.map(|name| (own.clone(), (*name).to_owned())).collect(), READ);
        }
        For::Loader => {}
    }
    let mut named = Wanted::new();
    for Named { schema, name, is_names, is_built_in } in sources(db)? {
        let privileges = match purpose {
            _ if is_names => READ,
            For::Loader => WRITE,
            // Times and prices of bars: how far behind rows are, returns. Readers of rows need none.
            For::Refresher | For::Monitor => READ,
            For::Reader => continue,
        };
        if is_built_in { &mut ours } else { &mut named }.push((schema, name, privileges));
    }
    Ok([ours, named])
}

/// A relation that the source map names.
struct Named {
    schema: String,
    name: String,
    /// Whether it holds names of assets.
    is_names: bool,
    is_built_in: bool,
}

/// The relations that the source map names, and those of names of assets beside them, without those of PostgreSQL's own, which
/// hold no prices.
fn sources(db: Db) -> Result<Vec<Named>> {
    let sql = format!(
        "SELECT s.schema::text AS schema, s.name::text AS name, s.is_names, pg_catalog.bool_or(map.origin = 'built-in') AS is_built_in FROM {}, LATERAL (VALUES \
           (map.bars_schema, map.bars_table, false), (map.ema_schema, map.ema_table, false), (map.bars_schema, 'dim_assets'::name, true)) AS s (schema, name, is_names) \
         WHERE s.schema IS NOT NULL AND s.name IS NOT NULL AND s.schema !~ '^(pg_|information_schema$)' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        rows_of_map(&extension_schema(db)?)
    );
    db.all(&sql, &[], Sees::Now, |row| {
        Ok(Named {
            schema: row.get("schema")?,
            name: row.get("name")?,
            is_names: row.get("is_names")?,
            is_built_in: row.get("is_built_in")?,
        })
    })
}

/// A kind of object, as GRANT names it, with the privileges on it that are lacking.
type Lacking = BTreeMap<(&'static str, String), Vec<String>>;

/// The privileges that a role lacks, with USAGE of the schemas and of the sequences of tables that it is to write.
fn lacking(db: Db, role: &str, wanted: &Wanted) -> Result<Lacking> {
    let sql = "WITH wanted AS MATERIALIZED (SELECT c.oid, n.oid AS schema, w.privileges FROM \
           ROWS FROM (pg_catalog.unnest($2::name[]), pg_catalog.unnest($3::name[]), pg_catalog.unnest($4::text[])) AS w (schema, name, privileges) \
           JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema \
           JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind = ANY ('{r,p,v,m,f}')), \
         object AS ( \
           SELECT 1 AS place, pg_catalog.quote_ident(n.nspname) AS name, 'USAGE' AS privilege, \
             has_schema_privilege($1::name, n.oid, 'USAGE') AS is_there FROM (SELECT DISTINCT schema FROM wanted) AS w JOIN pg_catalog.pg_namespace AS n ON n.oid = w.schema \
           UNION ALL SELECT 2, pg_catalog.format('%I.%I', n.nspname, c.relname), p, \
             has_table_privilege($1::name, c.oid, p) FROM wanted AS w JOIN pg_catalog.pg_class AS c ON c.oid = w.oid JOIN pg_catalog.pg_namespace AS n ON n.oid = w.schema \
             CROSS JOIN LATERAL pg_catalog.unnest(CASE WHEN c.relkind = ANY ('{v,m}') THEN '{SELECT}' ELSE pg_catalog.string_to_array(w.privileges, ', ') END) AS p \
           UNION ALL SELECT 3, pg_catalog.format('%I.%I', n.nspname, s.relname), 'USAGE', CASE s.relkind WHEN 'S' THEN has_sequence_privilege($1::name, s.oid, 'USAGE') END \
             FROM wanted AS w JOIN pg_catalog.pg_depend AS d ON d.refobjid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
             JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace WHERE w.privileges <> 'SELECT') \
         SELECT place, name, pg_catalog.string_agg(DISTINCT privilege, ', ' ORDER BY privilege) AS privileges FROM object WHERE NOT is_there GROUP BY place, name ORDER BY place, name";
    let column = |of: for<'a> fn(&'a (String, String, &'static str)) -> &'a str| {
        arg(wanted.iter().map(of).collect::<Vec<_>>())
    };
    let args = [
        arg(role),
        column(|(schema, ..)| schema),
        column(|(_, name, _)| name),
        column(|(.., privileges)| privileges),
    ];
    let mut all = Lacking::new();
    db.rows(sql, &args, Sees::Now, |row: &Row| {
        let kind = match row.get::<i32>("place")? {
            1 => "SCHEMA",
            2 => "TABLE",
            _ => "SEQUENCE",
        };
        all.entry((kind, row.get("privileges")?)).or_default().push(row.get("name")?);
        Ok(())
    })?;
    Ok(all)
}

/// The statements that grant these, one for each kind of object and set of privileges.
fn statements(lacking: &Lacking, role: &str) -> Vec<String> {
    let statement = |((kind, privileges), names): (&(&str, String), &Vec<String>)| {
        format!("GRANT {privileges} ON {kind} {} TO {};", names.join(", "), quoted(role))
    };
    lacking.iter().map(statement).collect()
}
