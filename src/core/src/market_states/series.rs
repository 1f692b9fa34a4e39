//! A series: its kernels, the ranks of its escalation, and the rows that they make (specification 5, sections 5
//! and 6).

use serde::{Deserialize, Serialize};

use crate::market_states::eras::Eras;
use crate::market_states::kernels::Kernels;
use crate::market_states::labels::Bucket;
use crate::market_states::metrics::Metrics;
use crate::market_states::ranks::{Content, Count, InMemory, Nodes, Pages, Rank, Tree};
use crate::market_states::verdict::Verdict;
use crate::market_states::watch::{Note, Unwatched, Watch};
use crate::market_states::window::{BLOCK, BLOCKS, REACH};
use crate::market_states::{Bar, STATE_VERSION, WARMUP};
use crate::sealed::{open, seal};

/// The number of the tree of escalations, which a new era empties; the trees before it are of the components.
pub const ESCALATION: u8 = 5;
/// The number of the "tree" of the last bars.
const BARS: u8 = 6;
/// The components, as a [`Watch`] is told of them.
const COMPONENTS: [&str; 5] = ["component 1", "component 2", "component 3", "component 4", "component 5"];
/// The bar from which on components are counted in `N`. Specification 5, section 5.
const COUNTED_FROM: u64 = 20;

/// One row: everything of it but symbol, timeframe, open time and version.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Label, confidence, bias and posture.
    pub verdict: Verdict,
    /// Metrics and levels.
    pub metrics: Metrics,
    /// The escalation, 0 to 1.
    pub escalation: Option<f64>,
    /// The start of the bar's era, in microseconds since 2000.
    pub era_start: Option<i64>,
    /// How far the era has come in its first year, 0 to 1.
    pub era_confidence: Option<f64>,
    /// The escalation percentile, 0 to 1.
    pub percentile: Option<f64>,
    /// The percentile in words.
    pub bucket: Option<Bucket>,
    /// Whether the bar is one of the first [`WARMUP`].
    pub warmup: bool,
}

/// A node that a series changed, to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The tree, 0 to 6.
    pub tree: u8,
    /// The number of the node in its tree.
    pub node: u32,
    /// The node, to be read by [`crate::market_states::Node::decode`].
    pub bytes: Vec<u8>,
}

/// What there is to be stored of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Everything but nodes.
    pub state: Vec<u8>,
    /// Whether all stored nodes of the tree [`ESCALATION`] are to be deleted before `nodes` are stored: an era began.
    pub emptied: bool,
    /// The nodes that are new or have changed since the series was resumed or last sealed, by tree and number.
    pub nodes: Vec<Change>,
}

/// The series of a symbol and timeframe, after the bars so far.
#[derive(Clone, Debug)]
pub struct Series<N> {
    state: State,
    pages: Pages<N>,
    /// Bars at the last [`Series::seal`].
    sealed: u64,
    emptied: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    kernels: Kernels,
    trees: [Tree; 6],
    era: Option<i64>,
    /// Bars of the current era, or of all history before the first.
    era_bars: u64,
}

impl<N: Nodes> Series<N> {
    /// A series before its first bar; a store, if any, must have no nodes of it.
    pub fn new(stored: N) -> Self {
        let trees = [0, 1, 2, 3, 4, ESCALATION].map(Tree::new);
        let state = State { kernels: Kernels::new(), trees, era: None, era_bars: 0 };
        Self { state, pages: Pages::new(stored), sealed: 0, emptied: false }
    }

    /// Goes on with a sealed series; `None` if the bytes are of another version, damaged, or not a series. Reads up
    /// to nine nodes of tree 6 at once, and others as bars need them.
    ///
    /// # Errors
    /// Where a node of the last bars cannot be read.
    pub fn resume(bytes: &[u8], stored: N) -> Result<Option<Self>, N::Error> {
        let Some(mut state) = open::<State>(STATE_VERSION, bytes) else { return Ok(None) };
        let mut pages = Pages::new(stored);
        let sealed = state.kernels.bars();
        for block in blocks(sealed.saturating_sub(REACH as u64), sealed) {
            let bars = (sealed - block * BLOCK as u64).min(BLOCK as u64);
            if let Content::Bars(bars) = pages.take(BARS, (block % BLOCKS) as u32, bars)? {
                bars.into_iter().for_each(|bar| state.kernels.window.push(bar));
            }
        }
        Ok(Some(Self { state, pages, sealed, emptied: false }))
    }

    /// What there is to be stored so that [`Series::resume`] goes on from here.
    pub fn seal(&mut self) -> Sealed {
        let bars = self.bars();
        let kept = self.sealed.max(bars.saturating_sub(REACH as u64));
        for block in blocks(kept, bars) {
            let back = (bars - block * BLOCK as u64) as usize;
            let mut held = self.state.kernels.window.bars(back);
            held.truncate(BLOCK);
            self.pages.put(BARS, (block % BLOCKS) as u32, Content::Bars(held));
        }
        self.sealed = bars;
        let nodes = self.pages.changed().into_iter();
        Sealed {
            state: seal(STATE_VERSION, &self.state),
            emptied: std::mem::take(&mut self.emptied),
            nodes: nodes.map(|(tree, node, bytes)| Change { tree, node, bytes }).collect(),
        }
    }

