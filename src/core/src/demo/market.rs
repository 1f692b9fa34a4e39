//! The daily bars of the made-up market: moods, assets, random numbers.

use crate::calendar::DailyBars;
use crate::calendar::civil::MICROS_PER_DAY;

/// First day of a market of up to 3,000 days, 2016-01-01, in days since 2000-01-01.
pub const FIRST_DAY: i32 = 5_844;
/// Last day of a market of 3,000 days or more, 2024-03-18, in days since 2000-01-01.
pub const LAST_DAY: i32 = FIRST_DAY + 2_999;
/// Days of history of the last asset.
pub const YOUNGEST_DAYS: usize = 200;
/// Days of history of the last asset but one.
pub const YOUNG_DAYS: usize = 720;

/// One asset with its daily bars.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoAsset {
    /// Number of the asset, from 1.
    pub id: i32,
    /// Symbol of the asset ([`symbol`]).
    pub symbol: String,
    /// Day of the first bar, in days since 2000-01-01.
    pub first_day: i32,
    /// One bar per day at 23:59:59 UTC; all assets end on the same day.
    pub bars: DailyBars,
}

/// All [`assets`] at once: about 56 bytes per bar.
pub fn market(assets: usize, days: usize, seed: u64) -> Vec<DemoAsset> {
    self::assets(assets, days, seed).collect()
}

/// The symbol of an asset: `MARKET` for asset 1, `DEMO2` and so on for the others.
pub fn symbol(id: i32) -> String {
    if id == 1 { "MARKET".to_owned() } else { format!("DEMO{id}") }
}

/// The first day of a market of `days` days, in days since 2000-01-01: [`FIRST_DAY`], or an earlier day where the
/// market would end after [`LAST_DAY`], so that no bar lies in the future.
pub(super) fn first_day(days: usize) -> i32 {
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    FIRST_DAY.min((LAST_DAY + 1).saturating_sub(days))
}

/// The assets of a market of `days` days, by ascending id; none without assets or days. The market begins on
/// [`FIRST_DAY`], or as much earlier as it takes to end on [`LAST_DAY`].
///
/// Prices follow five moods (calm bull, nervous bull, range, calm decline, crash), each with its own drift
/// and volatility, of the market as a whole and of each asset. Asset 1 is the market with a little noise. The
/// last of two or more assets has only [`YOUNGEST_DAYS`] bars, so that it lacks monthly and weekly layers;
/// the last but one of three or more has only [`YOUNG_DAYS`], so that it lacks the monthly layer.
///
/// The bar of an asset on a day depends only on its id, the seed and the first day of the market: more assets, or
/// more days up to 3,000, only change where the histories of the last two assets begin.
pub fn assets(assets: usize, days: usize, seed: u64) -> impl Iterator<Item = DemoAsset> {
    let factor = factor(days, seed);
    let first_day = first_day(days);
    let count = if days == 0 { 0 } else { i32::try_from(assets).unwrap_or(i32::MAX) };
    (1..=count).map(move |id| {
        let age = match count - id {
            0 if count > 1 => days.min(YOUNGEST_DAYS),
            1 if count > 2 => days.min(YOUNG_DAYS),
            _ => days,
        };
        DemoAsset {
            id,
            symbol: symbol(id),
            first_day: first_day.saturating_add_unsigned((days - age) as u32),
            bars: Nature::of_asset(id, seed).walk((first_day..).zip(factor.iter().copied()), days - age),
        }
    })
}

/// The moves that all assets share, one per day.
pub(super) fn factor(days: usize, seed: u64) -> Vec<Shock> {
    let mut mood = MoodWalk::new(seed, 0);
    (0..days).map(|_| mood.step()).collect()
}

/// Bounds of opens and closes, however long the market; highs and lows exceed them by at most an eighth.
const FLOOR: f64 = 0.01;
const CEILING: f64 = 1e6;
/// Largest share of price by which the distance from the fair price moves a day, and the daily growth of the
/// fair price (10 % a year). Without this pull, prices would leave the bounds within 20 years.
const PULL: f64 = 0.002;
const GROWTH: f64 = 0.00026;

