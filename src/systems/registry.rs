//! All systems, a line each.

use crate::output::system::System;
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

/// The system of this name.
pub fn named(name: &str) -> Option<&'static Registered> {
    let mut named = ALL.into_iter().map(|registered| (registered.system.name, registered));
    named.find(|(own, _)| *own == name).map(|(_, registered)| registered)
}
