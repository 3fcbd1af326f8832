//! What the domain's refusals are called on the wire.

use keelway_access::ports::CreateTenantError;
use keelway_access::{Denied, TooManyAttempts};
use keelway_builds::cancel::CancelError;
use keelway_builds::guest::ClaimError;
use keelway_builds::project::CreateProjectError;
use keelway_builds::submit::{ParkError, SubmitError};
use keelway_builds::{InvalidTransition, ProjectLock};
use keelway_credits::ReserveError;
use keelway_kernel::once::KeyReused;
use keelway_kernel::{Failure, StoreError};
use keelway_platform::auth::{AuthError, SignInError};
use keelway_platform::builds::GuestError;
use keelway_platform::reports::NoResult;
use keelway_tiers::{LimitExceeded, NotInTier};
use serde_json::json;

use crate::problem::{Code, Problem};

/// Seconds after which a store that was away is worth another try.
pub(crate) const STORE_RETRY_S: u32 = 5;

impl<E: Into<Self>> From<Failure<E>> for Problem {
    fn from(failure: Failure<E>) -> Self {
        match failure {
            Failure::Rejected(refusal) => refusal.into(),
            Failure::Store(error) => error.into(),
        }
    }
}

/// The caller learns that, the log learns why.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) => {
                tracing::error!(%error, "store unavailable");
                // Among others a full disk, or a commit whose answer was lost.
                Self::new(
                    Code::StoreUnavailable,
                    "the store did not answer or has no room; a change may have taken effect all \
                     the same: repeat it with the same Idempotency-Key",
                )
                .retry_after(STORE_RETRY_S)
            }
            StoreError::Contended => {
                tracing::warn!(%error, "store contended");
                Self::new(Code::StoreContended, "too many changes at once; nothing was changed")
                    .retry_after(1)
            }
            StoreError::Corrupt { .. } => {
                tracing::error!(%error, "stored row is corrupt");
                Self::internal()
            }
        }
    }
}

impl Problem {
    /// Says nothing of the cause, which is logged where it was found.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "something went wrong on our side")
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::SignInFirst => Self::new(Code::AuthRequired, "sign in first"),
            Denied::NoTenant => Self::new(Code::NoTenant, "create or join a workspace first")
                .with(json!({ "create": "POST /v1/tenants" })),
            Denied::ChooseTenant => {
                Self::new(Code::TenantRequired, "say in which workspace to act")
                    .with(json!({ "header": "X-Tenant", "list": "GET /v1/tenants" }))
            }
            Denied::NotPermitted { permission } => {
                Self::new(Code::NotPermitted, format!("your role does not include {permission}"))
                    .with(json!({ "permission": permission.as_str() }))
            }
            Denied::OutOfReach => Self::not_found(),
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::SessionOver => Self::new(Code::AuthRequired, "the session is over"),
            AuthError::UnknownTenant => Self::not_found(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::EmailTaken => Self::new(Code::EmailTaken, error.to_string())
                .with(json!({ "sign_in": "POST /v1/auth/sign-in" })),
            SignInError::WrongCredentials => Self::new(Code::WrongCredentials, error.to_string()),
            SignInError::TooManyAttempts(TooManyAttempts { retry_after_s }) => {
                Self::new(Code::TooManyAttempts, error.to_string()).retry_after(retry_after_s)
            }
            SignInError::Busy => Self::new(Code::Busy, error.to_string()).retry_after(1),
        }
    }
}

impl From<KeyReused> for Problem {
    fn from(reused: KeyReused) -> Self {
        let detail = format!("{reused}; a new request needs a new key");
        Self::new(Code::IdempotencyKeyReused, detail)
    }
}

impl From<CreateTenantError> for Problem {
    fn from(error: CreateTenantError) -> Self {
        match error {
            CreateTenantError::KeyReused(reused) => reused.into(),
            CreateTenantError::TooMany(refusal) => {
                Self::new(Code::PlanLimitExceeded, refusal.to_string()).with(json!({
                    "of": "workspaces",
                    "limit": keelway_access::MOST_OWNED,
                    "used": refusal.owned,
                }))
            }
        }
    }
}

impl From<NotInTier> for Problem {
    fn from(refusal: NotInTier) -> Self {
        Self::new(Code::FeatureNotInTier, refusal.to_string())
            .with(json!({ "required_tier": refusal.required_tier }))
    }
}

