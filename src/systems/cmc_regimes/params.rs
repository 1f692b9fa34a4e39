//! The label parameters that functions share: checked, with defaults filled in.

use std::rc::Rc;

use serde_json::Value;

use regime_core::cmc_regimes::config::Config;
use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::params::{LayerParams, Params};
use regime_core::cmc_regimes::policy::{MOST_CHARACTERS, PolicyTable};
use regime_core::cmc_regimes::version::version_hash;
use regime_core::{Layer, PerLayer};

use crate::pg::{
    Db, Result, check_range, extension_schema, invalid_parameter, quote_literal, settings, syscache,
    undefined_object,
};
use crate::source::map::{self, Map, Sources};
use crate::systems::cmc_regimes::arguments::kept;
use crate::systems::cmc_regimes::labels;
use crate::systems::cmc_regimes::policies::policy_table;

/// The label parameters as a caller gave them; `None` is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    pub cal_scheme: Option<String>,
    pub policy: Option<String>,
    pub hysteresis: Hysteresis,
    /// Fewest bars that enable L0, L1 and L2.
    pub min_bars: [Option<i32>; 3],
    pub l4_label: Option<String>,
    pub point_in_time: Option<bool>,
    /// Windows and thresholds by key, an object of JSON.
    pub config: Option<Value>,
    /// The asset that stands for the market, as `pg_regime.market_proxy_id` has it: of a profile alone, no argument of a call.
    pub market_proxy_id: Option<i32>,
    /// The name of a profile that a row gives to assets and that is not there: nothing can be computed with these parameters.
    pub missing: Option<String>,
}

/// No parameters.
pub static NOTHING: Given = Given {
    cal_scheme: None,
    policy: None,
    hysteresis: Hysteresis { on: None, mode: None, min_hold_bars: None },
    min_bars: [None; 3],
    l4_label: None,
    point_in_time: None,
    config: None,
    market_proxy_id: None,
    missing: None,
};

impl Given {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        *self == NOTHING
    }

    /// These parameters, and those of a profile where nothing is given; a configuration is laid over another key by key. An
    /// empty L4 label stands for none.
    pub fn over(&self, profile: &Self) -> Self {
        let or = |own: &Option<String>, other: &Option<String>| own.as_ref().or(other.as_ref()).cloned();
        let [own, other] = [&self.hysteresis, &profile.hysteresis];
        let l4_label = or(&self.l4_label, &profile.l4_label).filter(|label| !label.is_empty());
        Self {
            cal_scheme: or(&self.cal_scheme, &profile.cal_scheme),
            policy: or(&self.policy, &profile.policy),
            hysteresis: Hysteresis {
                on: own.on.or(other.on),
                mode: or(&own.mode, &other.mode),
                min_hold_bars: own.min_hold_bars.or(other.min_hold_bars),
            },
            min_bars: std::array::from_fn(|l| self.min_bars[l].or(profile.min_bars[l])),
            l4_label,
            point_in_time: self.point_in_time.or(profile.point_in_time),
            config: laid_over(self.config.as_ref(), profile.config.as_ref()),
            market_proxy_id: self.market_proxy_id.or(profile.market_proxy_id),
            missing: or(&self.missing, &profile.missing),
        }
    }

    /// The calendar scheme: that given, or that of the settings.
    pub fn scheme(&self) -> String {
        self.cal_scheme.clone().unwrap_or_else(settings::cal_scheme)
    }
}

