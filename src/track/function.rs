//! The function behind the triggers on a source relation: filling in its template.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use crate::pg::{
    Db, Result, Sees, arg, blocks, fill, owner, quote_literal, quoted, work_relation, work_schema,
};
use crate::source::clock::Times;
use crate::track::marks::{FEW, MOST, Marks};
use crate::track::watched::{Time, Watched, earliest};

/// The template, by the names of its parts.
static TEMPLATE: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
    let parts = blocks(include_str!("../../sql/set_up/mark_function.sql"));
    parts.into_iter().map(|(name, part)| (name, shortened(part))).collect()
});

/// A part of the template without comments, and with one blank for four at the beginning of lines.
fn shortened(part: &str) -> String {
    let lines = part.lines().filter(|line| !line.trim_start().starts_with("--"));
    let indented = |line: &str| {
        let text = line.trim_start();
        let blanks = line.len() - text.len();
        // A part that goes on in the line before begins with a blank.
        format!("{}{text}", " ".repeat(blanks.div_ceil(4)))
    };
    lines.map(indented).collect::<Vec<_>>().join("\n")
}

/// The part of the template with this name.
fn part(name: &str) -> &'static str {
    TEMPLATE.get(name).map_or("", String::as_str)
}

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

/// The transition tables of old and of new rows. The names are those of relations of PostgreSQL's own, which a transition table
/// hides: in a trigger without transition tables, such as one that the owner of the source makes or renames, the names are never
/// those of temporary views of that owner, which the function would read with the rights of its own owner.
pub const TRANSITION: [&str; 2] = ["pg_ts_template", "pg_ts_parser"];

/// The statements that change rows; a TRUNCATE has a trigger of its own.
pub const EVENTS: [Event; 3] = [
    Event { name: "insert", bit: 4, referencing: "NEW TABLE AS pg_ts_parser", rows: "pg_ts_parser" },
    Event {
        name: "update",
        bit: 16,
        referencing: "OLD TABLE AS pg_ts_template NEW TABLE AS pg_ts_parser",
        rows: "(TABLE pg_ts_template UNION ALL TABLE pg_ts_parser)",
    },
    Event { name: "delete", bit: 8, referencing: "OLD TABLE AS pg_ts_template", rows: "pg_ts_template" },
];

/// The cost of a function that has been called and could not write a mark; that of any other is the default.
pub const UNMARKED: i32 = 101;

/// A function that the triggers on a relation need.
pub struct Function {
    /// Its name and arguments, as SQL, in the working schema of the target schema.
    pub signature: String,
    ddl: String,
    body: String,
}

/// The functions that the triggers on a relation need.
pub struct Functions {
    /// What the triggers execute.
    pub mark: Function,
    /// Whether that function may write marks until something changes: for a caller, which reads the catalogs, and for the
    /// planner, which calls the former.
    pub checks: [Function; 2],
}

/// The name of the function behind the triggers.
pub fn name(schema: &str, watched: &Watched) -> String {
    format!("{}_{}", watched.marks.function, &watched.definition(schema)[..8])
}

/// The name of the functions that check whether a function may write marks.
fn name_of_checks(function: &str) -> String {
    format!("may_{function}")
}

/// What stands in the texts of a function for the oid of the function that it calls: no name contains it.
const OID: char = '\0';

impl Function {
    /// The statement that creates the function, which calls the one before it if that has this oid, whose owner therefore
    /// cannot be another role.
    pub fn ddl(&self, oid: u32) -> String {
        self.ddl.replace(OID, &oid.to_string())
    }

    /// The text of the function, as the catalog has it, with this oid.
    pub fn body(&self, oid: u32) -> String {
        self.body.replace(OID, &oid.to_string())
    }
}

