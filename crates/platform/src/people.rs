//! What people see and change about themselves.

use keelway_access::ports::{ChangePassword, ChangePasswordError, EndSession, RenamePerson};
use keelway_access::{
    DisplayName, Password, Rotation, Session, SessionState, SessionToken, TooManyAttempts, User,
};
use keelway_kernel::id::SessionId;
use keelway_kernel::{Failure, StoreError};

use crate::{Person, Platform};

/// The old password and the one that takes its place.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// As [`Password::presented`].
    pub current: Password,
    /// As [`Password::choose`] with the person's address.
    pub new: Password,
}

/// A session under a new token.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// What to present from now on; shown once.
    pub token: SessionToken,
    /// The session it opens.
    pub session: Session,
}

/// Why a password stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// The current password is another one.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The session ended meanwhile.
    #[error("the session is over")]
    SessionOver,
    /// Too many wrong passwords lately, here: those at sign-in are not held against the person.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// Too many passwords are being checked right now.
    #[error("too many passwords are being checked right now")]
    Busy,
}

impl Platform {
    /// The person's live sessions, last used first; the one that asks is the one whose hash is
    /// `person.session`.
    pub async fn sessions(&self, person: &Person) -> Result<Vec<Session>, StoreError> {
        let now = self.now();
        let mut sessions = self.ports.people.sessions(person.user).await?;
        sessions
            .retain(|session| self.settings.sessions.check(session, now) != SessionState::Expired);
        Ok(sessions)
    }

    /// Ends one of the person's sessions; `None` if they have no such session.
    pub async fn end_session(
        &self,
        person: &Person,
        session: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let cmd = EndSession { user: person.user, session, actor: person.actor() };
        self.ports.people.end_session(cmd).await
    }

    /// Ends all of the person's sessions but the one that asks, and says how many.
    pub async fn end_other_sessions(&self, person: &Person) -> Result<u64, StoreError> {
        self.ports.people.end_others(person.user, &person.session, &person.actor()).await
    }

    /// Puts a new password in the place of the current one, which is checked as at sign-in, with
    /// a count of its own of wrong ones. All other sessions end, and this one gets a new token.
    pub async fn change_password(
        &self,
        person: &Person,
        passwords: NewPassword,
    ) -> Result<Renewed, Failure<PasswordRefused>> {
        let refused = Failure::Rejected;
        let place = self.hashing.place().map_err(|_| refused(PasswordRefused::Busy))?;
        let begun = self.ports.people.begin_password_change(person.user).await;
        let known =
            begun.map_err(|failure| failure.map_rejected(PasswordRefused::TooManyAttempts))?;
        let credentials = known.ok_or(refused(PasswordRefused::SessionOver))?;
        if !self.is_password(&place, Some(&credentials), passwords.current).await? {
            return Err(refused(PasswordRefused::WrongPassword));
        }
        let password = self.hash_password(&place, passwords.new).await?;
        let (token, rotation) = self.rotation(person);
        let cmd = ChangePassword {
            user: person.user,
            checked: credentials.password,
            password,
            rotation,
            actor: person.actor(),
        };
        let changed = self.ports.people.change_password(cmd).await;
        let session = changed.map_err(|failure| {
            failure.map_rejected(|refusal| match refusal {
                ChangePasswordError::Changed => PasswordRefused::WrongPassword,
                ChangePasswordError::SessionOver => PasswordRefused::SessionOver,
            })
        })?;
        self.ports.sessions.meet(&session);
        Ok(Renewed { token, session })
    }

    /// Changes what the person is called.
    pub async fn rename_person(
        &self,
        person: &Person,
        name: Option<DisplayName>,
    ) -> Result<User, StoreError> {
        let cmd = RenamePerson { user: person.user, name, actor: person.actor() };
        self.ports.people.rename_person(cmd).await
    }

    /// A new token for the person's session.
    pub(crate) fn rotation(&self, person: &Person) -> (SessionToken, Rotation) {
        let token = SessionToken::generate(self.entropy());
        let to = token.hash();
        (token, Rotation { from: person.session, to, policy: self.settings.sessions })
    }
}
