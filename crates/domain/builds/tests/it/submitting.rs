//! Who is refused what, in which order.

use keelway_builds::guest::{ClaimError, GuestEntry};
use keelway_builds::queue::Standing;
use keelway_builds::submit::{ProjectChoice, SubmitError, park, submit};
use keelway_builds::{BuildState, BuildTier, ProjectLock};
use keelway_credits::ReserveError;
use keelway_kernel::{Credits, QueueId, Tier};

use crate::fixture::{Fixed, START, account, command, facts, request, rules};

#[test]
fn a_taken_build_holds_its_estimate_and_stands_in_the_queue() {
    let change = submit(&facts(), &command(), &rules(), START).unwrap();
    assert_eq!(change.build.status.state(), BuildState::Queued);
    assert_eq!(change.build.held, Credits::new(75));
    assert_eq!(change.reserved.held, Credits::new(75));
    assert_eq!(change.placement.standing, Standing::Ready);
    assert_eq!((change.event.seq, change.event.body.kind()), (1, "build.queued"));
    let audited: Vec<_> = change.audit.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(audited, ["project_created", "build_submitted"]);
}

#[test]
fn a_cap_below_the_estimate_holds_the_cap_and_never_nothing() {
    for (cap, held) in [(1_000, 75), (40, 40), (0, 1), (-5, 1)] {
        let mut cmd = command();
        cmd.request.max_credits = Some(Credits::new(cap));
        let change = submit(&facts(), &cmd, &rules(), START).unwrap();
        assert_eq!(change.build.held, Credits::new(held), "cap {cap}");
    }
}

#[test]
fn refusals_come_in_the_order_in_which_they_can_be_mended() {
    let mut facts = facts();
    let mut cmd = command();
    let taken = submit(&facts, &cmd, &rules(), START).unwrap();
    let refused = |facts: &_, cmd: &_| submit(facts, cmd, &rules(), START).unwrap_err();

    // Everything that can be wrong is wrong; each mended, the next shows.
    let queue = QueueId::random(&Fixed(9));
    cmd.guest = Some(queue);
    cmd.project = ProjectChoice::Existing(taken.project.id);
    cmd.request.tier = BuildTier::Ultimate;
    facts.builds_this_month = 20;
    facts.account = account(74);
    let lock = ProjectLock { build: taken.build.id, holder: cmd.user, since: START };
    facts.lock = Some(lock);
    assert_eq!(refused(&facts, &cmd), SubmitError::Claim(ClaimError::Unknown));

    let park_cmd = keelway_builds::submit::Park {
        id: queue,
        request: request("A landing page for a bakery"),
        keyed: None,
    };
    let parked = park(&park_cmd, START);
    let late = GuestEntry { expires_at: START, ..parked.clone() };
    facts.guest = Some(late);
    assert_eq!(refused(&facts, &cmd), SubmitError::Claim(ClaimError::Expired { since: START }));
    facts.guest = Some(GuestEntry { claimed: Some(taken.build.id), ..parked.clone() });
    let build = taken.build.id;
    assert_eq!(refused(&facts, &cmd), SubmitError::Claim(ClaimError::AlreadyClaimed { build }));

    facts.guest = Some(parked);
    assert_eq!(refused(&facts, &cmd), SubmitError::ProjectUnknown);
    facts.project = Some(taken.project.clone());
    assert_eq!(refused(&facts, &cmd), SubmitError::ProjectLocked(lock));
    facts.lock = None;
    assert!(matches!(
        refused(&facts, &cmd),
        SubmitError::Tier(error) if error.required_tier == Tier::Ultimate
    ));
    cmd.request.tier = BuildTier::Starter;
    assert!(matches!(
        refused(&facts, &cmd),
        SubmitError::Limit(error) if (error.limit, error.used) == (20, 20)
    ));
    facts.builds_this_month = 19;
    assert_eq!(
        refused(&facts, &cmd),
        SubmitError::Credits(ReserveError::Insufficient {
            available: Credits::new(74),
            needed: Credits::new(75),
        })
    );
    facts.account = account(75);
    assert!(submit(&facts, &cmd, &rules(), START).is_ok());
}

#[test]
fn a_new_project_counts_against_the_limit_and_gets_a_slug_of_its_own() {
    let mut facts = facts();
    facts.new_project.slug_taken = true;
    let change = submit(&facts, &command(), &rules(), START).unwrap();
    let slug = change.project.slug.as_str();
    assert!(slug.starts_with("bakery-") && slug.len() > "bakery-".len(), "{slug}");
    facts.new_project.projects = 3;
    assert!(matches!(
        submit(&facts, &command(), &rules(), START),
        Err(SubmitError::Limit(error)) if error.limit == 3
    ));
}
