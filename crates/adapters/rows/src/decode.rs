//! Refusing what cannot be.

use std::fmt::Display;

use keelway_kernel::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The row being decoded, to name it where it does not decode.
#[derive(Clone, Copy)]
pub struct Of<'a>(pub &'static str, pub &'a dyn Display);

impl Of<'_> {
    /// The row cannot be what it claims to be.
    pub fn corrupt(&self) -> StoreError {
        StoreError::corrupt(self.0, self.1)
    }

    /// A value that must have been understood.
    pub fn known<T>(&self, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.corrupt())
    }

    /// A value that must have parsed.
    pub fn parsed<T, E>(&self, value: Result<T, E>) -> Result<T, StoreError> {
        value.map_err(|_| self.corrupt())
    }

    /// A number of a narrower kind than columns hold.
    pub fn number<T: TryFrom<i64>>(&self, value: i64) -> Result<T, StoreError> {
        self.parsed(T::try_from(value))
    }

    /// A 32-byte hash.
    pub fn hash(&self, bytes: &[u8]) -> Result<[u8; 32], StoreError> {
        self.parsed(bytes.try_into())
    }

    /// A document.
    pub fn document<T: DeserializeOwned>(&self, text: &str) -> Result<T, StoreError> {
        self.parsed(serde_json::from_str(text))
    }
}

/// The text of a document.
pub fn json<T: Serialize>(document: &T) -> Result<String, StoreError> {
    serde_json::to_string(document).map_err(|error| StoreError::corrupt("document", error))
}

/// A count as columns hold it; held at the most they can.
pub fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
