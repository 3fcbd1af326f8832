//! Signing up, in and out, and finding out who asks.

use keelway_access::ports::{Credentials, SignIn, SignUp, SignUpError, StaleCredentials};
use keelway_access::{
    DisplayName, Email, Membership, NewSession, Password, PasswordHash, Principal, Session,
    SessionState, SessionToken, SignedIn, TokenHash, TooManyAttempts, UnknownTenant, User,
    UserAgent, Wanted, WorkspaceName,
};
use keelway_kernel::{Failure, StoreError, UserId};

use crate::hashing::{Busy, Place};
use crate::{Person, Platform};

/// Somebody who wants an account.
#[derive(Debug, Clone)]
pub struct SignUpRequest {
    /// What they will sign in with.
    pub email: Email,
    /// What they chose.
    pub password: Password,
    /// What to call them.
    pub name: Option<DisplayName>,
    /// The workspace they will own, if they want one at once.
    pub workspace: Option<WorkspaceName>,
    /// What they sign up with.
    pub user_agent: Option<UserAgent>,
    /// Under which request.
    pub request_id: String,
}

/// Somebody who is signed in now.
#[derive(Debug, Clone)]
pub struct SignedInNow {
    /// The person.
    pub user: User,
    /// Where the person belongs.
    pub memberships: Vec<Membership>,
    /// What to present from now on; shown once.
    pub token: SessionToken,
    /// The session it opens.
    pub session: Session,
}

/// Why nobody was signed up or in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The address has an account and the password is not its password.
    #[error("the e-mail address has an account")]
    EmailTaken,
    /// The address or the password is wrong; which one is not said.
    #[error("wrong e-mail address or password")]
    WrongCredentials,
    /// Too many wrong passwords lately.
    #[error(transparent)]
    TooManyAttempts(#[from] TooManyAttempts),
    /// Too many passwords are being checked right now.
    #[error("too many people are signing in right now")]
    Busy,
}

/// Why a token proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no such session, or it is over.
    #[error("the session is over")]
    SessionOver,
    /// The tenant asked for is none of the person's.
    #[error("no such workspace")]
    UnknownTenant,
}

/// A person and where they belong.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The person.
    pub user: User,
    /// Where the person belongs, oldest first.
    pub memberships: Vec<Membership>,
}

/// Somebody whose session goes on.
#[derive(Debug, Clone)]
pub struct Recognised {
    /// The hash of the session that proved it.
    pub session: TokenHash,
    /// Who it is, and where they belong.
    pub profile: Profile,
}

impl Recognised {
    /// Who they act as, in `wanted` or in their only tenant.
    pub fn acting_in(&self, wanted: Option<&Wanted>) -> Result<Principal, UnknownTenant> {
        let person = SignedIn { user: self.profile.user.id, session: self.session };
        Principal::signed_in_as(person, &self.profile.memberships, wanted)
    }
}

impl Platform {
    /// Makes an account, a session and, if asked for, a workspace with its first credits.
    ///
    /// Repeating a sign-up with the same password signs in instead, so a lost reply costs
    /// nothing; with another password it is refused, after the same work.
    pub async fn sign_up(
        &self,
        request: SignUpRequest,
    ) -> Result<SignedInNow, Failure<SignInError>> {
        let prepared = self.prepare_sign_up(request.clone()).await;
        let (cmd, token) =
            prepared.map_err(|failure| failure.map_rejected(|Busy| SignInError::Busy))?;
        match self.ports.accounts.sign_up(cmd).await {
            Ok(signed_up) => {
                self.ports.sessions.meet(&signed_up.session);
                let memberships = self.ports.accounts.memberships(signed_up.user.id).await?;
                Ok(SignedInNow {
                    user: signed_up.user,
                    memberships,
                    token,
                    session: signed_up.session,
                })
            }
            Err(Failure::Rejected(SignUpError::EmailTaken)) => {
                let (email, password) = (request.email, request.password);
                self.sign_in(&email, password, request.user_agent, None, &request.request_id)
                    .await
                    .map_err(|failure| {
                        failure.map_rejected(|refusal| match refusal {
                            SignInError::WrongCredentials => SignInError::EmailTaken,
                            other => other,
                        })
                    })
            }
            Err(Failure::Store(error)) => Err(Failure::Store(error)),
        }
    }

