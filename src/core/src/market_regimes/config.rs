//! The configuration of market regimes, and parsing it from JSON such as `{"adx_trending": 30}`
//! (specification 3, section 4).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::{self, ConfigError, Key, Keyed, Range};
use crate::hash::of_json;

/// Version of the classifier; changed whenever the same candles give another label.
const CLASSIFIER_VERSION: &str = "1";

/// Limits and windows of the regimes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Least ADX of a trend, beside `adx_sideways`, and ADX above which confidence is higher; 0 to 100.
    pub adx_trending: f64,
    /// Least ADX of a trend, beside `adx_trending`, and ADX below which confidence is lower; 0 to 100.
    pub adx_sideways: f64,
    /// Candles with which volatility is compared, 2 to 10000.
    pub adaptive_window: usize,
    /// Without effect, since volatility that is not high is low; 0 to `vol_high_percentile`.
    pub vol_low_percentile: f64,
    /// Percentile above which volatility is high, 0 to 100.
    pub vol_high_percentile: f64,
    /// RSI above which momentum has a bullish point, 0 to 100.
    pub rsi_bullish: f64,
    /// RSI below which momentum has a bearish point, 0 to `rsi_bullish`.
    pub rsi_bearish: f64,
    /// Points, 1 to 3, that make momentum bullish or bearish.
    pub momentum_score_threshold: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            adx_trending: 25.0,
            adx_sideways: 20.0,
            adaptive_window: 100,
            vol_low_percentile: 30.0,
            vol_high_percentile: 70.0,
            rsi_bullish: 55.0,
            rsi_bearish: 45.0,
            momentum_score_threshold: 2,
        }
    }
}

const fn percent(name: &'static str, get: fn(&Config) -> f64, set: fn(&mut Config, f64)) -> Key<Config> {
    Key { name, range: Range::Number(0.0, 100.0), get, set }
}

impl Keyed for Config {
    const KEYS: &'static [Key<Self>] = &[
        percent("adx_trending", |c| c.adx_trending, |c, v| c.adx_trending = v),
        percent("adx_sideways", |c| c.adx_sideways, |c, v| c.adx_sideways = v),
        Key {
            name: "adaptive_window",
            range: Range::Whole(2, 10_000),
            get: |c| c.adaptive_window as f64,
            set: |c, v| c.adaptive_window = v as usize,
        },
        percent("vol_low_percentile", |c| c.vol_low_percentile, |c, v| c.vol_low_percentile = v),
        percent("vol_high_percentile", |c| c.vol_high_percentile, |c, v| c.vol_high_percentile = v),
        percent("rsi_bullish", |c| c.rsi_bullish, |c, v| c.rsi_bullish = v),
        percent("rsi_bearish", |c| c.rsi_bearish, |c, v| c.rsi_bearish = v),
        Key {
            name: "momentum_score_threshold",
            range: Range::Whole(1, 3),
            get: |c| c.momentum_score_threshold.into(),
            set: |c, v| c.momentum_score_threshold = v as u32,
        },
    ];
    const ORDERED: &'static [[&'static str; 2]] =
        &[["vol_low_percentile", "vol_high_percentile"], ["rsi_bearish", "rsi_bullish"]];
    const EXAMPLE: &'static str = "{\"adx_trending\": 30, \"adaptive_window\": 200}";
}

impl Config {
    /// Parses and checks a JSON object; keys left out have their defaults.
    ///
    /// # Errors
    /// The first problem of the document.
    pub fn parse(json: &str) -> Result<Self, ConfigError> {
        config::parse(json)
    }

    /// The version of the classifier: `1` for the defaults, otherwise `1-` and the first 8 hex digits of the
    /// SHA-256 of the canonical JSON text of all parameters that can change a label.
    pub fn version(&self) -> String {
        let defaults = Self::default();
        if *self == defaults {
            return CLASSIFIER_VERSION.to_owned();
        }
        let effective = self.effective();
        if effective == defaults.effective() {
            return CLASSIFIER_VERSION.to_owned();
        }
        let digits: String = of_json(&effective).chars().take(8).collect();
        format!("{CLASSIFIER_VERSION}-{digits}")
    }

