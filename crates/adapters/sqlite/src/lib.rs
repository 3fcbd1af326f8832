//! Every store port on SQLite: the embedded default.
