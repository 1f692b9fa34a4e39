//! Market states: metrics, price levels, a state label and an escalation with its percentile, bar by bar
//! (specification 5).
//!
//! All rows, in bulk as well as one at a time, are made by a [`Series`], started at the first bar: a row depends on
//! its own bar and the bars before. All arithmetic is f64 in the order of the specification; NaN is unknown. Gaps
//! are not filled.
//!
//! The state of a series has three parts, each of which a new bar rewrites in little: kernels, eras and the roots of
//! six trees of ranks, together one to two kilobytes ([`Series::seal`]); the other nodes of the trees, of which a
//! bar rewrites a leaf per tree and the inner nodes above; and the last bars in blocks of 32, of which a bar
//! rewrites one.

pub mod after;
mod components;
mod eras;
mod kernels;
mod labels;
mod levels;
mod measure;
mod metrics;
mod ranks;
mod rolling_percentile;
mod series;
mod verdict;
mod watch;
mod window;

pub use eras::{Eras, Pace};
pub use kernels::Kernels;
pub use labels::{
    Bias, Bucket, LiquidityLabel, LiquidityTrend, MomentumState, Posture, StateLabel, VolatilityLabel,
    VolatilityTrend,
};
pub use levels::{Level, Side};
pub use metrics::Metrics;
pub use ranks::{Count, InMemory, Node, Nodes, Rank};
pub use rolling_percentile::rolling_percentile;
pub use series::{Change, ESCALATION, Row, Sealed, Series, rows};
pub use verdict::Verdict;
pub use watch::{Comparison, Gate, Note, Notes, Rule, Term, Unwatched, Watch};

/// Version of the classifier; changed whenever the same bars and eras give another row.
pub const CLASSIFIER_VERSION: &str = "1";

/// Version of the stored form; changed whenever states of earlier code cannot be resumed.
pub const STATE_VERSION: u8 = 1;

/// Bars whose rows are marked as warm-up and have no escalation.
pub const WARMUP: u64 = 272;

/// Prices that a bar may have, of open, high, low and close; the caller refuses others. Specification 5, section 6.
pub const PRICES: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// A bar of a symbol and timeframe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// First price, within [`PRICES`] as the others.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Volume; NaN, negative or above 1e100 is unknown.
    pub volume: f64,
}
