//! `regime_distribute`: lays the tables of the layered regimes out on the nodes of Citus, by how the daily bars are.
//!
//! What is about one asset lies with its bars: its EMAs, its output rows, its state. Weeks and months are on every node,
//! since young assets read those of the market proxy; so are the list of assets, policies and the source map. Marks, the
//! run log and rounds are each node's own: a node refreshes the assets whose bars it has.

use std::rc::Rc;

use regime_core::{Layer, PerLayer};

use crate::output::set_up::set_up;
use crate::pg::{
    Db, Error, Result, Sees, arg, citus, extension_schema, not_in_prerequisite_state, qualified,
    quote_literal, settings, work_schema,
};
use crate::source::dim_assets::DimAssets;
use crate::source::map::Source;
use crate::systems::cmc_regimes::params::{self, Given};
use crate::systems::cmc_regimes::tables::CMC;

/// What laying out a table takes.
pub struct Step {
    pub relation: String,
    pub action: &'static str,
    /// `None` for a table that is as it should be.
    pub statement: Option<String>,
}

/// Where a table is to be.
enum Place {
    /// With the daily bars of its asset.
    WithBars,
    /// On every node.
    Everywhere,
}

/// Distributes the tables, unless `dry_run`; a step for each.
///
/// # Errors
/// Where Citus is not in this database, this node is a worker, the daily bars are not distributed by their asset, or a
/// table is distributed in another way.
pub fn distribute(db: Db, dry_run: bool) -> Result<Vec<Step>> {
    check_coordinator(db)?;
    let schema = settings::target_schema();
    let sources = params::load(db, &Given::default(), None)?.sources;
    let Some(daily) = &sources[Layer::L2] else { return Ok(Vec::new()) };
    let bars = kept_bars(db, daily)?;
    if !dry_run {
        set_up(db, &schema, &[&CMC])?;
    }
    let mut steps = Vec::new();
    for (relation, column, place) in tables(db, &schema, &sources, daily)? {
        let statement = match (citus::kept(db, &relation)?, &place) {
            (None, Place::WithBars) => Some(format!(
                "SELECT pg_catalog.create_distributed_table({}, {}, colocate_with => {})",
                quote_literal(&relation),
                quote_literal(&column),
                quote_literal(&daily.bars.sql)
            )),
            (None, Place::Everywhere) => {
                Some(format!("SELECT pg_catalog.create_reference_table({})", quote_literal(&relation)))
            }
            (Some(kept), Place::WithBars) if kept.group == bars.group && kept.column == bars.column => None,
            // Weeks and months may be spread as well: the proxy is then read from its node.
            (Some(_), Place::Everywhere) => None,
            (Some(_), Place::WithBars) => return Err(elsewhere(&relation, &daily.bars.sql)),
        };
        let action = match &statement {
            None => "unchanged",
            Some(_) if dry_run => "to do",
            Some(statement) => {
                db.execute(statement, &[])?;
                "distributed"
            }
        };
        steps.push(Step { relation, action, statement });
    }
    Ok(steps)
}

fn check_coordinator(db: Db) -> Result<()> {
    citus::check_created(db, "regime_distribute() lays tables out on the nodes of Citus.")?;
    if citus::is_worker(db)? {
        return Err(not_in_prerequisite_state("this node is a worker of Citus",
        )
        .detail("Tables are distributed on the coordinator; a worker makes its working tables at its first refresh."));
    }
    Ok(())
}

/// How the daily bars are kept, by whose assets all else is.
fn kept_bars(db: Db, daily: &Source) -> Result<citus::Kept> {
    let (bars, id) = (&daily.bars.sql, &daily.bars.id);
    match citus::kept(db, bars)? {
        Some(kept) if kept.column.as_ref() == Some(id) => Ok(kept),
        None => Err(not_in_prerequisite_state(format!("the daily bars, {bars}, are not distributed"),
        )
        .hint(format!(
            "SELECT pg_catalog.create_distributed_table({}, {});",
            quote_literal(bars),
            quote_literal(id)
        ))),
        Some(_) => Err(not_in_prerequisite_state(format!("the daily bars, {bars}, are not distributed by {id}"),
        )
        .hint(format!(
            "SELECT pg_catalog.undistribute_table({0}); SELECT pg_catalog.create_distributed_table({0}, {1});",
            quote_literal(bars),
            quote_literal(id)
        ))),
    }
}

fn elsewhere(relation: &str, bars: &str) -> Error {
    not_in_prerequisite_state(format!("{relation} is distributed, but not with the daily bars, {bars}"))
        .detail("A refresh reads and writes what belongs to one asset on one node.")
        .hint(format!("SELECT pg_catalog.undistribute_table({});", quote_literal(relation)))
}

/// Every table to lay out: as SQL, with the column of the asset.
fn tables(
    db: Db,
    schema: &str,
    sources: &PerLayer<Option<Rc<Source>>>,
    daily: &Source,
) -> Result<Vec<(String, String, Place)>> {
    let id = || "id".to_owned();
    let mut all = vec![(daily.ema.sql.clone(), daily.ema.id.clone(), Place::WithBars)];
    all.extend(CMC.tables.iter().map(|table| (qualified(schema, table.name), id(), Place::WithBars)));
    let work = work_schema(schema);
    all.extend(CMC.state.iter().map(|own| (qualified(&work, own.name), id(), Place::WithBars)));
    for source in [Layer::L0, Layer::L1].into_iter().filter_map(|layer| sources[layer].as_ref()) {
        for relation in [&source.bars, &source.ema] {
            all.push((relation.sql.clone(), relation.id.clone(), Place::Everywhere));
        }
    }
    if let Some(dim) = DimAssets::find(db, &daily.bars_schema, Sees::Now)? {
        all.push((dim.relation, id(), Place::Everywhere));
    }
    let own = extension_schema(db)?;
    all.extend(
        ["regime_policy", "regime_source_user"]
            .map(|member| (format!("{own}.{member}"), String::new(), Place::Everywhere)),
    );
    // Views and foreign tables lie where their tables do.
    let mut tables: Vec<(String, String, Place)> = Vec::new();
    for table in all {
        let is_listed = tables.iter().any(|(relation, ..)| *relation == table.0);
        if !is_listed && !is_no_table(db, &table.0)? {
            tables.push(table);
        }
    }
    Ok(tables)
}

/// Whether a relation exists and is none that can be distributed.
fn is_no_table(db: Db, relation: &str) -> Result<bool> {
    let sql = "SELECT true FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind NOT IN ('r', 'p')";
    Ok(db.first(sql, &[arg(relation)], Sees::Now, |_| Ok(()))?.is_some())
}
