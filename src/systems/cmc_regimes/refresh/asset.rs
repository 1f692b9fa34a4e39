//! Refreshing one asset: deciding what to compute and why, computing it, writing the rows that differ.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::fingerprint::{Print, differ_from, prints};
use regime_core::cmc_regimes::memory::{Memory, OutsideMemory};
use regime_core::cmc_regimes::outside::OutsideLabels;
use regime_core::cmc_regimes::pipeline::{Outcome, budget_of};
use regime_core::{Layer, PerLayer};

use crate::output::entry::{Done, Mode};
use crate::output::set_up;
use crate::pg::{Db, Micros, Result, Sees, arg, extension_schema, no_data_found, quote_literal, quoted, utc};
use crate::source::bars::Reader;
use crate::source::build::Inputs;
use crate::source::map::Source;
use crate::source::relation::check_none_hidden;
use crate::source::symbols::Named;
use crate::sync::Write;
use crate::sync::compare::{Within, Written};
use crate::sync::content::{Content, Value};
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::{Engine, Labels, Layers};
use crate::systems::cmc_regimes::labels::Marked;
use crate::systems::cmc_regimes::marked::OfAsset as OfAssetMarks;
use crate::systems::cmc_regimes::refresh::call::How;
use crate::systems::cmc_regimes::refresh::groups::Ready;
use crate::systems::cmc_regimes::refresh::plan::{Later, Look, Plan};
use crate::systems::cmc_regimes::refresh::state::{Kept, Standing, State};
use crate::systems::cmc_regimes::refresh::{blocks, rows, state};
use crate::systems::cmc_regimes::tables::{CMC, REGIMES, TABLES, TF};
use crate::track::marks::Mark;

/// What the refreshes of a call share.
pub struct Call<'a, 'c> {
    pub db: Db<'c>,
    pub engine: &'a Engine<'c>,
    /// The target schema.
    pub schema: &'a str,
    pub basis: &'a Basis,
    /// The symbol by which bars name the asset, if they do.
    pub named: Option<&'a Named>,
    /// Whether every change of the sources has been marked.
    pub is_marked: bool,
    /// The inputs that are built before they are read.
    pub inputs: Option<&'a Inputs<'c>>,
    pub full_refresh: bool,
    pub dry_run: bool,
}

/// What a refresh tells of an asset, beside what it tells of any subject.
pub struct OfAsset {
    /// Rows in the output tables, in the order of [`TABLES`].
    pub rows: [i64; 4],
    pub feature_tier: &'static str,
    /// The key of the newest row before the refresh.
    pub before: Option<String>,
    /// The key of the newest row after the refresh.
    pub after: Option<String>,
    /// The time of the newest row after the refresh, in microseconds since 2000.
    pub newest: Option<i64>,
}

/// The newest stored row.
pub(super) struct Newest {
    /// In microseconds since 2000.
    ts: i64,
    /// NULL only in adopted rows not yet refreshed, like the version.
    pub key: Option<String>,
    version_hash: Option<String>,
}

