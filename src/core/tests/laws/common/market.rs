//! Specification 3, transcribed array by array: every window anew, thresholds as numbers.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::naive::trailing;

const NAN: f64 = f64::NAN;

/// High, low and close of candles.
#[derive(Clone, Debug, Default)]
pub struct Candles {
    pub high: Vec<f64>,
    pub low: Vec<f64>,
    pub close: Vec<f64>,
}

impl Candles {
    pub fn len(&self) -> usize {
        self.close.len()
    }

    /// The first of them.
    pub fn head(&self, n: usize) -> Self {
        self.map(|values| values[..n].to_vec())
    }

    pub fn map(&self, of: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        Self { high: of(&self.high), low: of(&self.low), close: of(&self.close) }
    }

    /// All three prices of each candle.
    pub fn rows(&self) -> impl Iterator<Item = [f64; 3]> {
        (0..self.len()).map(|i| [self.high[i], self.low[i], self.close[i]])
    }

    pub fn of_rows(rows: &[[f64; 3]]) -> Self {
        let column = |at: usize| rows.iter().map(|row| row[at]).collect();
        Self { high: column(0), low: column(1), close: column(2) }
    }
}

/// Stretches of rising, falling and flat prices, each calm, ordinary or wild, some on a grid, where
/// equal values are common; now and then a price is unknown or zero.
pub fn candles(stretches: std::ops::Range<usize>) -> impl Strategy<Value = Candles> {
    let stretch = (1usize..60, select(vec![-0.02, 0.0, 0.0, 0.01]), select(vec![0.0, 0.003, 0.02, 0.08]));
    let shape = (vec(stretch, stretches), any::<u64>(), select(vec![0.0, 1.0, 4.0]), 0u8..4);
    shape.prop_map(|(stretches, seed, grid, gaps)| {
        let mut rng = super::synthetic::Rng(seed);
        let mut price = 100.0;
        let mut rows = Vec::new();
        for (n, drift, wild) in stretches {
            for _ in 0..n {
                price *= 1.0 + drift + wild * (2.0 * rng.unit() - 1.0);
                let on = |v: f64| if grid > 0.0 { (v * grid).round() / grid } else { v };
                let close = on(price);
                let mut row =
                    [on(close * (1.0 + wild * rng.unit())), on(close * (1.0 - wild * rng.unit())), close];
                if gaps == 1 && rng.below(60) == 0 {
                    row[rng.below(3)] = [NAN, f64::INFINITY, 0.0][rng.below(3)];
                }
                rows.push(row);
            }
        }
        Candles::of_rows(&rows)
    })
}

