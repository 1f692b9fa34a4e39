//! `regime_distribute`: lays the tables out on the nodes of Citus, by how the daily bars and the candles are.
//!
//! What is about one asset lies with its bars: its EMAs, its output rows, its state. Weeks and months are on every node,
//! since young assets read those of the market proxy; so are the list of assets, policies and the source map. Marks, the
//! run log and rounds are each node's own: a node refreshes the assets whose bars it has. What is about one symbol lies with
//! its candles, where these are distributed by the symbol.

use std::rc::Rc;

use pgrx::prelude::*;

use regime_core::{Layer, PerLayer};

use crate::output::finding::{Finding, Kind, Severity, Subject};
use crate::output::own::RUN_LOG;
use crate::output::set_up::{is_set_up, set_up};
use crate::output::system::System;
use crate::pg::{
    Db, Error, Result, Sees, arg, citus, extension_schema, qualified, quote_literal, quoted, settings,
    work_schema,
};
use crate::source::candles::{self, Reads};
use crate::source::dim_assets::DimAssets;
use crate::source::map::Source;
use crate::source::relation::Relation;
use crate::systems::registered::Registered;
use crate::systems::registry::{ALL, sources_of_layers, sources_of_profiles};
use crate::track::marks::Marks;

/// What laying out a table takes.
pub struct Step {
    pub relation: String,
    pub action: &'static str,
    /// `None` for a table that is as it should be.
    pub statement: Option<String>,
}

/// Where a table is to be.
#[derive(Clone)]
enum Place {
    /// With the rows of its asset or symbol in a table of sources.
    With(Rc<Sources>),
    /// As [`Place::With`], unless Citus keeps the table already.
    Near(Rc<Sources>),
    /// On every node, or spread.
    Everywhere,
    /// On every node, so that none needs another to read the table.
    Whole,
}

/// A distributed table of sources.
struct Sources {
    /// What the table has, as messages name it.
    what: &'static str,
    /// As SQL.
    relation: String,
    kept: citus::Kept,
}

/// A table to lay out: as SQL, and its column of the asset or symbol.
struct Wanted {
    relation: String,
    column: String,
    place: Place,
}

/// Distributes the tables, unless `dry_run`; a step for each.
///
/// # Errors
/// Where Citus is not in this database, this node is a worker, neither daily bars nor candles are distributed, or a table is
/// distributed in another way.
pub fn distribute(db: Db, dry_run: bool) -> Result<Vec<Step>> {
    check_coordinator(db)?;
    let schema = settings::target_schema();
    let layout = Layout::find(db)?;
    if !dry_run {
        let systems: Vec<_> = layout.registered().map(|registered| registered.system).collect();
        set_up(db, &schema, &systems)?;
    }
    let mut steps = Vec::new();
    for wanted in layout.tables(db, &schema)? {
        let statement = wanted.statement(db)?;
        let action = match &statement {
            None => "unchanged",
            Some(_) if dry_run => "to do",
            Some(statement) => {
                db.execute(statement, &[])?;
                "distributed"
            }
        };
        steps.push(Step { relation: wanted.relation, action, statement });
    }
    Ok(steps)
}