/// The functions that the triggers on a relation need, for a target schema, without the oids of those that they call.
pub fn functions(schema: &str, watched: &Watched) -> Functions {
    let tag = tag_beside(&[
        &quoted(work_schema(schema)),
        &quote_literal(&watched.relation),
        &watched.key,
        &watched.ts(),
    ]);
    let signatures = signatures(schema, watched);
    let mut values = values(schema, watched);
    let [now, lasting] = signatures.each_ref().map(quote_literal);
    values.extend([("now", now), ("lasting", lasting), ("oid", OID.to_string()), ("tag", tag.clone())]);
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let filled = |name: &str, more: &[(&str, &str)]| fill(part(name), &[&values[..], more].concat());
    let event = |Event { name, rows, .. }: &Event| {
        let changed = filled("changed", &[("rows", rows)]);
        filled("event", &[("event", name.to_uppercase().as_str()), ("changed", &changed)])
    };
    let of_event = |Event { name, .. }: &Event| format!("TG_OP = '{}'", name.to_uppercase());
    let types = |condition: &str, rows: &str| filled("types", &[("condition", condition), ("rows", rows)]);
    let mut of_types = vec![types("TG_LEVEL = 'ROW'", part("changed_row"))];
    of_types.extend(EVENTS.iter().map(|event| types(&of_event(event), event.rows)));
    let fast = fast(&filled);
    let (stale, unmarked) = (filled("stale", &[]), filled("unmarked", &[]));
    let schema_name = quote_literal(work_schema(schema));
    let may_mark = may_mark(watched, &schema_name, "current_user", "u.rolname = current_user");
    let [few, many] =
        [0, 1].map(|place| watched.all_marks().map(move |marks| marks.relations(schema)[place].clone()));
    let few: Vec<String> = few.collect();
    let all: Vec<String> = few.iter().cloned().chain(many).collect();
    // Partitioned tables of marks are not trusted, and locked by the check.
    let hold = |tables: &[String]| filled("hold", &[("held", &format!("ONLY {}", tables.join(", ONLY ")))]);
    let check = [
        ("held", all.join(", ")),
        ("stale", stale.clone()),
        ("may_mark", may_mark),
        ("unmarked", unmarked.clone()),
    ];
    let check = filled("check", &check.each_ref().map(|(name, value)| (*name, value.as_str())));
    let of_function = [
        ("hold_few", hold(&few)),
        ("hold_all", hold(&all)),
        ("check", check),
        ("unmarked", unmarked.clone()),
        ("stale", stale.clone()),
        ("fast", fast.join("\n                ELS")),
        ("types", of_types.join("\n                ELS")),
        ("events", EVENTS.each_ref().map(event).join("\n            ELS")),
    ];
    let of_function = of_function.each_ref().map(|(name, value)| (*name, value.as_str()));
    let made = |name: &str, signature: String| {
        let ddl = filled(name, &of_function);
        let body = ddl.split(tag.as_str()).nth(1).unwrap_or_default().to_owned();
        Function { signature, ddl, body }
    };
    let [now, lasting] = signatures;
    Functions {
        mark: made("function", format!("{}.{}()", quoted(work_schema(schema)), name(schema, watched))),
        checks: [made("now", now), made("lasting", lasting)],
    }
}

/// The quick way of each event: `filled` fills in a part of the template.
fn fast(filled: &impl Fn(&str, &[(&str, &str)]) -> String) -> [String; EVENTS.len()] {
    let own_rows = |rows: &str| filled("own_rows", &[("rows", rows)]);
    EVENTS.each_ref().map(|Event { name, rows, .. }| {
        let all = own_rows(rows);
        let single = match *name {
            "update" => {
                let [old, new] = TRANSITION.map(own_rows);
                filled("single_update", &[("old", &old), ("new", &new)])
            }
            _ => filled("single", &[("own_rows", &all)]),
        };
        let operation = name.to_uppercase();
        let values = [
            ("event", *name),
            ("operation", operation.as_str()),
            ("rows", *rows),
            ("single", &single),
            ("own_rows", &all),
        ];
        filled("fast", &values)
    })
}