    /// Opens a session for whoever knows the password; `replaces` ends with it.
    pub async fn sign_in(
        &self,
        email: &Email,
        password: Password,
        user_agent: Option<UserAgent>,
        replaces: Option<TokenHash>,
        request_id: &str,
    ) -> Result<SignedInNow, Failure<SignInError>> {
        // Turned away before the attempt is counted.
        let place = self.hashing_place()?;
        loop {
            let begun = self.ports.accounts.begin_sign_in(email).await;
            let known =
                begun.map_err(|failure| failure.map_rejected(SignInError::TooManyAttempts))?;
            let right = self.is_password(&place, known.as_ref(), password.clone()).await?;
            let Some(Credentials { user, password: checked }) = known.filter(|_| right) else {
                return Err(Failure::Rejected(SignInError::WrongCredentials));
            };
            let is_outdated = checked.needs_rehash();
            let rehashed = if is_outdated {
                Some(self.hash_password(&place, password.clone()).await?)
            } else {
                None
            };
            let token = SessionToken::generate(self.entropy());
            let cmd = SignIn {
                user: user.id,
                checked,
                session: self.new_session(&token, user_agent.clone()),
                replaces,
                rehashed,
                request_id: request_id.to_owned(),
            };
            match self.ports.sessions.sign_in(cmd).await {
                Ok(session) => {
                    self.ports.sessions.meet(&session);
                    let memberships = self.ports.accounts.memberships(user.id).await?;
                    return Ok(SignedInNow { user, memberships, token, session });
                }
                // Another sign-in may have hashed the same password anew, so it is checked
                // again; each check is counted as an attempt, so there is an end to it.
                Err(Failure::Rejected(StaleCredentials)) if is_outdated => {}
                Err(failure) => {
                    let wrong = |StaleCredentials| SignInError::WrongCredentials;
                    return Err(failure.map_rejected(wrong));
                }
            }
        }
    }

    /// Ends the session.
    pub async fn sign_out(&self, person: &Person) -> Result<(), StoreError> {
        self.ports.sessions.sign_out(&person.session, &person.actor()).await
    }

    /// Who the holder of `token` is, acting in `wanted` or in their only tenant.
    pub async fn authenticate(
        &self,
        token: &TokenHash,
        wanted: Option<&Wanted>,
    ) -> Result<Principal, Failure<AuthError>> {
        let recognised = self.recognise(token).await?;
        recognised.acting_in(wanted).map_err(|_| Failure::Rejected(AuthError::UnknownTenant))
    }

    /// Who the holder of `token` is and where they belong, if their session goes on.
    pub async fn recognise(&self, token: &TokenHash) -> Result<Recognised, Failure<AuthError>> {
        let over = || Failure::Rejected(AuthError::SessionOver);
        let (session, user) = self.ports.sessions.find(token).await?.ok_or_else(over)?;
        let policy = &self.settings.sessions;
        match policy.check(&session, self.now()) {
            SessionState::Live => {}
            SessionState::Renew { .. } => {
                self.ports.sessions.touch(token, policy).await?.ok_or_else(over)?;
            }
            SessionState::Expired => return Err(over()),
        }
        let memberships = self.ports.accounts.memberships(user.id).await?;
        Ok(Recognised { session: session.hash, profile: Profile { user, memberships } })
    }

    /// Whether this session has not ended; asking is no use of it, so it lasts no longer for it.
    pub(crate) async fn is_live(&self, token: &TokenHash) -> Result<bool, StoreError> {
        let found = self.ports.sessions.find(token).await?;
        Ok(found.is_some_and(|(session, _)| {
            self.settings.sessions.check(&session, self.now()) != SessionState::Expired
        }))
    }

    /// The person and where they belong.
    pub async fn profile(&self, person: &Person) -> Result<Option<Profile>, StoreError> {
        let Some(user) = self.ports.accounts.find_user(person.user).await? else {
            return Ok(None);
        };
        let memberships = self.ports.accounts.memberships(user.id).await?;
        Ok(Some(Profile { user, memberships }))
    }

    pub(crate) fn new_session(
        &self,
        token: &SessionToken,
        user_agent: Option<UserAgent>,
    ) -> NewSession {
        NewSession { hash: token.hash(), user_agent, policy: self.settings.sessions }
    }

    /// Everything that a sign-up's command is made of, with the session's token.
    pub(crate) async fn prepare_sign_up(
        &self,
        request: SignUpRequest,
    ) -> Result<(SignUp, SessionToken), Failure<Busy>> {
        let place = self.hashing.place().map_err(Failure::Rejected)?;
        let password = self.hash_password(&place, request.password).await?;
        let token = SessionToken::generate(self.entropy());
        let cmd = SignUp {
            user: UserId::generate(self.now(), self.entropy()),
            email: request.email,
            password,
            name: request.name,
            workspace: request.workspace.map(|name| self.new_tenant(name)),
            session: self.new_session(&token, request.user_agent),
            request_id: request.request_id,
        };
        Ok((cmd, token))
    }

    fn hashing_place(&self) -> Result<Place, Failure<SignInError>> {
        self.hashing.place().map_err(|Busy| Failure::Rejected(SignInError::Busy))
    }

    /// Whether `password` is the one of an account; without an account, after the same work, no.
    pub(crate) async fn is_password(
        &self,
        place: &Place,
        known: Option<&Credentials>,
        password: Password,
    ) -> Result<bool, StoreError> {
        let stored = known.map(|credentials| credentials.password.clone());
        let checked = place.run(move |memory| memory.check(stored.as_ref(), &password)).await;
        checked.map_err(|_| unhashed())
    }

    pub(crate) async fn hash_password(
        &self,
        place: &Place,
        password: Password,
    ) -> Result<PasswordHash, StoreError> {
        let entropy = self.ports.entropy.clone();
        let hashed = place.run(move |memory| memory.hash(&password, &*entropy)).await;
        hashed.ok().and_then(Result::ok).ok_or_else(unhashed)
    }
}

fn unhashed() -> StoreError {
    StoreError::Unavailable("passwords cannot be checked".to_owned())
}
