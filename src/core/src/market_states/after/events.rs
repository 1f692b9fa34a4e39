//! Large moves of the close, and whether a HIGH came before each.

use crate::market_states::Bucket;
use crate::math::rolling::RunningMean;
use crate::math::windows::folded;
use crate::words;

/// Bars of the mean true range that a move is measured by.
const ATR: usize = 14;

/// What is asked: which moves are events, and how long before an event a warning counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asked {
    /// Bars ahead, at least 1.
    pub horizon: usize,
    /// Bars before the start of an event, at least 1.
    pub lookback: usize,
    /// What makes a bar an anchor.
    pub fall: Fall,
}

/// What makes a bar an anchor, the beginning of a large move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fall {
    /// The close at the horizon is this many ATR14 away, down or up.
    Atr(f64),
    /// A close up to the horizon is lower by this share, from 0 to 1.
    Share(f64),
}

impl Fall {
    /// The directions that events can have.
    pub fn directions(self) -> &'static [Direction] {
        match self {
            Fall::Atr(_) => &[Direction::Down, Direction::Up],
            Fall::Share(_) => &[Direction::Down],
        }
    }
}

words!(
    /// The direction of an event. Specification 5, section 8.
    Direction {
        /// A fall.
        Down = "down",
        /// A rise.
        Up = "up",
    }
);

/// Successive anchors of one direction, each at most a horizon after the one before. Bars are indices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Down or up.
    pub direction: Direction,
    /// The first anchor.
    pub start: usize,
    /// A horizon after the last anchor.
    pub end: usize,
    /// Number of anchors.
    pub anchors: usize,
    /// The first bar with the lowest (down) or highest (up) close from start to end.
    pub extreme: usize,
    /// Move of the close from the start to the extreme, as a share of the close at the start.
    pub change: f64,
    /// The same move in ATR14 of the start, NaN where that is unknown or 0.
    pub change_atr: f64,
    /// Whether no later bar can lengthen the event.
    pub complete: bool,
    /// What the buckets before the start said; `None` unless all bars of the lookback have a bucket.
    pub warning: Option<Warning>,
}

/// The HIGH bars of the lookback before an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The earliest.
    pub first_high: Option<usize>,
    /// Their number.
    pub high_bars: usize,
}

/// The events of a series by start and direction; `bars` are high, low and close. Specification 5, section 8.
pub fn events(bars: [&[f64]; 3], buckets: &[Option<Bucket>], asked: &Asked) -> Vec<Event> {
    let n = bars.map(<[f64]>::len).into_iter().fold(usize::MAX, usize::min);
    let bars = bars.map(|values| &values[..n]);
    let series = Series { close: bars[2], atr: mean_ranges(bars), highs: Highs::new(buckets), asked };
    let mut all: Vec<Event> = Vec::new();
    for direction in asked.fall.directions() {
        let anchors = series.anchors(*direction);
        all.extend(anchors.chunk_by(|a, b| b - a <= asked.horizon).map(|own| series.event(*direction, own)));
    }
    all.sort_by_key(|event| (event.start, event.direction as u8));
    all
}

struct Series<'a> {
    close: &'a [f64],
    /// ATR14.
    atr: Vec<f64>,
    highs: Highs,
    asked: &'a Asked,
}

impl Series<'_> {
    /// The bars at which a large move of a direction begins, ascending.
    fn anchors(&self, direction: Direction) -> Vec<usize> {
        let (close, h) = (self.close, self.asked.horizon);
        let with_horizon = 0..close.len().saturating_sub(h);
        match self.asked.fall {
            Fall::Atr(multiple) => with_horizon
                .filter(|i| {
                    let (change, far) = (close[i + h] - close[*i], multiple * self.atr[*i]);
                    let is_far = if direction == Direction::Down { change <= -far } else { change >= far };
                    self.atr[*i] > 0.0 && is_far
                })
                .collect(),
            Fall::Share(share) => {
                let lowest = folded(close.get(1..).unwrap_or_default(), h, f64::min);
                with_horizon.filter(|i| lowest[*i] / close[*i] - 1.0 <= -share).collect()
            }
        }
    }

    /// The event of anchors, of which there is at least one.
    fn event(&self, direction: Direction, anchors: &[usize]) -> Event {
        let Self { close, atr, asked, .. } = self;
        let (start, end) = (anchors[0], anchors[anchors.len() - 1] + asked.horizon);
        // The first of equal closes.
        let further = |x: f64, than: f64| if direction == Direction::Down { x < than } else { x > than };
        let extreme =
            (start..=end).fold(start, |best, bar| if further(close[bar], close[best]) { bar } else { best });
        let (from, to) = (close[start], close[extreme]);
        Event {
            direction,
            start,
            end,
            anchors: anchors.len(),
            extreme,
            change: to / from - 1.0,
            change_atr: if atr[start] > 0.0 { (to - from) / atr[start] } else { f64::NAN },
            complete: end + asked.horizon < close.len(),
            warning: self.highs.before(start, asked.lookback),
        }
    }
}

/// The mean of the last 14 true ranges, NaN before there are so many.
fn mean_ranges([high, low, close]: [&[f64]; 3]) -> Vec<f64> {
    let mut mean = RunningMean::new(ATR);
    let before = [f64::NAN].into_iter().chain(close.iter().copied());
    let bars = high.iter().zip(low).zip(before);
    // The largest known; on the first bar high - low.
    let range = |((h, l), c): ((&f64, &f64), f64)| (h - l).max((h - c).abs()).max((l - c).abs());
    bars.map(|bar| mean.push(range(bar))).collect()
}

/// Buckets, counted up to each bar.
pub(super) struct Highs {
    /// Number of HIGH bars, and of bars with a bucket, before each bar.
    highs: Vec<usize>,
    known: Vec<usize>,
    /// The first HIGH bar at or after each bar, or the number of bars.
    next: Vec<usize>,
}

impl Highs {
    pub fn new(buckets: &[Option<Bucket>]) -> Self {
        let counted = |counts: &dyn Fn(&Option<Bucket>) -> bool| {
            let mut before = vec![0];
            for bucket in buckets {
                before.push(before[before.len() - 1] + usize::from(counts(bucket)));
            }
            before
        };
        let is_high = |bucket: &Option<Bucket>| *bucket == Some(Bucket::High);
        let mut next = vec![buckets.len(); buckets.len()];
        for i in (0..buckets.len()).rev() {
            next[i] =
                if is_high(&buckets[i]) { i } else { next.get(i + 1).copied().unwrap_or(buckets.len()) };
        }
        Self { highs: counted(&is_high), known: counted(&Option::is_some), next }
    }

    /// The HIGH bars among the `lookback` bars before a bar; `None` unless there are so many and all have a bucket.
    pub fn before(&self, bar: usize, lookback: usize) -> Option<Warning> {
        let from = bar.checked_sub(lookback)?;
        let count = |counts: &[usize]| Some(counts.get(bar)? - counts.get(from)?);
        if count(&self.known)? != lookback {
            return None;
        }
        let high_bars = count(&self.highs)?;
        let first_high = self.next.get(from).copied().filter(|_| high_bars > 0);
        Some(Warning { first_high, high_bars })
    }
}
