//! Sign-ins to which something happens between the check of the password and the saving.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::future::BoxFuture;
use keelway_access::ports::{Accounts, People, Sessions, SignIn, SignUp, StaleCredentials};
use keelway_access::{
    Email, NewSession, Password, PasswordHash, Session, SessionPolicy, SessionToken, TokenHash,
    User,
};
use keelway_contract::rejected;
use keelway_kernel::{Actor, Clock, Failure, StoreError, UserId};
use keelway_platform::auth::{SignInError, SignUpRequest};
use keelway_platform::people::NewPassword;
use keelway_platform::{Person, Platform, Ports};
use keelway_sqlite::SqliteStore;

use crate::house::House;

const FIRST: &str = "password";
/// [`FIRST`], from the reference implementation's own tests.
const OF_ANOTHER_COST: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
const SECOND: &str = "another quiet river";

/// Sessions of which the first sign-in is overtaken.
struct Overtaken {
    store: SqliteStore,
    by: Mutex<Option<BoxFuture<'static, ()>>>,
}

#[async_trait]
impl Sessions for Overtaken {
    async fn sign_in(&self, cmd: SignIn) -> Result<Session, Failure<StaleCredentials>> {
        let by = self.by.lock().unwrap().take();
        if let Some(other) = by {
            other.await;
        }
        self.store.sign_in(cmd).await
    }

    async fn find(&self, token: &TokenHash) -> Result<Option<(Session, User)>, StoreError> {
        self.store.find(token).await
    }

    async fn touch(
        &self,
        token: &TokenHash,
        policy: &SessionPolicy,
    ) -> Result<Option<Session>, StoreError> {
        self.store.touch(token, policy).await
    }

    async fn sign_out(&self, token: &TokenHash, actor: &Actor) -> Result<(), StoreError> {
        self.store.sign_out(token, actor).await
    }

    async fn revoke_all(&self, user: UserId, actor: &Actor) -> Result<u64, StoreError> {
        self.store.revoke_all(user, actor).await
    }

    async fn sweep_expired(&self) -> Result<u64, StoreError> {
        Sessions::sweep_expired(&self.store).await
    }
}

fn email() -> Email {
    Email::parse("ada@example.com").unwrap()
}

fn password(text: &str) -> Password {
    Password::presented(text).unwrap()
}

/// Somebody whose password is [`FIRST`].
async fn person(house: &House, stored: PasswordHash) -> Person {
    let session = SessionToken::generate(&*house.entropy).hash();
    let cmd = SignUp {
        user: UserId::generate(house.clock.now(), &*house.entropy),
        email: email(),
        password: stored,
        name: None,
        workspace: None,
        session: NewSession { hash: session, user_agent: None, policy: SessionPolicy::default() },
        request_id: "req_sign_up".to_owned(),
    };
    let user = house.store.sign_up(cmd).await.unwrap().user.id;
    Person { user, session, request_id: "req_person".to_owned() }
}

fn overtaken(house: &House, by: impl Future<Output = ()> + Send + 'static) -> Platform {
    let sessions = Overtaken { store: house.store.clone(), by: Mutex::new(Some(Box::pin(by))) };
    let ports = Ports { sessions: Arc::new(sessions), ..house.platform.ports().clone() };
    Platform::new(ports, house.platform.settings().clone())
}

/// The platform as another process has it.
fn elsewhere(house: &House) -> Platform {
    Platform::new(house.platform.ports().clone(), house.platform.settings().clone())
}

/// `person` changes the password.
async fn change(elsewhere: Platform, person: Person) {
    let wanted = NewPassword { current: password(FIRST), new: password(SECOND) };
    elsewhere.change_password(&person, wanted).await.unwrap();
}

async fn sign_in(platform: &Platform, with: &str) -> Result<(), SignInError> {
    match platform.sign_in(&email(), password(with), None, None, "req_sign_in").await {
        Ok(_) => Ok(()),
        Err(Failure::Rejected(refusal)) => Err(refusal),
        Err(Failure::Store(error)) => panic!("{error}"),
    }
}

#[tokio::test]
async fn an_old_password_that_was_right_a_moment_ago_is_a_wrong_one() {
    for today in [true, false] {
        let house = House::new().await;
        let stored = if today {
            PasswordHash::new(&password(FIRST), &*house.entropy).unwrap()
        } else {
            PasswordHash::parse(OF_ANOTHER_COST).unwrap()
        };
        let ada = person(&house, stored).await;
        let platform = overtaken(&house, change(elsewhere(&house), ada.clone()));
        let late = sign_in(&platform, FIRST).await;
        assert_eq!(late, Err(SignInError::WrongCredentials));
        let live = house.store.sessions(ada.user).await.unwrap();
        assert_eq!(live.len(), 1, "only the one that changed it");
        assert_eq!(sign_in(&platform, FIRST).await, Err(SignInError::WrongCredentials));
        assert_eq!(sign_in(&platform, SECOND).await, Ok(()));
    }
}

#[tokio::test]
async fn signing_up_again_with_a_password_of_a_moment_ago_tells_that_the_address_is_taken() {
    let house = House::new().await;
    let ada = person(&house, PasswordHash::parse(OF_ANOTHER_COST).unwrap()).await;
    let platform = overtaken(&house, change(elsewhere(&house), ada.clone()));
    let request = SignUpRequest {
        email: email(),
        password: password(FIRST),
        name: None,
        workspace: None,
        user_agent: None,
        request_id: "req_again".to_owned(),
    };
    let again = rejected(platform.sign_up(request).await);
    assert_eq!(again, SignInError::EmailTaken);
    assert_eq!(house.store.sessions(ada.user).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_at_once_that_hash_the_same_password_anew_both_sign_in() {
    let house = House::new().await;
    let ada = person(&house, PasswordHash::parse(OF_ANOTHER_COST).unwrap()).await;
    let other = elsewhere(&house);
    let platform = overtaken(&house, async move { sign_in(&other, FIRST).await.unwrap() });
    assert_eq!(sign_in(&platform, FIRST).await, Ok(()));
    assert_eq!(house.store.sessions(ada.user).await.unwrap().len(), 3);
}
