//! A series of candles: a symbol and a timeframe, and the key by which changes of the series are marked.

use std::collections::BTreeSet;

use crate::pg::{Arg, arg, quote_literal};

/// A series of candles.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// As the candles spell it.
    pub symbol: String,
    /// As the candles spell it.
    pub timeframe: String,
}

impl Series {
    /// Symbol and timeframe, as the run log and messages name the series.
    pub fn name(&self) -> String {
        format!("{} {}", self.symbol, self.timeframe)
    }

    /// The key of the series in the tables of marks: what [`series_key`] gives of the two.
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(self.symbol.len() + self.timeframe.len() + 8);
        key.push('{');
        push_element(&mut key, &self.symbol);
        key.push(',');
        push_element(&mut key, &self.timeframe);
        key.push('}');
        key
    }

    /// The symbol and the timeframe as parameters.
    pub fn args(&self) -> [Arg; 2] {
        [arg(self.symbol.as_str()), arg(self.timeframe.as_str())]
    }

    /// Parameters: the symbols and the timeframes of series.
    pub fn args_of(all: &[Self]) -> [Arg; 2] {
        let texts = |of: fn(&Self) -> &String| arg(all.iter().map(|s| of(s).clone()).collect::<Vec<_>>());
        [texts(|s| &s.symbol), texts(|s| &s.timeframe)]
    }

    /// SQL: arrays of the symbols and of the timeframes of series, each once and in one order, so that a statement stays the same.
    /// As constants, they spare TimescaleDB from looking at each chunk again whenever the statement begins.
    pub fn in_sql(all: &[Self]) -> [String; 2] {
        let texts = |of: fn(&Self) -> &String| {
            let texts: BTreeSet<&str> = all.iter().map(|series| of(series).as_str()).collect();
            let texts: Vec<String> = texts.into_iter().map(quote_literal).collect();
            format!("ARRAY[{}]::text[]", texts.join(", "))
        };
        [texts(|s| &s.symbol), texts(|s| &s.timeframe)]
    }
}

/// Adds an element of an array as PostgreSQL writes it, within quotes where these are needed.
fn push_element(array: &mut String, text: &str) {
    let is_special = |c| matches!(c, '"' | '\\' | '{' | '}' | ',' | ' ' | '\t'..='\r');
    if !text.is_empty() && !text.contains(is_special) && !text.eq_ignore_ascii_case("NULL") {
        return array.push_str(text);
    }
    array.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            array.push('\\');
        }
        array.push(c);
    }
    array.push('"');
}

/// SQL: symbol and timeframe as one text, from which both can be read again, compared by its bytes; NULL
/// where one of the two is NULL.
pub fn series_key(symbol: &str, timeframe: &str) -> String {
    format!(
        "(CASE WHEN {symbol} IS NOT NULL AND {timeframe} IS NOT NULL \
         THEN ARRAY[{symbol}::text, {timeframe}::text]::text END COLLATE \"C\")"
    )
}
