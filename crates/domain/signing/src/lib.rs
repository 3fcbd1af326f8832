//! Signed requests, viewer tokens and signed webhooks: pure, on ring.
//!
//! **Invariant:** nothing is believed before its signature is, and signatures are compared in
//! constant time. Refusals say why to the log; [`Refusal::code`] is all that a caller learns.
//!
//! | module | holds |
//! |---|---|
//! | [`key`] | [`SharedKey`], never shorter than 32 bytes, and [`KeyRing`], at most two at a time |
//! | [`request`] | [`RequestParts`] and the canonical string of version 2 |
//! | [`headers`] | header names by prefix, [`Nonce`], [`sign_v1`] and [`sign_v2`] |
//! | [`verify`](mod@verify) | [`verify()`], [`Mode`], [`Refusal`], and the [`ReplayGuard`] port |
//! | [`viewer`] | short-lived tokens for following one build's events |
//! | [`webhook`] | Standard Webhooks signatures |
//!
//! Not here: HTTP, storing nonces, and the clock.

mod hex;

pub mod headers;
pub mod key;
pub mod request;
pub mod verify;
pub mod viewer;
pub mod webhook;

pub use headers::{
    HeaderNames, Nonce, NonceError, PrefixError, SignatureHeaders, sign_v1, sign_v2,
};
pub use key::{KeyError, KeyId, KeyRing, SharedKey};
pub use request::{MalformedRequest, RequestParts};
pub use verify::{Mode, ModeError, Refusal, ReplayGuard, Replayed, Verdict, Verified, verify};
pub use viewer::{ViewerClaims, ViewerTokenError};
pub use webhook::{WebhookError, WebhookSecret, WebhookSecretError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