    /// How many bars the series has.
    pub fn bars(&self) -> u64 {
        self.state.kernels.bars()
    }

    /// Takes the next bar and makes its row; `open_time` in microseconds since 2000. Specification 5.
    ///
    /// # Errors
    /// Where a node cannot be read; the series is then of no further use.
    pub fn push(&mut self, bar: &Bar, open_time: i64, eras: &Eras) -> Result<Row, N::Error> {
        self.push_watched(bar, open_time, eras, &mut Unwatched)
    }

    /// [`Series::push`], told to `watch`.
    ///
    /// # Errors
    /// As [`Series::push`].
    pub fn push_watched(
        &mut self,
        bar: &Bar,
        open_time: i64,
        eras: &Eras,
        watch: &mut impl Watch,
    ) -> Result<Row, N::Error> {
        let i = self.bars();
        let (metrics, verdict, components) = self.state.kernels.push_watched(bar, watch);
        let ranks = components.map(|components| self.components(i, components)).transpose()?;
        for (of, rank) in COMPONENTS.into_iter().zip(ranks.into_iter().flatten()) {
            watch.note(of, || Note::Ranked(rank));
        }
        let escalation = ranks.filter(|_| i >= WARMUP).map(|ranks| escalation(&ranks));
        self.enter(eras.start(open_time));
        let era = self.state.era;
        let pace = eras.pace();
        let rank = escalation.map(|value| self.rank(ESCALATION, value, self.era_n(i))).transpose()?;
        if let Some(rank) = rank {
            watch.note("escalation_percentile", || Note::Ranked(rank));
        }
        let k = self.state.era_bars;
        let era_confidence = era.map(|_| (k as f64 / f64::from(pace.bars_a_year)).min(1.0));
        let percentile = rank.and_then(|rank| match era_confidence {
            Some(confidence) if k > u64::from(pace.min_bars) => {
                Some(0.5 + (rank.mid_rank() - 0.5) * confidence)
            }
            None if i >= WARMUP + u64::from(pace.min_bars) => Some(rank.mid_rank()),
            _ => None,
        });
        Ok(Row {
            verdict,
            metrics,
            escalation,
            era_start: era,
            era_confidence,
            percentile,
            bucket: percentile.map(Bucket::of),
            warmup: i < WARMUP,
        })
    }

    /// The ranks of the components of bar `i`.
    fn components(&mut self, i: u64, components: [f64; 5]) -> Result<[Rank; 5], N::Error> {
        let n = i + 1 - COUNTED_FROM;
        let none = Rank { value: 0.0, count: Count::default(), n };
        let mut ranks = [none; 5];
        for (tree, (rank, value)) in (0..).zip(ranks.iter_mut().zip(components)) {
            *rank = self.rank(tree, value, n)?;
        }
        Ok(ranks)
    }

    fn rank(&mut self, tree: u8, value: f64, n: u64) -> Result<Rank, N::Error> {
        let count = self.state.trees[usize::from(tree)].insert(value, &mut self.pages)?;
        Ok(Rank { value, count, n })
    }

    /// The bars among which the escalation of bar `i` ranks.
    fn era_n(&self, i: u64) -> u64 {
        if self.state.era.is_some() { self.state.era_bars } else { i + 1 - WARMUP }
    }

    /// Counts the bar in its era; a new era starts without values.
    fn enter(&mut self, era: Option<i64>) {
        if self.state.era != era {
            self.state.era = era;
            self.state.era_bars = 0;
            self.state.trees[usize::from(ESCALATION)] = Tree::new(ESCALATION);
            self.pages.clear(ESCALATION);
            self.emptied = true;
        }
        self.state.era_bars += 1;
    }
}

/// The escalation from the ranks of its components. Specification 5, section 5.
fn escalation(ranks: &[Rank; 5]) -> f64 {
    let [p1, p2, p3, p4, p5] = ranks.map(|rank| rank.mid_rank());
    ((p1 + p2 + p3 + p4 + p5) / 5.0).clamp(0.0, 1.0)
}

/// The numbers of the blocks of bars that hold bars `from` to `to`, `to` not included.
fn blocks(from: u64, to: u64) -> std::ops::Range<u64> {
    if from == to { 0..0 } else { from / BLOCK as u64..to.div_ceil(BLOCK as u64) }
}

/// The rows of bars in ascending time, one per bar; `open_time` as in [`Series::push`]. The shorter slice counts.
/// Specification 5.
pub fn rows(bars: &[Bar], open_time: &[i64], eras: &Eras) -> Vec<Row> {
    let mut series = Series::new(InMemory);
    let push = |(bar, open_time): (&Bar, &i64)| {
        let Ok(row) = series.push(bar, *open_time, eras);
        row
    };
    bars.iter().zip(open_time).map(push).collect()
}
