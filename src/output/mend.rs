//! Output tables that were there before and do not hold what a refresh writes: why, and the statements that change the
//! tables, with everything that depends on their columns. Nothing is left half done: where ALTER TABLE cannot carry what
//! depends on a column, the table makes way for a new one.

use std::collections::BTreeSet;

use pgrx::pg_sys;

use crate::output::shape::{Flaw, Shape, flaws, set_up_again};
use crate::pg::{Db, Error, Result, Sees, arg, datatype_mismatch, quoted};
use crate::sync::table::Table;

/// An existing output table.
pub struct Output<'a> {
    pub oid: pg_sys::Oid,
    /// As SQL.
    pub relation: &'a str,
    pub table: &'a Table,
    pub shape: &'a Shape,
}

/// A foreign key on or to an output table.
struct Key {
    /// The output table.
    table: pg_sys::Oid,
    /// The table that has the key, as SQL.
    of: String,
    /// Quoted.
    name: String,
    /// The columns of the output table.
    columns: Vec<String>,
    /// The types of two columns that are compared by the time zone of the session.
    compares: Option<String>,
}

/// Most bytes of the statements for one table.
const MOST_OF_STATEMENTS: usize = 6_000;

/// The error for output tables of a schema that refresh cannot write, if there are any; the HINT mends all of them.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn check(db: Db, schema: &str, outputs: &[Output]) -> Result<Option<Error>> {
    let keys = keys(db, outputs)?;
    let (mut first, mut hints, mut dropped, mut is_anew) = (None, Vec::new(), BTreeSet::new(), false);
    for output in outputs {
        let flaws = flaws(output.relation, output.table, output.shape);
        let retyped: Vec<_> = flaws.iter().filter_map(|flaw| flaw.retyped).collect();
        let changes = |key: &Key| retyped.iter().any(|(name, _)| key.columns.iter().any(|of| of == name));
        let of_table = keys.iter().filter(|key| key.table == output.oid);
        let lost: Vec<&Key> = of_table.filter(|key| key.compares.is_some() || changes(key)).collect();
        let error = match (flaws.first(), lost.first()) {
            (Some(flaw), _) => flaw.error.clone(),
            (None, Some(key)) => unreliable(key),
            (None, None) => continue,
        };
        let depends = dependents(db, output, &retyped)?;
        let mut details: Vec<String> = error.report().detail.iter().map(ToString::to_string).collect();
        let stays = depends.iter().filter(|of| of.before.is_none()).map(|of| of.name.as_str());
        let stays: Vec<&str> = stays.collect();
        let statements = in_place(output, &flaws, &lost, &depends, &mut dropped);
        if stays.is_empty() && statements.len() <= MOST_OF_STATEMENTS {
            let keys = lost.iter().map(|key| key.name.as_str()).collect();
            details.extend(drops("foreign keys that contain the column", keys));
            let indexes = depends.iter().filter(|of| of.is_index).map(|of| of.name.as_str()).collect();
            details.extend(drops("indexes on expressions of the column", indexes));
            hints.push(statements);
        } else {
            is_anew = true;
            if !stays.is_empty() {
                details.push(format!(
                    "The type of the column cannot be changed because of {}.",
                    stays.join(", ")
                ));
            }
            details
                .push("The hint keeps the table, and all that depends on it, under another name.".to_owned());
            hints.push(format!("ALTER TABLE {} RENAME TO {}_old;", output.relation, output.table.name));
        }
        first.get_or_insert(error.detail(details.join(" ")));
    }
    let Some(error) = first else { return Ok(None) };
    hints.retain(|hint| !hint.is_empty());
    if is_anew {
        hints.push(set_up_again(db, schema)?);
    }
    Ok(Some(error.hint(hints.join(" "))))
}

/// What a HINT drops, as a sentence.
fn drops(what: &str, names: Vec<&str>) -> Option<String> {
    (!names.is_empty()).then(|| format!("The hint drops {what}: {}.", names.join(", ")))
}