/// What is wrong with the layout: tables that are not where a refresh on a worker needs them.
///
/// # Errors
/// Where the metadata of Citus or the source map cannot be read.
pub fn findings(db: Db, own: &str) -> Result<Vec<Finding>> {
    if !citus::is_created(db)? || citus::is_worker(db)? {
        return Ok(Vec::new());
    }
    let schema = settings::target_schema();
    let refused = |error: Error, subject: Subject| {
        let report = error.report();
        let detail = format!("{}.", report.message.trim_end_matches('.'));
        let steps = format!("SELECT * FROM {own}.regime_distribute(dry_run => true);");
        finding(subject, detail).hinted(report.own_hint(), &steps)
    };
    let is_distributed =
        |relation: &str| Ok::<_, Error>(citus::kept(db, relation)?.is_some_and(|kept| kept.column.is_some()));
    let outputs = |system: &System| {
        let all =
            system.tables.iter().map(|table| qualified(&schema, table.name)).filter_map(|relation| {
                is_distributed(&relation).map(|is| is.then_some(relation)).transpose()
            });
        all.collect::<Result<Vec<String>>>()
    };
    let layout = match Layout::find(db) {
        Ok(layout) => layout,
        // Without distributed sources, outputs on one node are right.
        Err(error) => {
            let all =
                ALL.iter().map(|registered| outputs(registered.system)).collect::<Result<Vec<_>>>()?.concat();
            return Ok(if all.is_empty() { Vec::new() } else { vec![refused(error, Subject::All)] });
        }
    };
    let mut findings = Vec::new();
    for wanted in layout.tables(db, &schema)? {
        match wanted.statement(db) {
            Ok(None) => {}
            Ok(Some(_)) => {
                let detail =
                    format!("{} is not distributed with its sources, or not on every node.", wanted.relation);
                let command = format!("SELECT * FROM {own}.regime_distribute();");
                findings.push(finding(Subject::Named(wanted.relation), detail).typed(command));
            }
            Err(error) => findings.push(refused(error, Subject::Named(wanted.relation))),
        }
    }
    for registered in ALL.into_iter().filter(|registered| !layout.has(registered)) {
        let system = registered.system;
        findings.extend(outputs(system)?.into_iter().map(|relation| {
            let detail = format!("{relation} is distributed, but its sources are not.");
            let command = format!("SELECT pg_catalog.undistribute_table({});", quote_literal(&relation));
            finding(Subject::Named(relation), detail).typed(command)
        }));
    }
    findings.extend(shared(db, &layout, &schema)?);
    Ok(findings)
}

fn finding(subject: Subject, detail: String) -> Finding {
    Finding::of(Severity::Warning, Kind::LayoutOnNodes, subject, detail)
}

/// The tables that each node needs for itself and that the nodes share.
fn shared(db: Db, layout: &Layout, schema: &str) -> Result<Vec<Finding>> {
    let work = work_schema(schema);
    let mut findings = Vec::new();
    for registered in layout.registered() {
        let system = registered.system;
        let of_marks = system.marks.into_iter().flat_map(Marks::tables);
        let calls = system.calls.iter().filter(|own| !own.is_view()).map(|own| own.name);
        for table in of_marks.chain(calls).chain([RUN_LOG]) {
            let relation = qualified(&work, table);
            if citus::kept(db, &relation)?.is_some() {
                let detail = format!("{relation} is a table of Citus; each node needs its own.");
                let command = format!("SELECT pg_catalog.undistribute_table({});", quote_literal(&relation));
                findings.push(finding(Subject::Named(relation), detail).typed(command));
            }
        }
    }
    Ok(findings)
}

impl Wanted {
    /// The statement that puts the table in its place; `None` where the table is there.
    fn statement(&self, db: Db) -> Result<Option<String>> {
        let Self { relation, column, place } = self;
        Ok(match (citus::kept(db, relation)?, place) {
            (None, Place::With(sources) | Place::Near(sources)) => Some(format!(
                "SELECT pg_catalog.create_distributed_table({}, {}, colocate_with => {})",
                quote_literal(relation),
                quote_literal(column),
                quote_literal(&sources.relation)
            )),
            (None, Place::Everywhere | Place::Whole) => {
                let relation = quote_literal(relation);
                Some(format!("SELECT pg_catalog.create_reference_table({relation})"))
            }
            (Some(kept), Place::With(sources))
                if kept.group == sources.kept.group
                    && kept.column.as_ref().is_some_and(|by| by == column || *by == quoted(column)) =>
            {
                None
            }
            // Weeks and months may be spread as well: the proxy is then read from its node.
            (Some(_), Place::Everywhere | Place::Near(_)) => None,
            (Some(kept), Place::Whole) if kept.column.is_none() => None,
            (Some(_), Place::Whole) => return Err(in_parts(relation)),
            (Some(_), Place::With(sources)) => return Err(elsewhere(relation, sources)),
        })
    }
}

fn check_coordinator(db: Db) -> Result<()> {
    citus::check_created(db, "regime_distribute() lays tables out on the nodes of Citus.")?;
    if citus::is_worker(db)? {
        return Err(Error::new(
            PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "this node is a worker of Citus",
        )
        .detail("Tables are distributed on the coordinator; a worker makes its working tables at its first refresh."));
    }
    Ok(())
}

