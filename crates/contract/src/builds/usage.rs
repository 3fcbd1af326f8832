//! What tenants used, against a count of their builds by hand.

use keelway_builds::usage::{UsageQuery, UsageReport, Used};
use keelway_builds::{Build, BuildState};
use keelway_kernel::{Credits, Day, MicroUsd, Period, TimeZoneName};

use crate::{Fixture, Owned};

crate::cases! {
    build_usage_cases in builds::usage:
    days_count_what_was_accepted_and_what_ended_in_them,
    the_days_of_a_month_always_sum_to_the_month,
    projects_are_ordered_by_what_they_took,
    another_tenants_use_is_never_counted,
}

async fn report(fx: &Fixture, owned: Owned, query: UsageQuery) -> UsageReport {
    fx.store.overviews.usage(owned.scope, query).await.unwrap()
}

fn used(builds: &[Build], period: Period) -> Used {
    let mut used = Used {
        created: builds.iter().filter(|build| period.contains(build.created_at)).count() as u64,
        ..Used::default()
    };
    for build in builds {
        if !build.status.ended_at().is_some_and(|at| period.contains(at)) {
            continue;
        }
        match build.status.state() {
            BuildState::Deployed => used.deployed += 1,
            BuildState::Failed => used.failed += 1,
            BuildState::Cancelled => used.cancelled += 1,
            BuildState::Expired => used.expired += 1,
            BuildState::Queued | BuildState::Building => panic!("ended and goes on"),
        }
        used.tokens_in += build.used.tokens_in;
        used.tokens_out += build.used.tokens_out;
        used.cost = used.cost.plus(build.used.cost).unwrap();
        used.credits = used.credits.plus(build.captured).unwrap();
    }
    used
}

async fn days_count_what_was_accepted_and_what_ended_in_them(fx: Fixture) {
    for owned in fx.busy().await {
        let builds = fx.builds_of(owned).await;
        let report = report(&fx, owned, UsageQuery::default()).await;
        assert_eq!(report.days.len(), 30);
        assert_eq!(report.days[29].day, Day::of(fx.now(), &report.zone));
        let mut total = Used::default();
        for day in &report.days {
            assert_eq!(Some(day.period), day.day.period(&report.zone));
            assert_eq!(day.used, used(&builds, day.period), "{}", day.day);
            total = total.plus(&day.used);
        }
        assert_eq!(report.total, total);
        assert!(total.created > 8 && total.deployed > 2 && total.failed > 0, "{total:?}");
    }
}

async fn the_days_of_a_month_always_sum_to_the_month(fx: Fixture) {
    let mut zones = Vec::new();
    for owned in fx.busy().await {
        let days = report(&fx, owned, UsageQuery::default()).await;
        let month = days.months[11];
        assert!(month.period.contains(fx.now()));
        let from = Some(Day::of(month.period.start(), &days.zone));
        let report = report(&fx, owned, UsageQuery { from, to: None }).await;
        let total = report.total;
        assert_eq!((month.created, month.completed), (total.created, total.deployed));
        assert_eq!(month.failed, total.failed + total.cancelled + total.expired);
        assert_eq!(month.tokens, total.tokens_in + total.tokens_out);
        assert_eq!((month.cost, month.credits), (total.cost, total.credits));
        // Before there was a tenant, there was no use.
        assert_eq!((report.months.len(), report.months[0].created), (12, 0));
        zones.push(report.zone);
    }
    let tokyo: TimeZoneName = "Asia/Tokyo".parse().unwrap();
    assert_eq!(zones, [TimeZoneName::UTC, TimeZoneName::UTC, tokyo]);
}

async fn projects_are_ordered_by_what_they_took(fx: Fixture) {
    for owned in fx.busy().await {
        let builds = fx.builds_of(owned).await;
        let report = report(&fx, owned, UsageQuery::default()).await;
        let all = fx.projects_of(owned).await;
        assert!(report.projects.len() > 1);
        assert!(report.projects.windows(2).all(|pair| pair[0].credits >= pair[1].credits));
        let (mut count, mut credits, mut cost) = (0, Credits::ZERO, MicroUsd::ZERO);
        for project in &report.projects {
            let named = all.iter().find(|named| named.id == project.project).unwrap();
            assert_eq!(project.name, named.name);
            let ended = builds.iter().filter(|build| {
                build.project == project.project && build.status.state().is_terminal()
            });
            assert_eq!(project.builds, ended.count() as u64);
            count += project.builds;
            credits = credits.plus(project.credits).unwrap();
            cost = cost.plus(project.cost).unwrap();
        }
        assert_eq!((count, credits, cost), {
            let total = report.total;
            (total.ended(), total.credits, total.cost)
        });
    }
}

async fn another_tenants_use_is_never_counted(fx: Fixture) {
    fx.busy().await;
    let other = fx.funded(1_000).await;
    let report = report(&fx, other, UsageQuery::default()).await;
    assert_eq!((report.total, report.projects), (Used::default(), vec![]));
    assert!(report.months.iter().all(|month| month.created == 0));
}
