//! What a caller says of a relation, and the errors that ask for more.

use pgrx::pg_sys;

use regime_core::connect::fields::Field;

use crate::pg::{Error, invalid_parameter, quote_literal, quoted};

/// What a caller says of a relation; `None` is for `regime_connect` to find.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub relation: pg_sys::Oid,
    /// Columns by [`Field`].
    pub columns: [Option<String>; Field::ALL.len()],
    /// Conditions as of `regime_source.bars_filter`, a JSON object.
    pub filter: Option<String>,
    pub zone: Option<String>,
    pub shift: Option<String>,
    pub unit: Option<String>,
    /// `iso` or `us`.
    pub calendar: Option<String>,
    pub candles: Option<bool>,
}

impl Asked {
    /// The column given for a field.
    pub fn column(&self, field: Field) -> Option<&str> {
        self.columns[field as usize].as_deref()
    }

    /// The call with one more argument; `own` is the quoted schema of the extension, and the relation is as SQL.
    pub fn call(&self, own: &str, relation: &str, more: Option<(&str, &str)>) -> String {
        let of_column = |field: &Field| Some((field.as_str(), self.column(*field)?));
        let mut all: Vec<(&str, &str)> = Field::ALL.iter().filter_map(of_column).collect();
        let others = [
            ("bars_filter", &self.filter),
            ("zone", &self.zone),
            ("shift", &self.shift),
            ("unit", &self.unit),
            ("cal_scheme", &self.calendar),
        ];
        all.extend(others.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))));
        if let Some((name, _)) = more {
            all.retain(|(given, _)| *given != name);
        }
        all.extend(more);
        let arguments: String =
            all.iter().map(|(name, value)| format!(", {name} => {}", quote_literal(value))).collect();
        let candles = self.candles.map_or_else(String::new, |candles| format!(", candles => {candles}"));
        format!("SELECT * FROM {own}.regime_connect({}{arguments}{candles});", quote_literal(relation))
    }

    /// The error that asks for the column of a field, with the candidates.
    pub fn which(&self, own: &str, relation: &str, field: Field, candidates: &[&str]) -> Error {
        let names: Vec<String> = candidates.iter().map(|name| double_quoted(name)).collect();
        let error = invalid_parameter(format!(
            "cannot tell which column of {relation} is the {}: {}",
            in_words(field),
            names.join(", ")
        ));
        match candidates.first() {
            Some(first) => error.hint(self.call(own, relation, Some((field.as_str(), first)))),
            None => error,
        }
    }
}

/// The field as messages name it.
pub const fn in_words(field: Field) -> &'static str {
    match field {
        Field::Asset => "asset",
        Field::Ts => "time",
        Field::Close => "close",
        Field::High => "high",
        Field::Low => "low",
        Field::Open => "open",
        Field::Volume => "volume",
        Field::Timeframe => "timeframe",
    }
}

fn double_quoted(name: &str) -> String {
    match quoted(name) {
        quoted if quoted.starts_with('"') => quoted,
        plain => format!("\"{plain}\""),
    }
}