/// The signatures of the functions that check whether the function of the triggers may write marks.
fn signatures(schema: &str, watched: &Watched) -> [String; 2] {
    let may = format!("{}.{}", quoted(work_schema(schema)), name_of_checks(&name(schema, watched)));
    let parameters = parameters(watched).map(|_| "regclass").collect::<Vec<_>>();
    [format!("{may}()"), format!("{may}({})", parameters.join(", "))]
}

/// The parameters of the function that the planner calls: the tables of marks and of states, and the source.
fn parameters(watched: &Watched) -> impl Iterator<Item = &'static str> + use<> {
    let beside = watched.beside.map(|_| ["few_beside", "many_beside", "state_beside"]);
    ["few", "many", "state"].into_iter().chain(beside.into_iter().flatten()).chain(["source"])
}

/// What stands before and after the rows of a statement that inserts them into the table at this place of
/// [`Marks::relations`], of each system.
fn around(schema: &str, watched: &Watched, place: usize, columns: &str) -> [String; 2] {
    let tables: Vec<String> =
        watched.all_marks().map(|marks| marks.relations(schema)[place].clone()).collect();
    let filled = |name: &str, table: &str, beside: &str| {
        fill(part(name), &[("table", table), ("beside", beside), ("columns", columns)])
    };
    match &tables[..] {
        [table, beside] => ["mark_both", "marked_both"].map(|name| filled(name, table, beside)),
        _ => [filled("mark", &tables[0], ""), String::new()],
    }
}

/// The values of the names in the template that depend on the relation and on the tables of marks alone.
fn values(schema: &str, watched: &Watched) -> Vec<(&'static str, String)> {
    let function = name(schema, watched);
    let Watched { marks, relation, key: value, of_key, is_of_text, times, is_of_all, .. } = watched;
    let Marks { key, keys, kind, valid, .. } = marks;
    let (work, schema_name) = (quoted(work_schema(schema)), quote_literal(work_schema(schema)));
    let columns: BTreeSet<&String> = times.iter().map(|time| &time.column).collect();
    let types_of: Vec<String> =
        of_key.iter().chain(columns).map(|column| format!("pg_typeof({column})")).collect();
    let source = quote_literal(relation);
    let tables = watched.all_marks().flat_map(|marks| {
        let [few, many, _] = marks.relations(schema);
        [few, many, work_relation(schema, marks.state)].map(quote_literal)
    });
    let tables: Vec<String> =
        tables.chain([source.clone()]).map(|table| format!("{table}::regclass")).collect();
    let literals = |all: Vec<&str>| all.into_iter().map(quote_literal).collect::<Vec<_>>().join(", ");
    let states: Vec<&str> = watched.all_marks().map(|marks| marks.state).collect();
    let names = watched.all_marks().flat_map(|marks| [marks.few, marks.many, marks.state]).collect();
    let refreshed = watched.all_marks().map(|Marks { of_state, state, .. }| {
        format!("SELECT DISTINCT {of_state} AS key FROM {work}.{state} AS s")
    });
    let refreshed = refreshed.collect::<Vec<_>>().join(" UNION ");
    let is_new = watched.all_marks().map(|marks| {
        let [few, ..] = marks.relations(schema);
        fill(part("is_new"), &[("few", &few), ("key", key), ("source", &source)])
    });
    let is_new = is_new.collect::<Vec<_>>().join(" OR ");
    let [mark_few, marked_few] = around(schema, watched, 0, &format!("{key}, source, since"));
    let [mark_many, marked_many] = around(schema, watched, 1, &format!("source, {keys}, sinces"));
    let parameters = parameters(watched).map(|name| format!("{name} regclass"));
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    let [replaced_schema, replaced_table, replaced_column] = ["n", "m", "a"].map(is_replaced);
    let since = earliest(times.iter().map(since));
    // Rows of all keys are not read.
    let has_known_types = match is_of_all {
        true => "false".to_owned(),
        false => has_known_types(*is_of_text, &source, of_key, times),
    };
    let may_lastingly = may_mark_lastingly(watched, &schema_name);
    let itself = quote_literal(format!("{work}.{function}()"));
    vec![
        ("work", work),
        ("may", name_of_checks(&function)),
        ("itself", itself),
        ("function", function),
        ("schema", schema_name),
        ("names", literals(names)),
        ("state_names", literals(states)),
        ("refreshed", refreshed),
        ("is_new", is_new),
        ("mark_few", mark_few),
        ("marked_few", marked_few),
        ("mark_many", mark_many),
        ("marked_many", marked_many),
        ("parameters", parameters),
        ("tables", tables.join(", ")),
        ("replaced_schema", replaced_schema),
        ("replaced_table", replaced_table),
        ("replaced_column", replaced_column),
        ("may_lastingly", may_lastingly),
        ("types_of", types_of.join(", ")),
        ("changed_row", part("changed_row").to_owned()),
        ("kind", (*kind).to_owned()),
        ("valid", (*valid).to_owned()),
        ("source", source),
        ("trigger", marks.trigger.to_owned()),
        ("since", since),
        ("has_known_types", has_known_types),
        ("is_read", (!is_of_all).to_string()),
        ("value", value.clone()),
        ("ts", watched.ts()),
        ("FEW", FEW.to_string()),
        ("MOST", MOST.to_string()),
        ("UNMARKED", UNMARKED.to_string()),
    ]
}

