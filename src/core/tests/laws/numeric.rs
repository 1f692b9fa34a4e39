//! A stored `numeric` becomes the `f64` that its text becomes.

use proptest::prelude::*;

use regime_core::math::numeric::nearest;

/// Words of a stored `numeric`, long form, and its text.
fn stored(is_negative: bool, weight: i16, digits: &[u16]) -> (Vec<u8>, String) {
    let header = [if is_negative { 0x4000 } else { 0 }, weight as u16];
    let bytes = header.iter().chain(digits).flat_map(|word| word.to_ne_bytes()).collect();
    let text: String = digits.iter().map(|digit| format!("{digit:04}")).collect();
    let exponent = 4 * (i32::from(weight) + 1 - digits.len() as i32);
    (bytes, format!("{}{text}e{exponent}", if is_negative { "-" } else { "" }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn it_is_rounded_as_text_is(
        is_negative: bool,
        weight in -90i16..90,
        digits in proptest::collection::vec(0u16..10_000, 1..12),
    ) {
        let (bytes, text) = stored(is_negative, weight, &digits);
        let wanted: f64 = text.parse().unwrap();
        prop_assert_eq!(nearest(&bytes).to_bits(), wanted.to_bits(), "{}", text);
    }

    #[test]
    fn no_bytes_stop_it(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
        nearest(&bytes);
    }
}
