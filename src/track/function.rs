//! The function behind the triggers on a source relation: filling in its template.

use crate::pg::{block, fill, quote_literal, quoted, work_relation, work_schema};
use crate::track::marks::{FEW, MOST, Marks};
use crate::track::watched::Watched;

const TEMPLATE: &str = include_str!("../../sql/set_up/mark_function.sql");

/// A statement on a source relation that sets a trigger off.
pub struct Event {
    /// In lower case.
    pub name: &'static str,
    /// The transition tables of the trigger.
    pub referencing: &'static str,
    /// SQL: the changed rows.
    rows: &'static str,
}

/// The statements that change rows; a TRUNCATE has a trigger of its own.
pub const EVENTS: [Event; 3] = [
    Event { name: "insert", referencing: "NEW TABLE AS new_rows", rows: "new_rows" },
    Event {
        name: "update",
        referencing: "OLD TABLE AS old_rows NEW TABLE AS new_rows",
        rows: "(TABLE old_rows UNION ALL TABLE new_rows)",
    },
    Event { name: "delete", referencing: "OLD TABLE AS old_rows", rows: "old_rows" },
];

/// The statement that creates the function, for the working schema of a target schema.
pub fn ddl(schema: &str, function: &str, watched: &Watched) -> String {
    let Watched { marks, relation, key: value, ts, columns } = watched;
    let Marks { key, keys, kind, valid, state, of_state, .. } = marks;
    let [few, many, _] = marks.relations(schema);
    let (source_text, state_of) = (relation.as_str(), work_relation(schema, state));
    let [source, few_text, many_text, state_text] = [source_text, &few, &many, &state_of].map(quote_literal);
    let work_text = quote_literal(quoted(work_schema(schema)));
    let types_of: Vec<String> = columns.iter().map(|column| format!("pg_typeof({column})")).collect();
    let types_of = types_of.join(", ");
    let changed_row = block(TEMPLATE, "changed_row");
    let (work, few_keys, most_keys) = (quoted(work_schema(schema)), FEW.to_string(), MOST.to_string());
    let tag = tag_beside(&[&work, &source, value, ts]);
    let values = [
        ("work", work.as_str()),
        ("function", function),
        ("tag", &tag),
        ("few", &few),
        ("few_text", &few_text),
        ("many", &many),
        ("many_text", &many_text),
        ("state_text", &state_text),
        ("work_text", &work_text),
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
    let types = of_types.join("\n        ELS");
    let events = EVENTS.each_ref().map(event).join("\n    ELS");
    fill(block(TEMPLATE, "function"), &[&values[..], &[("events", &events), ("types", &types)]].concat())
}

/// A tag of a dollar quote that occurs in none of these values.
fn tag_beside(values: &[&str]) -> String {
    let mut tag = "$mark$".to_owned();
    while values.iter().any(|value| value.contains(&tag)) {
        tag.insert(1, '_');
    }
    tag
}
