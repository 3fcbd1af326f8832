//! How many tokens an address may have looked up that nobody has.
//!
//! Who sends made-up sessions or tickets makes the store read for each of them, so what is found
//! by none is counted by client address, as [`RateClass::UnknownToken`], and an address that is
//! over is refused before the store is read.
//!
//! Behind an address that many share, one of them can bring all of them there. So a session that
//! this process has opened or found before ([`Sessions::knows`]) is no stranger's: it is neither
//! held up nor counted, and costs the limiter nothing. What is refused is the first look-up in each
//! process, for as long as the address stays over, and with it new event-stream tickets. Signing in
//! needs no look-up and has its own limit.
//!
//! [`Sessions::knows`]: keelway_access::ports::Sessions::knows

use actix_web::HttpRequest;
use keelway_access::RateClass;
use tracing::Instrument as _;

use crate::client::counted_as;
use crate::context::{Context, Shared};
use crate::problem::Problem;

const CLASS: RateClass = RateClass::UnknownToken;

/// How long those wait who would be admitted if what is under way found somebody.
const UNDER_WAY_S: u32 = 1;

/// Looks a stranger's token up, unless too many of their address were looked up in vain.
///
/// What is under way counts as in vain until it is known, so that no number of requests at the
/// same time gets more of them through than one after another.
pub(crate) async fn of_stranger<T: 'static>(
    req: &HttpRequest,
    find: impl Future<Output = Result<Option<T>, Problem>> + 'static,
) -> Result<Option<T>, Problem> {
    let (shared, context) = (Shared::of(req), Context::of(req));
    let limiter = shared.platform.ports().limiter.clone();
    let address = counted_as(context.client);
    let place = shared.look_ups.enter(address.clone());
    let seen = limiter.peek(CLASS, &address).await;
    if place.number() > usize::try_from(seen.remaining).unwrap_or(usize::MAX) {
        // Nothing else was counted yet.
        let _ = context.rate.set((CLASS, seen));
        return Err(Problem::rate_limited(seen.retry_after_s.unwrap_or(UNDER_WAY_S)));
    }
    let counted = async move {
        let found = find.await;
        if matches!(found, Ok(None)) {
            limiter.hit(CLASS, &address).await;
        }
        drop(place);
        found
    };
    // Who hangs up drops the request, and would not be counted for what the store has read.
    let counted = actix_web::rt::spawn(counted.in_current_span()).await;
    counted.unwrap_or_else(|failed| match failed.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Err(Problem::internal()),
    })
}
