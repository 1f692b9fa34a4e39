//! JSON values in messages.

use serde_json::Value;

/// A value as a message names it: itself, or its kind where it holds other values.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}
