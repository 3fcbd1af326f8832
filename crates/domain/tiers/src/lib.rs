//! Which tier may do what, and how much of it.
