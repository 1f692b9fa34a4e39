//! Profiles: how an asset is computed is kept with the asset, in `regime_profile` and `regime_profile_asset`. Arguments of a
//! call go before the profile, the profile before settings and defaults.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use pgrx::prelude::*;
use serde_json::Value;

use regime_core::hash::of_texts;

use crate::pg::{
    Db, Error, Result, Row, RowVersion, Sees, arg, attempt_unless_cancelled, catalog, insufficient_privilege,
    json, known_of_versions, quoted, syscache, undefined_table,
};
use crate::source::map::{self, Versions};
use crate::source::names;
use crate::source::relation::{may_hide_rows, see_all_rows};
use crate::systems::cmc_regimes::arguments::{arguments, beside, given as of_kept, is_of_profile};
use crate::systems::cmc_regimes::params::{Given, Hysteresis, NOTHING, Parameters, Setup};

/// The tables of profiles, in the schema of the extension.
const TABLES: [&str; 2] = ["regime_profile", "regime_profile_asset"];

/// The profile of the assets that have no other.
pub const DEFAULT: &str = "default";

/// A row of `regime_profile`.
pub struct Profile {
    pub name: String,
    pub given: Given,
}

impl Profile {
    fn read(row: &Row) -> Result<Self> {
        let hysteresis = Hysteresis {
            on: row.get("hysteresis")?,
            mode: row.get("hysteresis_mode")?,
            min_hold_bars: row.get("min_hold_bars")?,
        };
        let given = Given {
            cal_scheme: row.get("cal_scheme")?,
            policy: row.get("policy")?,
            hysteresis,
            min_bars: [row.get("min_bars_l0")?, row.get("min_bars_l1")?, row.get("min_bars_l2")?],
            l4_label: row.get("l4_label")?,
            point_in_time: row.get("point_in_time")?,
            config: row.get::<Option<&str>>("config")?.map(json::parse).transpose()?,
            market_proxy_id: row.get("market_proxy_id")?,
            missing: None,
        };
        Ok(Self { name: row.get("profile")?, given })
    }

    /// A profile that a row names and that has no row of its own: nothing is computed with it, unless it is [`DEFAULT`].
    /// No foreign key keeps such rows out, since pg_restore --jobs loads both tables at the same time.
    fn absent(name: &str) -> Self {
        let missing = (name != DEFAULT).then(|| name.to_owned());
        Self { name: name.to_owned(), given: Given { missing, ..Given::default() } }
    }
}

/// What a row of `regime_profile_asset` names, in the order in which the rows go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    Id(i32),
    Symbol(String),
    Pattern(String),
}

/// A row of `regime_profile_asset`.
pub struct Assigned {
    pub profile: Rc<Profile>,
    pub names: Names,
}

/// The rows of both tables.
#[derive(Default)]
pub struct Rows {
    /// By name, without [`DEFAULT`].
    pub profiles: BTreeMap<String, Rc<Profile>>,
    /// What [`DEFAULT`] gives; nothing where there is no such row.
    default: Given,
    pub assigned: Vec<Assigned>,
    by_id: HashMap<i32, usize>,
}

impl Rows {
    fn read(db: Db, schema: &str) -> Result<Self> {
        let sql = format!(
            "SELECT profile, cal_scheme, policy, hysteresis, hysteresis_mode, min_hold_bars, min_bars_l0, min_bars_l1, min_bars_l2, \
             l4_label, point_in_time, config::text, market_proxy_id FROM {schema}.regime_profile"
        );
        let all = db.all(&sql, &[], Sees::Snapshot, |row| Ok(Rc::new(Profile::read(row)?)))?;
        let mut profiles: BTreeMap<_, _> = all.into_iter().map(|row| (row.name.clone(), row)).collect();
        let sql = format!(
            "SELECT profile, id, symbol, pattern FROM {schema}.regime_profile_asset ORDER BY id, symbol, pattern"
        );
        let mut assigned = Vec::new();
        db.rows(&sql, &[], Sees::Snapshot, |row| {
            let names = match (row.get("id")?, row.get("symbol")?) {
                (Some(id), _) => Names::Id(id),
                (None, Some(symbol)) => Names::Symbol(symbol),
                (None, None) => Names::Pattern(row.get("pattern")?),
            };
            let name: &str = row.get("profile")?;
            let profile = profiles.entry(name.to_owned()).or_insert_with(|| Rc::new(Profile::absent(name)));
            assigned.push(Assigned { profile: Rc::clone(profile), names });
            Ok(())
        })?;
        let by_id = assigned.iter().enumerate().filter_map(|(n, row)| match row.names {
            Names::Id(id) => Some((id, n)),
            _ => None,
        });
        let by_id = by_id.collect();
        let default = profiles.remove(DEFAULT).map(|row| row.given.clone()).unwrap_or_default();
        Ok(Self { profiles, default, assigned, by_id })
    }

