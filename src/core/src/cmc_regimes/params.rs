//! Everything beside bars and policy that can change a row.

use crate::cmc_regimes::hysteresis::Mode;
use crate::cmc_regimes::layer::{Layer, PerLayer};

/// What is known about the source of a layer beside its bars.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceParams {
    /// Periods of the fast, mid and slow EMA, in bars.
    pub periods: [u32; 3],
    /// Whether volatility comes from an ATR column.
    pub atr: bool,
    /// Where an ADX column is mapped, the value at or under which a trend is sideways.
    pub adx_floor: Option<f64>,
    /// Whether spread and slippage are mapped.
    pub costs: bool,
}

/// Parameters of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerParams {
    /// Fewest bars that enable it.
    pub min_bars: usize,
    /// Its source, if it has one.
    pub source: Option<SourceParams>,
}

/// Everything beside bars and policy that can change a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Calendar of weeks and months.
    pub cal_scheme: String,
    /// How changes are held.
    pub mode: Mode,
    /// Rows that a held change must be seen on; 0 switches hysteresis off.
    pub hold: u32,
    /// Per layer.
    pub layers: PerLayer<LayerParams>,
    /// The L4 label of every row.
    pub l4_label: Option<String>,
    /// Whether the budget of each row is that of the bars at or before it, instead of that of all bars.
    pub point_in_time: bool,
    /// The asset that stands for the market.
    pub market_proxy_id: i32,
}

impl Default for Params {
    /// Specification 1 with the ISO calendar and no intraday source.
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
            l4_label: None,
            point_in_time: false,
            market_proxy_id: 1,
        }
    }
}