/// How a table of sources is kept, whose rows are of the asset or symbol in `column`, quoted; `None` where the table is not
/// distributed.
fn kept_sources(db: Db, what: &'static str, relation: &str, column: &str) -> Result<Option<Rc<Sources>>> {
    match citus::kept(db, relation)? {
        None => Ok(None),
        Some(kept) if kept.column.as_deref() == Some(column) => {
            Ok(Some(Rc::new(Sources { what, relation: relation.to_owned(), kept })))
        }
        Some(_) => Err(Error::new(
            PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("the {what}, {relation}, are not distributed by {column}"),
        )
        .hint(format!(
            "SELECT pg_catalog.undistribute_table({0}); SELECT pg_catalog.create_distributed_table({0}, {1});",
            quote_literal(relation),
            quote_literal(column)
        ))),
    }
}

fn elsewhere(relation: &str, Sources { what, relation: sources, .. }: &Sources) -> Error {
    Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("{relation} is distributed, but not with the {what}, {sources}"),
    )
    .detail("A refresh reads and writes what belongs to one asset or symbol on one node.")
    .hint(format!("SELECT pg_catalog.undistribute_table({});", quote_literal(relation)))
}

fn in_parts(relation: &str) -> Error {
    let relation_sql = quote_literal(relation);
    Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("{relation} is distributed, but each node reads all of its rows"),
    )
    .hint(format!(
        "SELECT pg_catalog.undistribute_table({relation_sql}); SELECT pg_catalog.create_reference_table({relation_sql});"
    ))
}

/// Which sources are distributed.
pub struct Layout {
    sources: PerLayer<Option<Rc<Source>>>,
    /// The sources of profiles.
    of_profiles: Vec<PerLayer<Option<Rc<Source>>>>,
    /// The source of the daily bars, and how these are kept.
    daily: Option<(Rc<Source>, Rc<Sources>)>,
    candles: Option<Rc<Sources>>,
}

impl Layout {
    /// # Errors
    /// Where neither daily bars nor candles are distributed, or one of these is by another column.
    fn find(db: Db) -> Result<Self> {
        let sources = sources_of_layers(db)?;
        let kept = |what, relation: &Relation, column: &str| kept_sources(db, what, &relation.sql, column);
        let candles = match candles::Source::find(db, Reads::Prices)? {
            Some(source) => kept("candles", &source.relation, &source.key[0])?,
            None => None,
        };
        let daily = match &sources[Layer::L2] {
            None => None,
            Some(daily) if daily.symbols().is_some() => {
                if candles.is_none() || citus::kept(db, &daily.bars.sql)?.is_some() {
                    return Err(by_symbols(db, daily)?);
                }
                None
            }
            Some(daily) => match kept("daily bars", &daily.bars, &daily.bars.id)? {
                None if candles.is_none() => return Err(not_distributed(daily)),
                kept => kept.map(|kept| (Rc::clone(daily), kept)),
            },
        };
        let of_profiles = if daily.is_some() { sources_of_profiles(db)? } else { Vec::new() };
        Ok(Self { sources, of_profiles, daily, candles })
    }

