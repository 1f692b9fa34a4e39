//! Hashes of bytes, texts and JSON values, and hashes chained to one another.

use std::fmt;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use siphasher::sip128::{Hasher128, SipHasher13};

/// A hash of 128 bits (SipHash-1-3), shown as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hash([u64; 2]);

impl Hash {
    /// The hash of nothing, from which chains start.
    pub const START: Hash = Hash([0; 2]);

    /// The hash of this hash, as the key, and of further words.
    pub fn chain(self, words: impl IntoIterator<Item = u64>) -> Self {
        let mut hasher = self.hasher();
        words.into_iter().for_each(|word| hasher.write_u64(word.to_le()));
        Self::of(&hasher)
    }

    /// The stored form: both words, each in little-endian byte order.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The hash in the stored form; `None` unless there are exactly 16 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let words = <[[u8; 8]; 2]>::try_from(words).ok().filter(|_| rest.is_empty())?;
        Some(Self(words.map(u64::from_le_bytes)))
    }

    /// The hash shown as this text; `None` unless there are exactly 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let word = |digits| u64::from_str_radix(digits, 16).ok();
        Some(Self([word(&text[..16])?, word(&text[16..])?]))
    }

    fn hasher(self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0[0], self.0[1])
    }

    fn of(hasher: &SipHasher13) -> Self {
        let hash = hasher.finish128();
        Self([hash.h1, hash.h2])
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.0[0], self.0[1])
    }
}

/// A 64-bit checksum of bytes.
pub fn of_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(bytes);
    hasher.finish()
}

/// A hash of texts in order; where one text ends and the next begins counts.
pub fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Hash {
    texts.into_iter().fold(Hash::START, |hash, text| {
        let mut hasher = hash.hasher();
        hasher.write(text.as_bytes());
        Hash::of(&hasher)
    })
}

/// The first 16 hex digits of the SHA-256 of a value's canonical JSON text.
pub(crate) fn of_json(value: &Value) -> String {
    // serde_json keeps objects in key order, which makes the text canonical.
    let digest = Sha256::digest(value.to_string().as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_shown_and_stored_word_by_word() {
        let hash = Hash([0x0123, 0xfedc_ba98_7654_3210]);
        assert_eq!(hash.to_string(), "0000000000000123fedcba9876543210");
        assert_eq!(hash.to_bytes()[..3], [0x23, 0x01, 0]);
        assert_eq!(Hash::from_bytes(&hash.to_bytes()), Some(hash));
        assert_eq!(Hash::from_bytes(&hash.to_bytes()[1..]), None);
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
        assert_eq!(Hash::parse(&hash.to_string()[1..]), None);
        assert_eq!(Hash::parse("+000000000000123fedcba9876543210"), None);
    }

    #[test]
    fn the_ends_of_texts_count() {
        assert_ne!(of_texts(["ab", "c"]), of_texts(["a", "bc"]));
        assert_eq!(of_texts([]), Hash::START);
    }
}
