//! All systems, a line each, and what others ask of one of them.

use crate::output::system::System;
use crate::pg::{Db, Result, attempt_unless_cancelled, invalid_parameter, null_argument};
use crate::source::map::Sources;
use crate::systems::cmc_regimes::params::{self, Given, NOTHING};
use crate::systems::cmc_regimes::profiles::{self, Profiles};
use crate::systems::registered::Registered;
use crate::systems::{cmc_regimes, market_regime_history, market_regimes, market_states};

/// Every system, in the order in which they are set up and listed.
pub const ALL: [&Registered; 4] = [
    &cmc_regimes::REGISTERED,
    &market_regimes::REGISTERED,
    &market_regime_history::REGISTERED,
    &market_states::REGISTERED,
];

/// The tables of every system.
pub fn systems() -> [&'static System; 4] {
    ALL.map(|registered| registered.system)
}

/// The sources of the bars of each layer, as the source map has them for the calendar scheme of the settings.
///
/// # Errors
/// A source map that does not fit the catalogs.
pub fn sources_of_layers(db: Db) -> Result<Sources> {
    Ok(params::load(db, &profiles::of_default(db, &NOTHING)?, None)?.sources)
}

/// The sources of the bars of each layer, as the profiles have them that assets have of their own; without those of profiles
/// that cannot be used, which are findings of regime_health.
///
/// # Errors
/// Profiles that cannot be read.
pub fn sources_of_profiles(db: Db) -> Result<Vec<Sources>> {
    let profiles = Profiles::now(db, &NOTHING)?;
    let of = |given: &Given| Ok(profiles.parameters(db, given, None)?.setup(db, given)?.sources);
    let used = profiles.rows.used();
    Ok(used.filter_map(|profile| attempt_unless_cancelled(|| of(&profile.given)).ok()).collect())
}

/// The system of this name.
pub fn named(name: &str) -> Option<&'static Registered> {
    let mut named = ALL.into_iter().map(|registered| (registered.system.name, registered));
    named.find(|(own, _)| *own == name).map(|(_, registered)| registered)
}

/// [`named`].
///
/// # Errors
/// Where there is no such system: the hint lists all, for the argument that names one.
pub fn known(name: &str, argument: &str) -> Result<&'static Registered> {
    named(name).ok_or_else(|| {
        invalid_parameter(format!("unknown system \"{name}\""))
            .hint(format!("Pass {argument} {}.", systems().map(|system| system.name).join(", ")))
    })
}

/// The systems of the argument `systems`, in the order of [`ALL`], each once.
///
/// # Errors
/// A NULL, and an unknown system.
pub fn chosen(names: &[Option<String>]) -> Result<Vec<&'static Registered>> {
    for name in names {
        let name = name.as_deref().ok_or_else(|| {
            null_argument("a system").hint("Name each system, or leave out systems, which stands for all.")
        })?;
        known(name, "systems => an array of")?;
    }
    let is_named =
        |registered: &&Registered| names.iter().flatten().any(|name| name == registered.system.name);
    Ok(ALL.into_iter().filter(is_named).collect())
}
