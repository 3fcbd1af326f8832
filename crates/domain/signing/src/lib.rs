//! Signed requests and viewer tokens, pure on ring.
