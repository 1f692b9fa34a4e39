//! The function behind the triggers on a source relation: filling in its template.

use crate::pg::{block, fill, quote_literal, quoted, work_schema};
use crate::track::marks::{FEW, MOST, Marks};
use crate::track::watched::Watched;

const TEMPLATE: &str = include_str!("../../sql/set_up/mark_function.sql");

/// A statement on a source relation that sets a trigger off.
pub struct Event {
    /// In lower case.
    pub name: &'static str,
    /// The bit of the statement in `pg_trigger.tgtype`.
    pub bit: i16,
    /// The transition tables of the trigger.
    pub referencing: &'static str,
    /// SQL: the changed rows.
    rows: &'static str,
}

/// The statements that change rows; a TRUNCATE has a trigger of its own.
pub const EVENTS: [Event; 3] = [
    Event { name: "insert", bit: 4, referencing: "NEW TABLE AS new_rows", rows: "new_rows" },
    Event {
        name: "update",
        bit: 16,
        referencing: "OLD TABLE AS old_rows NEW TABLE AS new_rows",
        rows: "(TABLE old_rows UNION ALL TABLE new_rows)",
    },
    Event { name: "delete", bit: 8, referencing: "OLD TABLE AS old_rows", rows: "old_rows" },
];

/// The function behind the triggers on a relation.
pub struct Function {
    /// The statement that creates it, in the working schema of the target schema.
    pub ddl: String,
    /// Its text, as the catalog has it.
    pub body: String,
}

/// The name of the function.
pub fn name(schema: &str, watched: &Watched) -> String {
    format!("{}_{}", watched.marks.function, &watched.definition(schema)[..8])
}

/// The function behind the triggers on a relation, for a target schema.
pub fn function(schema: &str, watched: &Watched) -> Function {
    let function = name(schema, watched);
    let Watched { marks, relation, key: value, ts, columns } = watched;
    let Marks { key, keys, kind, valid, state, of_state, .. } = marks;
    let [few, many, _] = marks.relations(schema);
    let source = quote_literal(relation);
    let schema_name = quote_literal(work_schema(schema));
    let owns_marks = owns_marks(marks, &schema_name);
    let may_mark = may_mark(marks, &schema_name, "current_user", "u.rolname = current_user");
    let types_of: Vec<String> = columns.iter().map(|column| format!("pg_typeof({column})")).collect();
    let types_of = types_of.join(", ");
    let changed_row = block(TEMPLATE, "changed_row");
    let (work, few_keys, most_keys) = (quoted(work_schema(schema)), FEW.to_string(), MOST.to_string());
    let tag = tag_beside(&[&work, &source, value, ts]);
    let values = [
        ("work", work.as_str()),
        ("function", &function),
        ("tag", &tag),
        ("few", &few),
        ("owns_marks", &owns_marks),
        ("may_mark", &may_mark),
        ("many", &many),
        ("types_of", &types_of),
        ("changed_row", changed_row),
        ("key", key),
        ("keys", keys),
        ("kind", kind),
        ("valid", valid),
        ("state", state),
        ("of_state", of_state),
        ("source", &source),
        ("value", value),
        ("ts", ts),
        ("FEW", &few_keys),
        ("MOST", &most_keys),
    ];
    let event = |Event { name, rows, .. }: &Event| {
        let changed = fill(block(TEMPLATE, "changed"), &[&values[..], &[("rows", rows)]].concat());
        let (name, changed) = (name.to_uppercase(), changed.as_str());
        let of_event = [("event", name.as_str()), ("changed", changed)];
        fill(block(TEMPLATE, "event"), &[&values[..], &of_event].concat())
    };
    let types = |condition: &str, rows: &str| {
        fill(block(TEMPLATE, "types"), &[&values[..], &[("condition", condition), ("rows", rows)]].concat())
    };
    let mut of_types = vec![types("TG_LEVEL = 'ROW'", changed_row)];
    let conditions = EVENTS.each_ref().map(|Event { name, .. }| format!("TG_OP = '{}'", name.to_uppercase()));
    of_types.extend(EVENTS.iter().zip(&conditions).map(|(event, condition)| types(condition, event.rows)));
    let types = of_types.join("\n            ELS");
    let events = EVENTS.each_ref().map(event).join("\n        ELS");
    let of_function = [("events", events.as_str()), ("types", &types)];
    let ddl = fill(block(TEMPLATE, "function"), &[&values[..], &of_function].concat());
    let body = ddl.split(tag.as_str()).nth(1).unwrap_or_default().to_owned();
    Function { ddl, body }
}