/// The statements that change an output table where it is; `dropped` are the foreign keys that statements for other tables
/// have dropped.
fn in_place(
    output: &Output,
    flaws: &[Flaw],
    keys: &[&Key],
    depends: &[Dependent],
    dropped: &mut BTreeSet<(String, String)>,
) -> String {
    let relation = output.relation;
    let (mut statements, mut actions) = (Vec::new(), Vec::new());
    for Key { of, name, .. } in keys.iter().filter(|key| dropped.insert((key.of.clone(), key.name.clone()))) {
        if of == relation {
            actions.push(format!("DROP CONSTRAINT {name}"));
        } else {
            statements.push(format!("ALTER TABLE {of} DROP CONSTRAINT {name};"));
        }
    }
    statements.extend(depends.iter().filter_map(|of| of.before.clone()).filter(|before| !before.is_empty()));
    actions.extend(depends.iter().filter_map(|of| of.default.as_ref()).map(|(drop, _)| drop.clone()));
    actions.extend(flaws.iter().map(|flaw| flaw.action.clone()));
    actions.extend(depends.iter().filter_map(|of| of.default.as_ref()).map(|(_, set)| set.clone()));
    if !actions.is_empty() {
        statements.push(format!("ALTER TABLE {relation} {};", actions.join(", ")));
    }
    statements.extend(depends.iter().rev().filter_map(|of| of.after.clone()));
    statements.join(" ")
}

fn unreliable(key: &Key) -> Error {
    let Key { of, name, compares, .. } = key;
    datatype_mismatch(format!("foreign key {name} of table {of} compares {}", compares.as_deref().unwrap_or_default()),
    )
    .detail(
        "Which times are equal depends on the time zone of the session: outside UTC, rows are refused, or deleted with \
         a row of another hour.",
    )
}

/// The foreign keys on and to output tables.
fn keys(db: Db, outputs: &[Output]) -> Result<Vec<Key>> {
    let sql = "SELECT t.oid, quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text) AS of_table, quote_ident(k.conname::text) AS name, \
         ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.oid \
           AND ((k.conrelid = t.oid AND a.attnum = ANY (k.conkey)) OR (k.confrelid = t.oid AND a.attnum = ANY (k.confkey)))) AS columns, \
         (SELECT pg_catalog.format_type(a.atttypid, NULL) || ' with ' || pg_catalog.format_type(b.atttypid, NULL) \
           FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) AS x (a, b) \
           JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.a \
           JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = x.b \
           WHERE a.atttypid <> b.atttypid AND 'timestamptz'::regtype IN (a.atttypid, b.atttypid) LIMIT 1) AS compares \
         FROM pg_catalog.unnest($1) AS t (oid) JOIN pg_catalog.pg_constraint k ON t.oid IN (k.conrelid, k.confrelid) \
         JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE k.contype = 'f' AND k.conparentid = 0::oid ORDER BY k.oid";
    let oids: Vec<pg_sys::Oid> = outputs.iter().map(|output| output.oid).collect();
    db.once().all(sql, &[arg(oids)], Sees::Now, |row| {
        Ok(Key {
            table: row.get("oid")?,
            of: row.get("of_table")?,
            name: row.get("name")?,
            columns: row.get("columns")?,
            compares: row.get("compares")?,
        })
    })
}

/// What depends on a column whose type is to change, and how it gets over the change.
struct Dependent {
    /// As SQL, or in words.
    name: String,
    is_index: bool,
    /// The statement that clears the way, possibly empty; `None` where the type cannot be changed.
    before: Option<String>,
    /// The actions of ALTER TABLE that drop a default, and set another.
    default: Option<(String, String)>,
    /// The statement that makes the dependent again.
    after: Option<String>,
}

