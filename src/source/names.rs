//! Names of assets: the symbols of `dim_assets`, and ids as text.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use pgrx::prelude::*;
use regime_core::Layer;

use crate::pg::asset::Asset;
use crate::pg::environment::ours;
use crate::pg::{
    Db, Error, Result, Sees, arg, attempt_unless_cancelled, cardinality_violation, extension_schema, known,
    quote_literal, quoted, settings, undefined_object, undefined_table,
};
use crate::source::assets::too_large;
use crate::source::dim_assets::DimAssets;
use crate::source::map::{self, MapRow};
use crate::source::nearest::nearest;
use crate::source::symbols;

/// The types of the columns `id` and `symbol` in the statements of hints.
const ADDED: [&str; 2] = ["int", "text"];
/// Most ids that an error lists.
const MOST_LISTED: usize = 20;
/// Most characters of a name that an error shows.
const MOST_SHOWN: usize = 100;

/// The id of an asset as an argument names it.
///
/// # Errors
/// An id outside the range of int, and as [`id_of`].
pub fn id(db: Db, asset: &Asset, cal_scheme: Option<&str>) -> Result<i32> {
    match asset {
        Asset::Id(id) => fitting(db, *id),
        Asset::Name(name) => id_of(db, name, cal_scheme),
    }
}

/// [`id`] for a function that writes: as [`id_of_new`] for a name.
///
/// # Errors
/// As [`id`].
pub fn id_new(db: Db, asset: &Asset, cal_scheme: Option<&str>) -> Result<i32> {
    match asset {
        Asset::Id(id) => fitting(db, *id),
        Asset::Name(name) => id_of_new(db, name, cal_scheme),
    }
}

/// The id of the asset of a name: the symbol in this spelling, else the only symbol that differs in case alone, else
/// the name as an integer if `dim_assets` or the daily bars have this id. Without `cal_scheme`, `pg_regime.cal_scheme`
/// applies, and where this scheme has no such asset, the schemes of the profiles do. For [`crate::pg::spi::connect_as_caller`], too.
///
/// # Errors
/// Where no asset or more than one has this name, or `dim_assets` may not be read.
pub fn id_of(db: Db, asset: &str, cal_scheme: Option<&str>) -> Result<i32> {
    let place = match Place::find(db, cal_scheme) {
        Ok(place) => place,
        Err(error) if cal_scheme.is_some() => return Err(error),
        Err(error) => return ours(|| in_profiles(db, |place| place.look_up(db, asset)))?.ok_or(error),
    };
    if let Some(dim) = place.dim() {
        dim.check_readable(&[dim.id, dim.symbol])?;
    }
    match place.look_up(db, asset)? {
        Some(id) => Ok(id),
        None => ours(|| elsewhere(db, &place, asset, cal_scheme)),
    }
}

/// The id of the asset of a name that the place of the scheme does not have.
fn elsewhere(db: Db, place: &Place, asset: &str, cal_scheme: Option<&str>) -> Result<i32> {
    if cal_scheme.is_none()
        && let Some(id) = in_profiles(db, |place| place.look_up(db, asset))?
    {
        return Ok(id);
    }
    let error = place.unknown(db, asset, as_id(db, asset)?.is_some())?;
    // PostgreSQL takes an array literal without a type for a name.
    if asset.starts_with('{') && asset.ends_with('}') {
        let list = quote_literal(shown(asset));
        return Err(error.hint(format!(
            "Pass a single asset; where a function takes several, name the argument: assets => {list}."
        )));
    }
    Err(error)
}

/// [`id_of`] for a function that writes: gives ids to the symbols of the daily bars that have none where no asset has the name.
///
/// # Errors
/// As [`id_of`].
pub fn id_of_new(db: Db, asset: &str, cal_scheme: Option<&str>) -> Result<i32> {
    let error = match id_of(db, asset, cal_scheme) {
        Ok(id) => return Ok(id),
        Err(error) => error,
    };
    if error.report().code == PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT
        && let Ok(place) = Place::find(db, cal_scheme)
        && let bars = place.daily.bars(db, &[])?
        && bars.symbols.is_some()
    {
        symbols::name_new(db, (&bars, place.daily.tf.as_deref(), &place.daily.symbols_schema), false)?;
        return db.with_new_snapshot(|| id_of(db, asset, cal_scheme));
    }
    Err(error)
}

