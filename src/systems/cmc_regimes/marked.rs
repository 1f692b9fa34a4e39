//! Marks of assets: those of an id, and those of the symbol of an asset whose bars name it by its symbol.

use crate::pg::{Db, Result, attempt_unless_cancelled};
use crate::source::map;
use crate::source::symbols::{self, Named};
use crate::systems::cmc_regimes::tables::ASSETS;
use crate::track::marks::Mark;

/// SQL: whether an asset, which is given as SQL, is marked; `dim` is the table of the ids of symbols.
pub fn is_marked(schema: &str, dim: Option<&str>, asset: &str) -> String {
    let by_id = ASSETS.is_marked(schema, asset);
    match dim {
        Some(dim) => format!("({by_id} OR {})", ASSETS.is_marked(schema, &symbols::key_of(dim, asset))),
        None => by_id,
    }
}

/// SQL: the ids of the assets that are marked; of symbols, the keys too.
pub fn all(schema: &str, dim: Option<&str>) -> String {
    let by_id = ASSETS.all(schema);
    match dim {
        Some(dim) => format!(
            "{by_id} UNION SELECT pg_regime_dim.id::int FROM {dim} AS pg_regime_dim WHERE {} IN ({by_id})",
            symbols::key("pg_regime_dim.symbol")
        ),
        None => by_id,
    }
}

/// The marks of an asset.
pub struct OfAsset<'a> {
    /// Those of the id first.
    pub all: Vec<Mark>,
    of_id: usize,
    named: Option<&'a Named>,
}

impl<'a> OfAsset<'a> {
    /// The marks of an id, and of the symbol of its bars.
    ///
    /// # Errors
    /// Where the tables of marks cannot be read.
    pub fn read(db: Db, schema: &str, id: i32, named: Option<&'a Named>) -> Result<Self> {
        let mut all = ASSETS.of(db, schema, id)?;
        let of_id = all.len();
        if let Some(named) = named {
            all.extend(ASSETS.of(db, schema, named.key)?);
        }
        Ok(Self { all, of_id, named })
    }

    /// Removes the marks; those of a key that two symbols have stay for the other. A negative id may be the key of a symbol:
    /// of its marks, those stay that a relation has left which names assets by symbols, of whichever calendar scheme, and all
    /// where a row of the source map is wrong. Gives the ids of the array rows that the marks stand in.
    ///
    /// # Errors
    /// Where the tables of marks cannot be written.
    pub fn clear(mut self, db: Db, schema: &str, id: i32, dim: Option<&str>) -> Result<Vec<String>> {
        let of_symbol = self.all.split_off(self.of_id);
        if id < 0 && !self.all.is_empty() {
            let Ok(sources) = attempt_unless_cancelled(|| map::all(db)) else { return Ok(Vec::new()) };
            let is_of_symbols = |source: &str| {
                let mut relations = sources.iter().flat_map(|source| source.relations());
                relations.any(|relation| relation.symbols.is_some() && relation.sql == source)
            };
            self.all.retain(|mark| !is_of_symbols(&mark.source));
        }
        let mut of_many = ASSETS.clear(db, schema, id, self.all)?;
        if let (Some(dim), Some(named), false) = (dim, self.named, of_symbol.is_empty())
            && !symbols::shares_its_key(db, dim, named)?
        {
            of_many.extend(ASSETS.clear(db, schema, named.key, of_symbol)?);
        }
        Ok(of_many)
    }
}
