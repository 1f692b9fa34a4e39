//! The label of a bar: `Trend-Vol-Liq`, for example `Up-Low-Normal` (specification 1, section 2).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words;

words!(
    /// First place of a label: the direction of price.
    #[derive(Serialize, Deserialize)]
    Trend {
        /// `close > slow and fast > mid`, confirmed.
        Up = "Up",
        /// Neither up nor down.
        Sideways = "Sideways",
        /// `close < slow and fast < mid`, confirmed.
        Down = "Down"
    }
);
words!(
    /// Second place of a label: volatility against its own history or against fixed cut-offs.
    #[derive(Serialize, Deserialize)]
    Vol {
        /// Low volatility.
        Low = "Low",
        /// Medium volatility.
        Normal = "Normal",
        /// High volatility; by rank also where unknown.
        High = "High"
    }
);
words!(
    /// Third place of a label: trading costs against their rolling median.
    #[derive(Serialize, Deserialize)]
    Liq {
        /// Both costs clearly below their medians.
        Easy = "Easy",
        /// In between, or not measured.
        Normal = "Normal",
        /// One of the costs above twice its median.
        Stressed = "Stressed"
    }
);

/// One of the 27 labels, stored as a number from 0 to 26.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub struct Label(u8);

impl Label {
    /// Number of labels.
    pub const COUNT: usize = 27;

    /// The label of three places.
    pub const fn new(trend: Trend, vol: Vol, liq: Liq) -> Self {
        Self(trend as u8 * 9 + vol as u8 * 3 + liq as u8)
    }

    /// All labels, by ascending index.
    pub fn all() -> impl Iterator<Item = Label> {
        (0..Self::COUNT as u8).map(Label)
    }

    /// Index in [`Label::all`], 0 to 26.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The first place.
    pub fn trend(self) -> Trend {
        Trend::ALL[self.index() / 9]
    }

    /// The second place.
    pub fn vol(self) -> Vol {
        Vol::ALL[self.index() / 3 % 3]
    }

    /// The third place.
    pub fn liq(self) -> Liq {
        Liq::ALL[self.index() % 3]
    }

    /// The text `Trend-Vol-Liq`.
    pub const fn as_str(self) -> &'static str {
        TEXTS[self.index()]
    }

    /// The label with this text, `None` if there is none.
    pub fn parse(text: &str) -> Option<Self> {
        TEXTS.iter().position(|t| *t == text).map(|i| Label(i as u8))
    }
}

impl From<Label> for u8 {
    fn from(label: Label) -> u8 {
        label.0
    }
}

impl TryFrom<u8> for Label {
    type Error = String;

    fn try_from(index: u8) -> Result<Self, String> {
        Label::all().nth(index.into()).ok_or_else(|| format!("there is no label {index}"))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! texts {
    ($($trend:ident),+) => {
        [$(
            concat!(stringify!($trend), "-Low-Easy"), concat!(stringify!($trend), "-Low-Normal"), concat!(stringify!($trend), "-Low-Stressed"),
            concat!(stringify!($trend), "-Normal-Easy"), concat!(stringify!($trend), "-Normal-Normal"), concat!(stringify!($trend), "-Normal-Stressed"),
            concat!(stringify!($trend), "-High-Easy"), concat!(stringify!($trend), "-High-Normal"), concat!(stringify!($trend), "-High-Stressed"),
        )+]
    };
}

static TEXTS: [&str; Label::COUNT] = texts!(Up, Sideways, Down);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_places_agree() {
        for &trend in Trend::ALL {
            for &vol in Vol::ALL {
                for &liq in Liq::ALL {
                    let label = Label::new(trend, vol, liq);
                    assert_eq!((label.trend(), label.vol(), label.liq()), (trend, vol, liq));
                    assert_eq!(
                        label.as_str(),
                        format!("{}-{}-{}", trend.as_str(), vol.as_str(), liq.as_str())
                    );
                    assert_eq!(Label::parse(label.as_str()), Some(label));
                }
            }
        }
        assert_eq!(Label::parse("Unknown"), None);
    }
}
