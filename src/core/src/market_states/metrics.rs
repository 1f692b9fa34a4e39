//! The metrics of a bar, and their labels (specification 5, section 2).

use crate::market_states::labels::{
    LiquidityLabel, LiquidityTrend, MomentumState, VolatilityLabel, VolatilityTrend,
};
use crate::market_states::levels::Side;

/// The metrics and levels of a bar, each named as its column. Specification 5, sections 2 and 3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// -1 to 1.
    pub market_bias: f64,
    /// 0 to 1.
    pub risk_level: f64,
    /// 0 to 1.
    pub volatility_score: f64,
    /// The score in words.
    pub volatility_label: VolatilityLabel,
    /// The change of the score.
    pub volatility_trend: VolatilityTrend,
    /// 0 to 1.
    pub breakout_up: f64,
    /// 0 to 1.
    pub breakout_down: f64,
    /// 0 to 1.
    pub downside_shock_risk: f64,
    /// 0 to 1.
    pub efficiency_ratio: f64,
    /// -1 to 1.
    pub structural_score: f64,
    /// -1 to 1.
    pub momentum_score: f64,
    /// 0 to 1.
    pub impulse_intensity: f64,
    /// Direction and strength of momentum.
    pub momentum_state: MomentumState,
    /// 0 to 1.
    pub liquidity_score: f64,
    /// The score in words.
    pub liquidity_label: LiquidityLabel,
    /// The score against the bars before.
    pub liquidity_trend: LiquidityTrend,
    /// 0 to 1.
    pub instability_index: f64,
    /// -1 to 1.
    pub asymmetry: f64,
    /// Levels below the close.
    pub supports: Side,
    /// Levels above the close.
    pub resistances: Side,
}

impl Metrics {
    /// The metrics of a bar all of whose gates are closed. Specification 5, section 2.
    pub const CLOSED: Self = Self {
        market_bias: 0.0,
        risk_level: 0.0,
        volatility_score: 0.0,
        volatility_label: VolatilityLabel::Normal,
        volatility_trend: VolatilityTrend::Flat,
        breakout_up: 0.0,
        breakout_down: 0.0,
        downside_shock_risk: 0.0,
        efficiency_ratio: 0.0,
        structural_score: 0.0,
        momentum_score: 0.0,
        impulse_intensity: 0.0,
        momentum_state: MomentumState::NeutralRange,
        liquidity_score: 0.5,
        liquidity_label: LiquidityLabel::Normal,
        liquidity_trend: LiquidityTrend::Stable,
        instability_index: 0.0,
        asymmetry: 0.0,
        supports: Side::NONE,
        resistances: Side::NONE,
    };
}

impl VolatilityLabel {
    /// The label of a volatility score. Specification 5, section 2.
    pub fn of(score: f64) -> Self {
        let below = [(0.25, Self::Calm), (0.45, Self::Normal), (0.70, Self::Elevated)];
        below.into_iter().find(|(limit, _)| score < *limit).map_or(Self::Stressed, |(_, label)| label)
    }
}

/// The first of three labels where a change is `least` or more, the second where it is as much below 0, otherwise the third.
fn tendency<T>(change: f64, least: f64, [up, down, even]: [T; 3]) -> T {
    if change >= least {
        up
    } else if change <= -least {
        down
    } else {
        even
    }
}

impl VolatilityTrend {
    /// The label of a change of the volatility score. Specification 5, section 2.
    pub fn of(change: f64) -> Self {
        tendency(change, 0.03, [Self::Rising, Self::Falling, Self::Flat])
    }
}

impl MomentumState {
    /// The label of a momentum score and an impulse intensity. Specification 5, section 2.
    pub fn of(score: f64, impulse: f64) -> Self {
        let is_up = score > 0.0;
        if score.abs() >= 0.55 && impulse >= 0.5 {
            if is_up { MomentumState::StrongUpImpulse } else { MomentumState::StrongDownImpulse }
        } else if score.abs() >= 0.20 && impulse < 0.5 {
            if is_up { MomentumState::WeakUpDrift } else { MomentumState::WeakDownDrift }
        } else {
            MomentumState::NeutralRange
        }
    }
}

impl LiquidityLabel {
    /// The label of a liquidity score. Specification 5, section 2.
    pub fn of(score: f64) -> Self {
        let from = [(0.70, Self::Deep), (0.40, Self::Normal)];
        from.into_iter().find(|(limit, _)| score >= *limit).map_or(Self::Thin, |(_, label)| label)
    }
}

impl LiquidityTrend {
    /// The label of a difference from the liquidity scores before. Specification 5, section 2.
    pub fn of(difference: f64) -> Self {
        tendency(difference, 0.05, [Self::Improving, Self::Deteriorating, Self::Stable])
    }
}
