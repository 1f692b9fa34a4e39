//! Whether a few crises make the difference between HIGH and LOW.

use crate::calendar::civil::{civil, day_of};
use crate::market_states::Bucket;
use crate::market_states::after::outcomes::{independent, returns};
use crate::market_states::after::share::{Share, ratio};
use crate::math::windows::folded;

/// Bars of the highest close that the depth of a fall is measured from.
const PEAK: usize = 200;

/// The bars that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// All with a bucket and a full horizon.
    All,
    /// The first third in time.
    First,
    /// The bars between the first and the last third.
    Middle,
    /// The last third.
    Last,
    /// All but the twentieth whose closes are deepest below the highest of 200 bars.
    WithoutDeepest,
    /// All but those of a year, in UTC.
    WithoutYear(i64),
}

impl Sample {
    /// The name in SQL.
    pub fn name(self) -> String {
        match self {
            Sample::All => "all".to_owned(),
            Sample::First => "first third".to_owned(),
            Sample::Middle => "middle third".to_owned(),
            Sample::Last => "last third".to_owned(),
            Sample::WithoutDeepest => "without deepest 5%".to_owned(),
            Sample::WithoutYear(year) => format!("without {year:04}"),
        }
    }
}

/// Tail shares of HIGH and LOW in a sample. Specification 5, section 8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concentration {
    /// The bars that are compared.
    pub sample: Sample,
    /// Number of HIGH bars.
    pub high_n: usize,
    /// Share of those with a return at or below the threshold.
    pub high: Share,
    /// Number of LOW bars.
    pub low_n: usize,
    /// Share of those with a return at or below the threshold.
    pub low: Share,
    /// Share of HIGH less that of LOW.
    pub difference: f64,
    /// Share of HIGH as a multiple of that of LOW.
    pub ratio: f64,
}

/// The tail shares in each sample; `times` are microseconds since 2000, and a year is left out for each that
/// has a bar with a bucket and a full horizon.
pub fn concentration(
    times: &[i64],
    close: &[f64],
    buckets: &[Option<Bucket>],
    horizon: usize,
    threshold: f64,
) -> Vec<Concentration> {
    let returns = returns(close, horizon);
    let rows: Vec<Row> = (0..returns.len().min(times.len()))
        .filter_map(|bar| {
            let year = civil(day_of(times[bar])).0;
            Some(Row { bar, bucket: (*buckets.get(bar)?)?, year, in_tail: returns[bar] <= threshold })
        })
        .collect();
    let third = rows.len() / 3;
    let is_deepest = deepest(close, &rows);
    let of = |sample| compared(sample, horizon, &rows, |_| true);
    let of_places = |sample, from: usize, to: usize| compared(sample, horizon, &rows[from..to], |_| true);
    let mut all = vec![
        of(Sample::All),
        of_places(Sample::First, 0, third),
        of_places(Sample::Middle, third, rows.len() - third),
        of_places(Sample::Last, rows.len() - third, rows.len()),
        compared(Sample::WithoutDeepest, horizon, &rows, |row| !is_deepest[row.bar]),
    ];
    for of_year in rows.chunk_by(|a, b| a.year == b.year) {
        let year = of_year[0].year;
        all.push(compared(Sample::WithoutYear(year), horizon, &rows, |row| row.year != year));
    }
    all
}

/// A bar with a bucket and a full horizon.
struct Row {
    bar: usize,
    bucket: Bucket,
    year: i64,
    in_tail: bool,
}

fn compared(sample: Sample, horizon: usize, rows: &[Row], counts: impl Fn(&&Row) -> bool) -> Concentration {
    let of = |bucket| {
        let own: Vec<&Row> = rows.iter().filter(|row| row.bucket == bucket).filter(&counts).collect();
        let tail = own.iter().filter(|row| row.in_tail).count();
        let m = independent(own.iter().map(|row| row.bar), horizon);
        (own.len(), Share::of(tail, own.len(), m))
    };
    let ((high_n, high), (low_n, low)) = (of(Bucket::High), of(Bucket::Low));
    let (difference, ratio) = (high.share - low.share, ratio(high.share, low.share));
    Concentration { sample, high_n, high, low_n, low, difference, ratio }
}

/// Whether each bar is one of the twentieth of the rows that are deepest below the highest of the last 200 closes; the
/// earlier of two equal ones.
fn deepest(close: &[f64], rows: &[Row]) -> Vec<bool> {
    // Bars before the first have no close that counts.
    let padded: Vec<f64> =
        std::iter::repeat_n(f64::NEG_INFINITY, PEAK - 1).chain(close.iter().copied()).collect();
    let peaks = folded(&padded, PEAK, f64::max);
    let depth = |row: &&Row| close[row.bar] / peaks[row.bar] - 1.0;
    let mut deepest: Vec<&Row> = rows.iter().collect();
    // Stable: the rows are in ascending time.
    deepest.sort_by(|a, b| depth(a).total_cmp(&depth(b)));
    let mut is_deepest = vec![false; close.len()];
    deepest.iter().take(rows.len() / 20).for_each(|row| is_deepest[row.bar] = true);
    is_deepest
}
