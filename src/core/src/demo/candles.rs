//! Candles of the invented market: daily bars by symbol, intraday candles of some of them, and an index that
//! trades only on weekdays.

use crate::calendar::DailyBars;
use crate::calendar::civil::MICROS_PER_DAY;
use crate::demo::market::{CLOSING_TIME, DemoAsset, MoodWalk, Nature, Rng, factor, first_day};

/// The timeframe of daily candles.
pub const DAILY: &str = "1d";
/// The timeframe of candles of four hours.
pub const FOUR_HOURS: &str = "4h";
/// The symbol of the index.
pub const INDEX: &str = "^GSPC";

/// Most candles of the index.
const INDEX_DAYS: usize = 1_500;
/// The first assets, of this number, have candles of four hours, of at most `INTRADAY_DAYS` days.
const INTRADAY_ASSETS: i32 = 3;
const INTRADAY_DAYS: usize = 180;
const PARTS: usize = 6;

/// Candles of one symbol and timeframe.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoCandles {
    /// Symbol of the asset, or [`INDEX`].
    pub symbol: String,
    /// [`DAILY`] or [`FOUR_HOURS`].
    pub timeframe: &'static str,
    /// Candles in ascending time, stamped with their open; without market capitalisations.
    pub bars: DailyBars,
}

/// The candles of an asset: its daily bars and, for the first assets, its last days again in candles of four
/// hours. Together, a day's candles have the open, high, low and close of its bar, and up to rounding its
/// volume.
pub fn candles(asset: &DemoAsset, seed: u64) -> Vec<DemoCandles> {
    let of = |timeframe, bars| DemoCandles { symbol: asset.symbol.clone(), timeframe, bars };
    let mut all = vec![of(DAILY, opened(asset.bars.clone()))];
    if asset.id <= INTRADAY_ASSETS {
        all.push(of(FOUR_HOURS, four_hours(asset, seed)));
    }
    all
}

/// The daily candles of the index on the last weekdays of a market of `days` days: the market's moves,
/// damped.
pub fn index(days: usize, seed: u64) -> DemoCandles {
    // Day 0 is a Saturday.
    let is_weekday = |day: i32| day.rem_euclid(7) > 1;
    let days = (first_day(days)..).zip(factor(days, seed));
    let factor: Vec<_> = days.filter(|(day, _)| is_weekday(*day)).collect();
    let nature = Nature {
        mood: MoodWalk::new(seed, 2 << 32),
        rng: Rng::new(seed, 3 << 32),
        fair: 2_000.0,
        supply: 1e9,
        beta: 0.3,
        own: 0.1,
    };
    let skipped = factor.len().saturating_sub(INDEX_DAYS);
    let bars = opened(nature.walk(factor.into_iter(), skipped));
    DemoCandles { symbol: INDEX.to_owned(), timeframe: DAILY, bars }
}

/// Daily bars stamped with the midnight at which their day begins.
fn opened(mut bars: DailyBars) -> DailyBars {
    bars.ts.iter_mut().for_each(|ts| *ts -= CLOSING_TIME);
    bars.market_cap.clear();
    bars
}

