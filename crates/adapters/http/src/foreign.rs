//! Viewer tokens signed with a key that this server does not have.

use std::sync::{Mutex, PoisonError};

use keelway_kernel::{Millis, Timestamp};
use keelway_platform::Platform;
use keelway_signing::{KeyId, ViewerTokenError};

use crate::problem::{Code, Problem};

/// Anybody can make such a token up, so the log says it this often at most.
const TOLD_EVERY_MS: Millis = 60_000;

/// When the log last told of a key that is not ours.
#[derive(Debug, Default)]
pub(crate) struct ForeignKeys(Mutex<Option<Timestamp>>);

impl ForeignKeys {
    /// Says which key it was and which are ours: servers whose keys differ refuse one another's
    /// tokens, and nothing else tells their operator.
    fn tell(&self, unknown: &KeyId, platform: &Platform) {
        if !self.is_due(platform.ports().clock.now()) {
            return;
        }
        let keys = &platform.settings().viewer_keys;
        tracing::warn!(
            unknown_key = %unknown,
            key = %keys.current.id(),
            previous_key = keys.previous.as_ref().map(|key| tracing::field::display(key.id())),
            "a viewer token was signed with a key that this server does not have: `viewer.key` has \
             to be the same on every server, unless somebody made the token up"
        );
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| !(0..TOLD_EVERY_MS).contains(&now.millis_since(last)));
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

/// Why a bearer that is no session opens nothing here; nothing if it is no viewer token either.
///
/// What is wrong with a viewer token is for the log alone: the answer is the same whichever keys
/// there are.
pub(crate) fn refusal(token: &str, platform: &Platform, keys: &ForeignKeys) -> Option<Problem> {
    let detail = match platform.judge_viewer_token(token) {
        Ok(()) => {
            "a viewer token opens the events of its build and nothing else, and ends with the \
             session that asked for it"
        }
        Err(ViewerTokenError::Malformed | ViewerTokenError::Version) => return None,
        Err(refused) => {
            if let ViewerTokenError::UnknownKey(unknown) = &refused {
                keys.tell(unknown, platform);
            }
            "the viewer token is too old or not of this server: open the preview again from the \
             project, or get another token from POST /v1/builds/{id}/viewer-token"
        }
    };
    Some(Problem::new(Code::AuthRequired, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_tells_once_a_minute() {
        let keys = ForeignKeys::default();
        let told = [0, 1, 59_999, 60_000, 60_001, 119_999, 120_000, 0]
            .map(|millis| keys.is_due(Timestamp::from_micros(millis * 1_000)));
        assert_eq!(told, [true, false, false, true, false, false, true, true]);
    }
}