impl<'a, 'c> Call<'a, 'c> {
    /// What the refreshes of a group share, of assets whose bars name them by their ids; the target schema is `schema`.
    pub fn of(db: Db<'c>, schema: &'a str, ready: &'a Ready<'c>, how: How) -> Self {
        let Ready { engine, basis, is_marked, inputs } = ready;
        let (is_marked, inputs) = (*is_marked, inputs.as_ref());
        let How { full_refresh, dry_run, .. } = how;
        Self { db, engine, schema, basis, named: None, is_marked, inputs, full_refresh, dry_run }
    }
}

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
        done.of_many = marks.clear(self.db, self.schema, id, self.engine.symbols())?;
        done.more.before = newest.and_then(|newest| newest.key);
        Ok(done)
    }

    /// The newest stored row of each asset that has one.
    pub(super) fn newest(&self, ids: &[i32]) -> Result<HashMap<i32, Newest>> {
        let relation = self.relation(REGIMES.name);
        let newest = |id: &str| {
            format!(
                "SELECT id::int AS id, ts::timestamptz AS ts, regime_key::text AS regime_key, regime_version_hash::text AS regime_version_hash \
                 FROM {relation} AS r WHERE r.id = {id} AND r.tf = $2 ORDER BY r.ts DESC LIMIT 1"
            )
        };
        // Citus takes no lateral join with a distributed table.
        let (sql, of) = match ids {
            [id] => (newest("$1"), arg(*id)),
            _ => {
                let each = newest("a.id");
                (
                    format!(
                        "SELECT r.* FROM pg_catalog.unnest($1) AS a (id) CROSS JOIN LATERAL ({each}) AS r"
                    ),
                    arg(ids.to_vec()),
                )
            }
        };
        let all = self.db.of_each(&relation)?.all(&sql, &[of, arg(TF)], Sees::Snapshot, |row| {
            let newest = Newest {
                ts: row.get::<Micros>("ts")?.0,
                key: row.get("regime_key")?,
                version_hash: row.get("regime_version_hash")?,
            };
            Ok((row.get("id")?, newest))
        })?;
        Ok(all.into_iter().collect())
    }

    pub(super) fn relation(&self, table: &str) -> String {
        format!("{}.{table}", quoted(self.schema))
    }

    fn plan(
        &self,
        id: i32,
        stored: Option<State>,
        newest: Option<&Newest>,
        (marks, labels): (&[Mark], &Labels),
    ) -> Result<Plan> {
        match self.look(stored, newest, (marks, labels)) {
            Look::Full(reason) => Ok(Plan::Full { series: None, reason }),
            Look::New(stored, memory) => {
                let wants = |source: &Source| wants(source, &stored, &memory, marks);
                let series = self.engine.later_series(id, stored.ts, wants)?;
                self.after(id, &stored, memory, series, None)
            }
            Look::All(stored, memory, tracked) => {
                self.compared(id, &stored, memory, tracked.then_some(marks))
            }
        }
    }

    /// What has to be read of an asset.
    pub(super) fn look(
        &self,
        stored: Option<State>,
        newest: Option<&Newest>,
        (marks, labels): (&[Mark], &Labels),
    ) -> Look {
        let full = |reason: &str| Look::Full(reason.to_owned());
        if self.full_refresh {
            return full("full_refresh");
        }
        let Some(mut stored) = stored else {
            return full(if newest.is_some() { "no state" } else { "first refresh" });
        };
        let Some(memory) = stored.memory.take() else { return full("state of another version") };
        if let Some(reason) = self.other_basis(&stored.basis) {
            return full(reason);
        }
        let is_newest = |newest: &Newest| {
            newest.ts == stored.ts && newest.version_hash.as_ref() == Some(&stored.basis.version_hash)
        };
        if !newest.is_some_and(is_newest) || memory.newest != Some(stored.ts) {
            return full("stored rows changed");
        }
        if let Some(from) = late_labels(labels, &memory, stored.ts) {
            let from: String = utc(from).chars().take(10).collect();
            return full(&format!("late labels from {from}"));
        }
        let tracked =
            self.is_marked && stored.basis.tracking.is_some() && stored.basis.tracking == self.basis.tracking;
        // All labels were compared.
        let is_earlier = |mark: &Mark| mark.since <= stored.ts && !self.engine.is_of_labels(&mark.source);
        if tracked && !marks.iter().any(is_earlier) {
            return Look::New(Box::new(stored), Box::new(memory));
        }
        Look::All(Box::new(stored), Box::new(memory), tracked)
    }

    /// Why all rows must be computed anew, if they were computed on another basis.
    fn other_basis(&self, stored: &Basis) -> Option<&'static str> {
        if stored.policy_hash != self.basis.policy_hash {
            Some("policy changed")
        } else if stored.version_hash != self.basis.version_hash {
            Some("parameters changed")
        } else {
            set_up::other_sources(&stored.sources, &self.basis.sources).map(|other| other.reason)
        }
    }

    /// Reads all bars and compares those that the state knows with their fingerprints. `marks` are given if every
    /// change has been marked.
    fn compared(&self, id: i32, stored: &State, memory: Box<Memory>, marks: Option<&[Mark]>) -> Result<Plan> {
        if !self.rows_lost(&[(id, &memory)])?.is_empty() {
            return Ok(Plan::Full { series: None, reason: "stored rows changed".to_owned() });
        }
        let series = self.engine.series(id)?;
        let before = blocks::prints(self.db, self.schema, &[id])?.remove(0);
        self.compare(id, stored, memory, (series, &before), marks)
    }

    /// Compares all bars that the state knows with the fingerprints of before. `marks` are given if every change has been
    /// marked.
    pub(super) fn compare(
        &self,
        id: i32,
        stored: &State,
        memory: Box<Memory>,
        (series, before): (Layers, &PerLayer<Vec<Print>>),
        marks: Option<&[Mark]>,
    ) -> Result<Plan> {
        let kept = |l| before[l].iter().map(|print| u64::from(print.bars)).sum::<u64>();
        if Layer::ALL.into_iter().any(|l| kept(l) != memory.layers[l].bars) {
            return Ok(Plan::Full { series: Some(Box::new(series)), reason: "no state".to_owned() });
        }
        let known = series.each_ref().map(|s| s.as_ref().map_or(0, |s| s.until(stored.ts)));
        let changes = Layer::ALL.into_iter().filter_map(|l| {
            let now = series[l].as_ref().map_or(Vec::new(), |s| prints(None, s, known[l]));
            differ_from(&before[l], &now)
        });
        if let Some(earliest) = changes.min() {
            // A fingerprint tells the block, a mark the exact bar.
            let marked = marks.and_then(|marks| marks.iter().map(|mark| mark.since).min());
            let from = marked.map_or(earliest, |since| since.max(earliest));
            let reason = format!("late bars from {}", &utc(from)[..10]);
            return Ok(Plan::Full { series: Some(Box::new(series)), reason });
        }
        let emas = blocks::emas_of(series[Layer::L2].as_ref()).map(<[f64]>::to_vec);
        let later = PerLayer::from_fn(|l| series[l].as_ref().map(|s| s.since(known[l])));
        self.after(id, stored, memory, later, Some(emas))
    }

    /// Those of these assets, each with its memory, of which stored rows are missing.
    pub(super) fn rows_lost(&self, assets: &[(i32, &Memory)]) -> Result<HashSet<i32>> {
        let ids: Vec<i32> = assets.iter().map(|(id, _)| *id).collect();
        let mut lost = HashSet::new();
        for (n, table) in TABLES.into_iter().enumerate() {
            let sql = format!(
                "SELECT id::int AS id, count(*) AS rows FROM {} WHERE id = ANY ($1) AND tf = $2 GROUP BY id",
                self.relation(table.name)
            );
            let args = [arg(ids.clone()), arg(TF)];
            let found: HashMap<i32, i64> = self
                .db
                .once()
                .all(&sql, &args, Sees::Snapshot, |row| Ok((row.get("id")?, row.get("rows")?)))?
                .into_iter()
                .collect();
            let is_lost = |(id, memory): &&(i32, &Memory)| {
                found.get(id).copied().unwrap_or_default() != memory.output_rows()[n] as i64
            };
            lost.extend(assets.iter().filter(is_lost).map(|(id, _)| *id));
        }
        Ok(lost)
    }

    /// The plan once the new bars have been read: whether the earlier rows can stay.
    pub(super) fn after(
        &self,
        id: i32,
        stored: &State,
        memory: Box<Memory>,
        series: Layers,
        emas: Option<[Vec<f64>; 3]>,
    ) -> Result<Plan> {
        let bars = PerLayer::from_fn(|l| {
            series[l].as_ref().map(|later| memory.layers[l].bars as usize + later.ts.len())
        });
        let full = |reason| Ok(Plan::Full { series: None, reason });
        let mut budget = budget_of(bars, &self.engine.params);
        if self.engine.params.point_in_time {
            // The budget of the newest row, which later bars do not change.
            let (tier, enabled) = (stored.tier.unwrap_or(budget.tier), state::layers_of(&stored.layers));
            budget = Budget { tier, enabled, ..budget };
        }
        if stored.tier != Some(budget.tier) {
            let before = stored.tier.map_or("?", |tier| tier.as_str());
            return full(format!("tier {before} -> {}", budget.tier.as_str()));
        }
        let names = |layers: &[String]| if layers.is_empty() { "none".to_owned() } else { layers.join(",") };
        let layers = state::layer_names(budget.enabled);
        if stored.layers != layers {
            return full(format!("layers {} -> {}", names(&stored.layers), names(&layers)));
        }
        let ranked = stored.budget_of_all(&self.engine.params).ranked;
        if !self.engine.params.point_in_time && ranked != budget.ranked {
            let [before, now] = [ranked, budget.ranked].map(state::layer_names);
            return full(format!("ranked layers {} -> {}", names(&before), names(&now)));
        }
        if stored.proxy != self.engine.proxy_print(id, &memory)? {
            return full("proxy changed".to_owned());
        }
        let bars_now = bars.map(|bars| bars.map(|n| n as i32));
        let moved = stored.bars != bars_now || stored.basis != *self.basis;
        Ok(Plan::Later(Box::new(Later { memory: *memory, series, emas, bars, budget, moved })))
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
        let Later { memory, series, emas, bars, budget, moved } = later;
        let daily = series[Layer::L2].as_ref();
        let Some(new) = daily.filter(|daily| !daily.ts.is_empty()) else {
            if moved {
                self.remember(id, budget, bars, &memory)?;
            }
            return Ok(done(&memory, budget, Written::default(), Mode::None));
        };
        let emas = match emas {
            Some(emas) => emas,
            None => {
                let Some(mut emas) = blocks::emas(self.db, self.schema, &[(id, memory.rows)])?.remove(0)
                else {
                    return self.full(id, None, labels, "state of another version".to_owned());
                };
                emas.iter_mut().zip(&new.ema).for_each(|(all, new)| all.extend(new));
                emas
            }
        };
        let emas = emas.each_ref().map(Vec::as_slice);
        let after = memory.newest;
        let outcome = self.engine.resume(memory, &series, labels, emas, budget, id)?;
        let written = self.write(id, &outcome, after, true)?;
        blocks::store_blocks(self.db, self.schema, &[(id, blocks::blocks(&outcome, emas))])?;
        self.remember(id, outcome.budget, bars, &outcome.memory)?;
        Ok(done(&outcome.memory, outcome.budget, written, Mode::Incremental))
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

    /// What is to be stored of an asset.
    pub(super) fn kept<'m>(
        &'m self,
        id: i32,
        budget: Budget,
        bars: PerLayer<Option<usize>>,
        memory: &'m Memory,
    ) -> Result<Kept<'m>> {
        let proxy = self.engine.proxy_print(id, memory)?;
        Ok(Kept { id, basis: self.basis, standing: Standing { budget, bars, proxy }, memory })
    }

    fn write_all(&self, id: i32, outcome: &Outcome, set_up: bool) -> Result<Done<OfAsset>> {
        let written = self.write(id, outcome, None, set_up)?;
        Ok(done(&outcome.memory, outcome.budget, written, Mode::Full))
    }

    /// Writes the rows after a moment, in microseconds since 2000, or all rows.
    fn write(&self, id: i32, outcome: &Outcome, after: Option<i64>, set_up: bool) -> Result<Written> {
        let names = rows::ema_names(&self.engine.params);
        let said = rows::said(outcome, &self.engine.params, self.engine.version_hash());
        let contents: [Content; 4] = [
            rows::regimes(outcome, &said),
            rows::flips(outcome),
            rows::stats(outcome),
            rows::comovement(outcome, &names),
        ];
        let scope = [Value::Int(id), Value::Text(TF)];
        let mut written = Written::default();
        for (table, content) in TABLES.into_iter().zip(&contents) {
            let relation = self.relation(table.name);
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

/// The time (microseconds) from which on the labels up to a moment differ from those that rows were computed with, to a block;
/// `None` if they are the same.
pub fn late_labels(labels: &Labels, memory: &Memory, until: i64) -> Option<i64> {
    let of_layer = |(labels, own): (&Option<_>, &OutsideMemory)| {
        let now = labels.as_ref().map_or_else(Vec::new, |labels: &Rc<OutsideLabels>| labels.prints(until));
        differ_from(&own.prints, &now)
    };
    labels.iter().zip(&memory.outside).filter_map(of_layer).min()
}

/// Whether the bars of a source after those of a state are read: there are such bars in the state, or the source has been marked.
pub(super) fn wants(source: &Source, stored: &State, memory: &Memory, marks: &[Mark]) -> bool {
    let layer = source.layer;
    let changed = |mark: &Mark| [&source.bars.sql, &source.ema.sql].contains(&&mark.source);
    stored.bars[layer] != Some(memory.layers[layer].bars as i32) || marks.iter().any(changed)
}

/// What was done with an asset.
pub(super) fn done(memory: &Memory, budget: Budget, written: Written, mode: Mode) -> Done<OfAsset> {
    let rows = memory.output_rows().map(|n| n as i64);
    let [regimes, ..] = rows;
    let after = memory.newest_key().map(str::to_owned);
    let more =
        OfAsset { rows, feature_tier: budget.tier.as_str(), before: None, after, newest: memory.newest };
    Done { rows: regimes, written, mode, reason: None, of_many: Vec::new(), more }
}
