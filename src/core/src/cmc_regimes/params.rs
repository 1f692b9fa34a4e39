//! The parameters: all that can change a row beside the bars and the policy.

use crate::cmc_regimes::config::Config;
use crate::cmc_regimes::hysteresis::Mode;
use crate::cmc_regimes::labeller::How;
use crate::cmc_regimes::layer::{Layer, PerLayer};
use crate::cmc_regimes::outside::{OutsideParams, PerOutside};

/// Parameters of the source of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceParams {
    /// Periods of the fast, mid and slow EMA, in that order, in bars.
    pub periods: [u32; 3],
    /// Whether volatility comes from an ATR column.
    pub atr: bool,
    /// The ADX (0 to 100) at or below which a trend is sideways; `None` without an ADX column.
    pub adx_floor: Option<f64>,
    /// Whether spread and slippage columns are mapped.
    pub costs: bool,
}

/// Parameters of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerParams {
    /// Fewest bars that enable the layer.
    pub min_bars: usize,
    /// Parameters of the source, `None` without a source.
    pub source: Option<SourceParams>,
}

/// All that can change a row beside the bars and the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Name of the calendar scheme of weeks and months.
    pub cal_scheme: String,
    /// Which changes of a label are held back.
    pub mode: Mode,
    /// Consecutive rows on which a held change must be seen; 0 switches hysteresis off.
    pub hold: u32,
    /// Parameters of each layer.
    pub layers: PerLayer<LayerParams>,
    /// Windows and thresholds of raw labels.
    pub config: Config,
    /// The L4 label of every row, `None` without one.
    pub l4_label: Option<String>,
    /// Parameters of labels from elsewhere, `None` without such labels.
    pub outside: PerOutside<Option<OutsideParams>>,
    /// Whether the budget of a row counts the bars at or before the row, instead of all bars.
    pub point_in_time: bool,
    /// Id of the asset that stands for the market, `None` where no asset does.
    pub market_proxy_id: Option<i32>,
}

impl Params {
    /// Consecutive labels from elsewhere that must show a held change, of L3 (0) or L4 (1); without hysteresis none are held.
    pub fn held_outside(&self, layer: usize) -> u32 {
        self.outside[layer].map_or(0, |own| own.hold).min(if self.hold == 0 { 0 } else { u32::MAX })
    }

    /// How the bars of a layer are labelled.
    pub fn labelling(&self, layer: Layer) -> How<'_> {
        let source = self.layers[layer].source.as_ref();
        How { layer, config: &self.config, adx_floor: source.and_then(|s| s.adx_floor).unwrap_or(0.0) }
    }
}

impl Default for Params {
    /// The parameters of specification 1, with the ISO calendar and without an intraday source.
    fn default() -> Self {
        let periods = |layer: Layer| match layer {
            Layer::L0 => Some([12, 24, 48]),
            Layer::L1 => Some([20, 50, 200]),
            Layer::L2 => Some([20, 50, 100]),
            Layer::L3 => None,
        };
        Self {
            cal_scheme: "iso".to_owned(),
            mode: Mode::Asymmetric,
            hold: 3,
            layers: PerLayer::from_fn(|layer| LayerParams {
                min_bars: layer.default_min_bars(),
                source: periods(layer).map(|periods| SourceParams {
                    periods,
                    atr: false,
                    adx_floor: None,
                    costs: false,
                }),
            }),
            config: Config::default(),
            l4_label: None,
            outside: [None; 2],
            point_in_time: true,
            market_proxy_id: Some(1),
        }
    }
}
