//! One sign-in from the typed address to the answer, with a store that is two variables.

use keelway_access::{
    Attempts, Email, NewSession, Password, PasswordHash, SessionPolicy, SessionState, SessionToken,
    check_password,
};
use keelway_kernel::{Entropy, Timestamp, UserId};

/// Not random: a real caller passes the operating system's generator.
struct Sevens;
impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = Timestamp::from_micros(1_735_689_600_000_000);
    let email = Email::parse("Ada@example.com")?;
    let user = UserId::generate(now, &Sevens);
    let stored = PasswordHash::new(&Password::choose("correct horse", &email)?, &Sevens)?;
    let mut attempts: Option<Attempts> = None;

    for typed in ["correct hearse", "correct horse"] {
        // Counted first, checked then; a right password clears the count.
        attempts = Some(Attempts::admit(attempts, now)?);
        if !check_password(Some(&stored), &Password::presented(typed)?) {
            println!("{typed:?}: wrong, {attempts:?}");
            continue;
        }
        let token = SessionToken::generate(&Sevens);
        let policy = SessionPolicy::default();
        let session = NewSession { hash: token.hash(), user_agent: None, policy }.open(user, now);
        println!("{typed:?}: signed in until {}", session.expires_at);
        assert_eq!(policy.check(&session, now), SessionState::Live);
        assert!(token.accepts_csrf(&token.csrf_token()));
    }
    Ok(())
}
