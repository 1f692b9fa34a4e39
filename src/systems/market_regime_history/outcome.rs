//! The outcome of a backfill's batches, and the report to its caller.

use pgrx::prelude::*;

use crate::output::entry::MOST_NAMED;
use crate::pg::{Error, Result, day_shown, error_code, extension_schema, spi, sqlstate, warning};
use crate::sync::compare::Written;
use crate::systems::market_regime_history::asked::Asked;
use crate::systems::market_regime_history::batch::{Batch, Differing};
use crate::systems::market_regime_history::days::call;

/// Sums over batches. Days are trading days that were to be computed.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub days: i64,
    pub left: i64,
    pub days_failed: i64,
    pub batches: i32,
    pub failed: i32,
    /// Days and error of the first failed batches.
    pub failures: Vec<String>,
    /// Code of the first error.
    pub sqlstate: Option<String>,
    /// Hint of the last error.
    pub hint: Option<String>,
    pub differing: Differing,
    pub written: Written,
}

fn batches(n: i32) -> &'static str {
    if n == 1 { "batch" } else { "batches" }
}

impl Outcome {
    /// Adds a finished batch to the sums.
    pub fn add(&mut self, batch: &Batch) {
        self.batches += 1;
        self.left = batch.left;
        if let Some(done) = &batch.done {
            self.written += done.written;
            self.differing = self.differing.and(done.more.differing);
        }
        let Some(error) = &batch.entry.error else { return };
        self.failed += 1;
        self.days_failed += batch.days;
        let code = sqlstate(error.report().code);
        if self.failures.len() < MOST_NAMED {
            self.failures.push(format!("{}: {} ({code})", batch.span.name(), error.report().message));
        }
        self.sqlstate.get_or_insert(code);
        self.hint.clone_from(&error.report().hint);
    }

    /// How far a call is.
    pub fn progress(&self, symbol: &str) -> String {
        let Self { days, left, days_failed, .. } = self;
        // Late bars can leave more days than there were at the beginning.
        let over = (days - left).max(0);
        let percent = if *days > 0 { over as f64 / *days as f64 * 100.0 } else { 100.0 };
        let failed = if *days_failed > 0 { format!(", {days_failed} failed") } else { String::new() };
        format!(
            "{symbol}: {} of {days} days done{failed}, {left} left ({percent:.1}%)",
            (over - days_failed).max(0)
        )
    }

    /// What a dry run found.
    pub fn would_write(&self, asked: &Asked) -> String {
        let Written { inserted, updated, deleted } = self.written;
        format!(
            "dry run: {}, {} in {} {}: would insert {inserted}, update {updated} and delete {deleted} rows",
            asked.symbol,
            asked.span.name(),
            self.batches,
            batches(self.batches)
        )
    }

    /// The end of a call: a WARNING if rows differ, an error if batches failed.
    ///
    /// # Errors
    /// Where a batch failed; the error has the SQLSTATE of the first failed batch.
    pub fn end(&self, asked: &Asked, dry_run: bool) -> Result<()> {
        let own = spi::connect(extension_schema)?;
        let [from, to] = [asked.span.from, asked.span.to].map(day_shown);
        let again = |refresh: &str| {
            call(&own, &asked.symbol, &format!("start_date => '{from}', end_date => '{to}', {refresh}"))
        };
        if let Differing { days, first: Some(first) } = self.differing {
            let first = day_shown(first);
            let (rows, differ) = if days == 1 { ("row", "differs") } else { ("rows", "differ") };
            warning(format!(
                "{days} {rows} of {} {differ} from what the closes give now, the first on {first}",
                asked.symbol
            ))
            .detail("Bars were corrected, added or deleted after the rows were stored.")
            .hint(again("full_refresh => true, "))
            .report_as(PgLogLevel::WARNING);
        }
        let Some(code) = &self.sqlstate else { return Ok(()) };
        let refresh = if asked.full_refresh { "full_refresh => true, " } else { "" };
        let more = if self.failed as usize > self.failures.len() { "\n…" } else { "" };
        let batches = batches(self.batches);
        let what = if dry_run { "dry run of backfill" } else { "backfill" };
        Err(Error::new(
            error_code(code),
            format!("{what} of {} failed in {} of {} {batches}", asked.symbol, self.failed, self.batches),
        )
        .detail(format!(
            "{}{more}\n{}",
            self.failures.join("\n"),
            if dry_run { "Nothing was stored." } else { "All other days are done." }
        ))
        .hint(format!(
            "{} {}",
            self.hint.as_deref().unwrap_or("Correct the cause, then:"),
            again(refresh)
        )))
    }
}
