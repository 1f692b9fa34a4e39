//! Refreshing one asset: computing what is to be computed, writing the rows that differ.

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::pipeline::Outcome;
use regime_core::{Layer, PerLayer};

use crate::output::entry::{Done, Mode};
use crate::output::set_up;
use crate::pg::{Result, Sees, arg, extension_schema, no_data_found, quote_literal};
use crate::source::bars::Reader;
use crate::source::relation::check_none_hidden;
use crate::sync::Write;
use crate::sync::compare::{Within, Written};
use crate::sync::content::Value;
use crate::systems::cmc_regimes::engine::{Labels, Layers};
use crate::systems::cmc_regimes::labels::Marked;
use crate::systems::cmc_regimes::marked::OfAsset as OfAssetMarks;
use crate::systems::cmc_regimes::refresh::blocks::{Block, Emas};
use crate::systems::cmc_regimes::refresh::plan::{Later, Plan};
use crate::systems::cmc_regimes::refresh::shared::{Call, OfAsset, done};
use crate::systems::cmc_regimes::refresh::state::{Kept, Standing};
use crate::systems::cmc_regimes::refresh::{blocks, rows, state};
use crate::systems::cmc_regimes::tables::{CMC, REGIMES, TABLES, TF};

impl Call<'_, '_> {
    /// Refreshes an asset; the caller holds its lock and has begun a subtransaction.
    ///
    /// # Errors
    /// Bars that cannot be used, or tables that cannot be read or written.
    pub fn refresh(&self, id: i32) -> Result<Done<OfAsset>> {
        // Whoever may connect can make this wait: afterwards it is checked whose code the tables run.
        if let Some(inputs) = self.inputs {
            inputs.hold()?;
        }
        let set_up = !self.dry_run || set_up::is_set_up(self.db, self.schema, &CMC)?;
        if set_up {
            set_up::hold(self.db, self.schema, &CMC, self.dry_run)?;
        }
        // One snapshot for bars, EMAs, marks and stored rows, taken after the lock: all inputs are of one moment, and
        // include what the last holder of the lock committed.
        self.db.with_new_snapshot(|| match self.inputs {
            Some(inputs) if !self.is_built(id)? => {
                inputs.bring(id)?;
                self.db.with_own_writes(|| self.refresh_from(id, set_up))
            }
            _ => self.refresh_from(id, set_up),
        })
    }

    /// Whether what is built of an asset is known to be that of its daily bars: no source has changed since the last refresh.
    fn is_built(&self, id: i32) -> Result<bool> {
        let marks = || OfAssetMarks::read(self.db, self.schema, id, self.named);
        if self.full_refresh || !self.is_marked || !marks()?.all.is_empty() {
            return Ok(false);
        }
        let stored = state::load(self.db, self.schema, id)?;
        Ok(stored.is_some_and(|stored| {
            stored.basis.tracking.is_some()
                && stored.basis.tracking == self.basis.tracking
                && stored.basis.sources == self.basis.sources
        }))
    }

    /// Refreshes an asset from its inputs as the snapshot in use shows these; `set_up` tells whether there are output tables.
    fn refresh_from(&self, id: i32, set_up: bool) -> Result<Done<OfAsset>> {
        if self.dry_run {
            let outcome = self.engine.compute(id)?;
            if outcome.ts.is_empty() && set_up {
                self.check_not_all_gone(id)?;
            }
            return self.write_all(id, &outcome, set_up);
        }
        let newest = self.newest(&[id])?.remove(&id);
        let marks = OfAssetMarks::read(self.db, self.schema, id, self.named)?;
        let stored = state::load(self.db, self.schema, id)?;
        let marked = Marked { schema: self.schema, marks: &marks.all };
        let labels = self.engine.labels(id, Some(&marked))?;
        let mut done = match self.plan(id, stored, newest.as_ref(), (&marks.all, &labels))? {
            Plan::Full { series, reason } => self.full(id, series, &labels, reason)?,
            Plan::Later(later) => self.later(id, *later, &labels)?,
        };
        done.of_many = OfAssetMarks::clear(self.db, self.schema, vec![(id, marks)], self.engine.symbols())?;
        done.more.before = newest.and_then(|newest| newest.key);
        Ok(done)
    }

    fn full(
        &self,
        id: i32,
        series: Option<Box<Layers>>,
        labels: &Labels,
        reason: String,
    ) -> Result<Done<OfAsset>> {
        let series = match series {
            Some(series) => series,
            None => Box::new(self.engine.series(id)?),
        };
        let outcome = self.engine.compute_from(id, &series, labels)?;
        if outcome.ts.is_empty() {
            self.check_not_all_gone(id)?;
        }
        let mut done = self.write_all(id, &outcome, true)?;
        done.reason = Some(reason);
        if outcome.ts.is_empty() {
            state::forget(self.db, self.schema, id)?;
            return Ok(done);
        }
        let blocks = blocks::blocks(&outcome, blocks::emas_of(series[Layer::L2].as_ref()));
        blocks::replace_blocks(self.db, self.schema, id, blocks)?;
        let bars = series.each_ref().map(|s| s.as_ref().map(|s| s.ts.len()));
        self.remember(id, outcome.budget, bars, &outcome.memory)?;
        Ok(done)
    }

