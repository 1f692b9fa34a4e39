//! Refreshing the assets of a portion together: those whose rows stay as they are, up to the newest, are read by one statement of each
//! kind, computed in memory, and written by one statement a table. The others are left to be refreshed one by one.

use std::collections::HashMap;

use regime_core::cmc_regimes::memory::Memory;
use regime_core::cmc_regimes::pipeline::Outcome;
use regime_core::cmc_regimes::series::Series;
use regime_core::{Layer, PerLayer};

use crate::output::entry::{Done, Mode};
use crate::output::refresh::Attempt;
use crate::output::set_up;
use crate::pg::{Result, citus, internal};
use crate::source::symbols::Named;
use crate::sync::compare::Written;
use crate::sync::content::Value;
use crate::sync::parts::{Part, Parts};
use crate::systems::cmc_regimes::basis::Basis;
use crate::systems::cmc_regimes::engine::{Labels, Layers};
use crate::systems::cmc_regimes::labels::Marked;
use crate::systems::cmc_regimes::marked::OfAsset as OfAssetMarks;
use crate::systems::cmc_regimes::refresh::blocks::{Block, Emas};
use crate::systems::cmc_regimes::refresh::plan::{Later, Look, Plan, wants};
use crate::systems::cmc_regimes::refresh::shared::{Call, Newest, OfAsset, done};
use crate::systems::cmc_regimes::refresh::state::{Kept, State};
use crate::systems::cmc_regimes::refresh::{blocks, rows, state};
use crate::systems::cmc_regimes::row::Row;
use crate::systems::cmc_regimes::tables::{CMC, REGIMES, TABLES, TF};

/// Most rows of assets that are held at a time, as far as their states tell.
const MOST_ROWS: u64 = 200_000;

/// What was done with an asset, by its place in the portion.
type Together = (usize, Attempt<OfAsset>);

/// An asset as a portion lists it.
struct Listed<'a> {
    place: usize,
    id: i32,
    /// The symbol by which bars name the asset, if they do, and what its rows are computed with then, beside the bars.
    named: Option<(&'a Named, Basis)>,
}

impl Listed<'_> {
    /// The symbol by which bars name the asset, if they do.
    fn symbol(&self) -> Option<&str> {
        self.named.as_ref().map(|(named, _)| named.symbol.as_str())
    }
}

fn ids_of(listed: &[Listed]) -> Vec<i32> {
    listed.iter().map(|of| of.id).collect()
}

/// An asset of a portion.
struct Asset<'a> {
    listed: Listed<'a>,
    newest: Newest,
    marks: OfAssetMarks<'a>,
    /// Rows of the sources that were read.
    read: u64,
}

/// An asset of which bars are to be read.
struct Stored<'a> {
    asset: Asset<'a>,
    labels: Labels,
    stored: Box<State>,
    memory: Box<Memory>,
    /// Where all bars are read, to be compared with those of the state: whether every change has been marked.
    all_bars: Option<bool>,
}

impl Stored<'_> {
    /// The rows that are held of the asset: its EMAs, or its bars of all layers.
    fn rows(&self) -> u64 {
        match self.all_bars {
            None => self.memory.rows,
            Some(_) => self.memory.layers.iter().map(|layer| layer.bars).sum(),
        }
    }
}

/// An asset whose earlier rows stay.
struct Planned<'a> {
    asset: Asset<'a>,
    labels: Labels,
    later: Later,
}

/// An asset with new rows.
struct Computed<'a> {
    asset: Asset<'a>,
    bars: PerLayer<Option<usize>>,
    /// The moment after which there are rows, in microseconds since 2000.
    after: i64,
    outcome: Outcome,
    said: Vec<Row>,
    blocks: Vec<Block>,
}

impl Computed<'_> {
    /// The rows of one of [`TABLES`]; `names` are those of the EMAs.
    fn part<'o>(&'o self, table: usize, names: &'o [String; 3]) -> Part<'o> {
        let content = rows::of(table, &self.outcome, &self.said, names);
        Part { scope: vec![Value::Int(self.asset.listed.id), Value::Text(TF)], after: self.after, content }
    }
}

