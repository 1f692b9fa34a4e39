//! Which sources of the layered regimes are tracked.

use std::rc::Rc;

use crate::pg::{
    Db, Error, Result, Same, attempt_unless_cancelled, catalog, current_user, known, known_of_versions,
    not_in_prerequisite_state, quote_literal,
};
use crate::source::map::{self, Source, Sources};
use crate::source::relation::{Relation, may_hide_rows, see_all_rows};
use crate::systems::cmc_regimes::tables::{ASSETS, TABLES};
use crate::track::fingerprint::{Tracking, tracking_of};
use crate::track::watched::{Time, Watched};
use crate::track::{triggers, untrackable};

/// The relations of bars, EMAs and labels of these sources, each once, with the columns by which changes are marked: the key of
/// the first that reads the relation, and the times of all that read it by this key.
pub fn bars<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<Watched> {
    let mut all: Vec<Watched> = Vec::new();
    for relation in sources.into_iter().flat_map(Source::relations) {
        let new = of_relation(relation);
        match all.iter_mut().find(|watched| watched.relation == new.relation) {
            Some(known) if has_key_of(known, &new) => known.times.extend(new.times),
            Some(_) => {}
            None => all.push(new),
        }
    }
    for watched in &mut all {
        watched.times.sort_unstable();
        watched.times.dedup();
    }
    all
}

fn of_relation(relation: &Relation) -> Watched {
    let time = Time { ts: relation.columns[0].clone(), column: relation.time.clone(), kind: relation.times };
    Watched {
        marks: &ASSETS,
        beside: None,
        pair: None,
        relation: relation.sql.clone(),
        key: relation.mark(),
        of_key: relation.has_ids.then(|| relation.id.clone()).into_iter().collect(),
        is_of_text: relation.symbols.is_some(),
        times: vec![time],
        is_of_all: !relation.has_ids,
    }
}

/// Whether the changes of a relation are marked by the same key.
fn has_key_of(one: &Watched, other: &Watched) -> bool {
    (&one.key, one.is_of_all) == (&other.key, other.is_of_all)
}

/// The relations of these sources as all calendar schemes read them, so that each scheme finds the marks of the same triggers.
///
/// # Errors
/// Catalogs and maps that cannot be read.
fn watched(db: Db, sources: &Sources) -> Result<Vec<Watched>> {
    let own = bars(all(sources));
    // A scheme whose rows of the map are wrong keeps no other from being tracked as far as that one goes.
    let everyone = || Ok(attempt_unless_cancelled(|| map::all(db)).unwrap_or_default());
    let everyone = known_of_versions("sources of all schemes", &map::versions(db)?, everyone)?;
    let mut others = bars(everyone.iter().map(Rc::as_ref));
    let mut of_own = |own: Watched| {
        let place = others.iter().position(|other| other.relation == own.relation && has_key_of(other, &own));
        place.map_or(own, |place| others.swap_remove(place))
    };
    Ok(own.into_iter().map(&mut of_own).collect())
}

/// The tracking of the tables of these sources; `None` if a source is not tracked.
///
/// # Errors
/// Catalogs that cannot be read.
pub fn tracking(db: Db, schema: &str, sources: &Sources) -> Result<Option<Rc<Tracking>>> {
    let key = sources.each_ref().map(|source| source.as_ref().map(|source| Same(Rc::clone(source))));
    let find = || tracking_of(db, schema, &TABLES.map(|table| table.name), &ASSETS, &watched(db, sources)?);
    let key = (schema.to_owned(), key, map::versions(db)?);
    Ok(known("tracking of bars", &key, find)?.as_ref().clone())
}

fn all(sources: &Sources) -> impl Iterator<Item = &Source> {
    sources.iter().flatten().map(Rc::as_ref)
}

