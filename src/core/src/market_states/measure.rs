//! Measuring a bar: the formulas of the metrics, in the order of specification 5, section 2.

use crate::market_states::kernels::{Past, Values, is_usable};
use crate::market_states::labels::{
    LiquidityLabel, LiquidityTrend, MomentumState, VolatilityLabel, VolatilityTrend,
};
use crate::market_states::levels::{Side, levels};
use crate::market_states::metrics::Metrics;
use crate::market_states::watch::{Gate, Note, Unwatched, Watch, sum};
use crate::market_states::window::Window;
use crate::math::stats::mean;

/// Returns of which falls and rises are told apart.
const RETURNS: usize = 60;

/// The bar that is measured, and its metrics so far.
pub(super) struct Measuring<'a, W> {
    at: &'a Values,
    /// Ends with the bar.
    window: &'a Window,
    /// Of the bars before.
    past: &'a Past,
    watch: &'a mut W,
    metrics: Metrics,
    /// `d` of the risk level: ATRs below `E100`, 0 to 1 for 0 to 3.
    below: f64,
    /// `D`: the change of the volatility score.
    change: f64,
    falls: Spread,
    rises: Spread,
}

impl<'a, W: Watch> Measuring<'a, W> {
    /// A bar without metrics.
    pub fn new(at: &'a Values, window: &'a Window, past: &'a Past, watch: &'a mut W) -> Self {
        Self {
            at,
            window,
            past,
            watch,
            metrics: Metrics::CLOSED,
            below: ((at.e100 - at.close) / at.atr).clamp(0.0, 3.0) / 3.0,
            change: 0.0,
            falls: Spread::of(window, |r| r < 0.0),
            rises: Spread::of(window, |r| r > 0.0),
        }
    }

    /// The metrics. Specification 5, section 2.
    pub fn metrics(mut self) -> Metrics {
        if self.is_open("market_bias", 0, true, false) {
            self.metrics.market_bias = self.market_bias();
        }
        if self.is_open("risk_level", 257, true, true) {
            self.metrics.risk_level = self.risk_level();
        }
        self.volatility();
        if self.at.has_atr() {
            [self.metrics.supports, self.metrics.resistances] = levels(self.window, self.at.atr);
        }
        if self.is_open("breakout_up", 54, true, false) {
            self.breakouts();
        }
        if self.is_open("downside_shock_risk", 104, true, true) {
            self.metrics.downside_shock_risk = self.downside_shock_risk();
        }
        if self.is_open("efficiency_ratio", 24, true, false) {
            self.metrics.efficiency_ratio = self.efficiency_ratio();
        }
        if self.is_open("structural_score", 104, true, false) {
            self.metrics.structural_score = self.structural_score();
        }
        if self.is_open("momentum_score", 24, true, false) {
            self.momentum();
        }
        if self.is_open("liquidity_score", 24, false, false) {
            self.liquidity();
        }
        if self.is_open("instability_index", 24, false, false) {
            self.metrics.instability_index = self.instability_index();
        }
        if self.is_open("asymmetry", 64, false, false) {
            self.metrics.asymmetry = self.asymmetry();
        }
        self.metrics
    }

    fn is_open(&mut self, of: &'static str, bar: u64, atr: bool, deviation: bool) -> bool {
        let is_open =
            self.at.i >= bar && (!atr || self.at.has_atr()) && (!deviation || self.at.has_deviation());
        self.watch.note(of, || Note::Gate(Gate { bar, atr, deviation }, is_open));
        is_open
    }

