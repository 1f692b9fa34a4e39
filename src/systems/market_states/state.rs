//! The eras that rows depend on, and the stored nodes of a series.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use regime_core::market_states::{ESCALATION, Eras, Node, Nodes, Sealed};

use crate::output::fresh::Now;
use crate::output::relation::not_readable;
use crate::output::series::refresh::Place;
use crate::output::series::state::State;
use crate::pg::{
    Db, Error, Micros, Result, Row, Sees, arg, catalog::extension_schema_name, current_user,
    insufficient_privilege, qualified, syscache, work_relation,
};
use crate::source::relation::{may_hide_rows, see_all_rows};
use crate::source::series::{Series, series_key};
use crate::sync::working::Upsert;
use crate::systems::market_states::tables::{ERAS, RANKS, STATE};

/// The eras in force for a timeframe: its own, or, if it has none, those of no timeframe. Specification 5, section 5.
///
/// # Errors
/// Where the table of eras cannot be read.
pub fn eras(db: Db, timeframe: &str) -> Result<Eras> {
    let sql = format!("SELECT e.starts FROM {}", in_force(&relation_of_eras(db)?, "$1"));
    let starts = db.all(&sql, &[arg(timeframe)], Sees::Snapshot, |row| Ok(row.get::<Micros>("starts")?.0))?;
    Ok(Eras::new(timeframe, starts))
}

/// The table of eras, as SQL.
///
/// # Errors
/// Where the current role may not read the table, or all of its rows.
fn relation_of_eras(db: Db) -> Result<String> {
    let own = extension_schema_name(db)?;
    let relation = qualified(&own, ERAS);
    match syscache::readable(&own, ERAS) {
        Some(false) => Err(not_readable(&own, &relation)),
        // A hidden era looks deleted.
        _ if may_hide_rows(db, &relation)? => Err(insufficient_privilege(format!(
            "row-level security may hide rows of {relation} from {}",
            current_user()
        ))
        .hint(see_all_rows())),
        _ => Ok(relation),
    }
}

/// Whether the current role sees all eras.
///
/// # Errors
/// Where the catalogs cannot be read.
pub fn may_see_eras(db: Db) -> Result<bool> {
    let own = extension_schema_name(db)?;
    Ok(syscache::readable(&own, ERAS) == Some(true) && !may_hide_rows(db, &qualified(&own, ERAS))?)
}

/// SQL: the eras `e` in force for a timeframe. A comparison with a column must not depend on the collation of the column.
fn in_force(eras: &str, timeframe: &str) -> String {
    let timeframe = format!("{timeframe}::text COLLATE pg_catalog.\"default\"");
    format!(
        "{eras} AS e WHERE (e.timeframe = {timeframe} OR e.timeframe IS NULL \
         AND NOT EXISTS (SELECT FROM {eras} AS o WHERE o.timeframe = {timeframe}))"
    )
}

/// SQL: whether a stored row, a FROM item, is of another era than the one now in force.
fn is_of_other_era(eras: &str, row: &str) -> String {
    format!(
        "{row}.era_start::timestamptz IS DISTINCT FROM (SELECT max(e.starts) FROM {} AND e.starts <= {row}.open_time::timestamptz)",
        in_force(eras, &format!("{row}.timeframe"))
    )
}

