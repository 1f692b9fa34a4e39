//! How a configuration is refused that a caller gives.

use regime_core::config::ConfigError;

use crate::pg::{Error, invalid_parameter, quote_literal};
use crate::source::nearest::nearest;

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        let near = match &error {
            ConfigError::UnknownKey { key, known } => nearest(key, known.iter()),
            _ => None,
        };
        let near = near.map_or_else(String::new, |near| format!("Did you mean {}? ", quote_literal(&near)));
        invalid_parameter(error.to_string()).hint(near + &error.hint())
    }
}