/// The labels as rows of the table have them, without `full_regime`.
pub type Row = ([&'static str; 4], f64, bool);

fn map2(a: &[f64], b: &[f64], of: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| of(*a, *b)).collect()
}

/// The values of so many candles before.
fn shift(x: &[f64], by: usize) -> Vec<f64> {
    (0..x.len()).map(|i| if i < by { NAN } else { x[i - by] }).collect()
}

/// Specification 3, "SMA", transcribed: one running sum with two compensations, first remove, then add. The last bits
/// count, as ties in the rank depend on them.
pub fn sma(x: &[f64], w: usize) -> Vec<f64> {
    let (mut sum, mut added, mut removed) = (0.0, 0.0, 0.0);
    let mut means = Vec::new();
    for i in 0..x.len() {
        if i >= w && x[i - w].is_finite() {
            let y = -x[i - w] - removed;
            let total = sum + y;
            removed = total - sum - y;
            sum = total;
        }
        if x[i].is_finite() {
            let y = x[i] - added;
            let total = sum + y;
            added = total - sum - y;
            sum = total;
        }
        let last = trailing(x, i, w);
        let mean = sum / w as f64;
        means.push(if last.len() < w || last.iter().any(|v| !v.is_finite()) {
            NAN
        } else if last.iter().all(|v| *v == last[0]) {
            x[i]
        } else if (mean < 0.0 && last.iter().all(|v| v.is_sign_positive()))
            || (mean > 0.0 && last.iter().all(|v| v.is_sign_negative()))
        {
            0.0
        } else {
            mean
        });
    }
    means
}

fn ema(x: &[f64], span: f64) -> Vec<f64> {
    let alpha = 1.0 / (1.0 + (span - 1.0) / 2.0);
    let mut means: Vec<f64> = Vec::new();
    let mut since = 0;
    for &x in x {
        let e = means.last().copied().unwrap_or(NAN);
        since += 1;
        let w = std::iter::repeat_n(1.0 - alpha, since).product::<f64>();
        means.push(if e.is_nan() {
            x
        } else if x.is_nan() || x == e {
            e
        } else {
            (w * e + alpha * x) / (w + alpha)
        });
        if !x.is_nan() || e.is_nan() {
            since = 0;
        }
    }
    means
}

fn percentile(values: &[f64], p: f64) -> f64 {
    let mut s = values.to_vec();
    s.sort_by(f64::total_cmp);
    let v = (s.len() - 1) as f64 * p / 100.0;
    let k = v.floor() as usize;
    let t = v - k as f64;
    if k + 1 == s.len() {
        s[k]
    } else if t < 0.5 {
        s[k] + (s[k + 1] - s[k]) * t
    } else {
        s[k + 1] - (s[k + 1] - s[k]) * (1.0 - t)
    }
}

/// Section 2: the pairs of natr and bandwidth in order, and for each candle that has one whether it is high.
pub fn volatility(c: &Candles, window: usize, p: f64) -> Vec<Option<&'static str>> {
    let before = shift(&c.close, 1);
    let tr: Vec<f64> = (0..c.len())
        .map(|i| {
            let all = [c.high[i] - c.low[i], (c.high[i] - before[i]).abs(), (c.low[i] - before[i]).abs()];
            all.into_iter().filter(|v| !v.is_nan()).reduce(|a, b| if b > a { b } else { a }).unwrap_or(NAN)
        })
        .collect();
    let (atr, middle) = (sma(&tr, 14), sma(&c.close, 20));
    let mut pushed: Vec<[f64; 2]> = Vec::new();
    let mut high = Vec::new();
    for i in 0..c.len() {
        // Around the mean as it is, and what that is off by taken out: the same numbers as the crate's.
        let d = || trailing(&c.close, i, 20).iter().map(|v| v - middle[i]);
        let (sum, squares) = (d().fold(0.0, |s, d| s + d), d().fold(0.0, |s, d| s + d * d));
        let sd = ((squares - sum * sum / 20.0).max(0.0) / 19.0).sqrt();
        let (upper, lower) = (middle[i] + 2.0 * sd, middle[i] - 2.0 * sd);
        if [atr[i], c.close[i], upper, middle[i], lower].iter().any(|v| v.is_nan()) || c.close[i] == 0.0 {
            high.push(None);
            continue;
        }
        let now = [atr[i] / c.close[i], if middle[i] == 0.0 { 0.0 } else { (upper - lower) / middle[i] }];
        let set = &pushed[pushed.len().saturating_sub(window)..];
        let limits = if set.len() < 30.min(window / 2) {
            [0.015, 0.06]
        } else {
            [0, 1].map(|of| percentile(&set.iter().map(|pair| pair[of]).collect::<Vec<_>>(), p))
        };
        high.push(Some(if now[0] > limits[0] || now[1] > limits[1] { "high" } else { "low" }));
        pushed.push(now);
    }
    high
}

fn momentum(roc: f64, histogram: f64, rsi: f64) -> &'static str {
    let undefined = [roc, histogram, rsi].iter().any(|v| v.is_nan());
    let bulls = [roc > 0.0, histogram > 0.0, rsi > 55.0].iter().filter(|p| **p).count();
    let bears = [roc < 0.0, histogram < 0.0, rsi < 45.0].iter().filter(|p| **p).count();
    match () {
        () if undefined => "weak",
        () if bulls >= 2 => "bullish",
        () if bears >= 2 => "bearish",
        () => "weak",
    }
}