    /// The profiles, without [`DEFAULT`], that rows give to assets, by name.
    pub fn used(&self) -> impl Iterator<Item = &Rc<Profile>> {
        let is_used = |name: &str| self.assigned.iter().any(|row| row.profile.name == name);
        self.profiles.values().filter(move |profile| is_used(&profile.name))
    }
}

/// The profile of an asset of its own; `None` for [`DEFAULT`].
pub type Own = Option<Rc<Profile>>;

/// The profiles as they are now, for a call with these arguments.
pub struct Profiles<'g> {
    given: &'g Given,
    versions: Versions,
    pub rows: Rc<Rows>,
}

impl<'g> Profiles<'g> {
    /// The profiles now.
    ///
    /// # Errors
    /// Tables that cannot be read.
    pub fn now(db: Db, given: &'g Given) -> Result<Self> {
        let schema = catalog::extension_schema_name(db)?;
        let is_blank = TABLES.iter().all(|table| syscache::is_blank(&schema, table));
        let tables = if is_blank { &[][..] } else { &TABLES };
        let versions = Versions::read(db, &given.scheme(), &quoted(&schema), tables)?;
        let rows = match versions.beside[..] {
            [] => Rc::default(),
            _ => rows(db, &versions)?,
        };
        Ok(Self { given, versions, rows })
    }

    /// The parameters of an asset with a profile.
    pub fn given(&self, own: &Own) -> Given {
        self.given.over(self.of_profile(own))
    }

    /// What the profile alone gives.
    pub fn of_profile<'a>(&'a self, own: &'a Own) -> &'a Given {
        own.as_ref().map_or(&self.rows.default, |profile| &profile.given)
    }

    /// The error of the parameters of assets without a profile of their own, with the name of the profile that gives some.
    pub fn of_default(&self, error: Error) -> Error {
        if self.rows.default.is_empty() { error } else { in_profile(DEFAULT, error) }
    }

    /// Whether the call has arguments beside a profile.
    pub fn has_arguments(&self) -> bool {
        !self.given.is_empty()
    }

    /// The parameters of some of [`Profiles::given`], checked, with `rules` laid over the policy.
    ///
    /// # Errors
    /// As [`Parameters::new`], and an unknown calendar scheme.
    pub fn parameters(&self, db: Db, given: &Given, rules: Option<&Value>) -> Result<Parameters> {
        let (scheme, schema) = (given.scheme(), self.versions.schema());
        let map = match scheme == self.versions.cal_scheme() {
            true => self.versions.map(db)?,
            false => map::map(db, &scheme, schema)?,
        };
        Parameters::new(db, schema, map, given, rules)
    }

