//! The state of a bar: its label, confidence, bias and posture (specification 5, section 4).

use crate::market_states::labels::{
    Bias, LiquidityLabel, LiquidityTrend, MomentumState, Posture, StateLabel, VolatilityLabel,
    VolatilityTrend,
};
use crate::market_states::metrics::Metrics;
use crate::market_states::watch::{Comparison, Rule, Watch, is, sum};

use Comparison::{Above, AtLeast, AtMost, Below, Equal};

const fn rule(of: &'static str, name: &'static str, needs: &'static str) -> Rule {
    Rule { of, name, needs }
}

const BULLISH: Rule = rule("bias", "BULLISH", "all");
const BEARISH: Rule = rule("bias", "BEARISH", "all");
const RISK_OFF: Rule = rule("risk_posture", "RISK_OFF", "one");
const DEFENSIVE: Rule = rule("risk_posture", "DEFENSIVE", "one");
const RISK_ON: Rule = rule("risk_posture", "RISK_ON", "all");
const SHOCK: Rule = rule(
    "state_label",
    "rule 1: SHOCK",
    "the first, one of the next two, and the fourth to sixth; or the seventh; or the last two",
);
const PANIC_RISK: Rule =
    rule("state_label", "rule 2: PANIC_RISK", "the first; or the second; or the last two");
const TRENDING_BULL: Rule = rule("state_label", "rule 3: TRENDING_BULL or TRANSITION", "all");
const TRENDING_BULL_CONFIDENCE: Rule = rule("state_label", "rule 3: TRENDING_BULL", "all");
const TRENDING_BEAR: Rule = rule("state_label", "rule 4: TRENDING_BEAR or TRANSITION", "all");
const TRENDING_BEAR_CONFIDENCE: Rule = rule("state_label", "rule 4: TRENDING_BEAR", "all");
const CAUTIOUS_BEAR: Rule = rule("state_label", "rule 5: TRENDING_BEAR, bias BEARISH, CAUTIOUS", "all");
const CHOP_RISK: Rule = rule("state_label", "rule 6: CHOP_RISK", "the first three; or the last three");
const BREAKOUT_SETUP: Rule = rule("state_label", "rule 7: TRANSITION_BREAKOUT_SETUP", "all");

/// The state of a bar. Specification 5, section 4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The state.
    pub label: StateLabel,
    /// How far metrics agree, 0 to 1.
    pub confidence: f64,
    /// The direction.
    pub bias: Bias,
    /// How much risk the state leaves room for.
    pub posture: Posture,
}

/// The terms of confidence and rules. Specification 5, section 4.
struct Terms {
    /// `d`: -1, 0 or 1.
    direction: f64,
    agree: f64,
    mom: f64,
    liq: f64,
    vol: f64,
    str: f64,
}

impl Verdict {
    /// The state of a bar with these metrics. Specification 5, section 4.
    pub(super) fn of(metrics: &Metrics, watch: &mut impl Watch) -> Self {
        let terms = Terms::of(metrics, watch);
        let confidence = confidence(metrics, &terms, watch);
        let label = label(metrics, &terms, confidence, watch);
        let (bias, posture) = (bias(metrics, watch), posture(metrics, &terms, watch));
        let (label, bias, posture) = match label {
            (StateLabel::Shock, _) => (StateLabel::Shock, Bias::Bearish, Posture::Defensive),
            (label, true) => (label, Bias::Bearish, Posture::Cautious),
            (label, false) => (label, bias, posture),
        };
        Self { label, confidence, bias, posture }
    }
}