/// The starts until a moment, as a state holds them.
pub fn basis(eras: &Eras, newest: i64) -> String {
    eras.until(newest).iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

/// The earliest start up to the newest row that is in force now and was not when the rows were computed, or the other way
/// round; `i64::MIN` where the stored starts cannot be read.
///
/// # Errors
/// Where the table of eras cannot be read.
pub fn changed(db: Db, series: &Series, state: &State) -> Result<Option<i64>> {
    Ok(differ_from(&eras(db, &series.timeframe)?, &state.basis, state.newest))
}

fn differ_from(now: &Eras, stored: &str, newest: i64) -> Option<i64> {
    let starts = stored.split(',').filter(|start| !start.is_empty()).map(str::parse);
    let Ok(before) = starts.collect::<std::result::Result<Vec<i64>, _>>() else { return Some(i64::MIN) };
    now.first_difference(&before).filter(|start| *start <= newest)
}

/// The time of the earliest stored row of another era than the one now in force: for a series without a state.
///
/// # Errors
/// Where the rows or the table of eras cannot be read.
pub fn changed_of_rows(db: Db, relation: &str, series: &Series) -> Result<Option<i64>> {
    let sql = format!(
        "SELECT min(r.open_time)::timestamptz AS since FROM {relation} AS r WHERE r.symbol = $1 AND r.timeframe = $2 AND {}",
        is_of_other_era(&relation_of_eras(db)?, "r")
    );
    let since = |row: &Row| Ok(row.get::<Option<Micros>>("since")?.map(|Micros(since)| since));
    db.by_key().one(&sql, &series.args(), Sees::Snapshot, since)
}

/// SQL: whether a series of the FROM item `r` has no state but stored rows of other eras than those now in force;
/// `states` is the output table.
///
/// # Errors
/// Where the current role may not read the table of eras.
pub fn is_of_other_eras(db: Db, schema: &str, states: &str) -> Result<String> {
    Ok(format!(
        "(NOT EXISTS (SELECT{}) AND EXISTS (SELECT FROM {states} AS n \
         WHERE n.symbol = r.symbol AND n.timeframe = r.timeframe AND {}))",
        of_series(&work_relation(schema, STATE)),
        is_of_other_era(&relation_of_eras(db)?, "n")
    ))
}

/// SQL: the state `s`, in a relation of states, of the series of the FROM item `r`.
fn of_series(states: &str) -> String {
    let same = |name| format!("s.{name} = r.{name}::text COLLATE pg_catalog.\"default\"");
    format!(" FROM {states} AS s WHERE {} AND {}", same("symbol"), same("timeframe"))
}

/// SQL: whether the newest row of a series, the FROM item `r`, is not that of the state, or the state is of other sources
/// than those of now, of which `$3` is the fingerprint, or of another version than `$5`; NULL where there is no state, and where candles may have changed without a mark: `$4` is the fingerprint of
/// the tracking of now, if candles are tracked. `states` is the table of states, or what has its rows.
pub fn is_other(states: &str, now: &Now) -> String {
    let is_complete = now.tracking.as_ref().is_none_or(|tracking| tracking.is_complete());
    let is_sure = if is_complete { "s.tracking IS NOT DISTINCT FROM $4" } else { "false" };
    format!(
        "(SELECT CASE WHEN s.sources <> $3 OR s.classifier_version <> $5 OR r.classifier_version IS DISTINCT FROM s.classifier_version \
         OR r.open_time IS DISTINCT FROM s.newest THEN true WHEN {is_sure} THEN false END{})",
        of_series(states)
    )
}

/// The keys, as marks have them, of the series whose state says that the rows are of other eras than those now in force.
///
/// # Errors
/// Where the states or the table of eras cannot be read.
pub fn of_other_eras(db: Db, schema: &str) -> Result<Vec<String>> {
    // Mostly there are no eras, and none are stored.
    let sql = format!(
        "SELECT {} AS key, timeframe, newest, eras FROM {} WHERE eras <> '' OR EXISTS (SELECT FROM {})",
        series_key("symbol", "timeframe"),
        work_relation(schema, STATE),
        relation_of_eras(db)?
    );
    let stored = db.anew().all(&sql, &[], Sees::Snapshot, |row| {
        let (key, timeframe): (String, String) = (row.get("key")?, row.get("timeframe")?);
        Ok((key, timeframe, row.get::<Micros>("newest")?.0, row.get::<String>("eras")?))
    })?;
    let mut of_timeframe: HashMap<String, Eras> = HashMap::new();
    let mut changed = Vec::new();
    for (key, timeframe, newest, starts) in stored {
        let now = match of_timeframe.entry(timeframe) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let eras = eras(db, new.key())?;
                new.insert(eras)
            }
        };
        if differ_from(now, &starts, newest).is_some() {
            changed.push(key);
        }
    }
    Ok(changed)
}

/// The stored nodes of a series.
pub struct Stored<'c> {
    of: Option<Of<'c>>,
    /// Nodes that were read together and not asked for yet.
    read: HashMap<(u8, u32), Vec<u8>>,
}

struct Of<'c> {
    db: Db<'c>,
    relation: String,
    series: Series,
}

/// Why a node cannot be read.
pub enum Lost {
    /// It is not there, or not that of the state.
    Missing,
    Failed(Error),
}

/// The number of the tree of the last bars.
const BARS: u8 = 6;

/// Nodes that one statement stores.
const MOST_AT_ONCE: usize = 1000;

impl<'c> Stored<'c> {
    /// No nodes: for a series that is computed from its first candle on.
    pub fn none() -> Self {
        Self { of: None, read: HashMap::new() }
    }

    /// The nodes of a series.
    pub fn of(at: &Place<'_, 'c>) -> Self {
        let of = Of { db: at.db, relation: relation(at.schema), series: at.series.clone() };
        Self { of: Some(of), read: HashMap::new() }
    }