/// SQL: the time of a row from which on an asset or a series has changed.
fn since(Time { ts, column, kind }: &Time) -> String {
    // Far from where a conversion is out of range.
    match kind {
        Times::Instant | Times::Epoch => format!("COALESCE({ts}, '-infinity')"),
        Times::Zoneless | Times::Shifted => {
            format!(
                "CASE WHEN {column} BETWEEN '4000-01-01 BC' AND '200000-01-01' THEN {ts} ELSE '-infinity' END"
            )
        }
    }
}

/// SQL: whether the row of a catalog with this alias, which a snapshot shows, has been replaced since.
fn is_replaced(row: &str) -> String {
    let now = "pg_snapshot_xmax(pg_current_snapshot())::text::int8";
    // The number of a transaction is completed from the nearest one that is complete.
    format!(
        "CASE WHEN {row}.xmax = 0 THEN false \
         ELSE pg_xact_status(({now} + (({row}.xmax::text::int8 - {now}) << 32 >> 32))::text::xid8) IS NOT DISTINCT FROM 'committed' END"
    )
}

/// SQL: whether a role may write marks into the working schema of this name, where each table takes every mark, and no role
/// without all rights of this role owns the schema or a table of marks; the owner of the database may, unless the role is a
/// superuser. Partitions belong to the owner of their table. `is_role` tells whether `u` of `pg_roles` is the role; all three are
/// given as SQL.
pub fn may_mark(watched: &Watched, schema: &str, role: &str, is_role: &str) -> String {
    let of_each = watched.all_marks().map(|marks| may_mark_in(marks, schema, role, is_role));
    format!("({})", of_each.collect::<Vec<_>>().join(" AND "))
}

fn may_mark_in(marks: &Marks, schema: &str, role: &str, is_role: &str) -> String {
    let Marks { few, many, state, .. } = marks;
    let takes = takes(marks);
    let table = owner::trusted("m.relowner", role, is_role);
    let schema_of = owner::trusted_with_schema("n.nspowner", role);
    format!(
        "(SELECT pg_catalog.count(*) = 3 FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_class AS m ON m.relnamespace = n.oid \
         WHERE n.nspname = {schema} AND m.relname IN ('{few}', '{many}', '{state}') AND {takes} \
         AND NOT (m.relkind = 'p' AND EXISTS (SELECT FROM pg_partition_tree(m.oid) AS p JOIN pg_catalog.pg_class AS x ON x.oid = p.relid \
           WHERE x.relowner <> m.relowner)) \
         AND has_schema_privilege({role}, n.oid, 'USAGE') AND has_table_privilege({role}, m.oid, 'SELECT') \
         AND (m.relname = '{state}' OR has_table_privilege({role}, m.oid, 'INSERT')) \
         AND {table} AND {schema_of})"
    )
}

