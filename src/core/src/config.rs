//! Configurations of numbers, parsed key by key from JSON objects such as `{"adx_trending": 30}`.

use serde_json::{Map, Number, Value};
use thiserror::Error;

use crate::json::shown;

/// A configuration of which every value has a key.
pub(crate) trait Keyed: Default + 'static {
    /// All keys.
    const KEYS: &'static [Key<Self>];
    /// Pairs of keys of [`Range::Number`], of which the first may not be above the second.
    const ORDERED: &'static [[&'static str; 2]];
    /// An object that hints show.
    const EXAMPLE: &'static str;
}

/// A key of a configuration.
pub(crate) struct Key<C> {
    pub name: &'static str,
    pub range: Range,
    pub get: fn(&C) -> f64,
    pub set: fn(&mut C, f64),
}

/// The values that a key may have, ends included.
#[derive(Clone, Copy)]
pub(crate) enum Range {
    Whole(u32, u32),
    Number(f64, f64),
}

impl Range {
    fn holds(self, value: f64) -> bool {
        match self {
            Range::Whole(least, most) => {
                value.fract() == 0.0 && (f64::from(least)..=f64::from(most)).contains(&value)
            }
            Range::Number(least, most) => (least..=most).contains(&value),
        }
    }

    /// What a value is not, or is outside of.
    fn refusal(self) -> String {
        match self {
            Range::Whole(least, most) => format!("not a whole number from {least} to {most}"),
            Range::Number(least, most) => format!("outside {least} to {most}"),
        }
    }

    /// The value as JSON shows it.
    fn json(self, value: f64) -> Value {
        match self {
            Range::Whole(..) => Value::from(value as u64),
            Range::Number(..) => Value::from(value),
        }
    }
}

/// Why a JSON document is not a valid configuration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// The text is not JSON, or nested too deeply.
    #[error("config cannot be parsed as JSON: {problem}")]
    Json {
        /// What the parser says.
        problem: String,
        /// A valid configuration.
        example: &'static str,
    },
    /// The document is not an object.
    #[error("config is {found}, not an object")]
    NotAnObject {
        /// What the document is.
        found: String,
        /// A valid configuration.
        example: &'static str,
    },
    /// The object has an unknown key.
    #[error("config: unknown key \"{key}\"")]
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that are known.
        known: Vec<&'static str>,
    },
    /// A key has an invalid value.
    #[error("config: \"{key}\" {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong, with the value.
        problem: String,
        /// What to give.
        hint: String,
    },
}

impl ConfigError {
    /// The hint for the user: what to write instead.
    pub fn hint(&self) -> String {
        match self {
            ConfigError::Json { example, .. } | ConfigError::NotAnObject { example, .. } => {
                format!("Give an object such as {example}.")
            }
            ConfigError::UnknownKey { known, .. } => format!("The keys are {}.", known.join(", ")),
            ConfigError::Value { hint, .. } => hint.clone(),
        }
    }
}

/// The configuration of a JSON text; keys left out have their defaults.
///
/// # Errors
/// The first problem of the document.
pub(crate) fn parse<C: Keyed>(json: &str) -> Result<C, ConfigError> {
    let document = serde_json::from_str(json)
        .map_err(|error| ConfigError::Json { problem: error.to_string(), example: C::EXAMPLE })?;
    of_value(&document)
}

/// The configuration of a JSON document; keys left out have their defaults.
///
/// # Errors
/// The first problem of the document.
pub(crate) fn of_value<C: Keyed>(document: &Value) -> Result<C, ConfigError> {
    let Value::Object(object) = document else {
        return Err(ConfigError::NotAnObject { found: brief(shown(document)), example: C::EXAMPLE });
    };
    if let Some(unknown) = object.keys().find(|name| key_of::<C>(name).is_none()) {
        let known = C::KEYS.iter().map(|key| key.name).collect();
        return Err(ConfigError::UnknownKey { key: brief(unknown.clone()), known });
    }
    let mut config = C::default();
    for key in C::KEYS {
        if let Some(value) = object.get(key.name) {
            (key.set)(&mut config, number(key, value)?);
        }
    }
    for [low, high] in C::ORDERED {
        let [Some(of_low), Some(of_high)] = [low, high].map(|name| key_of::<C>(name)) else { continue };
        let [at_low, at_high] = [of_low, of_high].map(|key| (key.get)(&config));
        if at_low > at_high {
            let problem = format!("is {at_low}, above \"{high}\", which is {at_high}");
            return Err(ConfigError::Value { key: low, problem, hint: hint(of_low) });
        }
    }
    Ok(config)
}

/// The keys whose values are not the default, with their values.
pub(crate) fn differing<C: Keyed>(config: &C) -> Map<String, Value> {
    let default = C::default();
    let keys = C::KEYS.iter().filter(|key| (key.get)(config) != (key.get)(&default));
    keys.map(|key| (key.name.to_owned(), key.range.json((key.get)(config)))).collect()
}

/// The value that a key has by default, as JSON shows it; `None` for an unknown key.
pub(crate) fn default_of<C: Keyed>(name: &str) -> Option<Value> {
    key_of::<C>(name).map(|key| key.range.json((key.get)(&C::default())))
}

fn key_of<C: Keyed>(name: &str) -> Option<&'static Key<C>> {
    C::KEYS.iter().find(|key| key.name == name)
}

fn number<C: Keyed>(key: &Key<C>, value: &Value) -> Result<f64, ConfigError> {
    let wrong = |problem| ConfigError::Value { key: key.name, problem, hint: hint(key) };
    match value.as_number().map(Number::as_f64) {
        // Adding zero turns -0 into 0.
        Some(Some(number)) if number.is_finite() && key.range.holds(number) => Ok(number + 0.0),
        Some(_) => Err(wrong(format!("is {}, {}", brief(value.to_string()), key.range.refusal()))),
        None => Err(wrong(format!("is {}, not a number", brief(shown(value))))),
    }
}

/// A text as messages show it.
fn brief(text: String) -> String {
    const MOST_CHARACTERS: usize = 60;
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What may be given for a key.
fn hint<C: Keyed>(key: &Key<C>) -> String {
    let default = |key: &Key<C>| (key.get)(&C::default());
    match key.range {
        Range::Whole(least, most) => {
            format!("Give a whole number from {least} to {most}, such as {}.", default(key))
        }
        Range::Number(least, most) => match C::ORDERED.iter().find(|pair| pair.contains(&key.name)) {
            Some([low, high]) => {
                let [at_low, at_high] = [low, high].map(|name| key_of(name).map_or(0.0, default));
                format!(
                    "Give numbers from {least} to {most}, {low} (default {at_low}) not above {high} (default {at_high})."
                )
            }
            None => format!("Give a number from {least} to {most}."),
        },
    }
}
