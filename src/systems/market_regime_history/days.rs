//! The market regime history: bull, bear, volatile or transitioning on each trading day of a symbol
//! (specification 4), from its daily closes.
//!
//! A day depends on its last [`REACH`](regime_core::market_regime_history::REACH) closes alone, so that any batch of days
//! can be computed by itself.

use regime_core::calendar::civil::MICROS_PER_DAY;

use crate::pg::{Db, Error, Result, check_order, day_shown, extension_schema, midnight, no_data_found};

/// Most trading days in a batch.
pub const MOST_DAYS: i32 = 100_000;

/// Trading days of a span, in days since 2000, first and last included; the ends of the range are infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: i32,
    pub to: i32,
}

impl Span {
    /// The span between two dates of a call; without a date, the span is open at that end.
    ///
    /// # Errors
    /// Where the first date is after the second.
    pub fn check(from: Option<i32>, to: Option<i32>) -> Result<Self> {
        check_order(["from_date", "to_date"], [from, to], day_shown)?;
        Ok(Self { from: from.unwrap_or(i32::MIN), to: to.unwrap_or(i32::MAX) })
    }

    /// When it begins and ends, in microseconds since 2000; the end is not included.
    pub fn moments(self) -> [i64; 2] {
        [midnight(self.from), midnight(self.to).saturating_add(MICROS_PER_DAY)]
    }

    /// Both days, as messages and the run log name them.
    pub fn name(self) -> String {
        format!("{} to {}", day_shown(self.from), day_shown(self.to))
    }
}

/// The day of a moment in UTC, in days since 2000; an infinite moment gives an infinite day.
pub fn day_of(micros: i64) -> i32 {
    match micros {
        i64::MIN => i32::MIN,
        i64::MAX => i32::MAX,
        micros => micros.div_euclid(MICROS_PER_DAY) as i32,
    }
}

/// The CALL that stores the days of a symbol, for a hint; `schema` is that of the extension, quoted.
pub fn call(schema: &str, symbol: &str, arguments: &str) -> String {
    let symbol = pgrx::spi::quote_literal(symbol);
    format!("CALL {schema}.backfill_market_regime_history({arguments}symbol => {symbol});")
}

/// The error for a symbol of which a table holds no day.
///
/// # Errors
/// Catalogs that cannot be read.
pub fn not_stored(db: Db, relation: &str, symbol: &str) -> Result<Error> {
    let hint = call(&extension_schema(db)?, symbol, "");
    Ok(no_data_found(format!("{relation} has no rows of \"{symbol}\"")).hint(hint))
}
