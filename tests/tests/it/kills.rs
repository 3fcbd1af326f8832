//! The process dies at any moment; nothing that was promised is lost, doubled or paid for.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::harness::api::{is_terminal, text};
use crate::harness::books::{Books, Findings, Moment};
use crate::harness::dice::Dice;
use crate::harness::sse::Frame;
use crate::harness::{Answer, Api, House, within};

/// Five agents, one in each phase that has any.
const BAKERY: &str = "A landing page for a bakery in Lisbon";

/// A moment in a build's life at which the process is killed.
#[derive(Debug, Clone)]
struct Point {
    /// Where it lies on the way.
    place: usize,
    /// What has just been told.
    kind: &'static str,
    /// In which phase, if the event belongs to one.
    phase: Option<&'static str>,
    /// How long ago it was told: between two events lies work, and the kill is to hit it too.
    ago: Duration,
}

/// Every event of a build that nothing disturbs: phases begin and end, agents between.
fn way() -> Vec<Point> {
    let mut way = vec![("build.queued", None), ("build.started", None), ("engine.selected", None)];
    for phase in ["plan", "design", "scaffold", "implement", "verify"] {
        for kind in ["phase.started", "agent.started", "agent.completed", "phase.completed"] {
            way.push((kind, Some(phase)));
        }
    }
    way.push(("phase.started", Some("package")));
    way.push(("snapshot.created", Some("package")));
    way.push(("phase.completed", Some("package")));
    way.push(("phase.started", Some("deploy")));
    way.push(("phase.completed", Some("deploy")));
    way.push(("deployment.succeeded", Some("deploy")));
    way.push(("build.completed", None));
    let point = |(place, (kind, phase))| Point { place, kind, phase, ago: Duration::ZERO };
    way.into_iter().enumerate().map(point).collect()
}

impl Point {
    fn is_now(&self, frame: &Frame) -> bool {
        frame.event.as_deref() == Some(self.kind)
            && self.phase.is_none_or(|phase| frame.json()["phase"] == phase)
    }
}

/// 50 kills: at every event once, and at moments in between.
fn fifty(dice: &mut Dice) -> Vec<Point> {
    let mut points = way();
    let between = points[1..points.len() - 1].to_vec();
    while points.len() < 50 {
        let mut point = between[usize::try_from(dice.below(between.len() as u64)).unwrap()].clone();
        point.ago = Duration::from_micros(dice.below(30_000));
        points.push(point);
    }
    dice.shuffle(&mut points);
    points
}

/// What a house has gone through.
#[derive(Default)]
struct Tally {
    kills: usize,
    builds: usize,
    deployed: usize,
    failed: usize,
    events: usize,
    /// Attempts that a kill put an end to.
    interrupted: usize,
    checks: u64,
    violations: usize,
    /// How many kills each phase has seen; the last one stands for the time around them.
    phases: BTreeMap<&'static str, usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_killed_at_any_point_is_finished_or_failed_and_charged_by_the_policy() {
    let mut dice = Dice::thrown("kills");
    let points = fifty(&mut dice);
    let mut worlds = JoinSet::new();
    for points in points.chunks(10) {
        worlds.spawn(world(points.to_vec()));
    }
    let mut all = Tally::default();
    while let Some(tally) = worlds.join_next().await {
        let tally = tally.unwrap();
        all.kills += tally.kills;
        all.builds += tally.builds;
        all.deployed += tally.deployed;
        all.failed += tally.failed;
        all.events += tally.events;
        all.interrupted += tally.interrupted;
        all.checks += tally.checks;
        all.violations += tally.violations;
        for (phase, kills) in tally.phases {
            *all.phases.entry(phase).or_default() += kills;
        }
    }
    println!(
        "{} kills {:?} interrupted {} attempts of {} builds ({} deployed, {} failed), {} events; {} violations in {} checks",
        all.kills,
        all.phases,
        all.interrupted,
        all.builds,
        all.deployed,
        all.failed,
        all.events,
        all.violations,
        all.checks
    );
    assert_eq!(all.kills, 50);
    assert!(all.interrupted >= 25, "most kills hit nothing: the test shows little");
    assert_eq!(all.violations, 0);
    assert_eq!(all.builds, all.deployed + all.failed);
    assert_eq!(all.phases.len(), 8, "every phase was hit, and the time around them");
}

