//! In-process limiter, cache and event bus.
