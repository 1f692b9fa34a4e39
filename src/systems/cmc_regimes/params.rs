//! The label parameters that functions share: checked, defaults filled in.

use serde_json::Value;

use regime_core::cmc_regimes::hysteresis::Mode;
use regime_core::cmc_regimes::params::{LayerParams, Params};
use regime_core::cmc_regimes::policy::{MOST_CHARACTERS, PolicyTable};
use regime_core::cmc_regimes::version::version_hash;
use regime_core::{Layer, PerLayer};

use crate::pg::catalog::extension_schema;
use crate::pg::error::{Result, check_range, invalid_parameter};
use crate::pg::spi::Db;
use crate::pg::{settings, syscache};
use crate::source::map::{self, MapRow, Source};
use crate::systems::cmc_regimes::policies::policy_table;

/// The label parameters as a caller gave them; `None` is the default.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub cal_scheme: Option<String>,
    pub policy: Option<String>,
    pub hysteresis: Option<bool>,
    pub hysteresis_mode: Option<String>,
    pub min_hold_bars: Option<i32>,
    pub min_bars: [Option<i32>; 3],
    pub l4_label: Option<String>,
    pub point_in_time: Option<bool>,
}

/// Everything that one computation is made with.
pub struct Setup {
    pub sources: PerLayer<Option<Source>>,
    pub params: Params,
    pub table: PolicyTable,
}

/// Checks what was given, reads the policy, and checks the source map against the catalogs.
pub fn load(db: Db, given: &Given, rules: Option<&Value>) -> Result<Setup> {
    let (map, params, table) = parameters(db, given, rules)?;
    Ok(Setup { sources: map::check(db, map)?, params, table })
}

/// [`load`] for a function that writes: the sources are held first, and all that follows sees them
/// as they then are.
pub fn load_held(db: Db, given: &Given) -> Result<Setup> {
    let (map, params, table) = parameters(db, given, None)?;
    for [schema, name] in map.iter().flatten().flat_map(|row| [&row.bars, &row.ema]) {
        if syscache::readable(schema, name) == Some(true) {
            db.hold(schema, name)?;
        }
    }
    let sources = db.with_new_snapshot(|| map::check(db, map))?;
    Ok(Setup { sources, params, table })
}

/// The version hash of the settings as they are.
pub fn version(db: Db) -> Result<String> {
    let (_, params, table) = parameters(db, &Given::default(), None)?;
    Ok(version_hash(&table, &params))
}

/// What rows are computed with, apart from the bars, and the map of where those are.
pub fn parameters(
    db: Db,
    given: &Given,
    rules: Option<&Value>,
) -> Result<(PerLayer<Option<MapRow>>, Params, PolicyTable)> {
    let hold = check_range("min_hold_bars", given.min_hold_bars, 0, settings::MAX_HOLD_BARS)?;
    let hold = hold.unwrap_or_else(settings::min_hold_bars) as u32;
    let mode = match given.hysteresis_mode.as_deref() {
        None => Mode::Asymmetric,
        Some(text) => Mode::parse(text).ok_or_else(|| {
            invalid_parameter(format!("hysteresis_mode is \"{text}\", which is not known"))
                .hint("Pass hysteresis_mode => 'asymmetric' or 'symmetric'.")
        })?,
    };
    let mut min_bars = PerLayer::from_fn(Layer::default_min_bars);
    for (layer, given) in Layer::ALL.into_iter().zip(given.min_bars) {
        let name = format!("min_bars_{}", layer.as_str().to_lowercase());
        if let Some(bars) = check_range(&name, given, 0, i32::MAX)? {
            min_bars[layer] = bars as usize;
        }
    }
    check_label("l4_label", given.l4_label.as_deref())?;
    let schema = extension_schema(db)?;
    let cal_scheme = given.cal_scheme.clone().unwrap_or_else(settings::cal_scheme);
    let map = map::map(db, &cal_scheme, &schema)?;
    if map[Layer::L2].is_none() {
        return Err(map::no_source(Layer::L2, &cal_scheme, &schema));
    }
    let table = policy_table(db, &schema, given.policy.as_deref(), rules)?;
    let params = Params {
        mode,
        hold: if given.hysteresis == Some(false) { 0 } else { hold },
        layers: PerLayer::from_fn(|l| LayerParams {
            min_bars: min_bars[l],
            source: map[l].as_ref().map(MapRow::params),
        }),
        l4_label: given.l4_label.clone(),
        point_in_time: given.point_in_time == Some(true),
        market_proxy_id: settings::market_proxy_id(),
        cal_scheme,
    };
    Ok((map, params, table))
}

/// Stops at a label that is longer than any real one.
pub fn check_label(name: &str, label: Option<&str>) -> Result<()> {
    match label.map(|l| l.chars().count()) {
        Some(length) if length > MOST_CHARACTERS => {
            Err(invalid_parameter(format!("{name} has {length} characters, more than {MOST_CHARACTERS}"))
                .hint("Give a label such as 'Hiking-Contracting-RiskOff-Unwind'."))
        }
        _ => Ok(()),
    }
}
