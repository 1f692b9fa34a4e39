//! Hashes of bytes and of texts, and hashes chained to one another.

use std::hash::Hasher;

use serde_json::Value;
use sha2::{Digest, Sha256};
use siphasher::sip128::{Hasher128, SipHasher13};

/// A hash of 128 bits.
pub type Hash = [u64; 2];

/// Adds words to a hash: it is the key of the next.
pub fn chain(hash: Hash, words: impl IntoIterator<Item = u64>) -> Hash {
    let mut hasher = SipHasher13::new_with_keys(hash[0], hash[1]);
    words.into_iter().for_each(|word| hasher.write_u64(word.to_le()));
    let next = hasher.finish128();
    [next.h1, next.h2]
}

/// A checksum of bytes.
pub fn of_bytes(bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    hasher.write(bytes);
    hasher.finish()
}

/// A hash of texts, each with its end.
pub fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Hash {
    texts.into_iter().fold([0; 2], |hash, text| {
        let mut hasher = SipHasher13::new_with_keys(hash[0], hash[1]);
        hasher.write(text.as_bytes());
        let next = hasher.finish128();
        [next.h1, next.h2]
    })
}

/// The first 16 hex digits of the SHA-256 of a value's canonical JSON text.
pub(crate) fn hash(value: &Value) -> String {
    // serde_json keeps objects in key order, which makes the text canonical.
    let digest = Sha256::digest(value.to_string().as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A hash as hex digits.
pub fn hex(hash: Hash) -> String {
    format!("{:016x}{:016x}", hash[0], hash[1])
}
