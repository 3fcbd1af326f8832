//! The lease loop that runs builds.
