//! The contract every store keeps, as tests any adapter can run.
