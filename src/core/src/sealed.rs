//! State as bytes to be stored: a version, the value, and a checksum of both.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::hash::of_bytes;

/// Encodes a value as bytes of this version.
pub(crate) fn seal<T: Serialize>(version: u8, value: &T) -> Vec<u8> {
    // Plain data into a growing buffer: cannot fail.
    let mut bytes = postcard::to_allocvec(&(version, value)).unwrap_or_default();
    let sum = of_bytes(&bytes).to_le_bytes();
    bytes.extend(sum);
    bytes
}

/// Decodes a value; `None` if the bytes are of another version, damaged, or of another type.
pub(crate) fn open<T: DeserializeOwned>(version: u8, bytes: &[u8]) -> Option<T> {
    let (bytes, sum) = bytes.split_last_chunk::<8>()?;
    if bytes.first() != Some(&version) || of_bytes(bytes) != u64::from_le_bytes(*sum) {
        return None;
    }
    postcard::from_bytes::<(u8, T)>(bytes).ok().map(|(_, value)| value)
}
