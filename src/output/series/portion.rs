//! Refreshing the series of a portion together: those with new candles alone are read by one statement of each kind, computed in
//! memory, and written by one statement. The others are left to be refreshed one by one.

use std::collections::HashMap;

use crate::output::entry::{Done, Mode};
use crate::output::refresh::{Attempt, together};
use crate::output::series::refresh::{Call, OfRefresh, Plan, Work};
use crate::output::series::{newest_rows, state};
use crate::output::set_up;
use crate::pg::{Result, citus, internal};
use crate::source::candles::Candles;
use crate::source::series::Series;
use crate::sync::compare::Written;
use crate::sync::content::Value;
use crate::sync::parts::{Part, Parts};
use crate::track::marks::Mark;

/// A series of which new candles alone are read.
struct Later<'p, M> {
    place: usize,
    series: &'p Series,
    newest: i64,
    machine: Box<M>,
    marks: Vec<Mark>,
}

/// A series with its new candles.
struct Read<'p, M> {
    later: Later<'p, M>,
    candles: Candles,
}

impl<'c, W: Work> Call<'_, 'c, W> {
    /// [`Call::together`] in subtransactions.
    pub(super) fn attempt_together(&self, portion: &[Series]) -> HashMap<usize, Attempt<OfRefresh>> {
        if !W::IS_SIMPLE || self.how.full_refresh || citus::is_loaded() {
            return HashMap::new();
        }
        together(portion, |part| self.together(part))
    }

    /// Refreshes those series of a portion that have new candles alone, or none; each by its place in the portion. The caller
    /// holds the locks and has begun a subtransaction, which is to be rolled back on an error.
    fn together(&self, portion: &[Series]) -> Result<Vec<(usize, Attempt<OfRefresh>)>> {
        set_up::hold(self.db, &self.schema, self.of.system, false)?;
        // One snapshot, as in the refresh of one series.
        self.db.with_new_snapshot(|| {
            let read = self.read(self.later_ones(portion)?)?;
            self.write_together(read)
        })
    }

    /// The series of which new candles alone are to be read.
    fn later_ones<'p>(&self, portion: &'p [Series]) -> Result<Vec<Later<'p, W::Machine<'c>>>> {
        let mut states = state::load_each(self.db, self.of, &self.schema, portion)?;
        let thought: Vec<Option<i64>> =
            portion.iter().map(|series| states.get(series).map(|state| state.newest)).collect();
        let newest = newest_rows(self.db, &self.relation(), portion, &thought)?;
        let keys: Vec<String> = portion.iter().map(Series::key).collect();
        let mut marks = self.of.marks.of_each(self.db, &self.schema, &keys)?;
        let mut later = Vec::with_capacity(portion.len());
        for (place, ((series, newest), key)) in portion.iter().zip(newest).zip(keys).enumerate() {
            let marks = marks.remove(&key).unwrap_or_default();
            let since = marks.iter().map(|mark| mark.since).min();
            if let Plan::Later(newest, machine) =
                self.plan_of(series, newest, states.remove(series), since)?
            {
                later.push(Later { place, series, newest, machine, marks });
            }
        }
        Ok(later)
    }

    /// Reads the new candles; the refresh of a series by itself tells why they cannot be used.
    fn read<'p>(&self, all: Vec<Later<'p, W::Machine<'c>>>) -> Result<Vec<Read<'p, W::Machine<'c>>>> {
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let series: Vec<Series> = all.iter().map(|later| later.series.clone()).collect();
        let after: Vec<i64> = all.iter().map(|later| later.newest).collect();
        let candles = self.source.later_of_each(self.db, &series, &after)?;
        let usable = all.into_iter().zip(candles);
        Ok(usable.filter_map(|(later, candles)| Some(Read { later, candles: candles.ok()? })).collect())
    }

    fn write_together(
        &self,
        mut all: Vec<Read<'_, W::Machine<'c>>>,
    ) -> Result<Vec<(usize, Attempt<OfRefresh>)>> {
        let mut parts = Vec::new();
        for Read { later: Later { series, newest, machine, .. }, candles } in &mut all {
            if candles.ts.is_empty() {
                continue;
            }
            let Some(content) = self.work.content(machine, candles, &self.version) else {
                return Ok(Vec::new());
            };
            let scope = vec![Value::Text(&series.symbol), Value::Text(&series.timeframe)];
            parts.push(Part { scope, after: *newest, content });
            pgrx::check_for_interrupts!();
        }
        let mut written = Vec::new().into_iter();
        if !parts.is_empty() {
            let (db, relation, table, parts) = (self.db, &self.relation(), self.of.table, &parts);
            // No row is later than the newest.
            let Some(of_each) = (Parts { db, relation, table, parts, are_new: true }).bring()? else {
                return Err(internal(format!("rows of {relation} were not written")));
            };
            written = of_each.into_iter();
        }
        let (mut done, mut kept, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for Read { later: Later { place, series, mut machine, marks: of_series, .. }, candles } in all {
            let read = candles.ts.len() as u64;
            let mut one = Done::new(0, Written::default(), Mode::None, OfRefresh { read });
            if let Some(last) = candles.ts.last() {
                one.written = written.next().unwrap_or_default();
                one.mode = Mode::Incremental;
                kept.push(self.kept(series, *last, &mut machine)?);
            }
            one.rows = W::candles(&machine) as i64;
            marks.push((series.key(), of_series));
            done.push((place, Attempt { read, done: Ok(one) }));
        }
        if !kept.is_empty() {
            state::store(self.db, self.of, &self.schema, kept, true)?;
        }
        let of_many = self.of.marks.clear_each(self.db, &self.schema, marks)?;
        if let Some((_, Attempt { done: Ok(one), .. })) = done.first_mut() {
            one.of_many = of_many;
        }
        Ok(done)
    }
}
