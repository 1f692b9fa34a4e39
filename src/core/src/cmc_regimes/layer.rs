//! The layers: monthly, weekly, daily and intraday bars.

/// The layers that are labelled from bars, slowest first: monthly, weekly, daily, intraday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Layer {
    /// Monthly cycle.
    L0,
    /// Weekly macro.
    L1,
    /// Daily tactical.
    L2,
    /// Intraday, only where a source is mapped.
    L3,
}

impl Layer {
    /// All of them, slowest first.
    pub const ALL: [Layer; 4] = [Layer::L0, Layer::L1, Layer::L2, Layer::L3];

    /// `L0` … `L3`.
    pub const fn as_str(self) -> &'static str {
        ["L0", "L1", "L2", "L3"][self as usize]
    }

    /// Bars that a raw trend must hold before it is confirmed.
    pub const fn confirm_bars(self) -> usize {
        [2, 2, 2, 1][self as usize]
    }

    /// Trailing bars of the volatility percentile; `None` where fixed cut-offs always apply.
    pub const fn vol_window(self) -> Option<usize> {
        [Some(60), Some(100), Some(250), None][self as usize]
    }

    /// Fewest bars that enable the layer unless the caller says otherwise.
    pub const fn default_min_bars(self) -> usize {
        [60, 52, 120, 300][self as usize]
    }
}