impl Call<'_, '_> {
    /// Refreshes those of these assets of which no earlier row changes; the caller holds the locks and has begun a
    /// subtransaction, which is to be rolled back on an error.
    ///
    /// # Errors
    /// As [`Call::refresh`], of whichever asset.
    pub fn together(&self, ids: &[i32]) -> Result<Vec<Together>> {
        // What is built of an asset is part of its refresh: rolled back with it, and read before anything is built of others.
        if self.inputs.is_some() || citus::is_loaded() {
            return Ok(Vec::new());
        }
        set_up::hold(self.db, self.schema, &CMC, self.dry_run)?;
        // Before the snapshot, as in the refresh of one: a symbol that changes meanwhile is seen by the next refresh.
        let symbols = self.engine.named(self.db, ids)?;
        let listed = self.listed(ids, symbols.as_ref());
        // One snapshot, as in `Call::refresh`.
        self.db.with_new_snapshot(|| {
            let (mut all, mut marks) = (Vec::new(), Vec::new());
            let mut waiting = self.stored(listed)?.into_iter().peekable();
            while let Some(first) = waiting.next() {
                let mut rows = first.rows();
                let mut fits = |next: &Stored| {
                    rows += next.rows();
                    rows <= MOST_ROWS
                };
                let rest = std::iter::from_fn(|| waiting.next_if(&mut fits));
                let batch = [first].into_iter().chain(rest).collect();
                all.extend(self.write_batch(self.planned(batch)?, &mut marks)?);
            }
            let of_many = OfAssetMarks::clear(self.db, self.schema, marks, self.engine.symbols())?;
            if let Some((_, Attempt { done: Ok(done), .. })) = all.first_mut() {
                done.of_many = of_many;
            }
            Ok(all)
        })
    }