/// One house with ten kills: some of its builds are hit once, some twice, one three times.
async fn world(points: Vec<Point>) -> Tally {
    let house = House::new().short_leases().slow_agents(25);
    let mut server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let mut tally = Tally::default();
    let mut told = BTreeMap::<String, Vec<Frame>>::new();
    let mut rest = points.as_slice();
    for hits in [2, 1, 3, 2, 2] {
        let (mine, others) = rest.split_at(hits);
        rest = others;
        let mut mine = mine.to_vec();
        // Work that is kept is not done again, so what comes earlier has to be hit earlier.
        mine.sort_by_key(|point| point.place);
        let build = owner.submit(BAKERY).await;
        let seen = told.entry(build.clone()).or_default();
        for point in mine {
            follow_until(&owner, &build, &point, seen).await;
            tokio::time::sleep(point.ago).await;
            server.kill().await;
            tally.kills += 1;
            *tally.phases.entry(point.phase.unwrap_or("around")).or_default() += 1;
            server = house.start().await;
        }
    }
    for (build, seen) in &told {
        let view = owner.ended(build).await;
        let history = owner.history(build).await;
        judge(&view, &history);
        for frame in seen {
            let at = usize::try_from(frame.seq()).unwrap() - 1;
            assert_eq!(frame.json(), history[at], "what was told of {build} has changed");
        }
        tally.builds += 1;
        tally.interrupted +=
            history.iter().filter(|event| event["data"]["reason"] == "worker_lost").count();
        tally.events += history.len();
        match view["status"].as_str().unwrap() {
            "deployed" => tally.deployed += 1,
            _ => tally.failed += 1,
        }
    }
    server.stop().await;
    let findings = examine(&house).await;
    tally.checks = findings.total();
    tally.violations = findings.violations.len();
    println!("{findings}");
    tally
}

/// Follows a build until `point` has come, or its end, from behind what was seen before.
async fn follow_until(owner: &Api, build: &str, point: &Point, seen: &mut Vec<Frame>) {
    let over = |frame: &Frame| is_terminal(frame.event.as_deref().unwrap());
    if seen.last().is_some_and(over) {
        return;
    }
    let after = seen.last().map_or(0, Frame::seq);
    let mut events = owner.follow(build, after).await;
    within("the next event", async {
        while let Some(frame) = events.next().await {
            let enough = point.is_now(&frame) || over(&frame);
            seen.push(frame);
            if enough {
                return;
            }
        }
    })
    .await;
}

/// A build that lost fewer than three workers runs; one that lost three has failed for free.
fn judge(view: &Value, history: &[Value]) {
    let of = |kind: &str| history.iter().filter(|event| event["type"] == kind).count();
    for (seq, event) in (1..).zip(history) {
        assert_eq!(event["seq"], seq, "{history:#?}");
    }
    let terminal: Vec<_> =
        history.iter().filter(|event| is_terminal(event["type"].as_str().unwrap())).collect();
    assert_eq!(terminal, [history.last().unwrap()]);
    match view["status"].as_str().unwrap() {
        "deployed" => {
            assert!(of("build.retrying") < 3, "{view:#}");
            assert!(view["credits"]["captured"].as_i64().unwrap() > 0, "{view:#}");
        }
        "failed" => {
            assert_eq!(of("build.retrying"), 2, "{view:#}");
            assert_eq!(view["failure"]["reason"], "worker_lost", "{view:#}");
            assert_eq!(view["credits"]["captured"], 0, "{view:#}");
        }
        other => panic!("{other}: {view:#}"),
    }
}