    /// The profiles of those of these assets that have one of their own.
    ///
    /// # Errors
    /// Symbols that cannot be read.
    pub fn of(&self, db: Db, ids: &[i32]) -> Result<HashMap<i32, Rc<Profile>>> {
        let rows = &self.rows;
        let mut found: HashMap<i32, &Assigned> = HashMap::new();
        if rows.assigned.is_empty() {
            return Ok(HashMap::new());
        }
        let by_id = |id: &i32| Some((*id, &rows.assigned[*rows.by_id.get(id)?]));
        found.extend(ids.iter().filter_map(by_id));
        if found.len() < ids.len() && rows.by_id.len() < rows.assigned.len() {
            let others: Vec<i32> = ids.iter().copied().filter(|id| !found.contains_key(id)).collect();
            for (id, row) in self.by_symbol(db, &others)? {
                let best = found.entry(id).or_insert(row);
                if goes_before(&row.names, &best.names) {
                    *best = row;
                }
            }
        }
        let own = found.into_iter().filter(|(_, row)| row.profile.name != DEFAULT);
        Ok(own.map(|(id, row)| (id, Rc::clone(&row.profile))).collect())
    }

    /// The profile of an asset.
    ///
    /// # Errors
    /// As [`Profiles::of`].
    pub fn of_asset(&self, db: Db, id: i32) -> Result<Own> {
        Ok(self.of(db, &[id])?.remove(&id))
    }

    /// Checks that it can be told which assets have which symbol, as far as rows name some of these assets (all without `ids`)
    /// by symbol: an asset whose symbol is hidden would pass for one without a profile, and be rewritten.
    ///
    /// # Errors
    /// Where there is no relation of symbols, or the relation may not be read or may hide rows.
    pub fn check_symbols(&self, db: Db, ids: Option<&[i32]>) -> Result<()> {
        let by_id = |ids: &[i32]| ids.iter().all(|id| self.rows.by_id.contains_key(id));
        if self.rows.by_id.len() == self.rows.assigned.len() || ids.is_some_and(by_id) {
            return Ok(());
        }
        for profile in self.rows.used() {
            let of_profile = || self.rows.assigned.iter().filter(|row| row.profile.name == profile.name);
            if of_profile().all(|row| matches!(row.names, Names::Id(_))) {
                continue;
            }
            let symbols = symbols_of(db, profile)?;
            let (error, hint) = match &symbols {
                None => {
                    let error = undefined_table("no table dim_assets says which asset has which symbol");
                    let list = format!(
                        "SELECT * FROM {}.regime_profile_asset WHERE id IS NULL;",
                        self.versions.schema()
                    );
                    (error, format!("Give the table its place back, or name the assets by id: {list}"))
                }
                Some(relation) if may_hide_rows(db, relation)? => {
                    let error = format!("row-level security of {relation} may hide symbols");
                    (insufficient_privilege(error), see_all_rows())
                }
                Some(_) => continue,
            };
            let detail = format!(
                "Rows of regime_profile_asset give assets the profile \"{}\" by symbol; without the symbols, rows would be computed by other parameters.",
                profile.name
            );
            return Err(error.detail(detail).hint(hint));
        }
        Ok(())
    }

    fn by_symbol(&self, db: Db, ids: &[i32]) -> Result<Vec<(i32, &Assigned)>> {
        self.found_by_symbol(db, Some(ids))
    }

    /// The rows that name assets by symbol, one element for each asset and row.
    ///
    /// # Errors
    /// Symbols that cannot be read.
    pub fn all_by_symbol(&self, db: Db) -> Result<Vec<(i32, &Assigned)>> {
        self.found_by_symbol(db, None)
    }

    /// The assets that rows give a profile to, by id or by symbol, ascending: its assets as far as they can be told without their
    /// bars. Assets that are not active are left out.
    ///
    /// # Errors
    /// Symbols that cannot be read.
    pub fn assigned(&self, db: Db, profile: &Profile) -> Result<Vec<i32>> {
        let by_id = self.rows.assigned.iter().filter_map(|row| match row.names {
            Names::Id(id) => Some((id, row)),
            _ => None,
        });
        let all = by_id.chain(self.all_by_symbol(db)?);
        let ids: BTreeSet<i32> =
            all.filter(|(_, row)| row.profile.name == profile.name).map(|(id, _)| id).collect();
        let mut ids: Vec<i32> = ids.into_iter().collect();
        let inactive = names::inactive(db, &ids, profile.given.cal_scheme.as_deref())?;
        ids.retain(|id| !inactive.contains(id));
        Ok(ids)
    }