/// A configuration over another, key by key. What is no object is refused where it is used.
fn laid_over(own: Option<&Value>, other: Option<&Value>) -> Option<Value> {
    match (own, other) {
        (Some(Value::Object(own)), Some(Value::Object(other))) => {
            Some(other.iter().chain(own).map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        (own, other) => own.or(other).cloned(),
    }
}

/// How label changes are held back, as a caller gave it; `None` is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hysteresis {
    pub on: Option<bool>,
    pub mode: Option<String>,
    /// Consecutive daily rows that must show a new label.
    pub min_hold_bars: Option<i32>,
}

/// What a computation uses beside the bars.
pub struct Setup {
    /// Where each layer is read; `None` for a layer without a source.
    pub sources: Sources,
    pub params: Params,
    pub table: Rc<PolicyTable>,
    /// The name of the policy; `None` is the default.
    pub policy: Option<String>,
}

/// The setup of these label parameters, with `rules` laid over the policy.
///
/// # Errors
/// A parameter out of range, an unknown policy, an invalid rule, or a source map that does not fit the catalogs.
pub fn load(db: Db, given: &Given, rules: Option<&Value>) -> Result<Setup> {
    parameters(db, given, rules)?.setup(db, given)
}

/// The version hash of these label parameters: 16 hex digits (specification 1, section 6).
///
/// # Errors
/// A parameter out of range, an unknown policy, or no row for L2 in the source map.
pub fn version_of(db: Db, given: &Given) -> Result<String> {
    Ok(parameters(db, given, None)?.version())
}

/// A [`Setup`] before its sources are checked against the catalogs.
pub struct Parameters {
    map: Map,
    pub params: Params,
    table: Rc<PolicyTable>,
}

impl Parameters {
    /// The setup.
    ///
    /// # Errors
    /// A source map that does not fit the catalogs.
    pub fn setup(self, db: Db, given: &Given) -> Result<Setup> {
        let map = self.map_read()?;
        self.setup_of(db, &map, given)
    }

    /// [`Parameters::setup`] for what needs no labels from elsewhere: their relations are not looked at.
    ///
    /// # Errors
    /// As [`Parameters::setup`].
    pub fn setup_of_bars(self, db: Db, given: &Given) -> Result<Setup> {
        let map = map::with_labels(&self.map, [false; 2])?;
        self.setup_of(db, &map, given)
    }

    fn setup_of(self, db: Db, map: &Map, given: &Given) -> Result<Setup> {
        let Self { params, table, .. } = self;
        let sources = map::check(db, map)?;
        labels::check_no_loop(db, &sources)?;
        Ok(Setup { sources, params, table, policy: given.policy.clone() })
    }

    /// The map with the labels that are read: one that is given stands in place of those of a relation.
    fn map_read(&self) -> Result<Map> {
        map::with_labels(&self.map, self.params.outside.each_ref().map(Option::is_some))
    }

    /// [`Parameters::setup`] for a function that writes: locks the source relations first, so that the caller sees them
    /// unchanged.
    ///
    /// # Errors
    /// As [`Parameters::setup`].
    pub fn setup_held(self, db: Db, given: &Given) -> Result<Setup> {
        let map = self.map_read()?;
        for [schema, name] in map.iter().flatten().flat_map(|row| row.relations()) {
            if syscache::readable(schema, name) == Some(true) {
                db.hold(schema, name)?;
            }
        }
        db.with_new_snapshot(|| self.setup_of(db, &map, given))
    }

    /// The version hash: 16 hex digits (specification 1, section 6).
    pub fn version(&self) -> String {
        version_hash(&self.table, &self.params)
    }

    /// The parameters and the policy's name, as an asset keeps them.
    pub fn arguments(&self, given: &Given) -> String {
        kept(&self.params, given.policy.as_deref())
    }

    /// Checks the label parameters and fills in defaults; reads the policy, with `rules` laid over it. The map is that of
    /// the calendar scheme.
    ///
    /// # Errors
    /// A profile that is not there, a parameter out of range, an unknown policy, an invalid rule, or no row for L2 in the
    /// source map.
    pub fn new(db: Db, schema: &str, map: Map, given: &Given, rules: Option<&Value>) -> Result<Self> {
        if let Some(profile) = &given.missing {
            return Err(undefined_object(format!("profile \"{profile}\" does not exist")).hint(format!(
                "SELECT * FROM {schema}.regime_profile_asset WHERE profile = {};",
                quote_literal(profile)
            )));
        }
        let (mode, hold) = given.hysteresis.check()?;
        let mut min_bars = PerLayer::from_fn(Layer::default_min_bars);
        for (layer, given) in Layer::ALL.into_iter().zip(given.min_bars) {
            let name = format!("min_bars_{}", layer.as_str().to_lowercase());
            if let Some(bars) = check_range(&name, given, 0, i32::MAX)? {
                min_bars[layer] = bars as usize;
            }
        }
        check_label("l4_label", given.l4_label.as_deref())?;
        let cal_scheme = given.scheme();
        let Some(daily) = &map[Layer::L2] else {
            return Err(map::no_source(Layer::L2, &cal_scheme, schema));
        };
        let [l3, l4] = daily.labels.each_ref().map(|row| row.as_ref().map(|row| row.params()));
        let table = policy_table(db, schema, given.policy.as_deref(), rules)?;
        let params = Params {
            mode,
            hold,
            layers: PerLayer::from_fn(|l| LayerParams {
                min_bars: min_bars[l],
                source: map[l].as_ref().map(|row| row.params()),
            }),
            config: given.config.as_ref().map_or_else(|| Ok(Config::default()), Config::of)?,
            // A label that is given stands in place of those of a relation.
            outside: [l3, l4.filter(|_| given.l4_label.is_none())],
            l4_label: given.l4_label.clone(),
            point_in_time: given.point_in_time.unwrap_or_else(settings::point_in_time),
            market_proxy_id: market_proxy(given, &map),
            cal_scheme,
        };
        Ok(Self { map, params, table })
    }
}

/// The asset that stands for the market: by the map, asset 1 of the daily bars of the built-in rows, as of the original.
fn market_proxy(given: &Given, map: &Map) -> Option<i32> {
    match given.market_proxy_id.unwrap_or_else(settings::market_proxy_id) {
        settings::BY_THE_MAP => map[Layer::L2].as_ref().is_some_and(|daily| daily.is_original).then_some(1),
        0 => None,
        id => Some(id),
    }
}

/// [`Parameters::new`] with the map of the calendar scheme.
///
/// # Errors
/// As [`Parameters::new`], and an unknown calendar scheme.
pub fn parameters(db: Db, given: &Given, rules: Option<&Value>) -> Result<Parameters> {
    let schema = extension_schema(db)?;
    let map = map::map(db, &given.scheme(), &schema)?;
    Parameters::new(db, &schema, map, given, rules)
}

impl Hysteresis {
    /// The mode, and the rows that must show a new label: 0 switches hysteresis off.
    fn check(&self) -> Result<(Mode, u32)> {
        let hold = check_range("min_hold_bars", self.min_hold_bars, 0, settings::MAX_HOLD_BARS)?;
        let hold = hold.unwrap_or_else(settings::min_hold_bars) as u32;
        let mode = match self.mode.as_deref() {
            None => Mode::Asymmetric,
            Some(text) => Mode::parse(text).ok_or_else(|| {
                invalid_parameter(format!("hysteresis_mode is \"{text}\", which is not known"))
                    .hint("Pass hysteresis_mode => 'asymmetric' or 'symmetric'.")
            })?,
        };
        Ok((mode, if self.on == Some(false) { 0 } else { hold }))
    }
}

/// Refuses a label that is longer than any real label.
///
/// # Errors
/// A label of more than [`MOST_CHARACTERS`] characters; `name` is the parameter that the message names.
pub fn check_label(name: &str, label: Option<&str>) -> Result<()> {
    match label.map(|l| l.chars().count()) {
        Some(length) if length > MOST_CHARACTERS => {
            Err(invalid_parameter(format!("{name} has {length} characters, more than {MOST_CHARACTERS}"))
                .hint("Give a label such as 'Hiking-Contracting-RiskOff-Unwind'."))
        }
        _ => Ok(()),
    }
}