/// SQL: whether [`may_mark`] holds for the current user, and will hold until one of the tables or the working schema is
/// changed, whatever becomes of memberships in roles: each belongs to the current user or a superuser, and has no privileges but
/// the owner's or grants to the current user itself or to all.
fn may_mark_lastingly(watched: &Watched, schema: &str) -> String {
    let of_each = watched.all_marks().map(|marks| may_mark_lastingly_in(marks, schema));
    format!("({})", of_each.collect::<Vec<_>>().join(" AND "))
}

fn may_mark_lastingly_in(marks: &Marks, schema: &str) -> String {
    let Marks { few, many, state, .. } = marks;
    let fits = fits(marks);
    let is_owner = |owner: &str| {
        format!(
            "({owner} = u.oid OR EXISTS (SELECT FROM pg_catalog.pg_roles AS s WHERE s.oid = {owner} AND s.rolsuper))"
        )
    };
    let [table, schema_of] = ["m.relowner", "n.nspowner"].map(is_owner);
    let grants = |acl: &str, privileges: &str| {
        format!(
            "(SELECT pg_catalog.count(DISTINCT x.privilege_type) FROM pg_catalog.aclexplode({acl}) AS x WHERE x.grantee IN (0, u.oid) AND x.privilege_type IN ({privileges}))"
        )
    };
    let (to_schema, to_read, to_write) = (
        grants("n.nspacl", "'USAGE'"),
        grants("m.relacl", "'SELECT'"),
        grants("m.relacl", "'SELECT', 'INSERT'"),
    );
    format!(
        "(SELECT pg_catalog.count(*) = 3 FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_class AS m ON m.relnamespace = n.oid \
         JOIN pg_catalog.pg_roles AS u ON u.rolname = current_user \
         WHERE n.nspname = {schema} AND m.relname IN ('{few}', '{many}', '{state}') AND m.relkind = 'r' \
         AND (m.relname = '{state}' OR NOT m.relhastriggers) AND NOT m.relhasrules AND NOT m.relrowsecurity AND {fits} AND {table} AND {schema_of} \
         AND (n.nspacl IS NULL AND n.nspowner = u.oid OR {to_schema} = 1) \
         AND (m.relacl IS NULL AND m.relowner = u.oid OR CASE m.relname WHEN '{state}' THEN {to_read} = 1 ELSE {to_write} = 2 END))"
    )
}

/// SQL: whether the columns of a source, which is given as SQL, have types whose values are all read without an error: those of
/// the key, and that of the time, whose types are given.
fn has_known_types(is_of_text: bool, source: &str, of_key: &[String], times: &[Time]) -> String {
    let of_kind = if is_of_text { "'{text,varchar}'" } else { "'{int2,int4,int8}'" };
    // Not by quote_ident(): what must be quoted depends on a setting of the session that loads.
    let name = |column: &str| format!("(pg_catalog.parse_ident({}))[1]", quote_literal(column));
    let list = |columns: &[String]| columns.iter().map(|column| name(column)).collect::<Vec<_>>().join(", ");
    // Of one column there is one kind of types.
    let columns: BTreeMap<&str, &str> =
        times.iter().map(|time| (time.column.as_str(), time.kind.types())).collect();
    let of_times = columns.iter().map(|(column, types)| {
        format!(" OR a.attname = {} AND a.atttypid = ANY ('{{{types}}}'::regtype[])", name(column))
    });
    format!(
        "(SELECT pg_catalog.count(*) = {} FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = {source}::regclass AND a.attgenerated <> 'v' \
         AND (a.attname IN ({}) AND a.atttypid = ANY ({of_kind}::regtype[]){}))",
        of_key.len() + columns.len(),
        list(of_key),
        of_times.collect::<String>()
    )
}