impl From<LimitExceeded> for Problem {
    fn from(refusal: LimitExceeded) -> Self {
        Self::new(Code::PlanLimitExceeded, refusal.to_string()).with(json!({
            "of": refusal.of.as_str(),
            "limit": refusal.limit,
            "used": refusal.used,
            "resets_at": refusal.resets_at,
            "required_tier": refusal.required_tier,
        }))
    }
}

impl From<ReserveError> for Problem {
    fn from(refusal: ReserveError) -> Self {
        match refusal {
            ReserveError::AccountUnknown => Self {
                missing: Some(keelway_kernel::Credits::new(1)),
                ..Self::new(Code::InsufficientCredits, "the workspace has no credits")
                    .with(json!({ "available": 0 }))
            },
            ReserveError::Insufficient { available, needed } => {
                let gap = needed.minus(available).unwrap_or(keelway_kernel::Credits::MAX);
                Self {
                    missing: Some(gap),
                    ..Self::new(Code::InsufficientCredits, format!("{gap} more credits are needed"))
                        .with(json!({ "required": needed, "available": available }))
                }
            }
            ReserveError::DailyCap { cap, spent, needed, resets_at, .. } => {
                Self::new(Code::DailyCapReached, refusal.to_string()).with(json!({
                    "cap": cap, "spent": spent, "required": needed, "resets_at": resets_at,
                }))
            }
            ReserveError::KeyReused | ReserveError::TooLarge(_) => {
                tracing::error!(%refusal, "a hold could not be made");
                Self::internal()
            }
        }
    }
}

impl From<ClaimError> for Problem {
    fn from(refusal: ClaimError) -> Self {
        match refusal {
            ClaimError::Unknown => Self::not_found(),
            // Who claimed it, and what it became, is theirs alone.
            ClaimError::AlreadyClaimed { .. } => {
                Self::new(Code::AlreadyClaimed, refusal.to_string())
            }
            ClaimError::Expired { since } => Self::new(Code::QueueExpired, refusal.to_string())
                .with(json!({ "expired_at": since })),
        }
    }
}

impl From<ProjectLock> for Problem {
    fn from(lock: ProjectLock) -> Self {
        Self::new(Code::ProjectLocked, "another build of the project is active").with(json!({
            "build_id": lock.build, "holder": lock.holder, "since": lock.since,
        }))
    }
}

impl From<SubmitError> for Problem {
    fn from(refusal: SubmitError) -> Self {
        match refusal {
            SubmitError::Claim(claim) => claim.into(),
            SubmitError::ProjectUnknown => Self::not_found(),
            SubmitError::ProjectLocked(lock) => lock.into(),
            SubmitError::Tier(tier) => tier.into(),
            SubmitError::Limit(limit) => limit.into(),
            SubmitError::Credits(credits) => credits.into(),
            SubmitError::KeyReused(reused) => reused.into(),
        }
    }
}

impl From<GuestError> for Problem {
    fn from(refusal: GuestError) -> Self {
        match refusal {
            GuestError::SignInFirst => Self::new(Code::AuthRequired, refusal.to_string()),
            GuestError::Park(ParkError::KeyReused(reused)) => reused.into(),
        }
    }
}

impl From<InvalidTransition> for Problem {
    fn from(refusal: InvalidTransition) -> Self {
        Self::new(Code::InvalidTransition, refusal.to_string())
            .with(json!({ "from": refusal.from.as_str(), "to": refusal.to.as_str() }))
    }
}

impl From<CancelError> for Problem {
    fn from(refusal: CancelError) -> Self {
        match refusal {
            CancelError::Unknown => Self::not_found(),
            CancelError::Ended(transition) => transition.into(),
            CancelError::KeyReused(reused) => reused.into(),
        }
    }
}

impl From<NoResult> for Problem {
    fn from(refusal: NoResult) -> Self {
        match refusal {
            NoResult::Unknown => Self::not_found(),
            NoResult::NotFinished(state) => Self::new(Code::BuildNotFinished, refusal.to_string())
                .with(json!({ "status": state })),
            NoResult::Nothing(state) => {
                Self::new(Code::NotFound, refusal.to_string()).with(json!({ "status": state }))
            }
        }
    }
}

impl From<CreateProjectError> for Problem {
    fn from(refusal: CreateProjectError) -> Self {
        match refusal {
            CreateProjectError::Limit(limit) => limit.into(),
            CreateProjectError::KeyReused(reused) => reused.into(),
        }
    }
}
