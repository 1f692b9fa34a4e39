//! Labels from elsewhere: those that are of every asset, as many assets of a call need them, and none that are made of the rows
//! to which they would be joined.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use regime_core::Layer;
use regime_core::cmc_regimes::outside::OutsideLabels;

use crate::pg::{
    Db, Result, Sees, arg, extension_schema, known, quote_literal, settings, syscache, work_schema,
    wrong_object_type,
};
use crate::source::map::Sources;
use crate::source::outside::LabelSource;
use crate::systems::cmc_regimes::tables::{ASSETS, CMC};
use crate::track::marks::{Mark, Place};

/// Most labels that are kept.
const MOST_LABELS: usize = 1_000_000;
/// Most marks that are kept.
const MOST_MARKS: usize = 100_000;

/// The marks of an asset that a refresh is going to clear, in a target schema.
pub struct Marked<'a> {
    pub schema: &'a str,
    pub marks: &'a [Mark],
}

/// The labels of a relation that are of every asset, as they were read last.
#[derive(Default)]
pub struct Shared(RefCell<Option<Read>>);

struct Read {
    labels: Rc<OutsideLabels>,
    /// The marks of the relation whose changes the labels show.
    shown: HashSet<Place>,
}

impl Shared {
    /// The labels of a relation, which `read` reads where that was not done before, and where the asset is marked by a change
    /// that they do not show: a mark is never cleared unless its change was seen. A change that leaves no mark since the first
    /// asset of a call is for the next call, as a later change of the market proxy is.
    ///
    /// # Errors
    /// Those of `read`, and tables of marks that cannot be read.
    pub fn labels(
        &self,
        db: Db,
        relation: &str,
        marked: Option<&Marked>,
        read: impl FnOnce() -> Result<Rc<OutsideLabels>>,
    ) -> Result<Rc<OutsideLabels>> {
        let of_relation = || marked.iter().flat_map(|of| of.marks).filter(|mark| mark.source == relation);
        if let Some(last) = &*self.0.borrow()
            && of_relation().all(|mark| last.shown.contains(&mark.place))
        {
            return Ok(Rc::clone(&last.labels));
        }
        // Under the snapshot that reads the labels.
        let shown = match marked {
            Some(of) => ASSETS.places(db, of.schema, relation, MOST_MARKS)?,
            None => HashSet::new(),
        };
        let labels = read()?;
        let is_kept = labels.until(i64::MAX) <= MOST_LABELS;
        self.0.replace(is_kept.then(|| Read { labels: Rc::clone(&labels), shown }));
        Ok(labels)
    }
}

/// Refuses labels that are read, through views or not, from a table of the rows to which they would be joined: each refresh
/// would change what the next one reads.
///
/// # Errors
/// A relation of labels that reads a table of the target schema that the refresh writes.
pub fn check_no_loop(db: Db, sources: &Sources) -> Result<()> {
    let Some(daily) = &sources[Layer::L2] else { return Ok(()) };
    daily.labels.iter().flatten().try_for_each(|labels| check_apart(db, &daily.cal_scheme, labels))
}

/// [`check_no_loop`] of a relation of labels.
///
/// # Errors
/// As [`check_no_loop`].
pub fn check_apart(db: Db, cal_scheme: &str, labels: &LabelSource) -> Result<()> {
    let (relation, target) = (&labels.relation.sql, settings::target_schema());
    let find = || -> Result<Option<String>> {
        let sql = include_str!("../../../sql/read/reads_output.sql");
        let outputs: Vec<&str> = CMC.tables.iter().map(|table| table.name).collect();
        let oid = syscache::oid_of(relation)?;
        let args = [arg(oid), arg(target.as_str()), arg(outputs), arg(work_schema(&target))];
        db.first(sql, &args, Sees::Now, |row| row.get("relation"))
    };
    let found = known("output that labels read", &(relation.clone(), target.clone()), find)?;
    let Some(output) = found.as_ref() else { return Ok(()) };
    let layer = labels.layer.as_str();
    let error = match output == relation {
        true => wrong_object_type(format!("{relation} cannot be read as labels of layer {layer}")),
        false => wrong_object_type(format!(
            "{relation} cannot be read as labels of layer {layer}: it reads {output}"
        )),
    };
    Err(error
        .detail("Its rows depend on the labels: each refresh would change what the next one reads.")
        .hint(format!(
            "DELETE FROM {}.regime_source WHERE cal_scheme = {} AND layer = {};",
            extension_schema(db)?,
            quote_literal(cal_scheme),
            quote_literal(layer)
        )))
}