/// The product's own doctor and the books both find nothing.
async fn examine(house: &House) -> Findings {
    let doctor = house.run(&["doctor"]).await;
    assert_eq!(doctor.status.code(), Some(0), "{}", String::from_utf8_lossy(&doctor.stdout));
    let findings = Books::of(house).await.inspect(Moment::AtRest).await;
    findings.must_be_sound();
    findings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_cut_off_by_a_kill_was_done_wholly_or_not_at_all() {
    let mut dice = Dice::thrown("cut off");
    let house = House::new().short_leases().slow_agents(25);
    let mut server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let mut cut = Cut::default();
    let mut builds = Vec::new();
    for round in 0..4 {
        let asks: Vec<_> = (0..6)
            .map(|n| Command {
                path: "/v1/builds".to_owned(),
                body: json!({ "description": BAKERY, "project_name": format!("S {round} {n}") }),
                key: format!("submit-{round}-{n}"),
            })
            .collect();
        server = cut.off(&house, server, &owner, &asks, &mut dice).await;
        for answer in cut.again(&owner, &asks).await {
            builds.push(text(&answer.must(202)["id"]));
        }

        let mut asks = Vec::new();
        for n in 0..6 {
            let guest = house.guest();
            let parked = guest.post("/v1/builds", &json!({ "description": BAKERY })).await;
            asks.push(Command {
                path: "/v1/builds/claim".to_owned(),
                body: json!({ "queue_id": parked.must(202)["queue_id"] }),
                key: format!("claim-{round}-{n}"),
            });
        }
        server = cut.off(&house, server, &owner, &asks, &mut dice).await;
        for answer in cut.again(&owner, &asks).await {
            builds.push(text(&answer.must(202)["id"]));
        }
        for ask in &asks {
            owner.post(&ask.path, &ask.body).await.refused(409, "ALREADY_CLAIMED");
        }

        let asks: Vec<_> = join_all((0..6).map(|_| owner.submit(BAKERY)))
            .await
            .into_iter()
            .map(|build| {
                builds.push(build.clone());
                Command {
                    path: format!("/v1/builds/{build}/cancel"),
                    body: json!({}),
                    key: format!("cancel-{round}-{build}"),
                }
            })
            .collect();
        server = cut.off(&house, server, &owner, &asks, &mut dice).await;
        for answer in cut.again(&owner, &asks).await {
            // One that was not acknowledged may find its build at its end.
            if answer.status != 202 {
                answer.refused(409, "INVALID_TRANSITION");
            }
        }
    }
    let known = builds.len();
    builds.sort();
    builds.dedup();
    assert_eq!(builds.len(), known, "every accepted command made a build of its own");
    for build in &builds {
        owner.ended(build).await;
    }
    server.stop().await;
    let books = Books::of(&house).await;
    let kept = books.count("SELECT COUNT(*) FROM builds").await;
    assert_eq!(kept, i64::try_from(known).unwrap(), "no command took effect unseen");
    let findings = examine(&house).await;
    println!(
        "{} commands, {} answered before {} kills; {findings}",
        cut.sent, cut.answered, cut.kills
    );
    assert_eq!(cut.kills, 12);
    assert!(0 < cut.answered && cut.answered < cut.sent, "all or no commands were cut off");
}

struct Command {
    path: String,
    body: Value,
    key: String,
}

impl Command {
    async fn send(&self, owner: &Api) -> Result<Answer, reqwest::Error> {
        owner.ask(&Method::POST, &self.path).key(&self.key).json(&self.body).try_answer().await
    }
}

/// Commands sent at once to a process that is killed meanwhile.
#[derive(Default)]
struct Cut {
    kills: usize,
    sent: usize,
    answered: usize,
    acknowledged: BTreeMap<String, Answer>,
}

impl Cut {
    async fn off(
        &mut self,
        house: &House,
        server: crate::harness::Server,
        owner: &Api,
        commands: &[Command],
        dice: &mut Dice,
    ) -> crate::harness::Server {
        // None, some or all of them have been answered when it happens, and others are on
        // their way.
        let enough = u32::try_from(dice.below(commands.len() as u64 + 1)).unwrap();
        let moment = Duration::from_micros(dice.below(6_000));
        let answers = Semaphore::new(0);
        let sent = join_all(commands.iter().map(async |command| {
            let answer = command.send(owner).await;
            answers.add_permits(1);
            answer
        }));
        let kill = async {
            within("some answers", answers.acquire_many(enough)).await.unwrap().forget();
            tokio::time::sleep(moment).await;
            server.kill().await;
        };
        let (answers, ()) = tokio::join!(sent, kill);
        self.kills += 1;
        self.sent += commands.len();
        for (command, answer) in commands.iter().zip(answers) {
            let Ok(answer) = answer else { continue };
            self.answered += 1;
            if answer.status == 202 {
                self.acknowledged.insert(command.key.clone(), answer);
            }
        }
        house.start().await
    }

    /// Sends all of them again: what was acknowledged is answered as before, byte for byte,
    /// and what is done now is answered the same from now on.
    async fn again(&self, owner: &Api, commands: &[Command]) -> Vec<Answer> {
        let mut answers = Vec::new();
        for command in commands {
            let answer = command.send(owner).await.unwrap();
            if let Some(before) = self.acknowledged.get(&command.key) {
                assert_eq!(answer.header("idempotency-replayed"), "true", "{answer}");
                assert_eq!((answer.status, &answer.body), (before.status, &before.body));
            }
            if answer.status == 202 {
                let once_more = command.send(owner).await.unwrap();
                assert_eq!(once_more.header("idempotency-replayed"), "true", "{once_more}");
                assert_eq!(once_more.body, answer.body);
            }
            answers.push(answer);
        }
        answers
    }
}
