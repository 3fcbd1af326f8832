//! Counting attempts to sign in.

use crate::{Fixture, race, rejected, sorted};
use keelway_access::{Attempts, Email, TooManyAttempts};

crate::cases! {
    access_attempts_cases in access::attempts:
    a_known_address_gives_its_credentials_in_any_case,
    known_and_unknown_addresses_are_counted_alike,
    waiting_grows_and_trying_early_never_lengthens_it,
    raced_attempts_are_never_admitted_beyond_the_free_ones,
    signing_in_clears_the_count,
    what_strangers_try_never_keeps_anybody_from_changing_the_password,
    exactly_the_forgotten_attempts_are_swept,
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

/// Makes all attempts that cost no waiting, and the first that costs some.
async fn use_up(fx: &Fixture, address: &Email) {
    for _ in 0..=Attempts::FREE {
        fx.store.accounts.begin_sign_in(address).await.unwrap();
    }
}

async fn a_known_address_gives_its_credentials_in_any_case(fx: Fixture) {
    let cmd = fx.sign_up("Ada@Example.com");
    let made = fx.store.accounts.sign_up(cmd.clone()).await.unwrap();
    let accounts = &fx.store.accounts;
    let known = accounts.begin_sign_in(&email("aDA@exAMPLE.com")).await;
    let known = known.unwrap().unwrap();
    assert_eq!((known.user, known.password), (made.user, cmd.password));
    let unknown = accounts.begin_sign_in(&email("bob@example.com")).await;
    assert!(unknown.unwrap().is_none());
}

async fn known_and_unknown_addresses_are_counted_alike(fx: Fixture) {
    let known = fx.sign_up("ada@example.com");
    fx.store.accounts.sign_up(known).await.unwrap();
    for address in ["ada@example.com", "nobody@example.com"] {
        use_up(&fx, &email(address)).await;
        let upper = email(&address.to_uppercase());
        let refusal = rejected(fx.store.accounts.begin_sign_in(&upper).await);
        assert_eq!(refusal, TooManyAttempts { retry_after_s: 1 });
    }
    let other = email("other@example.com");
    assert!(fx.store.accounts.begin_sign_in(&other).await.is_ok());
}

async fn waiting_grows_and_trying_early_never_lengthens_it(fx: Fixture) {
    let address = email("ada@example.com");
    use_up(&fx, &address).await;
    for delay in [1, 2, 4, 8] {
        for _ in 0..3 {
            let refusal = rejected(fx.store.accounts.begin_sign_in(&address).await);
            assert_eq!(refusal.retry_after_s, delay);
        }
        fx.clock.advance(delay.into());
        fx.store.accounts.begin_sign_in(&address).await.unwrap();
    }
}

async fn raced_attempts_are_never_admitted_beyond_the_free_ones(fx: Fixture) {
    let address = email("ada@example.com");
    let answers = race(64, |_| {
        let (accounts, address) = (fx.store.accounts.clone(), address.clone());
        async move { accounts.begin_sign_in(&address).await.map(|_| ()) }
    })
    .await;
    let (admitted, _) = sorted(answers);
    assert_eq!(admitted.len(), usize::try_from(Attempts::FREE).unwrap() + 1);
}

async fn signing_in_clears_the_count(fx: Fixture) {
    let made = fx.person().await;
    use_up(&fx, &made.user.email).await;
    rejected(fx.store.accounts.begin_sign_in(&made.user.email).await);
    fx.store.sessions.sign_in(fx.sign_in(made.user.id)).await.unwrap();
    use_up(&fx, &made.user.email).await;
}

async fn what_strangers_try_never_keeps_anybody_from_changing_the_password(fx: Fixture) {
    let (made, other) = (fx.person().await, fx.person().await);
    let (user, people) = (made.user.id, &fx.store.people);
    use_up(&fx, &made.user.email).await;
    rejected(fx.store.accounts.begin_sign_in(&made.user.email).await);
    for _ in 0..=Attempts::FREE {
        let known = people.begin_password_change(user).await.unwrap().unwrap();
        assert_eq!((known.user, known.password), (made.user.clone(), crate::password()));
    }
    let refusal = rejected(people.begin_password_change(user).await);
    assert_eq!(refusal, TooManyAttempts { retry_after_s: 1 });
    assert!(people.begin_password_change(other.user.id).await.is_ok());
    assert!(fx.store.accounts.begin_sign_in(&other.user.email).await.is_ok());
    // Whoever signs in showed the password.
    fx.store.sessions.sign_in(fx.sign_in(user)).await.unwrap();
    assert!(people.begin_password_change(user).await.is_ok());
    let unknown = keelway_kernel::UserId::generate(fx.now(), &*fx.entropy);
    assert!(people.begin_password_change(unknown).await.unwrap().is_none());
}

async fn exactly_the_forgotten_attempts_are_swept(fx: Fixture) {
    for address in ["a@example.com", "b@example.com"] {
        use_up(&fx, &email(address)).await;
    }
    fx.clock.advance(60);
    use_up(&fx, &email("c@example.com")).await;
    fx.clock.advance(Attempts::FORGOTTEN_AFTER_S - 61);
    assert_eq!(fx.store.accounts.sweep_attempts().await.unwrap(), 0);
    fx.clock.advance(1);
    assert_eq!(fx.store.accounts.sweep_attempts().await.unwrap(), 2);
    assert_eq!(fx.store.accounts.sweep_attempts().await.unwrap(), 0);
}