impl Terms {
    fn of(m: &Metrics, watch: &mut impl Watch) -> Self {
        let direction = f64::from(m.momentum_state.direction());
        let momentum = match m.momentum_state {
            MomentumState::StrongUpImpulse | MomentumState::StrongDownImpulse => 0.85,
            MomentumState::WeakUpDrift | MomentumState::WeakDownDrift => 0.55,
            MomentumState::NeutralRange => 0.30,
        };
        let depth = match m.liquidity_label {
            LiquidityLabel::Thin => 0.25,
            LiquidityLabel::Normal => 0.60,
            LiquidityLabel::Deep => 0.80,
        };
        let depth_trend = match m.liquidity_trend {
            LiquidityTrend::Improving => 0.5,
            LiquidityTrend::Stable => 0.0,
            LiquidityTrend::Deteriorating => -0.5,
        };
        let calm = match m.volatility_label {
            VolatilityLabel::Calm | VolatilityLabel::Normal => 1.0,
            VolatilityLabel::Elevated => 0.85,
            VolatilityLabel::Stressed => 0.90,
        };
        let calm_trend = match m.volatility_trend {
            VolatilityTrend::Rising => 0.5,
            VolatilityTrend::Flat => 0.0,
            VolatilityTrend::Falling => -0.5,
        };
        let votes = [sign(m.market_bias), sign(m.structural_score), direction];
        let agree = agreement(votes);
        for (name, vote) in ["vote of market_bias", "vote of structural_score", "vote of momentum_state"]
            .into_iter()
            .zip(votes)
        {
            watch.value("agree", name, vote);
        }
        watch.value("agree", "", agree);
        let mom = [("momentum_state", 0.55, momentum), ("impulse_intensity", 0.45, m.impulse_intensity)];
        let liq = [
            ("liquidity_score", 0.55, m.liquidity_score),
            ("liquidity_label", 0.35, depth),
            ("liquidity_trend", 0.15, depth_trend),
        ];
        let vol = [
            ("1 - volatility_score", calm, 1.0 - m.volatility_score),
            ("volatility_trend", -0.10, calm_trend),
        ];
        let str = [
            ("|market_bias|", 0.55, m.market_bias.abs()),
            ("|structural_score|", 0.45, m.structural_score.abs()),
        ];
        Self {
            direction,
            agree,
            mom: unit(watch, "mom", mom),
            liq: unit(watch, "liq", liq),
            vol: unit(watch, "vol", vol),
            str: unit(watch, "str", str),
        }
    }
}