pub(super) const CLOSING_TIME: i64 = MICROS_PER_DAY - 1_000_000;

/// The characteristics of one asset.
pub(super) struct Nature {
    pub(super) mood: MoodWalk,
    pub(super) rng: Rng,
    /// First fair price.
    pub(super) fair: f64,
    pub(super) supply: f64,
    /// Weights of the market's moves and of the asset's own moves.
    pub(super) beta: f64,
    pub(super) own: f64,
}

impl Nature {
    pub(super) fn of_asset(id: i32, seed: u64) -> Self {
        let mood = MoodWalk::new(seed, id as u64);
        let mut rng = Rng::new(seed, (1 << 32) + id as u64);
        let magnitude = if id == 1 { 100.0 } else { [0.5, 5.0, 50.0, 500.0][(rng.next() % 4) as usize] };
        let fair = magnitude * rng.between(1.0, 4.0);
        let supply = rng.between(1e8, 1e10) / fair;
        let (beta, own) = if id == 1 { (1.0, 0.1) } else { (rng.between(0.5, 1.4), rng.between(0.3, 0.8)) };
        Self { mood, rng, fair, supply, beta, own }
    }

    /// The bars on the days of the market after the first `skipped`, whose bars are computed all the same, so
    /// that a bar does not depend on where the history begins.
    pub(super) fn walk(self, factor: impl Iterator<Item = (i32, Shock)>, skipped: usize) -> DailyBars {
        let Self { mut mood, mut rng, mut fair, supply, beta, own } = self;
        let mut bars = DailyBars::default();
        let mut previous = fair;
        for (i, (day, common)) in factor.enumerate() {
            let particular = mood.step();
            let volatility = beta * common.volatility + own * particular.volatility;
            let pull = PULL * (fair - previous) / (fair + previous);
            let change = (beta * common.change + own * particular.change + pull).clamp(-0.5, 0.5);
            fair = (fair * (1.0 + GROWTH)).min(CEILING);

            let open = (previous * (1.0 + 0.05 * volatility * rng.normal())).clamp(FLOOR, CEILING);
            let close = (previous * (1.0 + change)).clamp(FLOOR, CEILING);
            let high = open.max(close) * (1.0 + volatility * rng.uniform());
            let low = open.min(close) / (1.0 + volatility * rng.uniform());
            let turnover = (0.01 + 0.5 * change.abs()) * rng.between(0.6, 1.4);
            previous = close;
            if i < skipped {
                continue;
            }
            bars.ts.push(i64::from(day) * MICROS_PER_DAY + CLOSING_TIME);
            bars.open.push(open);
            bars.high.push(high);
            bars.low.push(low);
            bars.close.push(close);
            bars.volume.push(turnover * supply * close);
            bars.market_cap.push(supply * close);
        }
        bars
    }
}

/// The move of one day.
#[derive(Clone, Copy)]
pub(super) struct Shock {
    change: f64,
    volatility: f64,
}

struct Mood {
    drift: f64,
    volatility: f64,
    /// Mean duration in days.
    days: f64,
    /// Probabilities of the next mood, in percent.
    next: [u64; 5],
}

const MOODS: [Mood; 5] = [
    // Calm bull, nervous bull, range, calm decline, crash.
    Mood { drift: 0.0030, volatility: 0.013, days: 110.0, next: [0, 35, 45, 20, 0] },
    Mood { drift: 0.0040, volatility: 0.036, days: 45.0, next: [30, 0, 25, 20, 25] },
    Mood { drift: 0.0000, volatility: 0.017, days: 70.0, next: [45, 10, 0, 35, 10] },
    Mood { drift: -0.0028, volatility: 0.020, days: 75.0, next: [25, 10, 45, 0, 20] },
    Mood { drift: -0.0120, volatility: 0.055, days: 14.0, next: [5, 25, 30, 40, 0] },
];

/// A Markov chain over the moods.
pub(super) struct MoodWalk {
    rng: Rng,
    mood: usize,
}

