//! The owner of a data directory: whoever can read it builds without signing in.

use std::fs;
use std::io::{ErrorKind, Write as _};

use keelway_access::ports::{NewTenant, SignUp, SignUpError};
use keelway_access::{
    Email, NewSession, Password, PasswordHash, Principal, SessionPolicy, SessionToken, SignedIn,
    Slug, Wanted, WorkspaceName,
};
use keelway_credits::{AddGrant, Amount, GrantSource, Terms};
use keelway_kernel::{
    Credits, Entropy, Failure, GrantId, TenantId, Tier, TimeZoneName, Timestamp, UserId,
};
use keelway_platform::permit::right::ViewCredits;
use keelway_platform::{Permit, Right};

use crate::exit::cannot_begin;
use crate::files::{NewFile, Readers, Replace};
use crate::wiring::House;

/// Holds the id of the owner's account.
const OWNER: &str = "local-owner";
/// The least that is granted at a time, so that the ledger stays short.
const LEAST_GRANT: i64 = 10_000;

/// The person who owns the data directory, in a workspace of their own.
pub(crate) struct Owner {
    principal: Principal,
    request_id: String,
}

impl Owner {
    /// Asks for a right as any caller has to.
    pub(crate) fn permit<R: Right>(&self) -> anyhow::Result<Permit<R>> {
        Ok(Permit::of(&self.principal, &self.request_id)?)
    }
}

/// The owner, made at the first call: of the highest tier, since the machine is their own.
///
/// The file names the owner before the account exists, so that processes which begin at the
/// same time make one account between them, and a new database gets the same owner.
pub(crate) async fn owner(house: &House) -> anyhow::Result<Owner> {
    let entropy = house.entropy();
    let user = owner_id(house)?;
    let accounts = &house.platform.ports().accounts;
    let mut memberships = accounts.memberships(user).await?;
    if memberships.is_empty() {
        match accounts.sign_up(first_sign_up(house, user)?).await {
            Ok(_) | Err(Failure::Rejected(SignUpError::EmailTaken)) => {}
            Err(Failure::Store(error)) => return Err(error.into()),
        }
        memberships = accounts.memberships(user).await?;
    }
    // Nobody signed in: what stands for the session proves nothing to anybody.
    let session = SessionToken::generate(entropy).hash();
    let tenant = memberships.first().map(|membership| Wanted::Id(membership.tenant.id));
    let principal =
        Principal::signed_in_as(SignedIn { user, session }, &memberships, tenant.as_ref())?;
    Ok(Owner { principal, request_id: request_id(entropy) })
}

/// Gives the owner what a build needs: credits measure work here, they are not for sale.
pub(crate) async fn top_up(house: &House, owner: &Owner, needed: Credits) -> anyhow::Result<()> {
    let permit = owner.permit::<ViewCredits>()?;
    let available = house.platform.statement(&permit).await?.available;
    let missing = needed.minus(available)?;
    if missing <= Credits::ZERO {
        return Ok(());
    }
    let grant = AddGrant {
        grant: GrantId::generate(house.now(), house.entropy()),
        amount: Amount::new(missing.max(Credits::new(LEAST_GRANT)))?,
        terms: Terms::unlimited(GrantSource::Plan),
        actor: permit.actor(),
    };
    house.platform.ports().ledger.grant(permit.scope(), grant).await?;
    Ok(())
}

/// The id in the file, which is made with a new one unless it is there.
fn owner_id(house: &House) -> anyhow::Result<UserId> {
    let path = house.data_dir().join(OWNER);
    let new = UserId::generate(house.now(), house.entropy()).to_string();
    let mut file = NewFile::beside(&path, Readers::Owner)?;
    file.file().write_all(new.as_bytes())?;
    match file.keep(Replace::Never) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    let kept = fs::read_to_string(&path)?;
    kept.trim()
        .parse()
        .map_err(|error| cannot_begin(format!("{} holds {error}: remove the file", path.display())))
}

/// An account that nobody signs in to: nobody knows its password.
fn first_sign_up(house: &House, user: UserId) -> anyhow::Result<SignUp> {
    let (now, entropy): (Timestamp, &dyn Entropy) = (house.now(), house.entropy());
    let email = Email::parse(&format!("{user}@keelway.invalid"))?;
    let password = Password::choose(SessionToken::generate(entropy).expose(), &email)?;
    let name = WorkspaceName::parse("Local")?;
    Ok(SignUp {
        user,
        email,
        password: PasswordHash::new(&password, entropy)?,
        name: None,
        workspace: Some(NewTenant {
            id: TenantId::generate(now, entropy),
            slug: Slug::from_name(&name),
            name,
            tier: Tier::Enterprise,
            time_zone: TimeZoneName::UTC,
            grant: GrantId::generate(now, entropy),
            monthly_credits: Credits::ZERO,
        }),
        session: NewSession {
            hash: SessionToken::generate(entropy).hash(),
            user_agent: None,
            policy: SessionPolicy::default(),
        },
        request_id: request_id(entropy),
    })
}

fn request_id(entropy: &dyn Entropy) -> String {
    format!("cli_{:016x}", entropy.next_u64())
}