    /// The content of a node. All nodes of the last bars are read at once, since all are needed.
    fn find(&mut self, tree: u8, node: u32) -> Result<Option<Vec<u8>>> {
        let Some(of) = &self.of else { return Ok(None) };
        if let Some(read) = self.read.remove(&(tree, node)) {
            return Ok(Some(read));
        }
        let (mut args, mut one) = (Vec::from(of.series.args()), "");
        args.push(arg(i32::from(tree)));
        if tree != BARS {
            one = " AND node = $4";
            args.push(arg(node as i32));
        }
        let sql = format!(
            "SELECT node, content FROM {} WHERE symbol = $1 AND timeframe = $2 AND tree = $3{one}",
            of.relation
        );
        of.db.by_key().rows(&sql, &args, Sees::Snapshot, |row| {
            let (node, content): (i32, &[u8]) = (row.get("node")?, row.get("content")?);
            self.read.insert((tree, node as u32), content.to_vec());
            Ok(())
        })?;
        Ok(self.read.remove(&(tree, node)))
    }
}

impl Nodes for Stored<'_> {
    type Error = Lost;

    fn read(&mut self, tree: u8, node: u32, count: u64) -> std::result::Result<Node, Lost> {
        let found = self.find(tree, node).map_err(Lost::Failed)?;
        found.and_then(|bytes| Node::decode(&bytes, count)).ok_or(Lost::Missing)
    }
}

fn relation(schema: &str) -> String {
    work_relation(schema, RANKS)
}

/// Stores the nodes of a sealed series: those that have changed, or all of a series that was computed from its first
/// candle on, of which only those that differ from stored ones are written.
///
/// # Errors
/// Where the nodes cannot be read or written.
pub fn store(at: &Place, sealed: Sealed, is_whole: bool) -> Result<()> {
    let (db, relation) = (at.db, relation(at.schema));
    let mut nodes = sealed.nodes;
    let of_series = "symbol = $1 AND timeframe = $2";
    if is_whole {
        let places: HashMap<(i32, i32), usize> =
            nodes.iter().enumerate().map(|(i, n)| ((i32::from(n.tree), n.node as i32), i)).collect();
        let mut same = vec![false; nodes.len()];
        let (mut trees, mut numbers) = (Vec::new(), Vec::new());
        let sql = format!("SELECT tree, node, content FROM {relation} WHERE {of_series}");
        db.by_key().rows(&sql, &at.series.args(), Sees::Snapshot, |row| {
            let (tree, node): (i32, i32) = (row.get("tree")?, row.get("node")?);
            match places.get(&(tree, node)) {
                Some(place) => same[*place] = row.get::<&[u8]>("content")? == nodes[*place].bytes,
                None => {
                    trees.push(tree);
                    numbers.push(node);
                }
            }
            Ok(())
        })?;
        if !trees.is_empty() {
            let sql = format!(
                "DELETE FROM {relation} AS t USING ROWS FROM (pg_catalog.unnest($3::int[]), pg_catalog.unnest($4::int[])) AS g (tree, node) \
                 WHERE t.symbol = $1 AND t.timeframe = $2 AND t.tree = g.tree AND t.node = g.node"
            );
            let mut args = Vec::from(at.series.args());
            args.extend([arg(trees), arg(numbers)]);
            db.execute(&sql, &args)?;
        }
        let mut place = 0..;
        nodes.retain(|_| !place.next().is_some_and(|place| same[place]));
    } else if sealed.emptied {
        let sql = format!("DELETE FROM {relation} WHERE {of_series} AND tree = $3");
        let mut args = Vec::from(at.series.args());
        args.push(arg(i32::from(ESCALATION)));
        db.execute_small(&sql, &args)?;
    }
    for nodes in nodes.chunks(MOST_AT_ONCE) {
        let mut args = Vec::from(at.series.args());
        args.push(arg(nodes.iter().map(|n| i32::from(n.tree)).collect::<Vec<_>>()));
        args.push(arg(nodes.iter().map(|n| n.node as i32).collect::<Vec<_>>()));
        args.push(arg(nodes.iter().map(|n| n.bytes.clone()).collect::<Vec<_>>()));
        let upsert = Upsert {
            relation: &relation,
            key: &["symbol", "timeframe", "tree", "node"],
            values: &["content"],
            stamp: "",
            only_changed: false,
            rows: "SELECT $1, $2, n.* FROM ROWS FROM (pg_catalog.unnest($3::int[]), pg_catalog.unnest($4::int[]), \
                pg_catalog.unnest($5::bytea[])) AS n",
        };
        upsert.of(nodes.len()).run(db, &args)?;
    }
    Ok(())
}