    /// The systems that workers refresh: that of assets, where nothing tells otherwise.
    ///
    /// # Errors
    /// Where the source map or the metadata of Citus cannot be read.
    pub fn refreshed(db: Db) -> Result<Vec<&'static Registered>> {
        let schema = settings::target_schema();
        let Ok(layout) = Self::find(db) else {
            return Ok(ALL.into_iter().filter(|registered| registered.is_default).collect());
        };
        let mut refreshed = Vec::new();
        for registered in layout.registered() {
            let system = registered.system;
            // Days are stored by a call for each symbol; candles without opens have no states.
            let is_refreshed = match (system.marks, system.members.is_empty()) {
                _ if registered.is_default => true,
                (None, _) => false,
                (Some(_), true) => is_set_up(db, &schema, system)?,
                (Some(_), false) => {
                    is_set_up(db, &schema, system)?
                        && matches!(candles::Source::find(db, Reads::All), Ok(Some(_)))
                }
            };
            if is_refreshed {
                refreshed.push(registered);
            }
        }
        Ok(refreshed)
    }

    /// The systems whose sources are distributed.
    fn registered(&self) -> impl Iterator<Item = &'static Registered> {
        ALL.into_iter().filter(|registered| self.has(registered))
    }

    fn has(&self, registered: &Registered) -> bool {
        if registered.is_default { self.daily.is_some() } else { self.candles.is_some() }
    }

    /// Every table to lay out.
    fn tables(&self, db: Db, schema: &str) -> Result<Vec<Wanted>> {
        let work = work_schema(schema);
        let own = extension_schema(db)?;
        let mut all = Vec::new();
        let mut want = |relation: String, column: &str, place: &Place| {
            all.push(Wanted { relation, column: column.to_owned(), place: place.clone() });
        };
        if let Some((daily, kept)) = &self.daily {
            want(daily.ema.sql.clone(), &daily.ema.id, &Place::With(Rc::clone(kept)));
        }
        for registered in ALL {
            let System { tables, state, members, .. } = registered.system;
            let sources = if registered.is_default {
                self.daily.as_ref().map(|(_, kept)| kept)
            } else {
                self.candles.as_ref()
            };
            let Some(sources) = sources else { continue };
            let place = Place::With(Rc::clone(sources));
            for table in *tables {
                want(qualified(schema, table.name), table.scope[0].name, &place);
            }
            for own in *state {
                want(qualified(&work, own.name), own.columns[0], &place);
            }
            for member in *members {
                want(format!("{own}.{member}"), "", &Place::Whole);
            }
        }
        if let Some((daily, kept)) = &self.daily {
            for source in [Layer::L0, Layer::L1].into_iter().filter_map(|layer| self.sources[layer].as_ref())
            {
                for relation in [&source.bars, &source.ema] {
                    want(relation.sql.clone(), &relation.id, &Place::Everywhere);
                }
            }
            for labels in daily.labels.iter().flatten() {
                want(labels.relation.sql.clone(), "", &Place::Everywhere);
            }
            if let Some(dim) = DimAssets::find(db, &daily.bars_schema, Sees::Now)? {
                want(dim.relation, "", &Place::Whole);
            }
            for source in self.of_profiles.iter().flat_map(|sources| sources.iter().flatten()) {
                for relation in source.relations() {
                    let is_daily =
                        source.layer == Layer::L2 && relation.has_ids && relation.symbols.is_none();
                    let is_label = source.labels.iter().flatten().any(|of| of.relation.sql == relation.sql);
                    let place = match is_daily && !is_label {
                        true => Place::Near(Rc::clone(kept)),
                        false => Place::Everywhere,
                    };
                    want(relation.sql.clone(), &relation.id, &place);
                }
                if let Some(symbols) = source.symbols() {
                    want(symbols.to_owned(), "", &Place::Everywhere);
                }
            }
            for table in ["regime_policy", "regime_profile", "regime_profile_asset"] {
                want(format!("{own}.{table}"), "", &Place::Whole);
            }
        }
        want(format!("{own}.regime_source_user"), "", &Place::Whole);
        // Views and foreign tables lie where their tables do.
        let mut tables: Vec<Wanted> = Vec::new();
        for table in all {
            let is_listed = tables.iter().any(|known| known.relation == table.relation);
            if !is_listed && !is_no_table(db, &table.relation)? {
                tables.push(table);
            }
        }
        Ok(tables)
    }
}

/// The error for daily bars or EMAs that name assets by symbols: the outputs, which have ids, cannot lie with them.
fn by_symbols(db: Db, daily: &Source) -> Result<Error> {
    let own = extension_schema(db)?;
    let (what, relation) = match &daily.bars.symbols {
        Some(_) => ("daily bars", &daily.bars.sql),
        None => ("daily EMAs", &daily.ema.sql),
    };
    Ok(Error::new(
        PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        format!("the {what}, {relation}, name assets by symbols"),
    )
    .detail("The outputs have ids and can lie only with rows that are distributed by the same ids.")
    .hint(match citus::kept(db, relation)? {
        Some(_) => format!("SELECT pg_catalog.undistribute_table({});", quote_literal(relation)),
        None => format!(
            "Map tables that are distributed by an id: SELECT layer, bars_table, bars_id_column FROM {own}.regime_source WHERE layer = 'L2';"
        ),
    }))
}

/// The error for daily bars that are on one node alone.
fn not_distributed(daily: &Source) -> Error {
    let (bars, id) = (&daily.bars.sql, &daily.bars.id);
    Error::new(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!("the daily bars, {bars}, are not distributed"),
    )
    .hint(format!(
        "SELECT pg_catalog.create_distributed_table({}, {});",
        quote_literal(bars),
        quote_literal(id)
    ))
}

/// Whether a relation exists and is none that can be distributed.
fn is_no_table(db: Db, relation: &str) -> Result<bool> {
    let sql = "SELECT true FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind NOT IN ('r', 'p')";
    Ok(db.first(sql, &[arg(relation)], Sees::Now, |_| Ok(()))?.is_some())
}
