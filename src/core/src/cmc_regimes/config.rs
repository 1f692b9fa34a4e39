//! The configuration of raw labels: windows and thresholds of trend, volatility and liquidity (specification 1, section 2), and
//! parsing it from JSON such as `{"vol_window_l2": 120}`.

use serde_json::{Map, Value};

use crate::cmc_regimes::budget::Tier;
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::config::{self, ConfigError, Key, Keyed, Range};

/// Windows and thresholds of raw labels; the default is that of specification 1, section 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Bars on which a raw trend must hold to be confirmed, 1 to 100.
    pub confirm_bars: PerLayer<usize>,
    /// Window of the volatility percentile in bars, 20 to 10000; `None` where fixed cut-offs always apply.
    pub vol_windows: PerLayer<Option<usize>>,
    /// Percentile below which volatility is low, 0 to `vol_high_percentile`.
    pub vol_low_percentile: f64,
    /// Percentile from which on volatility is high, 0 to 100.
    pub vol_high_percentile: f64,
    /// Bars in the mean of absolute returns, the volatility where no ATR is mapped; 1 to 1000.
    pub atrp_bars: usize,
    /// Volatility, as a share of price, below which it is low by fixed cut-offs; 0 to `atrp_high`.
    pub atrp_low: f64,
    /// Volatility, as a share of price, above which it is high by fixed cut-offs; 0 to 1.
    pub atrp_high: f64,
    /// Bars in the rolling medians of spread and slippage, 10 to 1000.
    pub liq_window: usize,
    /// Multiple of their medians below which both costs make liquidity easy, 0 to `liq_stressed`.
    pub liq_easy: f64,
    /// Multiple of its median above which either cost makes liquidity stressed, 0 to 100.
    pub liq_stressed: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            confirm_bars: PerLayer::new([2, 2, 2, 1]),
            vol_windows: PerLayer::new([Some(60), Some(100), Some(250), None]),
            vol_low_percentile: 33.0,
            vol_high_percentile: 67.0,
            atrp_bars: ATRP_BARS,
            atrp_low: 0.015,
            atrp_high: 0.04,
            liq_window: 60,
            liq_easy: 0.8,
            liq_stressed: 2.0,
        }
    }
}

const fn whole(
    name: &'static str,
    [least, most]: [u32; 2],
    get: fn(&Config) -> f64,
    set: fn(&mut Config, f64),
) -> Key<Config> {
    Key { name, range: Range::Whole(least, most), get, set }
}

const fn number(
    name: &'static str,
    most: f64,
    get: fn(&Config) -> f64,
    set: fn(&mut Config, f64),
) -> Key<Config> {
    Key { name, range: Range::Number(0.0, most), get, set }
}

/// The key of a layer's bars of confirmation.
macro_rules! confirm_bars {
    ($name:literal, $layer:ident) => {
        whole(
            $name,
            [1, 100],
            |c| c.confirm_bars[Layer::$layer] as f64,
            |c, v| c.confirm_bars[Layer::$layer] = v as usize,
        )
    };
}

/// The key of a layer's window of the volatility percentile. A window below 20 would never hold enough known values.
macro_rules! vol_window {
    ($name:literal, $layer:ident) => {
        whole(
            $name,
            [LEAST_KNOWN_OF_VOLATILITY as u32, 10_000],
            |c| c.vol_windows[Layer::$layer].map_or(f64::NAN, |bars| bars as f64),
            |c, v| c.vol_windows[Layer::$layer] = Some(v as usize),
        )
    };
}

/// [`Config::atrp_bars`] by default.
pub(super) const ATRP_BARS: usize = 14;
/// Fewest known values that give a percentile, whatever the window.
const LEAST_KNOWN_OF_VOLATILITY: usize = 20;
/// Fewest known values that give a median of costs, whatever the window.
const LEAST_KNOWN_OF_COSTS: usize = 10;

impl Keyed for Config {
    const KEYS: &'static [Key<Self>] = &[
        confirm_bars!("confirm_bars_l0", L0),
        confirm_bars!("confirm_bars_l1", L1),
        confirm_bars!("confirm_bars_l2", L2),
        confirm_bars!("confirm_bars_l3", L3),
        vol_window!("vol_window_l0", L0),
        vol_window!("vol_window_l1", L1),
        vol_window!("vol_window_l2", L2),
        number("vol_low_percentile", 100.0, |c| c.vol_low_percentile, |c, v| c.vol_low_percentile = v),
        number("vol_high_percentile", 100.0, |c| c.vol_high_percentile, |c, v| c.vol_high_percentile = v),
        whole("atrp_bars", [1, 1000], |c| c.atrp_bars as f64, |c, v| c.atrp_bars = v as usize),
        number("atrp_low", 1.0, |c| c.atrp_low, |c, v| c.atrp_low = v),
        number("atrp_high", 1.0, |c| c.atrp_high, |c, v| c.atrp_high = v),
        whole(
            "liq_window",
            [LEAST_KNOWN_OF_COSTS as u32, 1000],
            |c| c.liq_window as f64,
            |c, v| c.liq_window = v as usize,
        ),
        number("liq_easy", 100.0, |c| c.liq_easy, |c, v| c.liq_easy = v),
        number("liq_stressed", 100.0, |c| c.liq_stressed, |c, v| c.liq_stressed = v),
    ];
    const ORDERED: &'static [[&'static str; 2]] = &[
        ["vol_low_percentile", "vol_high_percentile"],
        ["atrp_low", "atrp_high"],
        ["liq_easy", "liq_stressed"],
    ];
    const EXAMPLE: &'static str = "{\"vol_window_l2\": 120, \"vol_high_percentile\": 75}";
}

