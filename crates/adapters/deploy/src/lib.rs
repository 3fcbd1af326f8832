//! Deploy targets; here the built-in static host.