/// The relations of these sources that are not tracked, quoted.
///
/// # Errors
/// Catalogs that cannot be read.
pub fn untracked(db: Db, schema: &str, sources: &Sources) -> Result<Vec<String>> {
    if tracking(db, schema, sources)?.is_some() {
        return Ok(Vec::new());
    }
    let mut untracked = Vec::new();
    for watched in watched(db, sources)? {
        if triggers::of(db, schema, &watched)?.is_none() {
            untracked.push(watched.relation);
        }
    }
    Ok(untracked)
}

/// The error of `only_dirty` where one of these sources is not tracked.
///
/// # Errors
/// Catalogs that cannot be read.
pub fn not_tracked(db: Db, sources: &Sources) -> Result<Error> {
    let own = watched(db, sources)?;
    for watched in &own {
        if may_hide_rows(db, &watched.relation)? {
            let relation = &watched.relation;
            return Ok(not_in_prerequisite_state(format!("only_dirty needs tracking, and row-level security may hide rows of {relation} from {}", current_user()))
            .detail("Whoever may not see all rows of a source cannot tell that all of its marked changes were refreshed.")
            .hint(see_all_rows()));
        }
    }
    let mut detail = "Changes of an untracked source leave no mark, so that its assets would stay as they are. Without only_dirty, a \
         refresh reads every row of an untracked source."
        .to_owned();
    let mut hint = format!("SELECT * FROM {}.regime_track();", catalog::extension_schema(db)?);
    let everyone = attempt_unless_cancelled(|| map::all(db)).unwrap_or_default();
    let by_others = bars(everyone.iter().map(Rc::as_ref));
    for watched in &own {
        if let Some(untrackable) = untrackable::why_untrackable(db, watched)? {
            detail += &format!(" {} and cannot be tracked.", untrackable.what);
            hint = untrackable.hint;
            break;
        }
        let is_otherwise =
            |other: &&Watched| other.relation == watched.relation && !has_key_of(other, watched);
        if let Some(other) = by_others.iter().find(is_otherwise) {
            detail += &format!(" {}", read_otherwise(watched, other));
            hint = alike(db, sources, watched, other)?;
            break;
        }
    }
    let error = not_in_prerequisite_state("only_dirty needs tracking, and not every source is tracked");
    Ok(error.detail(detail).hint(hint))
}

/// Why the changes of a relation are marked for those alone that read it by another key.
fn read_otherwise(watched: &Watched, other: &Watched) -> String {
    let by = |watched: &Watched| match watched.of_key.first() {
        Some(column) => format!("by {column}"),
        None => "without a column of assets".to_owned(),
    };
    format!(
        "{} is read {}, and {} by another calendar scheme, by which its changes are marked.",
        watched.relation,
        by(watched),
        by(other)
    )
}

/// The statements that have these sources name the assets of a relation as the other calendar scheme does, and track it.
fn alike(db: Db, sources: &Sources, watched: &Watched, other: &Watched) -> Result<String> {
    let own = catalog::extension_schema(db)?;
    let track = format!("SELECT * FROM {own}.regime_track();");
    let mut statements = Vec::new();
    for source in all(sources) {
        let relations = [
            ("bars_id_column", &source.bars, source.layer.as_str()),
            ("ema_id_column", &source.ema, source.layer.as_str()),
        ];
        let labels =
            source.labels.iter().flatten().map(|of| ("label_id_column", &of.relation, of.layer.as_str()));
        for (field, relation, layer) in relations.into_iter().chain(labels) {
            let is_label = field == "label_id_column";
            if relation.sql != watched.relation || !is_label && other.of_key.is_empty() {
                continue;
            }
            let column =
                other.of_key.first().map_or("NULL".to_owned(), |column| quote_literal(unquoted(column)));
            statements.push(format!(
                "UPDATE {own}.regime_source SET {field} = {column} WHERE cal_scheme = {} AND layer = {};",
                quote_literal(&source.cal_scheme),
                quote_literal(layer)
            ));
        }
    }
    statements.push(track);
    Ok(statements.join(" "))
}

/// The name that a quoted name stands for.
fn unquoted(name: &str) -> String {
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    quoted.map_or(name.to_owned(), |name| name.replace("\"\"", "\""))
}