/// What ALTER TABLE does not carry over to other types of columns, in the order in which it has to go.
fn dependents(db: Db, output: &Output, retyped: &[(&'static str, &'static str)]) -> Result<Vec<Dependent>> {
    if retyped.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = retyped.iter().map(|(name, _)| *name).collect();
    let mut all = db.all(DEPENDENTS, &[arg(output.oid), arg(names.clone())], Sees::Now, |row| {
        Ok(Dependent {
            name: row.get("name")?,
            is_index: row.get("is_index")?,
            before: row.get("before")?,
            default: None,
            after: row.get("after")?,
        })
    })?;
    let sql = "SELECT a.attname::text AS name, a.atttypid = 'timestamp'::regtype AS is_local, \
         pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS expr FROM pg_catalog.pg_attrdef d \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum \
         WHERE d.adrelid = $1 AND a.attname::text = ANY ($2) AND a.attgenerated = ''::\"char\"";
    let defaults = db.all(sql, &[arg(output.oid), arg(names)], Sees::Now, |row| {
        Ok((row.get::<String>("name")?, row.get::<bool>("is_local")?, row.get::<String>("expr")?))
    })?;
    for (name, is_local, expr) in defaults {
        let Some((_, wanted)) = retyped.iter().find(|(column, _)| *column == name) else { continue };
        // The present moment stays what it is; PostgreSQL would cast other times by the time zone of whoever inserts.
        let value = match *wanted {
            _ if NOW.contains(&expr.as_str()) => continue,
            "timestamptz" if is_local => format!("({expr})::timestamp AT TIME ZONE 'UTC'"),
            wanted => format!("({expr})::{wanted}"),
        };
        let column = quoted(&name);
        let default = (
            format!("ALTER COLUMN {column} DROP DEFAULT"),
            format!("ALTER COLUMN {column} SET DEFAULT {value}"),
        );
        all.push(Dependent {
            name,
            is_index: false,
            before: Some(String::new()),
            default: Some(default),
            after: None,
        });
    }
    Ok(all)
}

/// Defaults that are the present moment, cast to a time without a zone or not.
const NOW: [&str; 6] = [
    "now()",
    "transaction_timestamp()",
    "statement_timestamp()",
    "clock_timestamp()",
    "CURRENT_TIMESTAMP",
    "LOCALTIMESTAMP",
];