    fn found_by_symbol(&self, db: Db, ids: Option<&[i32]>) -> Result<Vec<(i32, &Assigned)>> {
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut place_of: HashMap<&str, Option<String>> = HashMap::new();
        for (n, row) in self.rows.assigned.iter().enumerate() {
            if matches!(row.names, Names::Id(_)) {
                continue;
            }
            let place = match place_of.get(row.profile.name.as_str()) {
                Some(place) => place.clone(),
                None => symbols_of(db, &row.profile)?,
            };
            place_of.insert(&row.profile.name, place.clone());
            places.entry(place.unwrap_or_default()).or_default().push(n);
        }
        // Where there are no symbols, no row names an asset.
        places.remove("");
        let mut found = Vec::new();
        for (relation, rows) in places {
            let text =
                |n: &usize, of: fn(&Names) -> Option<&String>| of(&self.rows.assigned[*n].names).cloned();
            let texts = |of| rows.iter().map(|n| text(n, of)).collect::<Vec<_>>();
            let symbols = texts(|names| match names {
                Names::Symbol(symbol) => Some(symbol),
                _ => None,
            });
            let patterns = texts(|names| match names {
                Names::Pattern(pattern) => Some(pattern),
                _ => None,
            });
            let named =
                "ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::text[])) AS a (n, text)";
            let of_ids = if ids.is_some() { "d.id = ANY ($4::int[])" } else { "true" };
            let of = |condition: &str, texts: &str| {
                format!(
                    "SELECT d.id::int8, a.n FROM {relation} AS d JOIN {} ON {condition} WHERE {of_ids} AND d.id IS NOT NULL",
                    named.replace("$2", texts)
                )
            };
            let sql = format!(
                "{} UNION {}",
                of("d.symbol::text COLLATE \"C\" = a.text", "$2"),
                of("d.symbol::text COLLATE \"C\" LIKE a.text", "$3")
            );
            let numbers: Vec<i32> = rows.iter().map(|n| *n as i32).collect();
            let mut args = vec![arg(numbers), arg(symbols), arg(patterns)];
            args.extend(ids.map(|ids| arg(ids.to_vec())));
            db.anew().rows(&sql, &args, Sees::Snapshot, |row| {
                let n: i32 = row.get("n")?;
                let id = i32::try_from(row.get::<i64>("id")?).ok();
                found.extend(id.map(|id| (id, &self.rows.assigned[n as usize])));
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// The parameters that the rows of an asset are to be computed with: those of its profile; for an asset without a
    /// profile of its own, those that the asset keeps.
    pub fn due(&self, own: &Own, kept: &str) -> Given {
        match own {
            Some(profile) => profile.given.clone(),
            None if is_of_profile(kept) => self.rows.default.clone(),
            None => Given { market_proxy_id: self.rows.default.market_proxy_id, ..of_kept(kept) },
        }
    }

    /// The arguments, each after a comma, with which a call computes an asset as its profile says; for an asset without a
    /// profile of its own, as the parameters say that the asset keeps.
    pub fn repeated(&self, own: &Own, kept: &str) -> String {
        match own {
            Some(_) => String::new(),
            None if is_of_profile(kept) => String::new(),
            None => arguments(&beside(kept, &self.rows.default)),
        }
    }

    /// A fingerprint of the rows that give profiles to assets; `None` where no asset has a profile of its own.
    pub fn print(&self) -> Option<String> {
        let texts =
            self.rows.assigned.iter().flat_map(|row| [row.profile.name.clone(), format!("{:?}", row.names)]);
        let texts: Vec<String> = texts.collect();
        (!texts.is_empty()).then(|| of_texts(texts.iter().map(String::as_str)).to_string())
    }
}

/// The rows of the tables, kept while the tables show the same versions.
fn rows(db: Db, versions: &Versions) -> Result<Rc<Rows>> {
    let key: (String, Vec<(i32, RowVersion)>) = (versions.schema().to_owned(), versions.beside.clone());
    known_of_versions("profiles", &key, || Rows::read(db, versions.schema()))
}

/// The relation of the symbols that rows of a profile name: beside the daily bars of its calendar scheme, and, as long as
/// the scheme cannot be used, of that of the settings, so that no asset of the profile passes for one of the default.
fn symbols_of(db: Db, profile: &Profile) -> Result<Option<String>> {
    let of_scheme =
        |scheme: Option<&str>| attempt_unless_cancelled(|| names::relation_of_symbols(db, scheme));
    match profile.given.cal_scheme.as_deref().map(|scheme| of_scheme(Some(scheme))) {
        Some(Ok(relation)) => Ok(relation),
        // Other symbols than those that the role may not read would be those of other assets.
        Some(Err(error)) if error.report().code == PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE => {
            Err(error)
        }
        _ => names::relation_of_symbols(db, None),
    }
}

/// The error of parameters that a profile gives, with its name in the detail.
pub fn of_profile(own: &Own, error: Error) -> Error {
    match own {
        Some(profile) if profile.given.missing.is_some() => {
            error.detail("A row of regime_profile_asset gives this profile to the asset.")
        }
        Some(profile) => in_profile(&profile.name, error),
        None => error,
    }
}

fn in_profile(name: &str, error: Error) -> Error {
    let further = error.report().detail.as_ref().map_or_else(String::new, |detail| format!(" {detail}"));
    error.detail(format!("The asset has the profile \"{name}\" of regime_profile.{further}"))
}

/// Whether a row that names an asset goes before another.
pub fn goes_before(a: &Names, b: &Names) -> bool {
    match (a, b) {
        (Names::Pattern(a), Names::Pattern(b)) => {
            let [la, lb] = [a, b].map(|pattern| pattern.chars().count());
            la > lb || (la == lb && a < b)
        }
        (Names::Id(_), Names::Symbol(_) | Names::Pattern(_)) | (Names::Symbol(_), Names::Pattern(_)) => true,
        _ => false,
    }
}

/// The parameters of an asset: the arguments of the call over its profile.
///
/// # Errors
/// Profiles or symbols that cannot be read.
pub fn of_asset(db: Db, id: i32, given: &Given) -> Result<Given> {
    let profiles = Profiles::now(db, given)?;
    Ok(profiles.given(&profiles.of_asset(db, id)?))
}

/// [`of_asset`] for the assets that have no profile of their own.
///
/// # Errors
/// Profiles that cannot be read.
pub fn of_default(db: Db, given: &Given) -> Result<Given> {
    Ok(Profiles::now(db, given)?.given(&None))
}

/// The setup of an asset, with `rules` laid over the policy, and the parameters that it was made of.
///
/// # Errors
/// As [`of_asset`] and [`Parameters::setup`].
pub fn load(db: Db, id: i32, given: &Given, rules: Option<&Value>) -> Result<(Setup, Given)> {
    let profiles = Profiles::now(db, given)?;
    let own = profiles.of_asset(db, id)?;
    let given = profiles.given(&own);
    let setup = profiles.parameters(db, &given, rules).and_then(|parameters| parameters.setup(db, &given));
    Ok((setup.map_err(|error| of_profile(&own, error))?, given))
}

/// The setup of an asset for what needs no labels from elsewhere.
///
/// # Errors
/// As [`of_asset`] and [`Parameters::setup_of_bars`].
pub fn load_bars(db: Db, id: i32, given: &Given) -> Result<Setup> {
    let profiles = Profiles::now(db, given)?;
    let own = profiles.of_asset(db, id)?;
    let given = profiles.given(&own);
    let setup = profiles.parameters(db, &given, None).and_then(|of| of.setup_of_bars(db, &given));
    setup.map_err(|error| of_profile(&own, error))
}

/// The version hash of the current settings, for the assets that have no profile of their own.
///
/// # Errors
/// As [`Parameters::new`].
pub fn version(db: Db) -> Result<String> {
    let profiles = Profiles::now(db, &NOTHING)?;
    Ok(profiles.parameters(db, profiles.of_profile(&None), None)?.version())
}
