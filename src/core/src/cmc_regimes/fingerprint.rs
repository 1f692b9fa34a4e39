//! Fingerprints of bars, which tell later whether the bars are still the same and, if not, from when on they
//! differ. Block by block, and within a block bar by bar, so that further bars can be added without reading
//! the earlier.

use serde::{Deserialize, Serialize};

use crate::cmc_regimes::series::Series;
use crate::hash::Hash;

/// Bars in a full block.
pub const BLOCK: usize = 64;

/// The fingerprint of a block of bars, of which the last may not be full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// Closing time of the first bar, in microseconds.
    pub first: i64,
    /// Number of bars, 1 to [`BLOCK`].
    pub bars: u32,
    /// Hash of all values read of the bars.
    pub hash: Hash,
}

/// The fingerprints of the first `bars` of a series, block by block in ascending time. `last` is the
/// fingerprint of the last block before the series; unless that block is full, the first fingerprint returned
/// completes it.
pub fn prints(last: Option<Print>, series: &Series, bars: usize) -> Vec<Print> {
    prints_of(last, &series.ts, bars, |i| words(series, i))
}

/// [`prints`] of anything with ascending times and words.
pub(crate) fn prints_of<W: IntoIterator<Item = u64>>(
    last: Option<Print>,
    times: &[i64],
    bars: usize,
    words: impl Fn(usize) -> W,
) -> Vec<Print> {
    let mut prints: Vec<Print> = last.into_iter().filter(|p| (p.bars as usize) < BLOCK).collect();
    for (i, ts) in times.iter().enumerate().take(bars) {
        if prints.last().is_none_or(|p| p.bars as usize == BLOCK) {
            prints.push(Print { first: *ts, bars: 0, hash: Hash::START });
        }
        if let Some(print) = prints.last_mut() {
            print.bars += 1;
            print.hash = print.hash.chain(words(i));
        }
    }
    prints
}

/// The time (microseconds) from which on bars differ, to a block; `None` if they are the same. Both are
/// fingerprints from the first bar on, in ascending time.
pub fn differ_from(a: &[Print], b: &[Print]) -> Option<i64> {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    [a.get(same), b.get(same)].into_iter().flatten().map(|print| print.first).min()
}

/// All values read of a bar, as words.
fn words(series: &Series, i: usize) -> impl Iterator<Item = u64> {
    let Series { ts, close, ema, atr, adx, costs } = series;
    let values = [close].into_iter().chain(ema).chain(atr).chain(adx).chain(costs.iter().flatten());
    // All NaN are alike.
    let bits = |v: f64| if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() };
    [ts[i] as u64].into_iter().chain(values.map(move |values| bits(values[i])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(from: usize, bars: usize) -> Series {
        let values = |k: f64| (from..from + bars).map(|i| i as f64 * k).collect::<Vec<_>>();
        Series {
            ts: (from..from + bars).map(|i| i as i64).collect(),
            close: values(1.0),
            ema: [2.0, 3.0, f64::NAN].map(values),
            ..Series::default()
        }
    }

    #[test]
    fn blocks_are_of_equal_length_but_the_last() {
        let prints = prints(None, &series(0, 130), 130);
        assert_eq!(
            prints.iter().map(|p| (p.first, p.bars)).collect::<Vec<_>>(),
            [(0, 64), (64, 64), (128, 2)]
        );
    }

    #[test]
    fn in_parts_as_in_one() {
        let whole = prints(None, &series(0, 200), 200);
        for cut in 0..200 {
            let mut parts = prints(None, &series(0, cut), cut);
            let rest = prints(parts.last().copied(), &series(cut, 200 - cut), 200 - cut);
            parts.truncate(cut / BLOCK);
            parts.extend(rest);
            assert_eq!(parts, whole, "cut at {cut}");
        }
    }

    #[test]
    fn the_first_block_that_differs_says_from_when() {
        let old = prints(None, &series(0, 200), 200);
        let mut corrected = series(0, 200);
        corrected.ema[1][70] = 1.0;
        assert_eq!(differ_from(&old, &old), None);
        assert_eq!(differ_from(&old, &prints(None, &corrected, 200)), Some(64));
        assert_eq!(differ_from(&old, &prints(None, &series(0, 199), 199)), Some(192));
        assert_eq!(differ_from(&old, &prints(None, &series(1, 199), 199)), Some(0));
        assert_eq!(differ_from(&old[..1], &old), Some(64));
    }
}
