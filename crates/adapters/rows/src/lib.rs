//! Dialect-free codecs between rows and domain types.