/// A sum of weighted terms, at least 0 and at most 1.
fn unit<const N: usize>(
    watch: &mut impl Watch,
    of: &'static str,
    terms: [(&'static str, f64, f64); N],
) -> f64 {
    let value = sum(watch, of, "", terms).clamp(0.0, 1.0);
    watch.value(of, "", value);
    value
}

/// sign(x).
fn sign(x: f64) -> f64 {
    if x > 1e-9 {
        1.0
    } else if x < -1e-9 {
        -1.0
    } else {
        0.0
    }
}

/// How far votes agree; a vote of 0 is none.
fn agreement(votes: [f64; 3]) -> f64 {
    let count = |of: f64| votes.iter().filter(|vote| **vote == of).count();
    match (count(1.0), count(-1.0)) {
        (0, 0) => 0.35,
        (_, 0) | (0, _) => 1.0,
        (1, 1) => 0.40,
        _ => 0.60,
    }
}

fn confidence(m: &Metrics, terms: &Terms, watch: &mut impl Watch) -> f64 {
    let of = "confidence";
    let Metrics { instability_index, downside_shock_risk, asymmetry, .. } = *m;
    let agreed = sum(
        watch,
        of,
        "",
        [
            ("str", 0.20, terms.str),
            ("agree", 0.22, terms.agree),
            ("mom", 0.14, terms.mom),
            ("1 - instability_index", 0.14, 1.0 - instability_index),
            ("liq", 0.10, terms.liq),
            ("vol", 0.10, terms.vol),
            ("1 - downside_shock_risk^1.35", 0.10, 1.0 - downside_shock_risk.powf(1.35)),
        ],
    );
    let factor = sum(watch, of, "factor", [("", 1.0, 1.0), ("|asymmetry|", -0.25, asymmetry.abs())]);
    (agreed * factor).clamp(0.0, 1.0)
}

fn bias(m: &Metrics, watch: &mut impl Watch) -> Bias {
    let Metrics { market_bias: mb, structural_score: ss, .. } = *m;
    for (bias, rule, side, sign) in
        [(Bias::Bullish, &BULLISH, Above, 1.0), (Bias::Bearish, &BEARISH, Below, -1.0)]
    {
        let holds = is(watch, rule, "market_bias", mb, side, sign * 0.20)
            & is(watch, rule, "structural_score", ss, side, sign * 0.15);
        if watch.rule(rule, holds) {
            return bias;
        }
    }
    Bias::Neutral
}

fn posture(m: &Metrics, terms: &Terms, watch: &mut impl Watch) -> Posture {
    let Metrics { downside_shock_risk: dsr, instability_index: ix, .. } = *m;
    let Terms { liq, vol, .. } = *terms;
    let rule = &RISK_OFF;
    let off = is(watch, rule, "downside_shock_risk", dsr, AtLeast, 0.70)
        | is(watch, rule, "instability_index", ix, AtLeast, 0.70)
        | is(watch, rule, "vol", vol, AtMost, 0.35);
    if watch.rule(rule, off) {
        return Posture::RiskOff;
    }
    let rule = &DEFENSIVE;
    let defensive = is(watch, rule, "downside_shock_risk", dsr, AtLeast, 0.55)
        | is(watch, rule, "instability_index", ix, AtLeast, 0.55)
        | is(watch, rule, "liq", liq, AtMost, 0.40);
    if watch.rule(rule, defensive) {
        return Posture::Defensive;
    }
    let rule = &RISK_ON;
    let on = is(watch, rule, "liq", liq, AtLeast, 0.65)
        & is(watch, rule, "1 - instability_index", 1.0 - ix, AtLeast, 0.60)
        & is(watch, rule, "vol", vol, AtLeast, 0.55);
    if watch.rule(rule, on) { Posture::RiskOn } else { Posture::Neutral }
}

/// The label of the first rule that holds, and whether rule 5 makes it.
fn label(m: &Metrics, terms: &Terms, confidence: f64, watch: &mut impl Watch) -> (StateLabel, bool) {
    if let Some(alarm) = alarm(m, terms.liq, watch) {
        return (alarm, false);
    }
    let Metrics { market_bias: mb, structural_score: ss, instability_index: ix, .. } = *m;
    let Terms { direction, agree, mom, .. } = *terms;
    let breakout = m.breakout_up.max(m.breakout_down);
    let w = watch;

    let bull = (StateLabel::TrendingBull, &TRENDING_BULL, &TRENDING_BULL_CONFIDENCE, 0.65);
    let bear = (StateLabel::TrendingBear, &TRENDING_BEAR, &TRENDING_BEAR_CONFIDENCE, 0.45);
    for ((label, r, of_confidence, least), side, sign) in [(bull, AtLeast, 1.0), (bear, AtMost, -1.0)] {
        let trending = is(w, r, "market_bias", mb, side, sign * 0.55)
            & is(w, r, "structural_score", ss, side, sign * 0.40)
            & is(w, r, "direction of momentum_state", direction, side, 0.0)
            & is(w, r, "agree", agree, Equal, 1.0)
            & is(w, r, "instability_index", ix, AtMost, 0.55);
        if w.rule(r, trending) {
            let is_sure = is(w, of_confidence, "confidence", confidence, AtLeast, least);
            return (if w.rule(of_confidence, is_sure) { label } else { StateLabel::Transition }, false);
        }
    }

    let r = &CAUTIOUS_BEAR;
    let cautious = is(w, r, "market_bias", mb, AtMost, -0.35)
        & is(w, r, "structural_score", ss, AtMost, -0.25)
        & is(w, r, "confidence", confidence, AtLeast, 0.45);
    if w.rule(r, cautious) {
        return (StateLabel::TrendingBear, true);
    }

    let r = &CHOP_RISK;
    let chop = is(w, r, "|market_bias|", mb.abs(), AtMost, 0.25)
        & is(w, r, "|structural_score|", ss.abs(), AtMost, 0.25)
        & is(w, r, "mom", mom, AtMost, 0.45)
        | is(w, r, "agree", agree, AtMost, 0.45)
            & is(w, r, "mom", mom, AtMost, 0.45)
            & is(w, r, "greater breakout", breakout, AtMost, 0.55);
    if w.rule(r, chop) {
        return (StateLabel::ChopRisk, false);
    }

    let r = &BREAKOUT_SETUP;
    let setup = is(w, r, "greater breakout", breakout, AtLeast, 0.62);
    (if w.rule(r, setup) { StateLabel::TransitionBreakoutSetup } else { StateLabel::Transition }, false)
}

/// The rules that come before all others: a shock, then the risk of a panic.
fn alarm(m: &Metrics, liq: f64, w: &mut impl Watch) -> Option<StateLabel> {
    let Metrics { downside_shock_risk: dsr, instability_index: ix, volatility_score: vs, .. } = *m;

    let r = &SHOCK;
    let shock = is(w, r, "downside_shock_risk", dsr, AtLeast, 0.70)
        & (is(w, r, "instability_index", ix, AtLeast, 0.70)
            | is(w, r, "risk_level", m.risk_level, AtLeast, 0.75))
        & is(w, r, "volatility_score", vs, AtLeast, 0.60)
        & is(w, r, "market_bias", m.market_bias, AtMost, -0.25)
        & is(w, r, "structural_score", m.structural_score, AtMost, -0.25)
        | is(w, r, "downside_shock_risk", dsr, AtLeast, 0.80)
        | is(w, r, "volatility_score", vs, AtLeast, 0.75) & is(w, r, "instability_index", ix, AtLeast, 0.65);
    if w.rule(r, shock) {
        return Some(StateLabel::Shock);
    }

    let r = &PANIC_RISK;
    let panic = is(w, r, "downside_shock_risk", dsr, AtLeast, 0.65)
        | is(w, r, "instability_index", ix, AtLeast, 0.65)
        | is(w, r, "volatility_score", vs, AtLeast, 0.60) & is(w, r, "liq", liq, AtMost, 0.45);
    w.rule(r, panic).then_some(StateLabel::PanicRisk)
}
