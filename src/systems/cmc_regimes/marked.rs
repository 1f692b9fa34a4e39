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

    /// [`OfAsset::read`] of assets, each with its symbol.
    ///
    /// # Errors
    /// As [`OfAsset::read`].
    pub fn read_each(db: Db, schema: &str, assets: &[(i32, Option<&'a Named>)]) -> Result<Vec<Self>> {
        let ids = assets.iter().map(|(id, _)| *id);
        let keys: Vec<i32> = ids.chain(assets.iter().filter_map(|(_, named)| Some((*named)?.key))).collect();
        let marks = ASSETS.of_each(db, schema, &keys)?;
        let of = |key: i32| marks.get(&key).into_iter().flatten().cloned();
        let of_asset = |(id, named): &(i32, Option<&'a Named>)| {
            let mut all: Vec<Mark> = of(*id).collect();
            let of_id = all.len();
            all.extend(named.iter().flat_map(|named| of(named.key)));
            Self { all, of_id, named: *named }
        };
        Ok(assets.iter().map(of_asset).collect())
    }

    /// Removes the marks of assets; those of a key that another symbol or id has, too, stay for the
    /// other. A negative id may be the key of a
    /// symbol: of its marks, those stay that a relation has left which names assets by symbols, of whichever calendar scheme, and
    /// all where a row of the source map is wrong. Gives the ids of the array rows that the marks stand in.
    ///
    /// # Errors
    /// Where the tables of marks cannot be written.
    pub fn clear(db: Db, schema: &str, assets: Vec<(i32, Self)>, dim: Option<&str>) -> Result<Vec<String>> {
        let mut marks = Vec::with_capacity(assets.len());
        let mut of_symbols = Vec::new();
        for (id, mut of) in assets {
            let of_symbol = of.all.split_off(of.of_id);
            if id < 0 && !of.all.is_empty() {
                let Ok(sources) = attempt_unless_cancelled(|| map::all(db)) else { continue };
                let is_of_symbols = |source: &str| {
                    let mut relations = sources.iter().flat_map(|source| source.relations());
                    relations.any(|relation| relation.symbols.is_some() && relation.sql == source)
                };
                of.all.retain(|mark| !is_of_symbols(&mark.source));
            }
            marks.push((id, of.all));
            of_symbols
                .extend(of.named.filter(|_| !of_symbol.is_empty()).map(|named| ((id, named), of_symbol)));
        }
        if let (Some(dim), false) = (dim, of_symbols.is_empty()) {
            let all: Vec<(i32, &Named)> = of_symbols.iter().map(|(asset, _)| *asset).collect();
            let shared = symbols::shared_keys(db, dim, &all)?;
            let own = of_symbols.into_iter().filter(|((_, named), _)| !shared.contains(&named.key));
            marks.extend(own.map(|((_, named), of_symbol)| (named.key, of_symbol)));
        }
        ASSETS.clear_each(db, schema, marks)
    }
}
