//! Which sources of the layered regimes are tracked.

use std::rc::Rc;

use crate::pg::{Db, Error, Result, Same, catalog, current_user, known, not_in_prerequisite_state};
use crate::source::map::{Source, Sources};
use crate::source::relation::{may_hide_rows, see_all_rows};
use crate::systems::cmc_regimes::tables::{ASSETS, TABLES};
use crate::track::fingerprint::{Tracking, tracking_of};
use crate::track::watched::Watched;
use crate::track::{triggers, untrackable};

/// The relations of bars, EMAs and labels of these sources, each once, with the columns by which changes are marked.
pub fn bars<'a>(sources: impl IntoIterator<Item = &'a Source>) -> Vec<Watched> {
    let mut all: Vec<Watched> = Vec::new();
    for relation in sources.into_iter().flat_map(Source::relations) {
        if !all.iter().any(|watched| watched.relation == relation.sql) {
            let (key, ts) = (relation.mark(), relation.columns[0].clone());
            let id = relation.has_ids.then(|| relation.id.clone());
            let columns = id.into_iter().chain([relation.time.clone()]).collect();
            let is_of_text = relation.symbols.is_some();
            all.push(Watched {
                marks: &ASSETS,
                beside: None,
                pair: None,
                relation: relation.sql.clone(),
                key,
                ts,
                columns,
                is_of_text,
                times: relation.times,
                is_of_all: !relation.has_ids,
            });
        }
    }
    all
}

/// The tracking of the tables of these sources; `None` if a source is not tracked.
///
/// # Errors
/// Catalogs that cannot be read.
pub fn tracking(db: Db, schema: &str, sources: &Sources) -> Result<Option<Rc<Tracking>>> {
    let key = sources.each_ref().map(|source| source.as_ref().map(|source| Same(Rc::clone(source))));
    let find = || tracking_of(db, schema, &TABLES.map(|table| table.name), &ASSETS, &bars(all(sources)));
    Ok(known("tracking of bars", &(schema.to_owned(), key), find)?.as_ref().clone())
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
    for watched in bars(all(sources)) {
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
    for watched in bars(all(sources)) {
        if may_hide_rows(db, &watched.relation)? {
            let relation = watched.relation;
            return Ok(not_in_prerequisite_state(format!("only_dirty needs tracking, and row-level security may hide rows of {relation} from {}", current_user()))
            .detail("Whoever may not see all rows of a source cannot tell that all of its marked changes were refreshed.")
            .hint(see_all_rows()));
        }
    }
    let mut detail = "Changes of an untracked source leave no mark, so that its assets would stay as they are. Without only_dirty, a \
         refresh reads every row of an untracked source."
        .to_owned();
    let mut hint = format!("SELECT * FROM {}.regime_track();", catalog::extension_schema(db)?);
    for watched in bars(all(sources)) {
        if let Some(untrackable) = untrackable::why_untrackable(db, &watched)? {
            detail += &format!(" {} and cannot be tracked.", untrackable.what);
            hint = untrackable.hint;
            break;
        }
    }
    let error = not_in_prerequisite_state("only_dirty needs tracking, and not every source is tracked");
    Ok(error.detail(detail).hint(hint))
}