    fn later(&self, id: i32, later: Later, labels: &Labels) -> Result<Done<OfAsset>> {
        if !later.has_rows() {
            let Later { memory, bars, budget, moved, .. } = later;
            if moved {
                self.remember(id, budget, bars, &memory)?;
            }
            return Ok(done(&memory, budget, Written::default(), Mode::None));
        }
        let stored = match later.emas {
            Some(_) => None,
            None => match blocks::emas(self.db, self.schema, &[(id, later.memory.rows)])?.remove(0) {
                Some(stored) => Some(stored),
                None => return self.full(id, None, labels, "state of another version".to_owned()),
            },
        };
        let (bars, after) = (later.bars, later.memory.newest);
        let (outcome, blocks) = self.resumed(id, later, labels, stored)?;
        let written = self.write(id, &outcome, after, true)?;
        blocks::store_blocks(self.db, self.schema, &[(id, blocks)])?;
        self.remember(id, outcome.budget, bars, &outcome.memory)?;
        Ok(done(&outcome.memory, outcome.budget, written, Mode::Incremental))
    }

    /// Computes the new rows of an asset, and the blocks of bars that they touch; `stored` are its EMAs up to the newest row, where
    /// not all have been read.
    pub(super) fn resumed(
        &self,
        id: i32,
        later: Later,
        labels: &Labels,
        stored: Option<Emas>,
    ) -> Result<(Outcome, Vec<Block>)> {
        let Later { memory, series, emas, budget, .. } = later;
        let with_new = |mut all: Emas| {
            let new = series[Layer::L2].iter().flat_map(|daily| &daily.ema);
            all.iter_mut().zip(new).for_each(|(all, new)| all.extend(new));
            all
        };
        let emas = stored.map(with_new).or(emas).unwrap_or_default();
        let emas = emas.each_ref().map(Vec::as_slice);
        let outcome = self.engine.resume(memory, &series, labels, emas, budget, id)?;
        let blocks = blocks::blocks(&outcome, emas);
        Ok((outcome, blocks))
    }

    fn remember(
        &self,
        id: i32,
        budget: Budget,
        bars: PerLayer<Option<usize>>,
        memory: &Memory,
    ) -> Result<()> {
        state::store(self.db, self.schema, &[self.kept(id, budget, bars, memory)?])
    }

    fn write_all(&self, id: i32, outcome: &Outcome, set_up: bool) -> Result<Done<OfAsset>> {
        let written = self.write(id, outcome, None, set_up)?;
        Ok(done(&outcome.memory, outcome.budget, written, Mode::Full))
    }

    /// Writes the rows after a moment, in microseconds since 2000, or all rows.
    fn write(&self, id: i32, outcome: &Outcome, after: Option<i64>, set_up: bool) -> Result<Written> {
        let names = rows::ema_names(&self.engine.params);
        let said = rows::said(outcome, &self.engine.params, self.engine.version_hash());
        let scope = [Value::Int(id), Value::Text(TF)];
        let mut written = Written::default();
        for (n, table) in TABLES.into_iter().enumerate() {
            let (relation, content) = (self.relation(table.name), &rows::of(n, outcome, &said, &names));
            // Tables without a time summarise all rows.
            let within = after.filter(|_| table.by_time).map(Within::After);
            let done = if set_up {
                let (db, relation, scope) = (self.db, &relation, &scope);
                Write { db, relation, table, scope, content, within, only_new: false }.bring(self.dry_run)?
            } else {
                Written { inserted: content.entry.len() as u64, ..Written::default() }
            };
            if let Some(daily) = self.engine.reader(Layer::L2).filter(|_| table.name == REGIMES.name) {
                check_none_hidden(self.db, &daily.source().bars, table.name, done.deleted)?;
            }
            written += done;
        }
        Ok(written)
    }

    /// Refuses to delete the rows of an asset without bars if no asset has daily bars: the source map is wrong then,
    /// or the table is being reloaded.
    fn check_not_all_gone(&self, id: i32) -> Result<()> {
        let Some(daily) = self.engine.reader(Layer::L2).map(Reader::source) else { return Ok(()) };
        if self.newest(&[id])?.is_empty() {
            return Ok(());
        }
        let bars =
            format!("SELECT true FROM {} WHERE {} LIMIT 1", daily.bars.sql, daily.bars.shared_condition);
        match self.db.first(&bars, &[arg(daily.tf.as_deref())], Sees::Snapshot, |_| Ok(()))? {
            Some(()) => Ok(()),
            None => Err(no_data_found(format!("{} holds no daily bars of any asset", daily.bars.sql))
            .detail("Stored rows are kept until there are bars again, or the rows are deleted by hand.")
            .hint(format!(
                "Load the bars, or correct their row of the source map: SELECT * FROM {}.regime_source WHERE cal_scheme = {} AND layer = 'L2';",
                extension_schema(self.db)?,
                quote_literal(&daily.cal_scheme)
            ))),
        }
    }
}

impl<'a> Call<'a, '_> {
    /// What is to be stored of an asset.
    pub(super) fn kept(
        &self,
        id: i32,
        budget: Budget,
        bars: PerLayer<Option<usize>>,
        memory: &'a Memory,
    ) -> Result<Kept<'a>> {
        let proxy = self.engine.proxy_print(id, memory)?;
        Ok(Kept { id, basis: self.basis, standing: Standing { budget, bars, proxy }, memory })
    }
}
