//! Price levels: supports and resistances from pivots, volume at price and round numbers (specification 5,
//! section 3).

/// A price level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// The price.
    pub price: f64,
    /// The strength, .35 to 1.
    pub strength: f64,
    /// How many candidates made the level: pivots, bins of volume at price, round numbers.
    pub candidates: [u32; 3],
}

/// The levels of one side of the price, strongest first, up to three.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Side {
    levels: [Level; 3],
    count: usize,
}

impl Side {
    /// No levels.
    pub const NONE: Self =
        Self { levels: [Level { price: 0.0, strength: 0.0, candidates: [0; 3] }; 3], count: 0 };
}

impl std::ops::Deref for Side {
    type Target = [Level];

    fn deref(&self) -> &[Level] {
        &self.levels[..self.count]
    }
}