/// The simplified label and the confidence; `of_trend` is what the ADX adds, `missing` the number of undefined inputs.
fn simplified(trend: &str, vol: &str, momentum: &str, of_trend: f64, missing: usize) -> (&'static str, f64) {
    let simplified = match (trend, vol, momentum) {
        ("uptrend", _, "bullish") => "TREND_UP",
        ("downtrend", _, "bearish") => "TREND_DOWN",
        ("neutral", "high", "weak") => "CHOPPY",
        ("neutral", "low", _) => "RANGE",
        _ => "NEUTRAL",
    };
    let mut confidence = 0.5 + of_trend;
    match simplified {
        "TREND_UP" | "TREND_DOWN" => confidence += 0.2,
        _ if trend != "neutral" && momentum == "weak" => confidence -= 0.1,
        _ => {}
    }
    (simplified, confidence - missing as f64 * 0.1)
}

/// The labels of candles with these limits of the ADX, and all other limits as by default.
pub fn labels(c: &Candles, adx_trending: f64, adx_sideways: f64) -> Vec<Row> {
    let c = &c.map(|values| values.iter().map(|v| if v.is_finite() { *v } else { NAN }).collect());
    let n = c.len();
    let when = |test: bool, value: f64| if test { value } else { 0.0 };
    let delta = map2(&c.close, &shift(&c.close, 1), |a, b| a - b);
    let gain = sma(&delta.iter().map(|d| when(*d > 0.0, *d)).collect::<Vec<_>>(), 14);
    let loss = sma(&delta.iter().map(|d| when(*d < 0.0, -d)).collect::<Vec<_>>(), 14);
    let rsi = map2(&gain, &loss, |gain, loss| match (gain, loss) {
        (0.0, 0.0) => NAN,
        (_, 0.0) => 100.0,
        _ => 100.0 - 100.0 / (1.0 + gain / loss),
    });
    let macd = map2(&ema(&c.close, 12.0), &ema(&c.close, 26.0), |a, b| a - b);
    let histogram = map2(&macd, &ema(&macd, 9.0), |a, b| a - b);
    let roc = map2(&c.close, &shift(&c.close, 12), |a, b| (a - b) / b * 100.0);
    let before = shift(&c.close, 1);
    let tr: Vec<f64> = (0..n)
        .map(|i| (c.high[i] - c.low[i]).max((c.high[i] - before[i]).abs()).max((c.low[i] - before[i]).abs()))
        .collect();
    let up = map2(&c.high, &shift(&c.high, 1), |a, b| a - b);
    let dn = map2(&shift(&c.low, 1), &c.low, |a, b| a - b);
    let t = ema(&tr, 14.0);
    let di = |dm: Vec<f64>| map2(&ema(&dm, 14.0), &t, |dm, t| 100.0 * dm / t);
    let plus = di(map2(&up, &dn, |up, dn| when(up > dn && up > 0.0, up)));
    let minus = di(map2(&up, &dn, |up, dn| when(dn > up && dn > 0.0, dn)));
    let adx = ema(&map2(&plus, &minus, |p, m| 100.0 * (p - m).abs() / (p + m)), 14.0);
    let (sma_50, sma_200) = (sma(&c.close, 50), sma(&c.close, 200));
    let volatility = volatility(c, 100, 70.0);
    (0..n)
        .map(|i| {
            let (close, middle, long) = (c.close[i], sma_50[i], sma_200[i]);
            let undefined = adx[i].is_nan() || close.is_nan() || middle.is_nan();
            let trend = if undefined || adx[i] < adx_sideways || adx[i] < adx_trending {
                "neutral"
            } else if close > middle && (long.is_nan() || middle > long) {
                "uptrend"
            } else if close < middle && (long.is_nan() || middle < long) {
                "downtrend"
            } else {
                "neutral"
            };
            let momentum = momentum(roc[i], histogram[i], rsi[i]);
            let vol = volatility[i].unwrap_or("low");
            let of_trend = match adx[i] {
                a if a.is_nan() => 0.0,
                a if a > 40.0 => 0.3,
                a if a > adx_trending => 0.15,
                a if a < adx_sideways => -0.1,
                _ => 0.0,
            };
            let missing = [rsi[i], histogram[i], adx[i]].iter().filter(|v| v.is_nan()).count();
            let (simplified, confidence) = simplified(trend, vol, momentum, of_trend, missing);
            ([trend, vol, momentum, simplified], confidence.clamp(0.0, 1.0), i < 199)
        })
        .collect()
}
