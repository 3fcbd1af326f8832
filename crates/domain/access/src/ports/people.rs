//! What people change about themselves.

use crate::lockout::TooManyAttempts;
use crate::names::DisplayName;
use crate::password::PasswordHash;
use crate::people::User;
use crate::ports::Credentials;
use crate::secret::TokenHash;
use crate::session::{Rotation, Session};
use async_trait::async_trait;
use keelway_kernel::id::SessionId;
use keelway_kernel::{Actor, Failure, StoreError, UserId};

/// Ends one session of a person.
#[derive(Debug, Clone)]
pub struct EndSession {
    /// Whose.
    pub user: UserId,
    /// Which, by [`Session::id`].
    pub session: SessionId,
    /// Who asked.
    pub actor: Actor,
}

/// Puts another password in the place of the one that was just checked.
#[derive(Debug, Clone)]
pub struct ChangePassword {
    /// Whose.
    pub user: UserId,
    /// The stored hash that the old password was checked against.
    pub checked: PasswordHash,
    /// The new password's hash.
    pub password: PasswordHash,
    /// The session that the person spoke from gets a new token; all others end.
    pub rotation: Rotation,
    /// Who asked.
    pub actor: Actor,
}

/// Why a password stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangePasswordError {
    /// Another change came first: what was checked is not the password any more.
    #[error("the password was changed meanwhile")]
    Changed,
    /// The session ended meanwhile.
    #[error("the session is over")]
    SessionOver,
}

impl ChangePassword {
    /// Decides whether the new password takes the old one's place, given what is stored.
    pub fn decide(
        &self,
        stored: &PasswordHash,
        session: Option<&Session>,
    ) -> Result<(), ChangePasswordError> {
        if session.is_none_or(|session| session.user != self.user) {
            // A session that was ended to keep somebody out must not come back by this.
            Err(ChangePasswordError::SessionOver)
        } else if *stored != self.checked {
            Err(ChangePasswordError::Changed)
        } else {
            Ok(())
        }
    }
}

/// Changes what a person is called.
#[derive(Debug, Clone)]
pub struct RenamePerson {
    /// Who.
    pub user: UserId,
    /// The new name, or none.
    pub name: Option<DisplayName>,
    /// Who asked.
    pub actor: Actor,
}

/// What people see and change about themselves.
#[async_trait]
pub trait People: Send + Sync {
    /// A person's sessions that were neither ended nor swept, last used first: at most the 100
    /// used last. Some may be over by now: [`SessionPolicy::check`](crate::SessionPolicy::check) says.
    async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError>;

    /// Ends exactly that session, gives it back, and audits
    /// [`AuditAction::SessionRevoked`](crate::AuditAction::SessionRevoked). Another person's session is never ended: it is unknown.
    async fn end_session(&self, cmd: EndSession) -> Result<Option<Session>, StoreError>;

    /// Ends all of a person's sessions but `kept`, says how many had not expired, and audits
    /// [`AuditAction::OtherSessionsRevoked`](crate::AuditAction::OtherSessionsRevoked).
    async fn end_others(
        &self,
        user: UserId,
        kept: &TokenHash,
        actor: &Actor,
    ) -> Result<u64, StoreError>;

    /// Counts an attempt to change the password and gives what the current one is to be checked
    /// against; `None` for an unknown person.
    ///
    /// As [`Accounts::begin_sign_in`](crate::Accounts::begin_sign_in), but under
    /// [`AttemptKey::of_person`](crate::lockout::AttemptKey::of_person): what strangers try at
    /// sign-in never keeps anybody from changing their password. The count ends with the next
    /// change or sign-in that succeeds.
    async fn begin_password_change(
        &self,
        user: UserId,
    ) -> Result<Option<Credentials>, Failure<TooManyAttempts>>;

    /// Stores the new hash, ends all of the person's sessions but the one that goes on under a
    /// new token, clears the attempts counted for the person and their address, and audits
    /// [`AuditAction::PasswordChanged`](crate::AuditAction::PasswordChanged).
    ///
    /// Two changes that checked the same password never both succeed.
    async fn change_password(
        &self,
        cmd: ChangePassword,
    ) -> Result<Session, Failure<ChangePasswordError>>;

    /// Stores the name and audits [`AuditAction::PersonRenamed`](crate::AuditAction::PersonRenamed); the name the person has
    /// already is never a change.
    async fn rename_person(&self, cmd: RenamePerson) -> Result<User, StoreError>;
}
