//! Seeded series that visit every kind of label, for tests and benches.

use regime_core::cmc_regimes::series::Series;

pub use regime_core::calendar::civil::MICROS_PER_DAY as DAY;

/// SplitMix64: small, seeded, and the same on every machine.
pub struct Rng(pub u64);

impl Rng {
    /// The next number.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to under `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// A number from 0 to under 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// What a series is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Two shapes that differ in the seed only have nothing in common.
    pub seed: u64,
    /// How many bars.
    pub bars: usize,
    /// From one bar to the next, in microseconds.
    pub step: i64,
    /// Periods of the three EMAs.
    pub periods: [usize; 3],
    /// Whether values are unknown here and there, and bars are missing.
    pub gaps: bool,
    /// Whether an ATR is mapped.
    pub atr: bool,
    /// Whether an ADX is mapped.
    pub adx: bool,
    /// Whether spread and slippage are mapped.
    pub costs: bool,
}

impl Shape {
    /// Daily bars without any optional column.
    pub fn daily(seed: u64, bars: usize) -> Self {
        Self { seed, bars, step: DAY, periods: [4, 9, 20], gaps: false, atr: false, adx: false, costs: false }
    }
}

/// A series whose last bar closes at time 0. Stretches of rising, falling and flat prices alternate,
/// each calm, ordinary or wild.
pub fn series(shape: Shape) -> Series {
    let mut rng = Rng(shape.seed);
    let unknown = |rng: &mut Rng| shape.gaps && rng.below(40) == 0;
    let mut s = Series {
        atr: shape.atr.then(Vec::new),
        adx: shape.adx.then(Vec::new),
        costs: shape.costs.then(Default::default),
        ..Series::default()
    };
    let (mut close, mut ema) = (100.0, [100.0; 3]);
    let (mut left, mut drift, mut vol) = (0, 0.0, 0.0);
    let mut missing = 0;
    for i in 0..shape.bars {
        if left == 0 {
            left = 15 + rng.below(30);
            drift = [-0.6, -0.6, 0.0, 0.6, 0.6][rng.below(5)];
            vol = [0.0, 0.004, 0.02, 0.02, 0.06][rng.below(5)];
        }
        left -= 1;
        close *= 1.0 + vol * (drift + 2.0 * rng.unit() - 1.0);
        missing += i64::from(unknown(&mut rng));
        s.ts.push((i as i64 + missing) * shape.step);
        s.close.push(close);
        for (e, period) in shape.periods.into_iter().enumerate() {
            ema[e] += (close - ema[e]) * 2.0 / (period as f64 + 1.0);
            // Ties now and then, which no comparison takes for up or down.
            let tied = if e == 1 { s.ema[0][i] } else { close };
            let value = if rng.below(20) == 0 { tied } else { ema[e] };
            s.ema[e].push(if i + 1 < period || unknown(&mut rng) { f64::NAN } else { value });
        }
        // Drawn whether mapped or not, so that mapping a column changes no other.
        let atr = close * vol * (0.5 + rng.unit());
        let adx = [-2.0, 0.0, 10.0, 20.0, 25.0, 30.0, 40.0][rng.below(7)];
        let costs = [(); 2].map(|()| [0.5, 0.5, 0.7, 1.0, 1.0, 1.0, 1.2, 2.5][rng.below(8)]);
        if let Some(column) = &mut s.atr {
            column.push(if unknown(&mut rng) { f64::NAN } else { atr });
        }
        if let Some(column) = &mut s.adx {
            column.push(if unknown(&mut rng) { f64::NAN } else { adx });
        }
        if let Some(columns) = &mut s.costs {
            for (column, cost) in columns.iter_mut().zip(costs) {
                column.push(if unknown(&mut rng) { f64::NAN } else { cost });
            }
        }
    }
    let end = s.ts.last().copied().unwrap_or(0);
    s.ts.iter_mut().for_each(|ts| *ts -= end);
    s
}

/// The bars of a series that closed at or before a time.
pub fn until(s: &Series, end: i64) -> Series {
    let n = s.ts.iter().filter(|ts| **ts <= end).count();
    let cut = |v: &Vec<f64>| v[..n].to_vec();
    Series {
        ts: s.ts[..n].to_vec(),
        close: cut(&s.close),
        ema: [0, 1, 2].map(|i: usize| cut(&s.ema[i])),
        atr: s.atr.as_ref().map(cut),
        adx: s.adx.as_ref().map(cut),
        costs: s.costs.as_ref().map(|[a, b]| [cut(a), cut(b)]),
    }
}
