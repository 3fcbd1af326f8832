//! The owner of a data directory: whoever can read it builds without signing in.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use keelway_access::ports::{NewTenant, SignUp};
use keelway_access::{
    Email, Membership, NewSession, Password, PasswordHash, Principal, SessionPolicy, SessionToken,
    SignedIn, Slug, WorkspaceName,
};
use keelway_credits::{AddGrant, Amount, GrantSource, Terms};
use keelway_kernel::{
    Credits, Entropy, Failure, GrantId, TenantId, Tier, TimeZoneName, Timestamp, UserId,
};
use keelway_platform::permit::right::ViewCredits;
use keelway_platform::{Permit, Right};

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
pub(crate) async fn owner(house: &House) -> anyhow::Result<Owner> {
    let entropy = house.entropy();
    let path = house.data_dir().join(OWNER);
    let token = SessionToken::generate(entropy);
    let mut known = None;
    if let Some(user) = read(&path) {
        let memberships = house.platform.ports().accounts.memberships(user).await?;
        known = (!memberships.is_empty()).then_some((user, memberships));
    }
    let (user, memberships) = match known {
        Some(known) => known,
        None => make(house, &token, &path).await?,
    };
    let person = SignedIn { user, session: token.hash() };
    let tenant = memberships.first().map(|membership| membership.tenant.id);
    let principal = Principal::signed_in_as(person, &memberships, tenant)?;
    Ok(Owner { principal, request_id: format!("cli_{:016x}", entropy.next_u64()) })
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

fn read(path: &Path) -> Option<UserId> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Makes the account and notes its id; nobody knows its password, so nobody signs in to it.
async fn make(
    house: &House,
    token: &SessionToken,
    path: &Path,
) -> anyhow::Result<(UserId, Vec<Membership>)> {
    let (now, entropy): (Timestamp, &dyn Entropy) = (house.now(), house.entropy());
    let user = UserId::generate(now, entropy);
    let email = Email::parse(&format!("{user}@keelway.invalid"))?;
    let password = Password::choose(SessionToken::generate(entropy).expose(), &email)?;
    let name = WorkspaceName::parse("Local")?;
    let cmd = SignUp {
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
            hash: token.hash(),
            user_agent: None,
            policy: SessionPolicy::default(),
        },
        request_id: format!("cli_{:016x}", entropy.next_u64()),
    };
    let accounts = &house.platform.ports().accounts;
    accounts.sign_up(cmd).await.map_err(|failure| match failure {
        Failure::Rejected(refusal) => anyhow::Error::from(refusal),
        Failure::Store(error) => error.into(),
    })?;
    let mut file = NewFile::beside(path, Readers::Owner)?;
    file.file().write_all(user.to_string().as_bytes())?;
    file.keep(Replace::Allowed)?;
    Ok((user, accounts.memberships(user).await?))
}