/// SQL: whether a table `m` of `pg_class`, one of marks or that of states, takes every mark, or shows every state: no rule
/// swallows and no row-level security hides rows, and a table of marks has no trigger, which could refuse a mark, and which
/// a role with the privilege TRIGGER could have put there.
fn takes(marks: &Marks) -> String {
    let (state, fits) = (marks.state, fits(marks));
    let has_triggers = |table: &str| {
        format!(
            "EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = {table} AND (NOT t.tgisinternal OR t.tgtype & 4 <> 0))"
        )
    };
    let [of_table, of_partition] = ["m.oid", "p.relid"].map(has_triggers);
    format!(
        "m.relkind IN ('r', 'p') AND NOT m.relrowsecurity \
         AND NOT (m.relhasrules AND EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = m.oid)) \
         AND (m.relname = '{state}' OR NOT {of_table} \
           AND NOT (m.relkind = 'p' AND EXISTS (SELECT FROM pg_partition_tree(m.oid) AS p WHERE {of_partition}))) AND {fits}"
    )
}

/// The tables, as SQL, that do not take every mark or do not show every state.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn refusing(db: Db, schema: &str, marks: &Marks) -> Result<Vec<String>> {
    let Marks { few, many, state, .. } = marks;
    let sql = format!(
        "SELECT m.relname::text FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_class AS m ON m.relnamespace = n.oid \
         WHERE n.nspname = $1::name AND m.relname IN ('{few}', '{many}', '{state}') AND NOT ({}) ORDER BY 1",
        takes(marks)
    );
    db.once().all(&sql, &[arg(work_schema(schema))], Sees::Now, |row| {
        Ok(work_relation(schema, row.get("relname")?))
    })
}

/// SQL: whether a table `m` of `pg_class` takes every mark, and keeps the mark after a crash, if it is a table of marks: no check,
/// no other unique index and no other column that needs a value refuses a mark, and each column of a mark has its name and type.
/// Foreign keys are looked for as triggers.
fn fits(marks: &Marks) -> String {
    let Marks { few, key, keys, kind, state, .. } = marks;
    // One lookup of each catalog, not a hash of it, as for EXISTS.
    let of = |key: &str, since: &str, many: &str| {
        format!(
            "ARRAY['source ' || 'text'::regtype::oid, '{key} ' || '{kind}{many}'::regtype::oid, '{since} ' || 'timestamptz{many}'::regtype::oid]"
        )
    };
    let columns = format!(
        "a.attname || ' ' || a.atttypid = ANY (CASE m.relname WHEN '{few}' THEN {} ELSE {} END) AND a.atttypmod = -1",
        of(key, "since", ""),
        of(keys, "sinces", "[]")
    );
    format!(
        "(m.relname = '{state}' OR (m.relpersistence = 'p' AND m.relchecks = 0 \
         AND (SELECT true FROM pg_catalog.pg_index AS i WHERE i.indrelid = m.oid AND (i.indisunique OR i.indisexclusion) \
           AND NOT (i.indisprimary AND (SELECT a.attnum FROM pg_catalog.pg_attribute AS a \
             WHERE a.attrelid = m.oid AND a.attname = 'mark') = ANY (i.indkey)) LIMIT 1) IS NULL \
         AND (SELECT pg_catalog.count(*) FILTER (WHERE {columns}) = 3 AND bool_and(NOT a.attnotnull OR a.atthasdef \
           OR a.attidentity <> '' OR a.attisdropped OR ({columns})) \
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
