//! Loading the demo market into tables of the source shape: bars, what is built from them, and candles.

use std::collections::HashSet;

use regime_core::{Layer, demo};

use crate::pg::{
    Db, Result, Sees, arg, check_range, check_schema, extension_schema, lock_schema, memory, quoted,
};
use crate::source::assets::distinct_ids;
use crate::source::bars::DAILY_TF;
use crate::source::build::demo_candles;
use crate::source::build::demo_candles::Candles;
use crate::source::build::tables::{BARS, BUILT, bars_content};
use crate::source::build::target::{Built, DEMO, Target, check_ours, foreign_rows, target};
use crate::source::{build, map};
use crate::sync::compare::Written;
use crate::sync::content::Value;
use crate::sync::sync;

const SCHEMES: [&str; 2] = ["iso", "us"];

/// Creates the source tables that are missing, and fills the tables with the market of a seed: `assets` assets over
/// `days` days. Gives what was done with each table.
///
/// # Errors
/// Before anything is changed, where a table holds rows that the demo did not make; where a number is out
/// of range.
pub fn load(db: Db, assets: i32, days: i32, seed: i32) -> Result<Vec<Built>> {
    check_range("assets", Some(assets), 1, 10_000)?;
    check_range("days", Some(days), 1, 10_000)?;
    let schema = extension_schema(db)?;
    let mut daily = None;
    let mut built = Vec::new();
    for scheme in SCHEMES {
        for row in map::map(db, scheme, &schema)?.into_iter().flatten() {
            let [_, ema] = &row.ema;
            built.push(ema.clone());
            if row.layer == Layer::L2 {
                daily = daily.or_else(|| Some(row.bars.clone()));
            } else if row.layer < Layer::L2 {
                let [_, bars] = &row.bars;
                built.push(bars.clone());
            }
        }
    }
    let Some([daily_schema, daily_name]) = daily else {
        return Err(map::no_source(Layer::L2, SCHEMES[0], &schema));
    };
    check_schema(db, &daily_schema)?;
    lock_schema(db, &daily_schema)?;
    for name in &built {
        check_ours(db, &daily_schema, name, BUILT)?;
    }
    let has_assets = check_ours(db, &daily_schema, "dim_assets", DEMO)?;
    let has_bars = check_ours(db, &daily_schema, &daily_name, DEMO)?;
    let ids = known_ids(db, &daily_schema, has_assets, has_bars.then_some(&daily_name))?;
    let mapped = demo_candles::mapped(db, &schema, &ids)?;

    let mut dim_assets = target(db, &daily_schema, "dim_assets", "assets", DEMO)?;
    let mut bars = target(db, &daily_schema, &daily_name, "bars", DEMO)?;
    let mut candles = mapped.as_ref().map(|table| Candles::begin(db, table, seed as u64)).transpose()?;
    let market = demo::assets(assets as usize, days as usize, seed as u64);
    fill(db, &mut dim_assets, &mut bars, candles.as_mut(), market)?;
    let mut built = vec![dim_assets.done(), bars.done()];
    for scheme in SCHEMES {
        for one in build::build(db, None, scheme, &daily_schema)? {
            match built.iter_mut().find(|b| b.relation == one.relation) {
                Some(before) => before.written += one.written,
                None => built.push(one),
            }
        }
    }
    built.extend(candles.map(|candles| candles.finish(days as usize)).transpose()?);
    Ok(built)
}

/// The ids of the assets of an earlier demo; an error where its tables hold any other rows.
fn known_ids(db: Db, schema: &str, has_assets: bool, bars: Option<&String>) -> Result<HashSet<i32>> {
    let dim_assets = format!("{}.dim_assets", quoted(schema));
    let mut ids = HashSet::new();
    if has_assets {
        db.rows(&format!("SELECT id, symbol FROM {dim_assets}"), &[], Sees::Now, |row| {
            let id = row.get("id")?;
            if row.get::<Option<&str>>("symbol")? != Some(&demo::symbol(id)) {
                return Err(foreign_rows(&dim_assets));
            }
            ids.insert(id);
            Ok(())
        })?;
    }
    if let Some(name) = bars {
        let bars = format!("{}.{}", quoted(schema), quoted(name));
        db.rows(&distinct_ids(&bars, "id", "true"), &[], Sees::Now, |row| {
            let is_known = i32::try_from(row.only::<i64>()?).is_ok_and(|id| ids.contains(&id));
            if is_known { Ok(()) } else { Err(foreign_rows(&bars)) }
        })?;
    }
    Ok(ids)
}

fn fill(
    db: Db,
    dim_assets: &mut Target,
    bars: &mut Target,
    mut candles: Option<&mut Candles>,
    market: impl Iterator<Item = demo::DemoAsset>,
) -> Result<()> {
    let mut ids = Vec::new();
    for asset in market {
        pgrx::check_for_interrupts!();
        ids.push(asset.id);
        memory::in_own_memory(|| {
            fill_asset(db, dim_assets, bars, &asset)?;
            candles.as_mut().map_or(Ok(()), |candles| candles.fill(&asset))
        })?;
    }
    // Deletes the assets of an earlier, larger market.
    for target in [dim_assets, bars] {
        let sql = format!("DELETE FROM {} WHERE id <> ALL ($1)", target.relation);
        let deleted = db.execute(&sql, &[arg(ids.clone())])?;
        target.add(Written { deleted, ..Written::default() });
    }
    Ok(())
}

fn fill_asset(db: Db, dim_assets: &mut Target, bars: &mut Target, asset: &demo::DemoAsset) -> Result<()> {
    let sql = format!(
        "INSERT INTO {} AS d (id, symbol) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET symbol = excluded.symbol \
         WHERE d.symbol IS DISTINCT FROM excluded.symbol",
        dim_assets.relation
    );
    let inserted = db.execute(&sql, &[arg(asset.id), arg(asset.symbol.as_str())])?;
    dim_assets.add(Written { inserted, ..Written::default() });
    let scope = [Value::Int(asset.id), Value::Text(DAILY_TF)];
    let content = bars_content(&asset.bars, 1);
    bars.add(sync(db, &bars.relation, &BARS, &scope, &content)?);
    Ok(())
}
