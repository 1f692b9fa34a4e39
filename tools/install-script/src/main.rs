//! Prints the install script of a built library: `install-script LIBRARY CONTROL_FILE`.
//!
//! pgrx leaves a description of every SQL object in the library's section `.pgrxsc`. This turns it into
//! `CREATE` statements with pgrx's own code, as `cargo pgrx schema` does, but in an order that depends on the
//! source alone (there it depends on hash order), and without line numbers, so that a diff of two scripts shows
//! what changed in SQL and nothing else.
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::error::Error;

mod row_types;

use object::{Object, ObjectSection};
use petgraph::Direction::Incoming;
use pgrx_sql_entity_graph::section::{ELF_SECTION_NAME, decode_entities};
use pgrx_sql_entity_graph::{ControlFile, PgrxSql, SqlGraphEntity, SqlGraphIdentifier, ToSql};
use row_types::RowTypes;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [library, control] = args.as_slice() else {
        eprintln!("usage: install-script LIBRARY CONTROL_FILE");
        std::process::exit(2);
    };
    match install_script(library, control) {
        Ok(script) => print!("{script}"),
        Err(e) => {
            eprintln!("install-script: {library}: {e}");
            std::process::exit(1);
        }
    }
}

fn install_script(library: &str, control: &str) -> Result<String, Box<dyn Error>> {
    let bytes = std::fs::read(library)?;
    let file = object::File::parse(&*bytes)?;
    let section = file
        .section_by_name(ELF_SECTION_NAME)
        .ok_or_else(|| format!("no section {ELF_SECTION_NAME}: the linker dropped it, see build.rs"))?;
    let control = ControlFile::from_path_with_cargo_version(control, env!("CARGO_PKG_VERSION"))?;
    let mut entities = vec![SqlGraphEntity::ExtensionRoot(control)];
    entities.extend(decode_entities(section.data()?)?);
    let sql = PgrxSql::build(entities.into_iter(), "pg_regime".to_owned(), false)?;

    let mut script = format!(
        "-- Install script of pg_regime {}, written from the built library by `make sql`: do not edit.\n\
         \\echo Use \"CREATE EXTENSION pg_regime\" to load this file. \\quit\n\n",
        sql.control.default_version
    );
    let mut types = RowTypes::default();
    for entity in in_source_order(&sql)? {
        if matches!(entity, SqlGraphEntity::ExtensionRoot(_)) {
            continue; // a comment that the order of objects is not stable
        }
        let text = entity.to_sql(&sql)?;
        if !text.trim().is_empty() {
            script.push_str(&types.named_in(&without_line_numbers(text.trim()))?);
            script.push('\n');
        }
    }
    Ok(script)
}

/// Every object after those it needs; where that leaves a choice, in order of file and line.
fn in_source_order<'s, 'a>(sql: &'s PgrxSql<'a>) -> Result<Vec<&'s SqlGraphEntity<'a>>, Box<dyn Error>> {
    let graph = &sql.graph;
    let key = |node| {
        let entity: &SqlGraphEntity = &graph[node];
        Reverse((entity.file(), entity.line(), entity.rust_identifier(), node))
    };
    let mut waits_for: HashMap<_, usize> =
        graph.node_indices().map(|node| (node, graph.neighbors_directed(node, Incoming).count())).collect();
    let mut ready: BinaryHeap<_> =
        graph.node_indices().filter(|node| waits_for[node] == 0).map(key).collect();
    let mut ordered = Vec::with_capacity(graph.node_count());
    while let Some(Reverse((.., node))) = ready.pop() {
        ordered.push(&graph[node]);
        waits_for.remove(&node);
        for next in graph.neighbors(node) {
            if let Some(count) = waits_for.get_mut(&next) {
                *count -= 1;
                if *count == 0 {
                    ready.push(key(next));
                }
            }
        }
    }
    match waits_for.keys().map(|&node| graph[node].rust_identifier()).min() {
        Some(name) => Err(format!("objects need each other in a circle, one of them is {name}").into()),
        None => Ok(ordered),
    }
}

/// `-- src/api/cmc_regimes/labels.rs:17` becomes `-- src/api/cmc_regimes/labels.rs`.
fn without_line_numbers(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    for line in sql.lines() {
        let place = line.strip_prefix("-- ").and_then(|rest| rest.rsplit_once(':'));
        let line = match place {
            Some((file, number)) if file.ends_with(".rs") && number.bytes().all(|b| b.is_ascii_digit()) => {
                &line[.."-- ".len() + file.len()]
            }
            _ => line,
        };
        text.push_str(line);
        text.push('\n');
    }
    text
}
