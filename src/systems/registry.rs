//! All systems.

use crate::output::system::System;
use crate::systems::cmc_regimes::tables::CMC;
use crate::systems::market_regime_history::tables::HISTORY;
use crate::systems::market_regimes::tables::MARKET;

pub const SYSTEMS: [&System; 3] = [&CMC, &MARKET, &HISTORY];
