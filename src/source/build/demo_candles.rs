//! The candles of the demo market, in the table that the source map names for candles.

use std::collections::HashSet;

use regime_core::demo;
use regime_core::demo::{DAILY, DemoAsset, DemoCandles, FOUR_HOURS, INDEX};

use crate::pg::{Db, Result, Sees, arg, check_schema, lock_schema, quoted, spi};
use crate::source::build::tables::CANDLES;
use crate::source::build::target::{Built, DEMO, Target, check_ours, foreign_rows, target};
use crate::source::map::rows_of_map;
use crate::sync::compare::Written;
use crate::sync::content::{Content, Value};
use crate::sync::sync;

/// The table on its way to being filled.
pub struct Candles<'c> {
    db: Db<'c>,
    seed: u64,
    target: Target,
    /// Symbols of this market.
    symbols: Vec<String>,
}

/// Schema and name of the table of candles that the source map names; `None` where it names none. `assets`
/// are those of an earlier demo.
///
/// # Errors
/// Where the schema does not exist, or the table holds other candles than those of an earlier demo.
pub fn mapped(db: Db, extension_schema: &str, assets: &HashSet<i32>) -> Result<Option<[String; 2]>> {
    let sql = format!(
        "SELECT bars_schema::text, bars_table::text FROM {} WHERE layer = 'candles'",
        rows_of_map(extension_schema)
    );
    let names = |row: &spi::Row| Ok([row.get::<String>("bars_schema")?, row.get("bars_table")?]);
    let Some([schema, name]) = db.first(&sql, &[], Sees::Now, names)? else { return Ok(None) };
    check_schema(db, &schema)?;
    lock_schema(db, &schema)?;
    if check_ours(db, &schema, &name, DEMO)? {
        let relation = format!("{}.{}", quoted(&schema), quoted(&name));
        let symbols: HashSet<String> =
            assets.iter().map(|id| demo::symbol(*id)).chain([INDEX.to_owned()]).collect();
        let sql = format!("SELECT DISTINCT symbol::text, timeframe::text FROM {relation}");
        db.rows(&sql, &[], Sees::Now, |row| {
            let is_known = row.get::<Option<&str>>("symbol")?.is_some_and(|symbol| symbols.contains(symbol))
                && row.get::<Option<&str>>("timeframe")?.is_some_and(|of| [DAILY, FOUR_HOURS].contains(&of));
            if is_known { Ok(()) } else { Err(foreign_rows(&relation)) }
        })?;
    }
    Ok(Some([schema, name]))
}

impl<'c> Candles<'c> {
    /// Makes the table unless it exists.
    ///
    /// # Errors
    /// Where the table cannot be made or is of another shape.
    pub fn begin(db: Db<'c>, [schema, name]: &[String; 2], seed: u64) -> Result<Self> {
        let target = target(db, schema, name, CANDLES.name, DEMO)?;
        Ok(Self { db, seed, target, symbols: Vec::new() })
    }

    /// Writes the candles of an asset.
    ///
    /// # Errors
    /// Where the table cannot be written.
    pub fn fill(&mut self, asset: &DemoAsset) -> Result<()> {
        demo::candles(asset, self.seed).iter().try_for_each(|candles| self.write(candles))
    }

    fn write(&mut self, candles: &DemoCandles) -> Result<()> {
        let scope = [Value::Text(&candles.symbol), Value::Text(candles.timeframe)];
        let content = content(candles);
        self.target.add(sync(self.db, &self.target.relation, &CANDLES, &scope, &content)?);
        if self.symbols.last() != Some(&candles.symbol) {
            self.symbols.push(candles.symbol.clone());
        }
        Ok(())
    }

    /// Writes the index of a market of so many days, and deletes the candles of an earlier, larger
    /// market.
    ///
    /// # Errors
    /// Where the table cannot be written.
    pub fn finish(mut self, days: usize) -> Result<Built> {
        self.write(&demo::index(days, self.seed))?;
        let sql = format!("DELETE FROM {} WHERE symbol <> ALL ($1)", self.target.relation);
        let deleted = self.db.execute(&sql, &[arg(std::mem::take(&mut self.symbols))])?;
        self.target.add(Written { deleted, ..Written::default() });
        Ok(self.target.done())
    }
}

/// Rows of the table.
fn content(candles: &DemoCandles) -> Content<'static> {
    let bars = &candles.bars;
    let mut content = Content::default();
    let prices = bars.open.iter().zip(&bars.high).zip(&bars.low).zip(&bars.close).zip(&bars.volume);
    for (n, (ts, ((((open, high), low), close), volume))) in (0..).zip(bars.ts.iter().zip(prices)) {
        content.keys.push(Value::Micros(*ts));
        content.entry.push(n);
        content.entries.extend([open, high, low, close, volume].map(|value| Value::Float(*value)));
    }
    content
}
