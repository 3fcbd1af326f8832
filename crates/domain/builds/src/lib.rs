//! From a description to a running app: the build state machine, queue order and leases.
