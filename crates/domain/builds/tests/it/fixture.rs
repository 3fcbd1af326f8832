//! One tenant, one project, and a build in its hands.

use keelway_builds::end::EndFacts;
use keelway_builds::project::{ProjectFacts, TenantFacts};
use keelway_builds::queue::{FIRST_PACE_MS, Lane};
use keelway_builds::submit::{ProjectChoice, Submit, SubmitChange, SubmitFacts, submit};
use keelway_builds::{
    BuildRequest, BuildTier, Description, NewProject, ProjectName, Rules, SiteLabel,
};
use keelway_credits::{self as credits, Account, Amount, GrantSource, Hold, Terms};
use keelway_estimate::{EstimateTable, Estimator};
use keelway_kernel::{
    Actor, BuildId, Entropy, GrantId, HoldId, Period, ProjectId, TenantId, TenantScope, Tier,
    TimeZoneName, Timestamp, UserId,
};
use keelway_tiers::{LimitTable, LimitsOverride};

pub struct Fixed(pub u8);

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

pub const START: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

pub fn rules() -> Rules {
    Rules::new(LimitTable::default())
}

pub fn tenant() -> TenantId {
    TenantId::generate(START, &Fixed(1))
}

pub fn scope() -> TenantScope {
    #[expect(clippy::disallowed_methods, reason = "a test vouches for its own tenant")]
    TenantScope::assume(tenant())
}

pub fn account(units: i64) -> Account {
    let cmd = credits::AddGrant {
        grant: GrantId::generate(START, &Fixed(2)),
        amount: Amount::try_from(units).unwrap(),
        terms: Terms::unlimited(GrantSource::Plan),
        actor: Actor { user: None, request_id: "req_grant".to_owned() },
    };
    let empty = Account::new(tenant());
    let granted = credits::decide::grant(&empty, None, &cmd, START).unwrap();
    empty.apply(granted.change().unwrap())
}

pub fn request(text: &str) -> BuildRequest {
    BuildRequest {
        description: Description::parse(text).unwrap(),
        tier: BuildTier::Starter,
        target_users: None,
        tech_constraints: None,
        use_conductor: true,
        max_credits: None,
        script: None,
    }
}

pub fn command() -> Submit {
    let request = request("A landing page for a bakery");
    let estimator = Estimator::new(EstimateTable::default()).unwrap();
    Submit {
        scope: scope(),
        user: UserId::generate(START, &Fixed(3)),
        request_id: "req_submit".to_owned(),
        build: BuildId::generate(START, &Fixed(4)),
        hold: HoldId::generate(START, &Fixed(5)),
        estimate: estimator.estimate(request.description.as_str(), request.tier),
        request,
        project: ProjectChoice::New(NewProject {
            id: ProjectId::generate(START, &Fixed(6)),
            name: ProjectName::parse("Bakery").unwrap(),
            site: SiteLabel::random(&Fixed(7)),
        }),
        guest: None,
        keyed: None,
    }
}

pub fn facts() -> SubmitFacts {
    SubmitFacts {
        tenant: TenantFacts {
            tier: Tier::Free,
            own_limits: LimitsOverride::default(),
            month: Period::month_containing(START, &TimeZoneName::UTC),
        },
        builds_this_month: 0,
        project: None,
        new_project: ProjectFacts { projects: 0, slug_taken: false },
        lock: None,
        account: account(300),
        due: Vec::new(),
        lane: Lane { band: 255, virtual_time: 0, last_tag: 0, occupied: 0, limit: 1 },
        guest: None,
    }
}

/// A build just taken, with the account and the hold that go with it.
pub fn queued() -> (SubmitChange, EndFacts) {
    let facts = facts();
    let change = submit(&facts, &command(), &rules(), START).unwrap();
    let reserved = change.reserved.clone();
    let hold: Hold = reserved.holds[0].clone();
    let end = EndFacts {
        build: change.build.clone(),
        account: facts.account.apply(&reserved),
        hold,
        occupied: 0,
        limit: 1,
        pace_ms: FIRST_PACE_MS,
    };
    (change, end)
}
