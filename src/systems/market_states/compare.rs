//! What is known of the market states of others: no difference.

use crate::output::compare::{Compared, Verdicts};
use crate::systems::market_states::tables::MARKET_STATES;

/// The table.
pub const COMPARED: &[Compared] =
    &[Compared { table: &MARKET_STATES, is_snapshot: false, differences: &[], decide: Verdicts::none }];