    fn sum<const N: usize>(
        &mut self,
        of: &'static str,
        name: &'static str,
        terms: [(&'static str, f64, f64); N],
    ) -> f64 {
        sum(self.watch, of, name, terms)
    }

    fn market_bias(&mut self) -> f64 {
        let Values { e20, e100, close, atr, .. } = *self.at;
        let terms = [("(E20-E100)/A", 0.7, (e20 - e100) / atr), ("(P-E100)/A", 0.3, (close - e100) / atr)];
        self.sum("market_bias", "tanh of", terms).tanh()
    }

    fn risk_level(&mut self) -> f64 {
        let (of, below, at) = ("risk_level", self.below, self.at);
        let before = self.past.deviation;
        let growth = if before == 0.0 { 0.0 } else { ((at.s20 - before) / at.s20).clamp(0.0, 0.5) / 0.5 };
        let highest = self.window.close.highest(252);
        let drawdown = unit((highest - at.close) / highest / 0.2);
        let fall =
            self.sum(of, "fall of price", [("ATRs below E100", 0.5, below), ("drawdown", 0.5, drawdown)]);
        unit(self.sum(
            of,
            "",
            [
                ("S20/S100", 0.35, at.stress),
                ("rise of S20", 0.20, growth),
                ("fall of price", 0.35, fall),
                ("gap", 0.10, at.gap),
            ],
        ))
    }

    /// The score, its label and trend, and `D`, which has no gate of bars.
    fn volatility(&mut self) {
        let of = "volatility_score";
        let mut score = 0.0;
        if self.at.has_deviation() {
            let (at, past, risk) = (self.at, self.past, self.metrics.risk_level);
            let expansion = if at.expansion.is_nan() { 0.5 } else { at.expansion };
            let terms = |stress, expansion| {
                [("S20/S100", 0.50, stress), ("ATR10/ATR50", 0.30, expansion), ("risk_level", 0.20, risk)]
            };
            score = unit(self.sum(of, "", terms(at.stress, expansion)));
            if is_usable(past.deviation) {
                let expansion = if past.expansion.is_nan() { expansion } else { past.expansion };
                let before = unit(sum(&mut Unwatched, of, "", terms(past.stress, expansion)));
                self.watch.value("volatility_trend", "volatility_score of the bar before", before);
                self.change = score - before;
            }
        }
        if self.is_open(of, 104, false, true) {
            self.metrics.volatility_score = score;
            self.metrics.volatility_label = VolatilityLabel::of(score);
            self.metrics.volatility_trend = VolatilityTrend::of(self.change);
            self.watch.value("volatility_trend", "change of volatility_score", self.change);
        }
    }

    fn breakouts(&mut self) {
        let Values { close, atr, atr_10, atr_50, s20, .. } = *self.at;
        let before = self.past.atr_10;
        let growth = if before == 0.0 { 0.0 } else { unit(atr_10 / before - 1.0) };
        let tightness =
            [("1 - ATR10/ATR50", 0.6, unit(1.0 - atr_10 / atr_50)), ("rise of ATR10", 0.4, growth)];
        let quiet = unit(1.0 - s20 / 0.035);
        let Metrics { market_bias, supports, resistances, .. } = self.metrics;
        let above = resistances.first().map_or_else(|| self.window.high.highest(50), |level| level.price);
        let under = supports.first().map_or_else(|| self.window.low.lowest(50), |level| level.price);
        self.metrics.breakout_up =
            self.breakout("breakout_up", tightness, (1.0 + market_bias) / 2.0, (above - close) / atr, quiet);
        self.metrics.breakout_down = self.breakout(
            "breakout_down",
            tightness,
            (1.0 - market_bias) / 2.0,
            (close - under) / atr,
            quiet,
        );
    }

    fn breakout(
        &mut self,
        of: &'static str,
        tightness: [(&'static str, f64, f64); 2],
        bias: f64,
        distance: f64,
        quiet: f64,
    ) -> f64 {
        let near = if distance > 69.0 { 0.0 } else { (-distance.max(0.0)).exp() };
        let tightness = self.sum(of, "tightness", tightness);
        let calm = 1.0 - self.metrics.risk_level;
        let readiness = self.sum(
            of,
            "readiness",
            [
                ("tightness", 0.45, tightness),
                ("direction of market_bias", 0.35, bias),
                ("1 - risk_level", 0.20, calm),
            ],
        );
        let room = self.sum(of, "room", [("1 - S20/0.035", 0.6, quiet), ("", 0.4, 1.0)]);
        self.watch.value(of, "distance", distance);
        self.watch.value(of, "nearness", near);
        unit(near * readiness * room)
    }

    fn downside_shock_risk(&mut self) -> f64 {
        let (of, at, below) = ("downside_shock_risk", self.at, self.below);
        let returns = self.window.returns.last(RETURNS);
        let jumps = returns.iter().filter(|r| **r < -2.5 * at.s20).count();
        let tail = 1.0 - (-30.0 * (jumps as f64 / RETURNS as f64)).exp();
        let [falls, rises] = [self.falls.deviation(5), self.rises.deviation(5)];
        let skew = if rises == 0.0 { 1.0 } else { (falls / rises).clamp(0.0, 2.0) / 2.0 };
        let gap = ((at.before - at.open) / at.atr).clamp(0.0, 2.0) / 2.0;
        let (bias, risk) = (self.metrics.market_bias, self.metrics.risk_level);
        let w = unit(self.sum(
            of,
            "risk",
            [
                ("falls beyond 2.5 S20", 0.30, tail),
                ("falls/rises", 0.20, skew),
                ("ATRs below E100", 0.20, below),
                ("gap down", 0.10, gap),
                ("risk_level", 0.20, risk),
            ],
        ));
        let factor =
            self.sum(of, "factor", [("", 0.6, 1.0), ("(1 - market_bias)/2", 0.4, (1.0 - bias) / 2.0)]);
        unit(w * factor)
    }

    fn efficiency_ratio(&mut self) -> f64 {
        let of = "efficiency_ratio";
        let closes = self.window.close.last(21);
        let path = closes.array_windows().map(|[before, close]| (close - before).abs()).sum::<f64>();
        let net = (self.at.close - self.at.before_20).abs();
        self.watch.value(of, "net move", net);
        self.watch.value(of, "path", path);
        if path == 0.0 { 0.0 } else { unit(net / path) }
    }

    fn structural_score(&mut self) -> f64 {
        let (of, Values { close, atr, .. }) = ("structural_score", *self.at);
        let Metrics { market_bias, efficiency_ratio, supports, resistances, .. } = self.metrics;
        let side = |side: Side, distance: fn(f64, f64) -> f64| {
            side.first()
                .map_or((0.0, 0.0), |level| (level.strength, (distance(close, level.price) / atr).tanh()))
        };
        let [support, resistance] = [side(supports, |p, s1| p - s1), side(resistances, |p, r1| r1 - p)];
        let place = self.sum(
            of,
            "place",
            [
                ("above the first support", 0.6 * support.0, support.1),
                ("below the first resistance", 0.4 * resistance.0, resistance.1),
            ],
        );
        let danger = self.danger(of);
        let weight = self.sum(
            of,
            "weight of market_bias",
            [
                ("", 0.55, 1.0),
                ("efficiency_ratio", 0.25, efficiency_ratio),
                ("1 - danger", 0.20, unit(1.0 - danger)),
            ],
        );
        self.sum(of, "", [("market_bias", weight, market_bias), ("place", 0.25, place.clamp(-1.0, 1.0))])
            .clamp(-1.0, 1.0)
    }

    /// .6RL + .4DSR.
    fn danger(&mut self, of: &'static str) -> f64 {
        let Metrics { risk_level, downside_shock_risk, .. } = self.metrics;
        self.sum(
            of,
            "danger",
            [("risk_level", 0.6, risk_level), ("downside_shock_risk", 0.4, downside_shock_risk)],
        )
    }

    fn momentum(&mut self) {
        let Values { close, before_20, atr, .. } = *self.at;
        let Metrics { market_bias, structural_score, breakout_up, breakout_down, .. } = self.metrics;
        let Metrics { efficiency_ratio, volatility_score, .. } = self.metrics;
        let moved = (((close - before_20) / atr) / 2.0).tanh();
        let score = self
            .sum(
                "momentum_score",
                "",
                [
                    ("market_bias", 0.50, market_bias),
                    ("move of 20 bars", 0.30, moved),
                    ("structural_score", 0.20, structural_score),
                ],
            )
            .clamp(-1.0, 1.0);
        let of = "impulse_intensity";
        let way = self.sum(
            of,
            "efficiency",
            [
                ("efficiency_ratio", 0.6, efficiency_ratio),
                ("1 - volatility_score", 0.4, 1.0 - volatility_score),
            ],
        );
        let sided = (breakout_up - breakout_down).abs();
        let sided =
            self.sum(of, "one-sidedness", [("|breakout_up - breakout_down|", 0.7, sided), ("", 0.3, 1.0)]);
        self.watch.value(of, "|momentum_score|", score.abs());
        self.metrics.momentum_score = score;
        self.metrics.impulse_intensity = unit(score.abs() * way * sided);
        self.metrics.momentum_state = MomentumState::of(score, self.metrics.impulse_intensity);
    }

    fn liquidity(&mut self) {
        let of = "liquidity_score";
        let Metrics { volatility_score, efficiency_ratio, .. } = self.metrics;
        let terms = |turnover, gap: f64| {
            [
                ("turnover", 0.45, turnover),
                ("1 - volatility_score", 0.25, 1.0 - volatility_score),
                ("1 - gap", 0.15, 1.0 - gap),
                ("efficiency_ratio", 0.15, efficiency_ratio),
            ]
        };
        let score = unit(self.sum(of, "", terms(self.at.turnover, self.at.gap)));
        let past = &self.past.liquidity;
        let before = past.len().min((self.at.i - 24) as usize);
        let mut scores = [0.0; 5];
        for (score, [turnover, gap]) in scores.iter_mut().zip(&past[past.len() - before..]) {
            *score = unit(sum(&mut Unwatched, of, "", terms(*turnover, *gap)));
        }
        let scores = &scores[..before];
        let difference = if scores.is_empty() { 0.0 } else { score - mean(scores) };
        self.watch.value("liquidity_trend", "liquidity_score - mean of up to 5 bars before", difference);
        self.metrics.liquidity_score = score;
        self.metrics.liquidity_label = LiquidityLabel::of(score);
        self.metrics.liquidity_trend = LiquidityTrend::of(difference);
    }

    fn instability_index(&mut self) -> f64 {
        let of = "instability_index";
        let danger = self.danger(of);
        let Metrics { volatility_score, liquidity_score, efficiency_ratio, .. } = self.metrics;
        let y = unit(self.sum(
            of,
            "stress",
            [
                ("volatility_score", 0.25, volatility_score),
                ("danger", 0.25, danger),
                ("1 - liquidity_score", 0.20, 1.0 - liquidity_score),
                ("1 - efficiency_ratio", 0.15, 1.0 - efficiency_ratio),
                ("gap", 0.15, self.at.gap),
            ],
        ));
        unit(self.sum(
            of,
            "",
            [("stress", 1.0, y), ("rise of volatility_score", 0.10, self.change.clamp(0.0, 0.10) / 0.10)],
        ))
    }

    fn asymmetry(&mut self) -> f64 {
        let of = "asymmetry";
        let Metrics { breakout_up, breakout_down, market_bias, downside_shock_risk, .. } = self.metrics;
        let [falls, rises] = [self.falls.deviation(2), self.rises.deviation(2)];
        let skew = ((falls + 1e-12) / (rises + 1e-12)).ln().tanh();
        let z = self
            .sum(
                of,
                "lean",
                [
                    ("breakout_up - breakout_down", 0.45, breakout_up - breakout_down),
                    ("market_bias", 0.15, market_bias),
                    ("falls/rises", -0.20, skew),
                    ("downside_shock_risk", -0.20, downside_shock_risk),
                ],
            )
            .clamp(-1.0, 1.0);
        if z >= 0.0 {
            return z;
        }
        let unstable = self.metrics.instability_index;
        z * self.sum(of, "factor", [("", 0.5, 1.0), ("instability_index", 0.5, unstable)])
    }
}

/// clamp(x).
fn unit(x: f64) -> f64 {
    x.clamp(0.0, 1.0)
}

/// The falls or rises among the last returns.
struct Spread {
    values: [f64; RETURNS],
    count: usize,
}

impl Spread {
    fn of(window: &Window, is_one: impl Fn(f64) -> bool) -> Self {
        let mut spread = Self { values: [0.0; RETURNS], count: 0 };
        for &r in window.returns.last(RETURNS).iter().filter(|r| is_one(**r)) {
            spread.values[spread.count] = r;
            spread.count += 1;
        }
        spread
    }

    /// The sample standard deviation in two passes; 0 if all are equal or there are fewer than `least`.
    /// Specification 5, section 2.
    fn deviation(&self, least: usize) -> f64 {
        let values = &self.values[..self.count];
        if values.len() < least || values.iter().all(|value| *value == values[0]) {
            return 0.0;
        }
        let mean = mean(values);
        let squares = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
        (squares / (values.len() - 1) as f64).sqrt()
    }
}
