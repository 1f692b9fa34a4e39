//! Names for the rows that functions return: `RETURNS TABLE (…)` becomes `RETURNS SETOF` a composite type, which is declared
//! before the first function that returns such rows, and named after this function. So `\\df` shows a name instead of forty
//! columns, `\\d` shows the columns, and an upgrade script can add one without dropping the function.

use std::collections::HashMap;

const RETURNS: &str = "RETURNS TABLE (";

/// The types declared so far.
#[derive(Default)]
pub struct RowTypes {
    /// The name of the type of columns.
    of_columns: HashMap<String, String>,
}

impl RowTypes {
    /// A part of the script in which every function that returns a table returns rows of a type.
    ///
    /// # Errors
    /// Where the declaration of a function cannot be read.
    pub fn named_in(&mut self, sql: &str) -> Result<String, String> {
        let (mut named, mut rest) = (String::with_capacity(sql.len()), sql);
        while let Some(at) = rest.find(RETURNS) {
            let function = rest[..at].rfind("FUNCTION ").ok_or("RETURNS TABLE without FUNCTION")?;
            let start = rest[..function].rfind('\n').map_or(0, |newline| newline + 1);
            let name = rest[function + "FUNCTION ".len()..].split('(').next().unwrap_or_default();
            let name = name.trim().trim_matches('"').rsplit('.').next().unwrap_or_default();
            let inside = &rest[at + RETURNS.len()..];
            let end = end_of(inside).ok_or_else(|| format!("the columns of {name} do not end"))?;
            let columns = columns(&inside[..end]);
            named.push_str(&rest[..start]);
            let of_columns = self.of_columns.entry(columns.clone()).or_insert_with(|| {
                let of_rows = format!("@extschema@.{name}_row");
                named.push_str(&format!(
                    "CREATE TYPE {of_rows} AS (\n    {}\n);\nCOMMENT ON TYPE {of_rows} IS 'A row that {name} returns';\n",
                    columns.replace(", ", ",\n    ")
                ));
                of_rows
            });
            named.push_str(&format!("{}RETURNS SETOF {of_columns}", &rest[start..at]));
            rest = &inside[end + 1..];
        }
        named.push_str(rest);
        Ok(named)
    }
}

/// Where the parenthesis ends in which a text begins.
fn end_of(inside: &str) -> Option<usize> {
    let mut depth = 0;
    let mut comment = false;
    for (at, character) in inside.char_indices() {
        comment = (comment || inside[at..].starts_with("/*")) && !inside[..at].ends_with("*/");
        match character {
            _ if comment => {}
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Columns without comments, quotes and line breaks: `id INT, ts timestamptz`.
fn columns(text: &str) -> String {
    let mut plain = String::new();
    for (at, part) in text.split("/*").enumerate() {
        plain.push_str(if at == 0 { part } else { part.split_once("*/").map_or("", |(_, after)| after) });
    }
    let columns = plain.split(',').map(|column| {
        let (name, of) = column.trim().split_once(char::is_whitespace).unwrap_or((column.trim(), ""));
        let of = match of.trim().to_lowercase().as_str() {
            "timestamp with time zone" => "timestamptz".to_owned(),
            "double precision" => "float8".to_owned(),
            "bool" => "boolean".to_owned(),
            of => of.to_owned(),
        };
        format!("{} {of}", name.trim_matches('"'))
    });
    columns.collect::<Vec<_>>().join(", ")
}