/// SQL: whether a role may write marks into the working schema of this name, where no rule swallows and no row-level
/// security hides marks, and no role without all rights of this role owns the schema or a table of marks, nor has put a
/// trigger on one, which the privilege TRIGGER allows; the owner of the database may, unless the role is a superuser. Each
/// table of marks must take every mark. `is_role` tells whether `u` of `pg_roles` is the role; all three are given as SQL.
pub fn may_mark(marks: &Marks, schema: &str, role: &str, is_role: &str) -> String {
    let Marks { few, many, state, .. } = marks;
    let fits = fits(marks);
    let has_rights = |owner: &str| format!("pg_has_role({owner}, {role}, 'USAGE')");
    let [table, schema_of] = ["m.relowner", "n.nspowner"].map(has_rights);
    format!(
        "(SELECT pg_catalog.count(*) = 3 FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_class AS m ON m.relnamespace = n.oid \
         WHERE n.nspname = {schema} AND m.relname IN ('{few}', '{many}', '{state}') AND m.relkind IN ('r', 'p') \
         AND NOT m.relrowsecurity AND NOT (m.relhasrules AND EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = m.oid)) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = m.oid AND NOT t.tgisinternal) \
         AND {fits} \
         AND has_schema_privilege({role}, n.oid, 'USAGE') AND has_table_privilege({role}, m.oid, 'SELECT') \
         AND (m.relname = '{state}' OR has_table_privilege({role}, m.oid, 'INSERT')) \
         AND (({table} AND {schema_of}) OR EXISTS (SELECT FROM pg_catalog.pg_database AS d \
           JOIN pg_catalog.pg_roles AS u ON {is_role} AND NOT u.rolsuper WHERE d.datname = pg_catalog.current_database() \
           AND (m.relowner = d.datdba OR {table}) AND (n.nspowner = d.datdba OR {schema_of}))))"
    )
}

/// SQL: whether the current user owns the working schema and the tables of marks, no privilege on these was given or taken,
/// no table has a trigger, and each table of marks takes every mark: then [`may_mark`] holds, which takes several times as long
/// to find out.
fn owns_marks(marks: &Marks, schema: &str) -> String {
    let Marks { few, many, state, .. } = marks;
    let fits = fits(marks);
    format!(
        "(SELECT pg_catalog.count(*) = 3 FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_class AS m ON m.relnamespace = n.oid \
         WHERE n.nspname = {schema} AND m.relname IN ('{few}', '{many}', '{state}') AND m.relkind IN ('r', 'p') \
         AND NOT m.relhastriggers AND {fits} AND m.relacl IS NULL AND n.nspacl IS NULL AND m.relowner = n.nspowner \
         AND pg_get_userbyid(m.relowner) = current_user)"
    )
}

/// SQL: whether a table `m` of `pg_class` takes every mark, if it is a table of marks: no check, no other unique index and no
/// other column that needs a value refuses a mark, and each column of a mark has its name.
fn fits(marks: &Marks) -> String {
    let Marks { few, key, keys, state, .. } = marks;
    // One lookup of each catalog, not a hash of it, as for EXISTS.
    let columns = format!(
        "a.attname = ANY (CASE m.relname WHEN '{few}' THEN ARRAY['source', '{key}', 'since']::name[] \
         ELSE ARRAY['source', '{keys}', 'sinces']::name[] END)"
    );
    format!(
        "(m.relname = '{state}' OR (m.relchecks = 0 AND (SELECT true FROM pg_catalog.pg_index AS i WHERE i.indrelid = m.oid \
         AND (i.indisunique OR i.indisexclusion) AND NOT i.indisprimary LIMIT 1) IS NULL \
         AND (SELECT pg_catalog.count(*) FILTER (WHERE {columns}) = 3 AND bool_and(NOT a.attnotnull OR a.atthasdef \
           OR a.attidentity <> '' OR a.attisdropped OR {columns}) \
           FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = m.oid AND a.attnum > 0)))"
    )
}

/// A tag of a dollar quote that occurs in none of these values.
fn tag_beside(values: &[&str]) -> String {
    let mut tag = "$mark$".to_owned();
    while values.iter().any(|value| value.contains(&tag)) {
        tag.insert(1, '_');
    }
    tag
}