/// The candles of four hours of the last days of an asset, within the ranges of its daily bars.
fn four_hours(asset: &DemoAsset, seed: u64) -> DailyBars {
    let DailyBars { ts, open, high, low, close, volume, .. } = &asset.bars;
    let mut bars = DailyBars::default();
    for i in ts.len().saturating_sub(INTRADAY_DAYS)..ts.len() {
        let begin = ts[i] - CLOSING_TIME;
        let mut rng = Rng::new(seed, (1 << 63) + ((asset.id as u64) << 32) + (begin / MICROS_PER_DAY) as u64);
        let inside = |price: f64| price.max(low[i]).min(high[i]);
        // From the open to the close with detours; one part reaches the high, one the low.
        let mut points = [open[i]; PARTS + 1];
        points[PARTS] = close[i];
        for (k, point) in points[..PARTS].iter_mut().enumerate().skip(1) {
            let straight = open[i] + (close[i] - open[i]) * k as f64 / PARTS as f64;
            *point = inside(straight + (high[i] - low[i]) * rng.between(-0.3, 0.3));
        }
        let (top, bottom) = (rng.next() as usize % PARTS, rng.next() as usize % PARTS);
        let weights = [(); PARTS].map(|()| rng.between(0.6, 1.4));
        let weight: f64 = weights.iter().sum();
        for k in 0..PARTS {
            let (upper, lower) = (points[k].max(points[k + 1]), points[k].min(points[k + 1]));
            let [up, down] = [0.3 * rng.uniform(), 0.3 * rng.uniform()];
            bars.ts.push(begin + k as i64 * MICROS_PER_DAY / PARTS as i64);
            bars.open.push(points[k]);
            bars.high.push(if k == top { high[i] } else { inside(upper + (high[i] - upper) * up) });
            bars.low.push(if k == bottom { low[i] } else { inside(lower - (lower - low[i]) * down) });
            bars.close.push(points[k + 1]);
            bars.volume.push(volume[i] * (weights[k] / weight));
        }
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::market::{LAST_DAY, assets, market};
    use crate::market_regimes::{Config, Machine, Simplified};

    const HOURS: i64 = 3_600_000_000;

    #[test]
    fn four_hours_make_up_their_day() {
        for asset in market(5, 1_000, 42) {
            let all = candles(&asset, 42);
            let names: Vec<_> =
                all.iter().map(|c| (c.symbol.as_str(), c.timeframe, c.bars.ts.len())).collect();
            let symbol = asset.symbol.as_str();
            let daily = (symbol, "1d", asset.bars.ts.len());
            if asset.id > 3 {
                assert_eq!(names, [daily]);
                continue;
            }
            assert_eq!(names, [daily, (symbol, "4h", 6 * 180)]);
            let (days, parts) = (&all[0].bars, &all[1].bars);
            for (n, i) in (days.ts.len() - 180..days.ts.len()).enumerate() {
                let of = 6 * n..6 * n + 6;
                assert_eq!(days.ts[i], asset.bars.ts[i] - 86_399_000_000);
                assert_eq!(parts.ts[of.clone()], [0, 4, 8, 12, 16, 20].map(|h| days.ts[i] + h * HOURS));
                assert_eq!((parts.open[of.start], parts.close[of.end - 1]), (days.open[i], days.close[i]));
                assert_eq!(parts.open[of.start + 1..of.end], parts.close[of.start..of.end - 1]);
                let highest = parts.high[of.clone()].iter().fold(f64::MIN, |a, b| a.max(*b));
                let lowest = parts.low[of.clone()].iter().fold(f64::MAX, |a, b| a.min(*b));
                assert_eq!((highest, lowest), (days.high[i], days.low[i]));
                let volume: f64 = parts.volume[of.clone()].iter().sum();
                assert!((volume / days.volume[i] - 1.0).abs() < 1e-12);
                for k in of {
                    assert!(parts.low[k] <= parts.open[k].min(parts.close[k]));
                    assert!(parts.high[k] >= parts.open[k].max(parts.close[k]));
                }
            }
        }
    }

    #[test]
    fn a_candle_does_not_depend_on_how_many_follow() {
        let of = |days| assets(5, days, 42).next().map(|asset| candles(&asset, 42).remove(1).bars).unwrap();
        let (short, long) = (of(900), of(930));
        assert_eq!(short.ts[180..], long.ts[..900]);
        assert_eq!(short.close[180..], long.close[..900]);
        let (short, long) = (index(2_500, 42).bars, index(2_800, 42).bars);
        let common = short.ts.iter().filter(|ts| **ts >= long.ts[0]).count();
        assert_eq!(short.close[1_500 - common..], long.close[..common]);
    }

    #[test]
    fn the_index_trades_on_weekdays_and_is_calm() {
        let DemoCandles { symbol, timeframe, bars } = index(3_000, 42);
        assert_eq!((symbol.as_str(), timeframe, bars.ts.len()), ("^GSPC", "1d", 1_500));
        assert!(bars.ts.iter().all(|ts| ts % MICROS_PER_DAY == 0 && ts / MICROS_PER_DAY % 7 > 1));
        assert!(bars.ts.windows(2).all(|pair| [1, 3].contains(&((pair[1] - pair[0]) / MICROS_PER_DAY))));
        // 2024-03-18, the last day of the market, and of every longer one.
        let last = i64::from(LAST_DAY) * MICROS_PER_DAY;
        assert_eq!(bars.ts.last(), Some(&last));
        let long = index(10_000, 42).bars;
        assert_eq!((long.ts.len(), long.ts.last()), (1_500, Some(&last)));
        assert!(long.ts.iter().all(|ts| ts / MICROS_PER_DAY % 7 > 1));
        let ret: Vec<f64> = bars.close.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
        let deviation = (ret.iter().map(|r| r * r).sum::<f64>() / ret.len() as f64).sqrt();
        assert!((0.004..0.016).contains(&deviation), "{deviation}");
        assert!(bars.close.iter().all(|close| (500.0..10_000.0).contains(close)));
        assert_eq!(index(1, 42).bars.ts.len(), 1);
        assert!(index(0, 42).bars.ts.is_empty());
    }

    #[test]
    fn the_market_goes_through_every_simplified_regime() {
        for candles in market(5, 3_000, 42).iter().take(3).flat_map(|asset| candles(asset, 42)) {
            let DailyBars { high, low, close, .. } = &candles.bars;
            let mut machine = Machine::new(&Config::default());
            let labels: Vec<_> =
                (0..close.len()).map(|i| machine.push(high[i], low[i], close[i])).skip(199).collect();
            for regime in Simplified::ALL {
                let n = labels.iter().filter(|label| label.simplified == *regime).count();
                assert!(n > 0, "{} {}: no {}", candles.symbol, candles.timeframe, regime.as_str());
            }
        }
    }
}
