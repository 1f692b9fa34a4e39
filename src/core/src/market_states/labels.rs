//! The words of a row: labels of metrics, state, bias, posture and bucket (specification 5, sections 2, 4 and 5).

use crate::words;

words!(
    /// The state of a bar. Specification 5, section 4.
    StateLabel {
        /// A downside shock, or high volatility and instability together.
        Shock = "SHOCK",
        /// Close to a shock.
        PanicRisk = "PANIC_RISK",
        /// Bias and structure rise, without contradiction.
        TrendingBull = "TRENDING_BULL",
        /// Bias and structure fall.
        TrendingBear = "TRENDING_BEAR",
        /// No direction.
        ChopRisk = "CHOP_RISK",
        /// A breakout is near.
        TransitionBreakoutSetup = "TRANSITION_BREAKOUT_SETUP",
        /// None of the others.
        Transition = "TRANSITION",
    }
);
words!(
    /// The direction of bias and structure. Specification 5, section 4.
    Bias {
        /// Both rise, or no more than slightly fall.
        Bullish = "BULLISH",
        /// Both fall, or the state says so.
        Bearish = "BEARISH",
        /// Neither.
        Neutral = "NEUTRAL",
    }
);
words!(
    /// How much risk the state leaves room for. Specification 5, section 4.
    Posture {
        /// Little.
        RiskOff = "RISK_OFF",
        /// Less than usual.
        Defensive = "DEFENSIVE",
        /// Less than usual, in a falling market.
        Cautious = "CAUTIOUS",
        /// The usual amount.
        Neutral = "NEUTRAL",
        /// More than usual.
        RiskOn = "RISK_ON",
    }
);
words!(
    /// The volatility score in words. Specification 5, section 2.
    VolatilityLabel {
        /// Below .25.
        Calm = "CALM",
        /// Below .45.
        Normal = "NORMAL",
        /// Below .70.
        Elevated = "ELEVATED",
        /// .70 or more.
        Stressed = "STRESSED",
    }
);
words!(
    /// The change of the volatility score. Specification 5, section 2.
    VolatilityTrend {
        /// .03 or more.
        Rising = "RISING",
        /// In between.
        Flat = "FLAT",
        /// -.03 or less.
        Falling = "FALLING",
    }
);
words!(
    /// Direction and strength of momentum. Specification 5, section 2.
    MomentumState {
        /// Strong and rising.
        StrongUpImpulse = "STRONG_UP_IMPULSE",
        /// Weak and rising.
        WeakUpDrift = "WEAK_UP_DRIFT",
        /// Neither.
        NeutralRange = "NEUTRAL_RANGE",
        /// Weak and falling.
        WeakDownDrift = "WEAK_DOWN_DRIFT",
        /// Strong and falling.
        StrongDownImpulse = "STRONG_DOWN_IMPULSE",
    }
);
words!(
    /// The liquidity score in words. Specification 5, section 2.
    LiquidityLabel {
        /// .70 or more.
        Deep = "DEEP",
        /// .40 or more.
        Normal = "NORMAL",
        /// Below .40.
        Thin = "THIN",
    }
);
words!(
    /// The liquidity score against the bars before. Specification 5, section 2.
    LiquidityTrend {
        /// Higher by .05 or more.
        Improving = "IMPROVING",
        /// In between.
        Stable = "STABLE",
        /// Lower by .05 or more.
        Deteriorating = "DETERIORATING",
    }
);
words!(
    /// The escalation percentile in words. Specification 5, section 5.
    Bucket {
        /// Below .60.
        Low = "LOW",
        /// .60 or more.
        Med = "MED",
        /// .85 or more.
        High = "HIGH",
    }
);

impl MomentumState {
    /// 1 up, -1 down, 0 neutral: `d` of specification 5, section 4.
    pub const fn direction(self) -> i8 {
        match self {
            MomentumState::StrongUpImpulse | MomentumState::WeakUpDrift => 1,
            MomentumState::NeutralRange => 0,
            MomentumState::WeakDownDrift | MomentumState::StrongDownImpulse => -1,
        }
    }
}

impl Bucket {
    /// The bucket of an escalation percentile, 0 to 1. Specification 5, section 5.
    pub fn of(percentile: f64) -> Self {
        if percentile >= 0.85 {
            Bucket::High
        } else if percentile >= 0.60 {
            Bucket::Med
        } else {
            Bucket::Low
        }
    }

    /// The action of the bucket. Specification 5, section 5.
    pub const fn action(self) -> &'static str {
        match self {
            Bucket::Low => "NORMAL_SIZE",
            Bucket::Med => "REDUCE_40",
            Bucket::High => "HEDGE_OR_CASH",
        }
    }
}
