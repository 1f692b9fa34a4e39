//! The arguments of a backfill.

use pgrx::prelude::*;

use crate::pg::{Result, check_range, day_shown, invalid_parameter, null_argument};
use crate::systems::market_regime_history::days::{MOST_DAYS, Span};

/// The arguments of a call, as they were given.
pub struct Given<'a> {
    pub start_date: Option<Date>,
    pub end_date: Option<Date>,
    pub batch_size: Option<i32>,
    pub symbol: Option<&'a str>,
    pub dry_run: Option<bool>,
    pub full_refresh: Option<bool>,
}

/// What a call is to do.
pub struct Asked {
    pub symbol: String,
    pub span: Span,
    pub batch_size: i32,
    pub full_refresh: bool,
}

impl Given<'_> {
    /// Checks the arguments; the flag is true for a dry run.
    ///
    /// # Errors
    /// Where an argument is NULL or out of range, and where `start_date` is not before `end_date`.
    pub fn check(&self) -> Result<(Asked, bool)> {
        let day = |name, date: Option<Date>| date.map(Date::into_inner).ok_or_else(|| null_argument(name));
        let flag = |name, value: Option<bool>| value.ok_or_else(|| null_argument(name));
        let span = Span { from: day("start_date", self.start_date)?, to: day("end_date", self.end_date)? };
        let batch_size = check_range("batch_size", self.batch_size, 1, MOST_DAYS)?;
        let asked = Asked {
            batch_size: batch_size.ok_or_else(|| null_argument("batch_size"))?,
            symbol: self.symbol.ok_or_else(|| null_argument("symbol"))?.to_owned(),
            full_refresh: flag("full_refresh", self.full_refresh)?,
            span,
        };
        let dry_run = flag("dry_run", self.dry_run)?;
        if span.from >= span.to {
            return Err(invalid_parameter(format!(
                "start_date {} is not before end_date {}",
                day_shown(span.from),
                day_shown(span.to)
            ))
            .hint("Pass the first day as start_date and the last day as end_date; both are included."));
        }
        Ok((asked, dry_run))
    }
}