/// `$1` is the table, `$2` the columns whose types change. Views that only read are made again, with their options, owner,
/// comment and privileges; indexes on expressions are dropped; anything else keeps the type from being changed. Reads no
/// view, so that the statement runs under a `search_path` by which definitions name schemas.
const DEPENDENTS: &str = r#"
WITH RECURSIVE cols AS (
    SELECT a.attnum, a.attinhcount FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attname::text = ANY ($2)
), direct AS (
    SELECT DISTINCT d.classid, d.objid FROM pg_catalog.pg_depend d JOIN cols ON d.refobjsubid = cols.attnum
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1
), readers AS (
    SELECT r.ev_class AS oid, 1 AS depth, r.rulename = '_RETURN'::name AS is_view
    FROM direct JOIN pg_catalog.pg_rewrite r ON r.oid = direct.objid WHERE direct.classid = 'pg_catalog.pg_rewrite'::regclass
    UNION
    SELECT r.ev_class, readers.depth + 1, r.rulename = '_RETURN'::name
    FROM readers JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = readers.oid
        AND d.classid = 'pg_catalog.pg_rewrite'::regclass
    JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid WHERE r.ev_class <> readers.oid AND readers.depth < 100
), views AS (
    SELECT c.oid, pg_catalog.max(readers.depth) AS depth,
        quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text) AS name,
        pg_catalog.regexp_replace(pg_catalog.pg_get_viewdef(c.oid), '\s*\n\s*', ' ', 'g') AS def,
        pg_catalog.bool_and(readers.is_view) AND c.relkind = 'v'::"char"
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'::name)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef d WHERE d.adrelid = c.oid)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_description d
            WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND d.objoid = c.oid AND d.objsubid <> 0)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'::"char")
        -- Functions and tables of the view or its type.
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'n'::"char" AND d.classid <> 'pg_catalog.pg_rewrite'::regclass
            AND ((d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid)
                OR (d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid IN (c.reltype,
                    (SELECT t.typarray FROM pg_catalog.pg_type t WHERE t.oid = c.reltype)))))
        -- A line that ends within a text.
        AND NOT EXISTS (SELECT FROM pg_catalog.regexp_split_to_table(pg_catalog.pg_get_viewdef(c.oid), '\n') AS l (line)
            WHERE (pg_catalog.length(line) - pg_catalog.length(pg_catalog.replace(line, '''', ''))) % 2 = 1) AS is_plain
    FROM readers JOIN pg_catalog.pg_class c ON c.oid = readers.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    GROUP BY c.oid, n.nspname
)
SELECT v.name, false AS is_index, CASE WHEN v.is_plain THEN 'DROP VIEW ' || v.name || ';' END AS before,
    'CREATE VIEW ' || v.name || COALESCE(' WITH (' || pg_catalog.array_to_string(c.reloptions, ', ') || ')', '') || ' AS' || v.def
    || CASE WHEN pg_catalog.pg_get_userbyid(c.relowner) = current_user THEN ''
        ELSE ' ALTER VIEW ' || v.name || ' OWNER TO ' || quote_ident(pg_catalog.pg_get_userbyid(c.relowner)::text) || ';' END
    || COALESCE(' COMMENT ON VIEW ' || v.name || ' IS ' || quote_literal(pg_catalog.obj_description(c.oid, 'pg_class'::name)) || ';', '')
    || COALESCE((SELECT pg_catalog.string_agg(' GRANT ' || x.privilege_type || ' ON ' || v.name || ' TO '
            || CASE x.grantee WHEN 0::oid THEN 'PUBLIC' ELSE quote_ident(pg_catalog.pg_get_userbyid(x.grantee)::text) END
            || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END || ';', '' ORDER BY x.grantee, x.privilege_type)
        FROM pg_catalog.aclexplode(c.relacl) AS x WHERE x.grantee <> c.relowner), '') AS after,
    1 AS place, v.depth
FROM views v JOIN pg_catalog.pg_class c ON c.oid = v.oid
UNION ALL
SELECT quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text), true,
    CASE WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid)
        THEN 'DROP INDEX ' || quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text) || ';' END, NULL, 2, 0
FROM direct JOIN pg_catalog.pg_index i ON i.indexrelid = direct.objid JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE direct.classid = 'pg_catalog.pg_class'::regclass AND EXISTS (SELECT FROM pg_catalog.unnest($2) AS u (name)
    WHERE pg_catalog.concat_ws(' ', pg_catalog.pg_get_expr(i.indexprs, i.indrelid), pg_catalog.pg_get_expr(i.indpred, i.indrelid)) ~ ('\y' || u.name || '\y'))
UNION ALL
SELECT pg_catalog.pg_describe_object(direct.classid, direct.objid, 0), false, NULL, NULL, 3, 0
FROM direct WHERE direct.classid IN ('pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_policy'::regclass,
    'pg_catalog.pg_publication_rel'::regclass, 'pg_catalog.pg_proc'::regclass)
UNION ALL
SELECT DISTINCT 'the generated column ' || quote_ident(a.attname::text), false, NULL, NULL, 3, 0
FROM pg_catalog.pg_depend d JOIN cols ON d.refobjsubid = cols.attnum
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attgenerated <> ''::"char" AND a.attnum <> cols.attnum
LEFT JOIN pg_catalog.pg_attrdef f ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = d.objid
WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1
    AND (f.adnum = a.attnum OR (d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = $1 AND d.objsubid = a.attnum))
UNION ALL
SELECT 'the partition key', false, NULL, NULL, 3, 0 FROM pg_catalog.pg_partitioned_table p
WHERE p.partrelid = $1 AND EXISTS (SELECT FROM cols WHERE cols.attnum = ANY ((p.partattrs::int2[])[0:p.partnatts - 1]))
UNION ALL
SELECT 'the parent table', false, NULL, NULL, 3, 0 FROM cols WHERE cols.attinhcount > 0
ORDER BY 5, 6 DESC, 1"#;
