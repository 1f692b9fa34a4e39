//! The `f64` nearest to a decimal number in the stored form of PostgreSQL's type `numeric`.
//!
//! The form is a header of one or two 16-bit words (sign, scale, weight), then digits in base 10,000, the
//! most significant first: `digit[i] * 10000^(weight - i)`. Words are in the machine's byte order.

/// Mask of the two high bits of the first word, which tell the form of the header.
const FORM: u16 = 0xC000;
const SHORT: u16 = 0x8000;
const SPECIAL: u16 = 0xC000;
const NEGATIVE: u16 = 0x4000;
/// The sign bit of a short header.
const SHORT_NEGATIVE: u16 = 0x2000;
const WEIGHT_NEGATIVE: u16 = 0x0040;
const WEIGHT: u16 = 0x003F;
/// The largest number up to which all whole numbers are exact in an `f64`.
const MOST_EXACT: u64 = 1 << 53;
/// Powers of ten that are exact in an `f64`.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The value of stored bytes (without the length word), correctly rounded; infinite where out of range. NaN
/// for NaN, for stored infinities and for bytes that are not a number.
pub fn nearest(bytes: &[u8]) -> f64 {
    let (words, []) = bytes.as_chunks::<2>() else { return f64::NAN };
    let Some((header, rest)) = words.split_first() else { return f64::NAN };
    let header = u16::from_ne_bytes(*header);
    let (is_negative, weight, digits) = match header & FORM {
        SPECIAL => return f64::NAN,
        SHORT => {
            let low = (header & WEIGHT) as i32;
            let weight = if header & WEIGHT_NEGATIVE == 0 { low } else { low - 64 };
            (header & SHORT_NEGATIVE != 0, weight, rest)
        }
        form => {
            let Some((weight, digits)) = rest.split_first() else { return f64::NAN };
            (form == NEGATIVE, i32::from(i16::from_ne_bytes(*weight)), digits)
        }
    };
    let value = magnitude(weight, digits);
    if is_negative { -value } else { value }
}

fn magnitude(weight: i32, digits: &[[u8; 2]]) -> f64 {
    let exponent = 4 * (weight + 1 - digits.len() as i32);
    let mut whole = 0u64;
    for digit in digits {
        let next =
            whole.checked_mul(10_000).and_then(|w| w.checked_add(u64::from(u16::from_ne_bytes(*digit))));
        match next.filter(|next| *next <= MOST_EXACT) {
            Some(next) => whole = next,
            None => return parsed(digits, exponent),
        }
    }
    // One operation on two exact numbers rounds correctly.
    match TENS.get(exponent.unsigned_abs() as usize) {
        Some(power) if exponent < 0 => whole as f64 / power,
        Some(power) => whole as f64 * power,
        None => parsed(digits, exponent),
    }
}

fn parsed(digits: &[[u8; 2]], exponent: i32) -> f64 {
    let mut text = String::with_capacity(4 * digits.len() + 8);
    for digit in digits {
        text.push_str(&format!("{:04}", u16::from_ne_bytes(*digit)));
    }
    text.push_str(&format!("e{exponent}"));
    text.parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(sign: u16, weight: i32, digits: &[u16]) -> f64 {
        let low = if weight < 0 { WEIGHT_NEGATIVE | (weight + 64) as u16 } else { weight as u16 };
        stored(&[&[SHORT | sign | low], digits].concat())
    }

    fn long(sign: u16, weight: i16, digits: &[u16]) -> f64 {
        stored(&[&[sign, weight as u16], digits].concat())
    }

    fn stored(words: &[u16]) -> f64 {
        nearest(&words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<_>>())
    }

    #[test]
    fn prices_are_what_their_text_is() {
        assert_eq!(short(0, 1, &[2, 0, 1234, 5678]), 20000.12345678);
        assert_eq!(short(0, -1, &[1234]), 0.1234);
        assert_eq!(short(0, -2, &[12]), 0.00000012);
        assert_eq!(short(SHORT_NEGATIVE, 0, &[42, 1000]), -42.1);
        assert_eq!(short(0, 0, &[]), 0.0);
        assert_eq!(short(0, 5, &[1]), 1e20);
    }

    #[test]
    fn long_ones_too() {
        assert_eq!(long(0, 0, &[1, 1000]), 1.1);
        assert_eq!(long(NEGATIVE, -80, &[3]), -3e-320);
        assert_eq!(long(0, 100, &[1]), f64::INFINITY);
        assert_eq!(long(0, 0, &[9, 9999, 9999, 9999, 9999, 9999, 1]), 9.999999999999999999990001);
        assert_eq!(long(0, 4, &[9007, 1992, 5474, 993, 0]), 90071992547409930000.0);
    }

    #[test]
    fn what_is_no_number_is_not_known() {
        for word in [0xC000, 0xD000, 0xF000] {
            assert!(stored(&[word]).is_nan());
        }
        assert!(nearest(&[]).is_nan() && nearest(&[1]).is_nan() && stored(&[0]).is_nan());
    }
}