impl MoodWalk {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = Rng::new(seed, stream);
        let mood = (rng.next() % 5) as usize;
        Self { rng, mood }
    }

    pub(super) fn step(&mut self) -> Shock {
        if self.rng.uniform() * MOODS[self.mood].days < 1.0 {
            let mut left = self.rng.next() % 100;
            let next = MOODS[self.mood].next;
            self.mood = 0;
            while left >= next[self.mood] {
                left -= next[self.mood];
                self.mood += 1;
            }
        }
        let Mood { drift, volatility, .. } = MOODS[self.mood];
        Shock { change: drift + volatility * self.rng.normal(), volatility }
    }
}

/// SplitMix64, written out, since a change in a library's generator would change the market.
pub(super) struct Rng(u64);

impl Rng {
    /// One of many independent sequences of a seed.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let start = Self(seed).next();
        Self(Self(start ^ stream).next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below 1.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Nearly normal with mean 0 and standard deviation 1, from -6 to 6.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).fold(-6.0, |sum, u| sum + u)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Calendar, Span, period_bars};
    use crate::cmc_regimes::budget::Tier;
    use crate::cmc_regimes::label::{Trend, Vol};
    use crate::cmc_regimes::layer::{Layer, PerLayer};
    use crate::cmc_regimes::params::Params;
    use crate::cmc_regimes::pipeline::{Outcome, run};
    use crate::cmc_regimes::policy::{Policy, PolicyTable};
    use crate::cmc_regimes::series::Series;
    use crate::math::ema::ema;

    fn columns(bars: &DailyBars) -> [&Vec<f64>; 6] {
        [&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume, &bars.market_cap]
    }

    /// FNV-1a over every bit of every asset.
    fn checksum(market: &[DemoAsset]) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let mut take = |word: u64| {
            for byte in word.to_le_bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for asset in market {
            take(asset.id as u64);
            asset.symbol.bytes().for_each(|byte| take(u64::from(byte)));
            take(asset.first_day as u64);
            asset.bars.ts.iter().for_each(|ts| take(*ts as u64));
            columns(&asset.bars).into_iter().flatten().for_each(|value| take(value.to_bits()));
        }
        hash
    }

    fn series(bars: &DailyBars, periods: [u32; 3]) -> Series {
        Series {
            ts: bars.ts.clone(),
            close: bars.close.clone(),
            ema: periods.map(|period| ema(&bars.close, period)),
            ..Series::default()
        }
    }

    fn labelled(bars: &DailyBars) -> Outcome {
        let monthly = series(&period_bars(bars, Span::Month, Calendar::Iso), [12, 24, 48]);
        let weekly = series(&period_bars(bars, Span::Week, Calendar::Iso), [20, 50, 200]);
        let daily = series(bars, [20, 50, 100]);
        let layers = PerLayer::new([Some(&monthly), Some(&weekly), Some(&daily), None]);
        run(layers, None, &Policy::new(PolicyTable::built_in()), &Params::default())
    }

    #[test]
    fn the_bits_are_the_same_everywhere() {
        assert_eq!(format!("{:016x}", checksum(&market(3, 500, 42))), "c4a3a442ffc8c0c2");
    }

    #[test]
    fn another_seed_is_another_market() {
        let first: Vec<f64> = (0..20).map(|seed| market(1, 1, seed)[0].bars.close[0]).collect();
        assert!((1..20).all(|i| !first[..i].contains(&first[i])), "{first:?}");
    }

    #[test]
    fn bars_are_possible() {
        // Twenty years, and a length that only the bounds can hold.
        for (assets, days, seed) in [(40, 7_305, 1), (2, 300_000, 2)] {
            for asset in self::assets(assets, days, seed) {
                let bars = &asset.bars;
                assert!(columns(bars).iter().all(|column| column.len() == bars.ts.len()));
                for i in 0..bars.ts.len() {
                    let (open, high, low, close) = (bars.open[i], bars.high[i], bars.low[i], bars.close[i]);
                    assert!(low <= open.min(close) && open.max(close) <= high, "{asset:?}, bar {i}");
                    assert!(1e-3 < low && high < 1e7, "{low} {high}");
                    assert!(bars.volume[i] > 0.0 && bars.market_cap[i] > bars.volume[i]);
                }
            }
        }
    }

    #[test]
    fn all_end_on_the_same_day_and_the_last_two_are_young() {
        let market = market(4, 1_000, 7);
        assert_eq!(market.iter().map(|a| a.id).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(market.iter().map(|a| a.bars.ts.len()).collect::<Vec<_>>(), [1_000, 1_000, 720, 200]);
        for asset in &market {
            // 2000-01-01 23:59:59 and so many days.
            let stamp = |day: i32| i64::from(day) * MICROS_PER_DAY + 86_399_000_000;
            let stamps: Vec<i64> = (asset.first_day..5_844 + 1_000).map(stamp).collect();
            assert_eq!(asset.bars.ts, stamps);
        }
        let counts =
            |assets, days| self::market(assets, days, 7).iter().map(|a| a.bars.ts.len()).collect::<Vec<_>>();
        assert_eq!(counts(1, 1_000), [1_000]);
        assert_eq!(counts(2, 1_000), [1_000, 200]);
        assert_eq!(counts(3, 100), [100; 3]);
        assert!(counts(0, 100).is_empty());
        assert!(counts(3, 0).is_empty());
        assert_eq!(assets(10_000, 1, 7).count(), 10_000);
    }

    #[test]
    fn no_bar_lies_after_the_last_day() {
        let stamp = |day: i32| i64::from(day) * MICROS_PER_DAY + CLOSING_TIME;
        for (days, first, last) in [
            (1, FIRST_DAY, FIRST_DAY),
            (2_999, FIRST_DAY, LAST_DAY - 1),
            (3_000, FIRST_DAY, LAST_DAY),
            (3_001, FIRST_DAY - 1, LAST_DAY),
            (5_614, FIRST_DAY - 2_614, LAST_DAY),
            (10_000, FIRST_DAY - 7_000, LAST_DAY),
        ] {
            for asset in market(4, days, 42) {
                let bars = &asset.bars;
                assert_eq!(bars.ts.last(), Some(&stamp(last)));
                assert_eq!(bars.ts[0], stamp(asset.first_day));
                let age = [days, days, days.min(YOUNG_DAYS), days.min(YOUNGEST_DAYS)][asset.id as usize - 1];
                assert_eq!((bars.ts.len(), asset.first_day), (age, first + (days - age) as i32));
            }
        }
        // A longer market is the same one, begun earlier.
        let (short, long) = (&market(1, 3_000, 42)[0].bars, &market(1, 5_614, 42)[0].bars);
        assert_eq!(short.close, long.close[..3_000]);
    }

    #[test]
    fn a_bar_does_not_depend_on_how_many_follow() {
        let (small, large) = (market(3, 800, 42), market(6, 900, 42));
        for (a, b) in small.iter().zip(&large) {
            let before = (a.first_day - b.first_day) as usize;
            for (a, b) in columns(&a.bars).into_iter().zip(columns(&b.bars)) {
                assert_eq!(a[..], b[before..before + a.len()]);
            }
        }
    }

    #[test]
    fn the_market_goes_through_every_trend_and_volatility() {
        let market = market(3, 3_000, 42);
        let outcome = labelled(&market[0].bars);
        let enabled = |three: [bool; 3]| PerLayer::new([three[0], three[1], three[2], false]);
        assert_eq!((outcome.budget.tier, outcome.budget.enabled), (Tier::Full, enabled([true; 3])));
        // After the bars that have no trend for want of EMAs, and no percentile.
        let labels: Vec<_> = outcome.row[250..]
            .iter()
            .filter_map(|row| outcome.rows[*row as usize].labels[Layer::L2])
            .collect();
        let enough = |count: usize| count * 20 >= labels.len();
        for trend in Trend::ALL {
            assert!(enough(labels.iter().filter(|l| l.trend() == *trend).count()), "{trend:?}");
        }
        for vol in Vol::ALL {
            assert!(enough(labels.iter().filter(|l| l.vol() == *vol).count()), "{vol:?}");
        }
        let of_asset = |asset: usize| labelled(&market[asset].bars).budget.enabled;
        assert_eq!(of_asset(1), enabled([false, true, true]));
        assert_eq!(of_asset(2), enabled([false, false, true]));
    }
}
