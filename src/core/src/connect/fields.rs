//! Which field of a price bar a column is, by its name.

use crate::words;

words!(
    /// A field of a price bar, by the name of the argument that gives its column.
    Field {
        /// The asset: a symbol or an id.
        Asset = "asset",
        /// The time of the bar.
        Ts = "ts",
        /// The closing price.
        Close = "close",
        /// The highest price.
        High = "high",
        /// The lowest price.
        Low = "low",
        /// The opening price.
        Open = "open",
        /// The traded volume.
        Volume = "volume",
        /// The length of the bar.
        Timeframe = "timeframe",
    }
);

/// The usual names of columns of assets, the likeliest first.
const ASSETS: &[&str] = &[
    "symbol",
    "ticker",
    "sym",
    "instrument",
    "pair",
    "coin",
    "asset",
    "market",
    "security",
    "currency",
    "stock",
    "isin",
    "assetid",
    "symbolid",
    "tickerid",
    "instrumentid",
    "pairid",
    "coinid",
    "securityid",
    "stockid",
    "permno",
    "figi",
    "id",
];

/// The usual names of columns of times: of the close, of the day, then of the open.
const TIMES: &[&str] = &[
    "timeclose",
    "closetime",
    "closedat",
    "closets",
    "tsclose",
    "closed",
    "date",
    "tradedate",
    "pricedate",
    "tradingdate",
    "day",
    "ts",
    "time",
    "timestamp",
    "datetime",
    "dt",
    "asof",
    "asofdate",
    "opentime",
    "timeopen",
    "openedat",
    "opents",
    "opened",
    "t",
];

/// The usual names of columns of closes: adjusted ones first.
const CLOSES: &[&str] = &[
    "adjclose",
    "adjustedclose",
    "closeadj",
    "closeadjusted",
    "adjclosingprice",
    "pxadj",
    "close",
    "closeprice",
    "closingprice",
    "priceclose",
    "pxclose",
    "pxlast",
    "last",
    "lastprice",
    "price",
    "px",
    "settle",
    "settlement",
    "settlementprice",
    "nav",
    "c",
];

impl Field {
    /// The usual names of the columns of the field, the likeliest first: letters in lower case and digits alone.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Asset => ASSETS,
            Self::Ts => TIMES,
            Self::Close => CLOSES,
            Self::High => &["high", "highprice", "pricehigh", "pxhigh", "hi", "h"],
            Self::Low => &["low", "lowprice", "pricelow", "pxlow", "lo", "l"],
            Self::Open => &["open", "openprice", "priceopen", "pxopen", "op", "o"],
            Self::Volume => &["volume", "vol", "pxvolume", "basevolume", "tradedvolume", "v"],
            Self::Timeframe => {
                &["timeframe", "tf", "interval", "resolution", "granularity", "barsize", "period", "freq"]
            }
        }
    }

    /// How unlikely a column of this name is to be the field: 0 is the likeliest; `None` for a name of something else.
    pub fn rank(self, column: &str) -> Option<usize> {
        let name = plain(column);
        self.names().iter().position(|known| *known == name)
    }
}

/// Whether a name is that of a price adjusted for splits and dividends.
pub fn is_adjusted(column: &str) -> bool {
    plain(column).contains("adj")
}

/// Whether a name is that of the time at which a bar opened.
pub fn is_opening(column: &str) -> bool {
    plain(column).contains("open")
}

/// A name without case and without what is no letter or digit.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a value of a timeframe means a day.
pub fn is_day(timeframe: &str) -> bool {
    let plain = timeframe.trim().to_lowercase().replace([' ', '_', '-'], "");
    matches!(
        plain.as_str(),
        "1d" | "d"
            | "d1"
            | "day"
            | "1day"
            | "daily"
            | "1daily"
            | "24h"
            | "1440"
            | "1440m"
            | "1440min"
            | "86400"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_spelling() {
        for name in ["adj_close", "Adj Close", "adjClose", "ADJ_CLOSE"] {
            assert_eq!(Field::Close.rank(name), Some(0), "{name}");
            assert!(is_adjusted(name));
        }
        assert!(Field::Close.rank("adj_close") < Field::Close.rank("Close"));
        assert!(Field::Asset.rank("Ticker") < Field::Asset.rank("id"));
        assert!(Field::Ts.rank("closeTime") < Field::Ts.rank("openTime"));
        assert_eq!(Field::Ts.rank("created_at"), None);
        assert_eq!(Field::parse("timeframe"), Some(Field::Timeframe));
    }

    #[test]
    fn no_name_is_of_two_fields() {
        let all: Vec<&str> = Field::ALL.iter().flat_map(|field| field.names()).copied().collect();
        for (n, name) in all.iter().enumerate() {
            assert!(!all[..n].contains(name), "{name}");
            assert_eq!(plain(name), **name);
        }
    }

    #[test]
    fn a_day_has_many_spellings() {
        assert!(["1d", "1D", "D", "1 day", "daily", "24h", "1440"].into_iter().all(is_day));
        assert!(!["1w", "4h", "1m", "day trade", ""].into_iter().any(is_day));
    }
}