impl Config {
    /// The configuration of a JSON document, an object; keys left out have their defaults.
    ///
    /// # Errors
    /// The first problem of the document.
    pub fn of(document: &Value) -> Result<Self, ConfigError> {
        config::of_value(document)
    }

    /// The keys whose values are not the default, with their values.
    pub fn differing(&self) -> Map<String, Value> {
        config::differing(self)
    }

    /// The value that a key has by default; `None` for an unknown key.
    pub fn default_of(key: &str) -> Option<Value> {
        config::default_of::<Self>(key)
    }

    /// The window of a layer's percentile in bars; `None` where fixed cut-offs apply: in the tier `lite`, for a layer that
    /// always uses them, or with fewer bars than the window. Specification 1, section 2.
    pub fn ranking(&self, layer: Layer, tier: Tier, bars: usize) -> Option<usize> {
        self.vol_windows[layer].filter(|&window| tier == Tier::Full && bars >= window)
    }

    /// Fewest known values that give a percentile in a window of so many bars. Specification 1, section 2.
    pub const fn min_known(window: usize) -> usize {
        if window / 3 > LEAST_KNOWN_OF_VOLATILITY { window / 3 } else { LEAST_KNOWN_OF_VOLATILITY }
    }

    /// Fewest known costs that give a median. Specification 1, section 2.
    pub fn min_known_costs(&self) -> usize {
        (self.liq_window / 3).max(LEAST_KNOWN_OF_COSTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_left_out_is_as_by_default() {
        assert_eq!(Config::of(&json!({})), Ok(Config::default()));
        let all: Map<String, Value> = Config::KEYS
            .iter()
            .map(|key| (key.name.to_owned(), Config::default_of(key.name).expect("a key")))
            .collect();
        assert_eq!(Config::of(&Value::Object(all)), Ok(Config::default()));
        assert_eq!(Config::default().differing(), Map::new());
    }

    #[test]
    fn every_key_is_kept_at_both_ends_of_its_range() {
        for key in Config::KEYS {
            let ends = match key.range {
                Range::Whole(least, most) => [least, most].map(f64::from),
                Range::Number(least, most) => [least, most],
            };
            for end in ends {
                let mut config = Config::default();
                (key.set)(&mut config, end);
                assert_eq!((key.get)(&config), end, "{}", key.name);
                let kept = config.differing();
                assert_eq!(kept.len(), usize::from(config != Config::default()), "{}", key.name);
                // The other of a pair may be in the way, not the range.
                let parsed = Config::of(&Value::Object(kept));
                assert!(
                    parsed == Ok(config) || parsed.is_err_and(|e| e.to_string().contains("above")),
                    "{}",
                    key.name
                );
            }
        }
    }

    #[test]
    fn errors_name_the_key_the_value_and_the_range() {
        let error = |document: Value| Config::of(&document).expect_err("must fail").to_string();
        let cases = [
            (json!([]), "config is an array, not an object"),
            (json!({"vol_window": 1}), r#"config: unknown key "vol_window""#),
            (
                json!({"vol_window_l2": 19}),
                r#"config: "vol_window_l2" is 19, not a whole number from 20 to 10000"#,
            ),
            (
                json!({"confirm_bars_l0": 1.5}),
                r#"config: "confirm_bars_l0" is 1.5, not a whole number from 1 to 100"#,
            ),
            (json!({"atrp_high": 4}), r#"config: "atrp_high" is 4, outside 0 to 1"#),
            (json!({"liq_window": null}), r#"config: "liq_window" is null, not a number"#),
            (
                json!({"vol_low_percentile": 70}),
                r#"config: "vol_low_percentile" is 70, above "vol_high_percentile", which is 67"#,
            ),
            (
                json!({"liq_stressed": 0.5}),
                r#"config: "liq_easy" is 0.8, above "liq_stressed", which is 0.5"#,
            ),
        ];
        for (document, message) in cases {
            assert_eq!(error(document), message);
        }
        let hint = |document: Value| Config::of(&document).expect_err("must fail").hint();
        assert_eq!(
            hint(json!({"atrp_low": 2})),
            "Give numbers from 0 to 1, atrp_low (default 0.015) not above atrp_high (default 0.04)."
        );
        assert_eq!(hint(json!({"liq_window": 1})), "Give a whole number from 10 to 1000, such as 60.");
    }

    #[test]
    fn fewest_known_values() {
        assert_eq!([60, 100, 250, 30].map(Config::min_known), [20, 33, 83, 20]);
        let costs = |liq_window| Config { liq_window, ..Config::default() }.min_known_costs();
        assert_eq!([10, 60, 300].map(costs), [10, 20, 100]);
    }
}
