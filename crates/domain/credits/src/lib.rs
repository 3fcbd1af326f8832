//! A credit ledger that never overspends.
