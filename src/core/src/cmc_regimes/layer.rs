//! The layers: monthly, weekly, daily and intraday bars; and values with one element a layer.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// The layers that are labelled from bars, slowest first (specification 1, section 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Layer {
    /// Monthly bars: the cycle.
    L0,
    /// Weekly bars: the macro trend.
    L1,
    /// Daily bars: tactics; they make the rows.
    L2,
    /// Intraday bars, only where a source is mapped.
    L3,
}

impl Layer {
    /// All layers, slowest first.
    pub const ALL: [Layer; 4] = [Layer::L0, Layer::L1, Layer::L2, Layer::L3];

    /// `L0`, `L1`, `L2` or `L3`.
    pub const fn as_str(self) -> &'static str {
        ["L0", "L1", "L2", "L3"][self as usize]
    }

    /// Whether hysteresis counts the bars of the layer, of which a daily row may see several, and not daily rows.
    pub const fn holds_own_bars(self) -> bool {
        matches!(self, Layer::L3)
    }

    /// Fewest bars that enable the layer by default. Specification 1, section 3.
    pub const fn default_min_bars(self) -> usize {
        [60, 52, 120, 300][self as usize]
    }
}

/// One value per layer, indexed by [`Layer`]; stored as an array of four, slowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PerLayer<T>([T; 4]);

impl<T> PerLayer<T> {
    /// The values of L0, L1, L2 and L3, in that order.
    pub const fn new(slowest_first: [T; 4]) -> Self {
        Self(slowest_first)
    }

    /// The values that `of` returns for the layers, called slowest first.
    pub fn from_fn(of: impl FnMut(Layer) -> T) -> Self {
        Self(Layer::ALL.map(of))
    }

    /// The values that `of` returns for the layers, called slowest first.
    ///
    /// # Errors
    /// The first error of `of`.
    pub fn try_from_fn<E>(mut of: impl FnMut(Layer) -> Result<T, E>) -> Result<Self, E> {
        let [l0, l1, l2, l3] = Layer::ALL;
        Ok(Self([of(l0)?, of(l1)?, of(l2)?, of(l3)?]))
    }

    /// A value for one layer, and the default for the others.
    pub fn only(layer: Layer, value: T) -> Self
    where
        T: Default,
    {
        let mut all = Self::default();
        all[layer] = value;
        all
    }

    /// What `f` makes of each value, slowest first.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> PerLayer<U> {
        PerLayer(self.0.map(f))
    }

    /// References to the values.
    pub fn each_ref(&self) -> PerLayer<&T> {
        PerLayer(self.0.each_ref())
    }

    /// The values of L0, L1, L2 and L3, in that order.
    pub fn into_array(self) -> [T; 4] {
        self.0
    }

    /// The values, slowest first.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// Mutable references to the values, slowest first.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.iter_mut()
    }
}

impl<T> Index<Layer> for PerLayer<T> {
    type Output = T;

    fn index(&self, layer: Layer) -> &T {
        &self.0[layer as usize]
    }
}

impl<T> IndexMut<Layer> for PerLayer<T> {
    fn index_mut(&mut self, layer: Layer) -> &mut T {
        &mut self.0[layer as usize]
    }
}

impl<T> IntoIterator for PerLayer<T> {
    type Item = T;
    type IntoIter = std::array::IntoIter<T, 4>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a PerLayer<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