    fn effective(&self) -> Value {
        json!({
            "adx_trending": self.adx_trending,
            "adx_sideways": self.adx_sideways,
            "adaptive_window": self.adaptive_window,
            "vol_high_percentile": self.vol_high_percentile,
            "rsi_bullish": self.rsi_bullish,
            "rsi_bearish": self.rsi_bearish,
            "momentum_score_threshold": self.momentum_score_threshold,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        Config::parse(json).expect_err("must fail").to_string()
    }

    #[test]
    fn what_is_left_out_is_as_by_default() {
        assert_eq!(Config::parse("{}"), Ok(Config::default()));
        let all = r#"{"adx_trending": 25, "adx_sideways": 20, "adaptive_window": 1e2, "vol_low_percentile": 30,
            "vol_high_percentile": 70.0, "rsi_bullish": 55, "rsi_bearish": 45, "momentum_score_threshold": 2}"#;
        assert_eq!(Config::parse(all), Ok(Config::default()));
        let one = Config { adaptive_window: 10_000, ..Config::default() };
        assert_eq!(Config::parse(r#"{"adaptive_window": 10000}"#), Ok(one));
    }

    #[test]
    fn errors_name_the_key_and_the_value() {
        let cases = [
            ("[]", "config is an array, not an object"),
            ("null", "config is null, not an object"),
            ("{", "config cannot be parsed as JSON: EOF while parsing an object at line 1 column 1"),
            (r#"{"adx": 1}"#, r#"config: unknown key "adx""#),
            (r#"{"adx_trending": "25"}"#, r#"config: "adx_trending" is "25", not a number"#),
            (r#"{"adx_trending": null}"#, r#"config: "adx_trending" is null, not a number"#),
            (r#"{"adx_trending": 100.1}"#, r#"config: "adx_trending" is 100.1, outside 0 to 100"#),
            (r#"{"adx_sideways": -1}"#, r#"config: "adx_sideways" is -1, outside 0 to 100"#),
            (r#"{"rsi_bullish": 1e999}"#, r#"config: "rsi_bullish" is 1e+999, outside 0 to 100"#),
            (
                r#"{"adaptive_window": 1}"#,
                r#"config: "adaptive_window" is 1, not a whole number from 2 to 10000"#,
            ),
            (
                r#"{"momentum_score_threshold": 2.5}"#,
                r#"config: "momentum_score_threshold" is 2.5, not a whole number from 1 to 3"#,
            ),
            (
                r#"{"vol_high_percentile": 20}"#,
                r#"config: "vol_low_percentile" is 30, above "vol_high_percentile", which is 20"#,
            ),
            (r#"{"rsi_bearish": 60}"#, r#"config: "rsi_bearish" is 60, above "rsi_bullish", which is 55"#),
        ];
        for (json, message) in cases {
            assert_eq!(error(json), message);
        }
    }

    #[test]
    fn the_version_says_what_can_change_a_label() {
        let version = |json: &str| Config::parse(json).expect("config").version();
        assert_eq!(version("{}"), "1");
        assert_eq!(version(r#"{"vol_low_percentile": 5}"#), "1");
        let others = [
            r#"{"adx_trending": 30}"#,
            r#"{"adx_sideways": 10}"#,
            r#"{"adaptive_window": 50}"#,
            r#"{"vol_high_percentile": 80}"#,
            r#"{"rsi_bullish": 60}"#,
            r#"{"rsi_bearish": 40}"#,
            r#"{"momentum_score_threshold": 3}"#,
        ]
        .map(version);
        for (i, other) in others.iter().enumerate() {
            assert!(other.len() == 10 && other.starts_with("1-"), "{other}");
            assert!(!others[..i].contains(other));
        }
        assert_eq!(version(r#"{"adx_trending": 30, "vol_low_percentile": 10}"#), others[0]);
    }
}
