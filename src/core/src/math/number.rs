//! Numbers as text: in full, or rounded as far as their comparisons stay true.

/// A number with all its digits, `unknown` for NaN; in scientific notation below 1e-6 and from 1e15 on.
pub fn plain(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "unknown".to_owned(),
        0.0 | 1e-6..1e15 => value.to_string(),
        _ => format!("{value:e}"),
    }
}

/// A number as SQL writes it, for a message.
pub fn in_sql(value: f64) -> String {
    value.to_string().replace("inf", "Infinity")
}

/// `value` to `digits` significant digits, or to as many more as it needs to compare with each of `others` as
/// it does unrounded.
pub fn rounded(value: f64, digits: usize, others: &[f64]) -> String {
    let compares = |rounded: &f64| others.iter().all(|o| rounded.partial_cmp(o) == value.partial_cmp(o));
    let shorter = |digits: usize| format!("{value:.*e}", digits - 1).parse().ok();
    plain((digits..17).filter_map(shorter).find(compares).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_keeps_comparisons() {
        assert_eq!(rounded(12.345678, 4, &[]), "12.35");
        assert_eq!(rounded(32.99999, 4, &[33.0, 67.0]), "32.99999");
        assert_eq!(rounded(33.000001, 4, &[33.0]), "33.000001");
        assert_eq!(rounded(33.0, 4, &[33.0]), "33");
        assert_eq!(rounded(f64::NAN, 4, &[33.0]), "unknown");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 1.5, 42000.0, 1e300, 1e-9].map(plain), ["0", "1.5", "42000", "1e300", "1e-9"]);
    }
}
