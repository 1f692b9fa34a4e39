//! All systems, a line each, and what others ask of one of them.

use crate::output::system::System;
use crate::pg::{Db, Result};
use crate::source::map::Sources;
use crate::systems::cmc_regimes::params::{self, NOTHING};
use crate::systems::cmc_regimes::profiles;
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

/// The system of this name.
pub fn named(name: &str) -> Option<&'static Registered> {
    let mut named = ALL.into_iter().map(|registered| (registered.system.name, registered));
    named.find(|(own, _)| *own == name).map(|(_, registered)| registered)
}