    /// The assets that may be refreshed together: a negative id may be the key of a symbol, and without a symbol there are no bars
    /// where these name assets by symbols.
    fn listed<'s>(&self, ids: &[i32], symbols: Option<&'s HashMap<i32, Named>>) -> Vec<Listed<'s>> {
        let listed = |(place, id): (usize, &i32)| {
            let named = match symbols {
                Some(symbols) => {
                    let named = symbols.get(id)?;
                    Some((named, self.basis.of(Some(Some(named)))))
                }
                None => None,
            };
            (*id >= 0).then_some(Listed { place, id: *id, named })
        };
        ids.iter().enumerate().filter_map(listed).collect()
    }

    /// The call as one of its assets sees it.
    fn seen_by<'s>(&'s self, listed: &'s Listed) -> Call<'s, 's> {
        match &listed.named {
            Some((named, basis)) => Call { basis, named: Some(named), ..*self },
            None => *self,
        }
    }

    fn marks<'s>(&self, listed: &[Listed<'s>]) -> Result<Vec<OfAssetMarks<'s>>> {
        let assets: Vec<(i32, Option<&'s Named>)> =
            listed.iter().map(|of| (of.id, of.named.as_ref().map(|(named, _)| *named))).collect();
        OfAssetMarks::read_each(self.db, self.schema, &assets)
    }

    /// The assets that have a state from which they can go on, as far as the state tells.
    fn stored<'s>(&self, listed: Vec<Listed<'s>>) -> Result<Vec<Stored<'s>>> {
        let ids = ids_of(&listed);
        let mut newest = self.newest(&ids)?;
        let marks = self.marks(&listed)?;
        let mut states = state::load_each(self.db, self.schema, &ids)?;
        let mut all = Vec::with_capacity(ids.len());
        for (listed, marks) in listed.into_iter().zip(marks) {
            let id = listed.id;
            let (Some(stored), Some(newest)) = (states.remove(&id), newest.remove(&id)) else { continue };
            // What cannot be used, the refresh of the asset by itself tells, here and below.
            let marked = Marked { schema: self.schema, marks: &marks.all };
            let Ok(labels) = self.engine.labels(id, Some(&marked)) else { continue };
            let look = self.seen_by(&listed).look(Some(stored), Some(&newest), (&marks.all, &labels));
            let (stored, memory, all_bars) = match look {
                Look::Full(_) => continue,
                Look::New(stored, memory) => (stored, memory, None),
                Look::All(stored, memory, tracked) => (stored, memory, Some(tracked)),
            };
            let asset = Asset { listed, newest, marks, read: 0 };
            all.push(Stored { asset, labels, stored, memory, all_bars });
        }
        Ok(all)
    }

    /// Reads the bars of assets: those whose earlier rows stay.
    fn planned<'s>(&self, mut all: Vec<Stored<'s>>) -> Result<Vec<Planned<'s>>> {
        let series = self.series(&mut all)?;
        let to_compare: Vec<(i32, &Memory)> = all
            .iter()
            .filter(|of| of.all_bars.is_some())
            .map(|of| (of.asset.listed.id, &*of.memory))
            .collect();
        let (lost, prints) = match to_compare.is_empty() {
            true => Default::default(),
            false => {
                let ids: Vec<i32> = to_compare.iter().map(|(id, _)| *id).collect();
                (self.rows_lost(&to_compare)?, blocks::prints(self.db, self.schema, &ids)?)
            }
        };
        let mut prints = prints.into_iter();
        let mut planned = Vec::with_capacity(all.len());
        for (of, series) in all.into_iter().zip(series) {
            let Stored { asset, labels, stored, memory, all_bars } = of;
            let prints = all_bars.and_then(|_| prints.next());
            let Some(series) = series.filter(|_| !lost.contains(&asset.listed.id)) else { continue };
            let call = self.seen_by(&asset.listed);
            let plan = match (all_bars, &prints) {
                (Some(tracked), Some(prints)) => {
                    let marks = tracked.then_some(&asset.marks.all[..]);
                    call.compare(asset.listed.id, &stored, memory, (series, prints), marks)
                }
                _ => call.after(asset.listed.id, &stored, memory, series, None),
            };
            self.engine.charge(asset.listed.id);
            if let Ok(Plan::Later(later)) = plan {
                planned.push(Planned { asset, labels, later: *later });
            }
        }
        Ok(planned)
    }

    /// The bars of assets, all or the new ones; `None` where they cannot be used.
    fn series(&self, all: &mut [Stored<'_>]) -> Result<Vec<Option<Layers>>> {
        let mut series: Vec<Option<Layers>> = all.iter().map(|_| Some(Layers::default())).collect();
        for layer in Layer::ALL {
            let Some(reader) = self.engine.reader(layer) else { continue };
            series.iter_mut().flatten().for_each(|series| series[layer] = Some(Series::default()));
            let wants_new = |of: &Stored| {
                of.all_bars.is_none() && wants(reader.source(), &of.stored, &of.memory, &of.asset.marks.all)
            };
            for is_new in [true, false] {
                let wanted = |of: &Stored| if is_new { wants_new(of) } else { of.all_bars.is_some() };
                let places: Vec<usize> = (0..all.len()).filter(|place| wanted(&all[*place])).collect();
                if places.is_empty() {
                    continue;
                }
                let ids: Vec<i32> = places.iter().map(|place| all[*place].asset.listed.id).collect();
                let after: Vec<i64> = places.iter().map(|place| all[*place].stored.ts).collect();
                let symbols: Vec<&str> =
                    places.iter().filter_map(|place| all[*place].asset.listed.symbol()).collect();
                let read = reader.of_each(&ids, &symbols, is_new.then_some(&after))?;
                for (place, (of_layer, read)) in places.into_iter().zip(read) {
                    all[place].asset.read += read;
                    match (of_layer, &mut series[place]) {
                        (Ok(of_layer), Some(series)) => series[layer] = Some(of_layer),
                        (_, series) => *series = None,
                    }
                }
            }
        }
        Ok(series)
    }

    /// Computes and writes the rows of assets; what is to be cleared of each is added to `marks`.
    fn write_batch<'s>(
        &self,
        assets: Vec<Planned<'s>>,
        marks: &mut Vec<(i32, OfAssetMarks<'s>)>,
    ) -> Result<Vec<Together>> {
        let without_emas = assets.iter().filter(|of| of.later.has_rows() && of.later.emas.is_none());
        let ids: Vec<(i32, u64)> =
            without_emas.map(|of| (of.asset.listed.id, of.later.memory.rows)).collect();
        let mut emas = match ids.is_empty() {
            true => Vec::new(),
            false => blocks::emas(self.db, self.schema, &ids)?,
        }
        .into_iter();
        let (mut computed, mut unchanged) = (Vec::new(), Vec::new());
        for of in assets {
            if !of.later.has_rows() {
                unchanged.push(of);
                continue;
            }
            let stored = match of.later.emas {
                Some(_) => None,
                None => match emas.next().flatten() {
                    Some(stored) => Some(stored),
                    // Without its blocks, all rows of an asset are computed, by itself.
                    None => continue,
                },
            };
            computed.push(self.computed(of, stored)?);
        }
        let written = self.write_rows(&computed)?;
        let blocks: Vec<_> =
            computed.iter_mut().map(|of| (of.asset.listed.id, std::mem::take(&mut of.blocks))).collect();
        blocks::store_blocks(self.db, self.schema, &blocks)?;
        let mut kept: Vec<Kept> = Vec::with_capacity(computed.len());
        for Computed { asset, outcome, bars, .. } in &computed {
            kept.push(self.seen_by(&asset.listed).kept(
                asset.listed.id,
                outcome.budget,
                *bars,
                &outcome.memory,
            )?);
        }
        for Planned { asset, later, .. } in unchanged.iter().filter(|of| of.later.moved) {
            kept.push(self.seen_by(&asset.listed).kept(
                asset.listed.id,
                later.budget,
                later.bars,
                &later.memory,
            )?);
        }
        if !kept.is_empty() {
            state::store(self.db, self.schema, &kept)?;
        }
        drop(kept);
        let mut told = |asset: Asset<'s>, mut done: Done<OfAsset>| {
            let Asset { listed: Listed { place, id, .. }, newest, marks: of_asset, read } = asset;
            done.more.before = newest.key;
            marks.push((id, of_asset));
            (place, Attempt { read: read + self.engine.rows_read_for(id), done: Ok(done) })
        };
        let mut all = Vec::with_capacity(computed.len() + unchanged.len());
        for (Computed { asset, outcome, .. }, written) in computed.into_iter().zip(written) {
            all.push(told(asset, done(&outcome.memory, outcome.budget, written, Mode::Incremental)));
        }
        for Planned { asset, later, .. } in unchanged {
            all.push(told(asset, done(&later.memory, later.budget, Written::default(), Mode::None)));
        }
        Ok(all)
    }

    fn computed<'s>(&self, of: Planned<'s>, stored: Option<Emas>) -> Result<Computed<'s>> {
        let Planned { asset, labels, later } = of;
        let (bars, after) = (later.bars, later.memory.newest.unwrap_or(i64::MIN));
        let (outcome, blocks) = self.resumed(asset.listed.id, later, &labels, stored)?;
        let said = rows::said(&outcome, &self.engine.params, self.engine.version_hash());
        self.engine.charge(asset.listed.id);
        Ok(Computed { asset, bars, after, outcome, said, blocks })
    }

    /// Brings the rows of assets after those of before to what was computed, and counts what was written of each.
    fn write_rows(&self, computed: &[Computed]) -> Result<Vec<Written>> {
        let mut written = vec![Written::default(); computed.len()];
        if computed.is_empty() {
            return Ok(written);
        }
        let names = rows::ema_names(&self.engine.params);
        for (n, table) in TABLES.into_iter().enumerate() {
            let parts: Vec<Part> = computed.iter().map(|of| of.part(n, &names)).collect();
            let (db, relation, parts) = (self.db, &self.relation(table.name), &parts);
            // No row is later than the newest.
            let are_new = table.name == REGIMES.name;
            let Some(of_table) = (Parts { db, relation, table, parts, are_new }).bring()? else {
                return Err(internal(format!("rows of {relation} were not written")));
            };
            written.iter_mut().zip(of_table).for_each(|(all, of_table)| *all += of_table);
        }
        Ok(written)
    }
}
