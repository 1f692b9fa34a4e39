//! What a refresh of an asset has to compute, and why.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use regime_core::cmc_regimes::budget::Budget;
use regime_core::cmc_regimes::fingerprint::{Print, differ_from, prints};
use regime_core::cmc_regimes::memory::{Memory, OutsideMemory};
use regime_core::cmc_regimes::outside::OutsideLabels;
use regime_core::cmc_regimes::pipeline::budget_of;
use regime_core::{Layer, PerLayer};

use crate::output::set_up;
use crate::pg::{Result, Sees, arg, utc};
use crate::source::map::Source;
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::{Labels, Layers};
use crate::systems::cmc_regimes::refresh::blocks::{self, Emas};
use crate::systems::cmc_regimes::refresh::shared::{Call, Newest};
use crate::systems::cmc_regimes::refresh::state::{self, State};
use crate::systems::cmc_regimes::tables::{TABLES, TF};
use crate::track::marks::Mark;

/// What to compute.
pub enum Plan {
    /// All rows, for this reason; with the bars of every layer where they have been read.
    Full { series: Option<Box<Layers>>, reason: String },
    /// The rows of new bars.
    Later(Box<Later>),
}

/// What has to be read of an asset.
pub enum Look {
    /// All bars, since all rows are computed for this reason.
    Full(String),
    /// The bars after those of the state: no earlier bar has changed.
    New(Box<State>, Box<Memory>),
    /// All bars, to be compared with those of the state; whether every change has been marked.
    All(Box<State>, Box<Memory>, bool),
}

/// The bars that follow those of a stored state.
pub struct Later {
    pub memory: Memory,
    /// The new bars of each layer.
    pub series: Layers,
    /// Fast, mid and slow daily EMA of all rows, where they have been read.
    pub emas: Option<Emas>,
    /// Bars of each layer, old and new; `None` without a source.
    pub bars: PerLayer<Option<usize>>,
    pub budget: Budget,
    /// Whether the state changes even without a new row.
    pub moved: bool,
}

impl Later {
    /// Whether there are rows to write.
    pub fn has_rows(&self) -> bool {
        self.series[Layer::L2].as_ref().is_some_and(|daily| !daily.ts.is_empty())
    }
}

impl Call<'_, '_> {
    /// What there is to compute of an asset with a state and a newest row.
    ///
    /// # Errors
    /// Bars that cannot be used, or tables that cannot be read.
    pub(super) fn plan(
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