/// What `look` finds first in the places of the schemes of profiles; schemes that cannot be used are left out.
fn in_profiles<T>(db: Db, mut look: impl FnMut(&Place) -> Result<Option<T>>) -> Result<Option<T>> {
    let sql = format!(
        "SELECT DISTINCT cal_scheme FROM {}.regime_profile WHERE cal_scheme IS NOT NULL ORDER BY 1",
        extension_schema(db)?
    );
    for scheme in db.all(&sql, &[], Sees::Snapshot, |row| row.only::<String>())? {
        if let Ok(place) = Place::find(db, Some(&scheme))
            && place.dim().is_none_or(|dim| dim.check_readable(&[dim.id, dim.symbol]).is_ok())
            && let Some(found) = look(&place)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn as_id(db: Db, asset: &str) -> Result<Option<i32>> {
    asset.trim().parse().ok().map(|id| fitting(db, id)).transpose()
}

/// [`id_of`] in the calendar scheme of the settings; `None` where no asset has this name.
///
/// # Errors
/// Where more than one asset has this name, or `dim_assets` may not be read.
pub fn id_if_known(db: Db, asset: &str) -> Result<Option<i32>> {
    // Without daily bars there are no assets.
    let Ok(place) = Place::find(db, None) else { return Ok(None) };
    let Some(dim) = place.dim() else { return Ok(None) };
    dim.check_readable(&[dim.id, dim.symbol])?;
    place.look_up(db, asset)
}

/// The symbols that `dim_assets` knows, in no order; none where there is no such table.
///
/// # Errors
/// Where `dim_assets` may not be read.
pub fn symbols(db: Db) -> Result<Vec<String>> {
    match Place::find(db, None).as_ref().map(Place::with_symbols) {
        Ok(Some(dim)) => all_symbols(db, dim),
        _ => Ok(Vec::new()),
    }
}

/// The relation of ids and symbols beside the daily bars of a calendar scheme, quoted; `None` where there is none. Without
/// `cal_scheme`, `pg_regime.cal_scheme` applies.
///
/// # Errors
/// Where the map has no daily bars, and where the relation may not be read.
pub fn relation_of_symbols(db: Db, cal_scheme: Option<&str>) -> Result<Option<String>> {
    let place = Place::find(db, cal_scheme)?;
    let Some(dim) = place.with_symbols() else { return Ok(None) };
    dim.check_readable(&[dim.id, dim.symbol])?;
    Ok(Some(dim.relation.clone()))
}

/// [`relation_of_symbols`] where ids and symbols have to be told from each other; `why` begins the message.
///
/// # Errors
/// As [`relation_of_symbols`], and where there is no such relation.
pub fn needed_symbols(db: Db, why: &str) -> Result<String> {
    if let Some(relation) = relation_of_symbols(db, None)? {
        return Ok(relation);
    }
    let place = Place::find(db, None)?;
    let relation = format!("{}.dim_assets", quoted(&place.daily.bars[0]));
    let lack =
        place.dim().and_then(|dim| dim.lack(ADDED, |lack| format!("{why}, and relation {relation} {lack}")));
    Err(lack.unwrap_or_else(|| {
        undefined_table(format!("{why}, and relation {relation} does not exist"))
            .hint(format!("CREATE TABLE {relation} (id int PRIMARY KEY, symbol text UNIQUE);"))
    }))
}

/// An asset as messages name it: `asset 3 (SPY)`, or `asset 3` where no symbol is known or can be read: the message tells of
/// something else. Without `cal_scheme`, `pg_regime.cal_scheme` applies.
///
/// # Errors
/// A cancel.
pub fn in_words(db: Db, id: i32, cal_scheme: Option<&str>) -> Result<String> {
    let symbol = attempt_unless_cancelled(|| symbol_of(db, id, cal_scheme)).unwrap_or_default();
    Ok(told(id, symbol.as_deref()))
}

/// An asset as messages name it, by its id and its symbol, if that is known.
pub fn told(id: i32, symbol: Option<&str>) -> String {
    symbol.map_or_else(|| format!("asset {id}"), |symbol| format!("asset {id} ({})", shown(symbol)))
}

/// The symbol of an asset; `None` where `dim_assets` has none, or the current role may not read it. Without
/// `cal_scheme`, `pg_regime.cal_scheme` applies, then the schemes of the profiles.
///
/// # Errors
/// Where the map has no daily bars.
pub fn symbol_of(db: Db, id: i32, cal_scheme: Option<&str>) -> Result<Option<String>> {
    let look = |place: &Place| {
        let readable = place.with_symbols().filter(|dim| dim.check_readable(&[dim.id, dim.symbol]).is_ok());
        let Some(dim) = readable else { return Ok(None) };
        let sql = format!("SELECT symbol::text FROM {} WHERE id = $1 ORDER BY 1 LIMIT 1", dim.relation);
        Ok(db.first(&sql, &[arg(id)], Sees::Snapshot, |row| row.only())?.flatten())
    };
    match look(&Place::find(db, cal_scheme)?)? {
        None if cal_scheme.is_none() => in_profiles(db, look),
        symbol => Ok(symbol),
    }
}

/// The symbols of assets, read at once, of those that have one; none where `dim_assets` may not be read or has no symbols.
/// Without `cal_scheme`, `pg_regime.cal_scheme` applies, then the schemes of the profiles. For [`crate::pg::spi::connect_as_caller`], too.
///
/// # Errors
/// Where the relation cannot be read.
pub fn symbols_of(db: Db, ids: &[i32], cal_scheme: Option<&str>) -> Result<HashMap<i32, String>> {
    let look = |place: &Place, ids: Vec<i32>| match place.dim() {
        Some(dim) => symbols_in(db, dim, ids),
        None => Ok(HashMap::new()),
    };
    let mut symbols = HashMap::new();
    if let Ok(place) = Place::find(db, cal_scheme) {
        symbols.extend(look(&place, ids.to_vec())?);
    }
    if cal_scheme.is_none() && symbols.len() < ids.len() {
        let of_profile = |place: &Place| {
            let missing = ids.iter().copied().filter(|id| !symbols.contains_key(id)).collect();
            symbols.extend(look(place, missing)?);
            Ok(None::<()>)
        };
        ours(|| in_profiles(db, of_profile))?;
    }
    Ok(symbols)
}

/// [`symbols_of`] for daily bars in a schema, whatever the profiles say.
///
/// # Errors
/// Where the relation cannot be read.
pub fn symbols_beside(db: Db, schema: &str, ids: &[i32]) -> Result<HashMap<i32, String>> {
    match DimAssets::find(db, schema, Sees::Snapshot)? {
        Some(dim) => symbols_in(db, &dim, ids.to_vec()),
        None => Ok(HashMap::new()),
    }
}

fn symbols_in(db: Db, dim: &DimAssets, ids: Vec<i32>) -> Result<HashMap<i32, String>> {
    let columns = [dim.id, dim.symbol];
    if ids.is_empty() || columns.contains(&None) || dim.check_readable(&columns).is_err() {
        return Ok(HashMap::new());
    }
    // Of several symbols of an asset, the last row has the first.
    let sql = format!(
        "SELECT id::pg_catalog.int4 AS id, symbol::pg_catalog.text AS symbol FROM {} \
         WHERE id OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.int4[]) AND symbol IS NOT NULL ORDER BY 2 DESC",
        dim.relation
    );
    let symbols =
        db.all(&sql, &[arg(ids)], Sees::Snapshot, |row| Ok((row.get("id")?, row.get("symbol")?)))?;
    Ok(symbols.into_iter().collect())
}

/// Those of these assets that `dim_assets` says are not active: none without such a relation. In the calendar scheme, or where
/// that has no daily bars in the map, in that of the settings.
///
/// # Errors
/// Where `dim_assets` may not be read, or a value of `is_active` is neither true nor false.
pub fn inactive(db: Db, ids: &[i32], cal_scheme: Option<&str>) -> Result<HashSet<i32>> {
    let Ok(place) = Place::find(db, cal_scheme).or_else(|_| Place::find(db, None)) else {
        return Ok(HashSet::new());
    };
    let Some(dim) = place.dim().filter(|dim| dim.id.is_some() && dim.is_active.is_some()) else {
        return Ok(HashSet::new());
    };
    dim.check_readable(&[dim.id])?;
    let sql = format!("SELECT DISTINCT id::int4 FROM {} WHERE id = ANY ($1::int4[])", dim.relation);
    let listed = db.all(&sql, &[arg(ids.to_vec())], Sees::Snapshot, |row| row.only::<i32>())?;
    let mut inactive: HashSet<i32> = listed.into_iter().collect();
    dim.active(db, |id| {
        let _ = i32::try_from(id).is_ok_and(|id| inactive.remove(&id));
        Ok(())
    })?;
    Ok(inactive)
}

/// The ids of names, each as [`id_of`] finds it: no element for a name of no asset, and `None` for a name that several assets have.
///
/// # Errors
/// Where `dim_assets` or the daily bars may not be read.
pub fn ids_of(db: Db, names: Vec<String>) -> Result<HashMap<String, Option<i64>>> {
    let place = Place::find(db, None);
    let find = |name: &str| match &place {
        Ok(place) => place.look_up(db, name),
        Err(_) => Ok(None),
    };
    let mut ids = HashMap::new();
    for name in names {
        let found = match find(&name) {
            Ok(None) => in_profiles(db, |place| place.look_up(db, &name)),
            found => found,
        };
        match found {
            Ok(None) => {}
            Ok(Some(id)) => {
                ids.insert(name, Some(i64::from(id)));
            }
            Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_CARDINALITY_VIOLATION => {
                ids.insert(name, None);
            }
            // A number outside the range of int is no asset.
            Err(error) if error.report().code == PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ids)
}

/// The ids of all symbols, none of a symbol that several assets have; `None` where no relation has symbols.
///
/// # Errors
/// Where the map has no daily bars, and where the relation may not be read.
pub fn ids_by_symbol(db: Db) -> Result<Option<HashMap<String, Option<i64>>>> {
    let Some(relation) = relation_of_symbols(db, None)? else { return Ok(None) };
    let sql = format!(
        "SELECT symbol::text AS symbol, CASE WHEN min(id) = max(id) THEN min(id)::int8 END AS id FROM {relation} \
         WHERE symbol IS NOT NULL AND id IS NOT NULL GROUP BY symbol::text"
    );
    let all = db.all(&sql, &[], Sees::Snapshot, |row| Ok((row.get("symbol")?, row.get("id")?)))?;
    Ok(Some(all.into_iter().collect()))
}

/// The symbols of the assets that are not active.
///
/// # Errors
/// Where the map has no daily bars, and where `dim_assets` may not be read.
pub fn retired(db: Db) -> Result<HashSet<String>> {
    let place = Place::find(db, None)?;
    let Some(dim) = place.with_symbols().filter(|dim| dim.is_active.is_some()) else {
        return Ok(HashSet::new());
    };
    let mut active = HashSet::new();
    dim.active(db, |id| {
        active.insert(id);
        Ok(())
    })?;
    dim.check_readable(&[dim.symbol])?;
    let sql = format!(
        "SELECT id::int8 AS id, symbol::text AS symbol FROM {} WHERE id IS NOT NULL AND symbol IS NOT NULL",
        dim.relation
    );
    let all =
        db.all(&sql, &[], Sees::Snapshot, |row| Ok((row.get::<i64>("id")?, row.get::<String>("symbol")?)))?;
    Ok(all.into_iter().filter(|(id, _)| !active.contains(id)).map(|(_, symbol)| symbol).collect())
}

/// Where names are looked up.
struct Place {
    /// The row of the source map for the daily bars.
    daily: Rc<MapRow>,
    cal_scheme: String,
    dim: Rc<Option<DimAssets>>,
}

impl Place {
    fn find(db: Db, cal_scheme: Option<&str>) -> Result<Self> {
        let schema = extension_schema(db)?;
        let cal_scheme = cal_scheme.map_or_else(settings::cal_scheme, str::to_owned);
        let [_, _, daily, _] = map::map(db, &cal_scheme, &schema)?.into_array();
        let daily = daily.ok_or_else(|| map::no_source(Layer::L2, &cal_scheme, &schema))?;
        let beside = &daily.bars[0];
        let dim = known("dim_assets", beside, || DimAssets::find(db, beside, Sees::Snapshot))?;
        Ok(Self { daily, cal_scheme, dim })
    }

    fn dim(&self) -> Option<&DimAssets> {
        self.dim.as_ref().as_ref()
    }

    /// `dim_assets`, if the relation has ids and symbols.
    fn with_symbols(&self) -> Option<&DimAssets> {
        self.dim().filter(|dim| dim.id.is_some() && dim.symbol.is_some())
    }

    /// The asset of this name, if there is one.
    fn look_up(&self, db: Db, asset: &str) -> Result<Option<i32>> {
        if let Some(dim) = self.with_symbols() {
            let exact = match dim.is_loose {
                true => "symbol::pg_catalog.text COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.=) $1",
                false => "symbol::pg_catalog.text OPERATOR(pg_catalog.=) $1",
            };
            let mut conditions = vec![exact];
            if asset.chars().any(char::is_alphabetic) {
                conditions.push(
                    "pg_catalog.lower(symbol::pg_catalog.text) OPERATOR(pg_catalog.=) pg_catalog.lower($1)",
                );
            }
            for condition in conditions {
                match with_symbol(db, dim, condition, asset)?.as_slice() {
                    [] => {}
                    [id] => return fitting(db, *id).map(Some),
                    ids => return Err(not_unique(dim, condition, asset, ids)),
                }
            }
        }
        match as_id(db, asset)? {
            Some(id) if ours(|| self.has(db, id))? => Ok(Some(id)),
            _ => Ok(None),
        }
    }

    /// Whether there is an asset of this id.
    fn has(&self, db: Db, id: i32) -> Result<bool> {
        let exists = |sql: &str, args: &[_]| {
            Ok::<_, Error>(db.first(sql, args, Sees::Snapshot, |_| Ok(()))?.is_some())
        };
        if let Some(dim) = self.dim().filter(|dim| dim.id.is_some())
            && exists(&format!("SELECT FROM {} WHERE id = $1 LIMIT 1", dim.relation), &[arg(id)])?
        {
            return Ok(true);
        }
        let bars = self.daily.bars(db, &[])?;
        let sql =
            format!("SELECT FROM {} WHERE {} AND {} LIMIT 1", bars.sql, bars.shared_condition, bars.is("$2"));
        exists(&sql, &[arg(self.daily.tf.as_deref()), arg(id)])
    }

    /// The error for a name that no asset has.
    fn unknown(&self, db: Db, asset: &str, is_id: bool) -> Result<Error> {
        if let Some(dim) = self.with_symbols()
            && has_no_id(db, dim, asset)?
        {
            let relation = &dim.relation;
            return Ok(undefined_object(format!("asset \"{}\" has no id", shown(asset)))
                .detail(format!("Column id of {relation} is NULL for this symbol."))
                .hint(format!(
                    "UPDATE {relation} SET id = (SELECT coalesce(max(id), 0) + 1 FROM {relation}) WHERE symbol = {} AND id IS NULL;",
                    quote_literal(asset)
                )));
        }
        let symbols = match (self.with_symbols(), self.dim()) {
            (Some(dim), _) => Some((&dim.relation, all_symbols(db, dim)?)),
            (None, _) if is_id => None,
            (None, dim) => {
                let says = |lack: &str| self.no_id(asset, lack);
                let lack = dim.and_then(|dim| dim.lack(ADDED, says));
                return Ok(lack.unwrap_or_else(|| self.no_table(asset)));
            }
        };
        let mut looked = Vec::new();
        if let Some((relation, symbols)) = &symbols {
            let s = if symbols.len() == 1 { "" } else { "s" };
            looked.push(format!("at {} symbol{s} of {relation}", symbols.len()));
        }
        if is_id {
            let dim = self.dim().filter(|dim| dim.id.is_some()).map(|dim| dim.relation.clone());
            let places: Vec<String> = dim.into_iter().chain([self.bars()]).collect();
            looked.push(format!("for the id in {}", places.join(" and in ")));
        }
        let near = symbols.as_ref().and_then(|(_, symbols)| nearest(asset, symbols.iter()));
        let hint = match (near, &symbols) {
            (Some(name), _) => format!("Did you mean {}?", quote_literal(name)),
            (None, Some((relation, _))) => format!("SELECT id, symbol FROM {relation} ORDER BY symbol;"),
            (None, None) => {
                let bars = self.daily.bars(db, &[])?;
                format!("SELECT DISTINCT {} FROM {};", bars.id, bars.sql)
            }
        };
        let message = format!("asset \"{}\" does not exist", shown(asset));
        Ok(undefined_object(message).detail(format!("Looked {}.", looked.join(", and "))).hint(hint))
    }

    /// The daily bars, quoted.
    fn bars(&self) -> String {
        self.daily.bars.each_ref().map(quoted).join(".")
    }

    /// That a name is no id, and what the relation of names lacks.
    fn no_id(&self, asset: &str, lack: &str) -> String {
        let relation = format!("{}.dim_assets", quoted(&self.daily.bars[0]));
        format!("asset \"{}\" is not an id, and relation {relation} {lack}", shown(asset))
    }

    fn no_table(&self, asset: &str) -> Error {
        let relation = format!("{}.dim_assets", quoted(&self.daily.bars[0]));
        undefined_table(self.no_id(asset, "does not exist"))
        .detail(format!(
            "Symbols are looked up beside the daily bars {} of calendar scheme \"{}\".",
            self.bars(),
            self.cal_scheme
        ))
        .hint(format!(
            "Pass the id, or create the relation: CREATE TABLE {relation} (id int PRIMARY KEY, symbol text UNIQUE);"
        ))
    }
}

/// Whether a symbol is that of rows without an id.
fn has_no_id(db: Db, dim: &DimAssets, symbol: &str) -> Result<bool> {
    let sql = format!("SELECT FROM {} WHERE symbol::text = $1 AND id IS NULL LIMIT 1", dim.relation);
    Ok(db.first(&sql, &[arg(symbol)], Sees::Snapshot, |_| Ok(()))?.is_some())
}

fn all_symbols(db: Db, dim: &DimAssets) -> Result<Vec<String>> {
    let sql =
        format!("SELECT symbol::text FROM {} WHERE symbol IS NOT NULL AND id IS NOT NULL", dim.relation);
    db.all(&sql, &[], Sees::Snapshot, |row| row.only())
}

fn with_symbol(db: Db, dim: &DimAssets, condition: &str, symbol: &str) -> Result<Vec<i64>> {
    let sql = format!(
        "SELECT DISTINCT id::pg_catalog.int8 FROM {} WHERE {condition} AND id IS NOT NULL ORDER BY 1",
        dim.relation
    );
    db.all(&sql, &[arg(symbol)], Sees::Snapshot, |row| row.only())
}

fn fitting(db: Db, id: i64) -> Result<i32> {
    let hint = "Asset ids must be of type int: give the asset an id in the range of int.";
    match i32::try_from(id) {
        Ok(id) => Ok(id),
        Err(_) => Err(too_large(db, id)?.hint(hint)),
    }
}

fn not_unique(dim: &DimAssets, condition: &str, symbol: &str, ids: &[i64]) -> Error {
    let mut listed: Vec<String> = ids.iter().take(MOST_LISTED).map(i64::to_string).collect();
    if ids.len() > MOST_LISTED {
        listed.push("…".to_owned());
    }
    cardinality_violation(format!(
        "{} assets have the symbol \"{}\": {}",
        ids.len(),
        shown(symbol),
        listed.join(", ")
    ))
    .hint(format!(
        "Pass the id; see SELECT * FROM {} WHERE {};",
        dim.relation,
        condition
            .replace("OPERATOR(pg_catalog.=)", "=")
            .replace("pg_catalog.", "")
            .replace("$1", &quote_literal(symbol))
    ))
}

/// A name as an error shows it.
fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(MOST_SHOWN).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    shown
}
