//! The pages of projects: the list, a running build and what came of it.

use keelway_access::Role;
use keelway_builds::end::End;
use keelway_builds::run::Progress;
use keelway_builds::{BuildFailure, FailureReason, Phase, Plan};
use keelway_kernel::{MicroUsd, Tier};

use crate::app::{Answer, Someone, TestApp};
use crate::statements::statements;
use crate::works::{BAKERY, files};

const HOSTILE: &str = "<script>alert(1)</script> \"><img src=x onerror=alert(2)> \u{202e}gpj.exe";

/// What none of our pages may have in it, whatever is put into them.
fn assert_harmless(answer: &Answer) {
    for part in ["<script>alert", "<img", "onerror=alert(2)>", "\u{202e}"] {
        // What is typed is kept as it is where it can be changed.
        let (main, _) = answer.main().split_once("<textarea").unwrap_or((answer.main(), ""));
        assert!(!main.contains(part), "{part}: {main}");
    }
    assert!(!answer.text.contains("<script>alert"));
    assert!(!answer.text.contains("<img src=x"));
}

impl TestApp {
    async fn page(&self, who: &Someone, path: &str) -> Answer {
        self.get(&who.at(path)).by(who).send().await
    }

    /// Somebody new who may look at what `owner` has.
    async fn viewer(&self, owner: &Someone, email: &str) -> Someone {
        let person = self.person(email).await;
        let fixture = self.fixture();
        let invite = keelway_access::ports::Invite {
            id: keelway_kernel::id::InvitationId::generate(fixture.now(), &*fixture.entropy),
            token: fixture.token(),
            role: Role::Viewer,
            email: None,
            by: owner.user,
            request_id: "req_invite".into(),
        };
        let (token, scope) = (invite.token, owner.owned().scope);
        fixture.store.invitations.invite(scope, invite).await.unwrap();
        let request_id = "req_accept".into();
        let accept = keelway_access::ports::Accept { token, user: person.user, request_id };
        fixture.store.invitations.accept(accept).await.unwrap();
        Someone { tenant: owner.tenant, slug: owner.slug.clone(), ..person }
    }
}

#[tokio::test]
async fn an_empty_workspace_offers_where_to_begin() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let page = app.page(&ada, "/projects").await;
    assert!(page.main().contains("Describe your first app"));
    assert_eq!(page.main().matches("/new?description=").count(), 3);
    let example = page.between("href=\"/w/", "\"").unwrap();
    assert!(!example.is_empty());
    let (_, rest) = page.text.split_once("/new?description=").unwrap();
    let description = rest.split('"').next().unwrap();
    let new = app.page(&ada, &format!("/new?description={description}")).await;
    assert_eq!(new.verdict(), "200");
    assert!(new.main().contains("Build for at most"), "{}", new.main());
}

#[tokio::test]
async fn projects_are_found_by_name_and_state_page_by_page() {
    let app = TestApp::spawn().await;
    let ada = app.owner_of("ada@example.com", Tier::Professional, 5_000).await;
    app.published(&ada, None, &files(&[("index.html", "<p>bread</p>")])).await;
    app.projects(&ada, 25).await;
    let all = app.page(&ada, "/projects").await;
    assert_eq!(all.main().matches("class=\"cover\"").count(), 20);
    let next = all.between("rel=\"next\"", "").is_some();
    assert!(next && all.main().contains("cursor="), "{}", all.main());
    let deployed = app.page(&ada, "/projects?state=deployed").await;
    assert_eq!(deployed.main().matches("class=\"cover\"").count(), 1);
    assert!(deployed.main().contains("is-deployed") && deployed.main().contains(".sites.test/"));
    let named = app.page(&ada, "/projects?q=project+1").await;
    assert_eq!(named.main().matches("class=\"cover\"").count(), 11);
    assert!(named.main().contains("value=\"project 1\""));
    let none = app.page(&ada, "/projects?q=%22%3E%3Cimg+src%3Dx%3E").await;
    assert!(none.main().contains("No project matches"));
    assert_harmless(&none);
    let curl = all.between("<pre tabindex=\"0\"><code>", "</code>").unwrap();
    assert!(curl.contains("/v1/projects?limit=20") && curl.contains("$KEELWAY_TOKEN"), "{curl}");
}

#[tokio::test]
async fn statements_are_as_many_with_one_as_with_twenty() {
    let app = TestApp::spawn().await;
    let few = app.owner_of("few@example.com", Tier::Professional, 9_000).await;
    let many = app.owner_of("many@example.com", Tier::Professional, 9_000).await;
    let one = app.published(&few, None, &files(&[("index.html", "one")])).await;
    let mut made = app.published(&many, None, &files(&[("index.html", "one")])).await;
    for version in 0..6 {
        let texts: Vec<(String, Vec<u8>)> =
            (0..20).map(|n| (format!("page-{n}.html"), vec![b'a' + version; 40])).collect();
        let paths: Vec<(&str, Vec<u8>)> =
            texts.iter().map(|(path, bytes)| (path.as_str(), bytes.clone())).collect();
        made = app.published(&many, Some(&made.project), &paths).await;
    }
    app.projects(&many, 20).await;
    for (page, expected) in [
        ("/projects", 4),
        ("/new", 3),
        ("/projects/{id}", 12),
        ("/projects/{id}/files", 7),
        ("/projects/{id}/history", 6),
    ] {
        for (who, made) in [(&few, &one), (&many, &made)] {
            let path = who.at(&page.replace("{id}", &made.project));
            let sent = statements(&app, who, &path).await;
            assert_eq!(sent.len(), expected, "{path} sends {sent:#?}");
        }
    }
    // The first version has none before it to be compared with.
    let version = many.at(&format!("/projects/{}/history/{}", made.project, made.snapshot));
    let sent = statements(&app, &many, &version).await;
    assert_eq!(sent.len(), 6, "{sent:#?}");
}

#[tokio::test]
async fn a_build_is_watched_from_the_queue_to_its_end() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let (project, build) = app.submit(&ada, BAKERY, None).await;
    let path = format!("/projects/{project}");
    let stream = format!("data-live=\"{}\"", ada.at(&format!("/builds/{build}/stream")));

    let waiting = app.page(&ada, &path).await;
    for part in ["is-queued", &stream, "Place in the queue", "nothing is charged, and all 75"] {
        assert!(waiting.main().contains(part), "{part}: {}", waiting.main());
    }
    let lease = app.taken().await.lease;
    let plan = Plan::for_agents(5);
    let begun = vec![
        Progress::PhaseStarted(Phase::Plan),
        Progress::AgentStarted(plan.agents[0].clone()),
        Progress::AgentCompleted(app.work(5, 1)),
        Progress::PhaseCompleted { phase: Phase::Plan, duration_ms: 1_000 },
        Progress::PhaseStarted(Phase::Design),
        Progress::AgentStarted(plan.agents[1].clone()),
    ];
    app.record(&lease, begun).await;
    app.clock.advance(4);
    let running = app.page(&ada, &path).await;
    for part in [
        "is-building",
        &stream,
        "1.2k / 567",
        "2.50",
        "3 credits are charged for the work done until now; about 72 of the 75",
        "Wrote &#60;b&#62;index.html&#60;/b&#62;.",
    ] {
        assert!(running.main().contains(part), "{part}: {}", running.main());
    }
    // The architect is done, the designer's bar reaches as far as now is.
    assert_eq!(running.main().matches("class=\"bar running\"").count(), 2);
    assert_eq!(running.main().matches("class=\"bar done\"").count(), 2);
    let part = app.get(&ada.at(&path)).by(&ada).header("x-fragment", "1").send().await;
    assert!(part.text.starts_with("<main") && part.text.len() < 24 * 1024, "{}", part.text.len());

    let cancel = ada.at(&format!("/builds/{build}/cancel"));
    let cancelled = app.form(&cancel, &ada, &[("idempotency_key", "once")]).send().await;
    assert_eq!(cancelled.verdict(), format!("303 {}", ada.at(&path)));
    let stopping = app.page(&ada, &path).await;
    assert!(stopping.main().contains("Cancelling") && !stopping.main().contains(&cancel));
    app.finish(&lease, keelway_builds::end::End::Cancelled).await;
    let over = app.page(&ada, &path).await;
    for part in ["is-cancelled", "This build was cancelled.", "3 credits were charged", "again="] {
        assert!(over.main().contains(part), "{part}: {}", over.main());
    }
    assert!(!over.main().contains("data-live"));
    let late = app.form(&cancel, &ada, &[]).send().await;
    assert_eq!(late.verdict(), format!("303 {}", ada.at(&path)), "calling off twice is the same");
}

#[tokio::test]
async fn a_failure_of_ours_says_so_costs_nothing_and_leads_on() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let (project, build) = app.submit(&ada, HOSTILE, None).await;
    let lease = app.taken().await.lease;
    app.fail(&lease, FailureReason::Internal, "<script>alert(1)</script>").await;
    let page = app.page(&ada, &format!("/projects/{project}")).await;
    for part in ["is-failed", "Something failed on our side.", "Nothing was charged"] {
        assert!(page.main().contains(part), "{part}: {}", page.main());
    }
    assert_harmless(&page);
    let again = format!("/new?project={project}&again={build}");
    let escaped = ada.at(&again).replace('&', "&#38;");
    assert!(page.main().contains(&escaped), "{}", page.main());
    let new = app.page(&ada, &again).await;
    assert!(new.main().contains("&#60;script&#62;alert(1)"), "{}", new.main());
    assert_harmless(&new);
    assert_harmless(&app.page(&ada, "/projects").await);
    for tab in ["files", "history"] {
        let page = app.page(&ada, &format!("/projects/{project}/{tab}")).await;
        for part in ["The build failed", "Try again", &escaped] {
            assert!(page.main().contains(part), "{part}: {}", page.main());
        }
    }
    for (short, long) in
        [(ada.at(""), ada.at("/projects")), ("/settings".into(), "/settings/profile".into())]
    {
        assert_eq!(app.get(&short).by(&ada).send().await.verdict(), format!("303 {long}"));
    }
}

#[tokio::test]
async fn what_failed_calls_cost_is_a_row_of_its_own() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let (project, _) = app.submit(&ada, BAKERY, None).await;
    let lease = app.taken().await.lease;
    let path = format!("/projects/{project}");
    let begun = Progress::PhaseStarted(Phase::Plan);
    app.record(&lease, vec![begun, Progress::AgentCompleted(app.work(5, 1))]).await;
    let failed = |retry_after| End::Failed {
        failure: BuildFailure {
            reason: FailureReason::Provider,
            message: "it answered 503".into(),
            retryable: true,
        },
        charged: MicroUsd::new(30_000),
        retry_after,
        jitter: 0,
    };
    app.finish(&lease, failed(Some(1_000))).await;
    let waiting = app.page(&ada, &path).await;
    assert!(waiting.main().contains("after a failure of the model provider"), "{}", waiting.main());
    app.clock.advance(60);
    let lease = app.taken().await.lease;
    let End::Failed { failure, charged, jitter, .. } = failed(None) else { unreachable!() };
    let failure = BuildFailure { retryable: false, ..failure };
    app.finish(&lease, End::Failed { failure, charged, retry_after: None, jitter }).await;
    let page = app.page(&ada, &path).await;
    for part in [
        "9 credits were charged, including 6 credits for failed calls of the model provider; 66 are",
        "Failed calls of the provider",
        ">2.50<",
        ">6.00<",
        ">8.50<",
    ] {
        assert!(page.main().contains(part), "{part}: {}", page.main());
    }
}

#[tokio::test]
async fn files_are_read_and_never_run() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let mut all = files(&[
        ("a/b/site.js", "const a = 1; // one\n"),
        ("icon.svg", "<svg onload=\"alert(1)\"/>"),
        ("index.html", HOSTILE),
        ("large.txt", &"x".repeat(513 * 1024)),
        ("long.css", &"a { color: red }\n".repeat(4_000)),
    ]);
    all.push(("picture.png", vec![0x89, b'P', b'N', b'G', 0, 1, 2]));
    let made = app.published(&ada, None, &all).await;
    let at = |query: &str| format!("/projects/{}/files{query}", made.project);
    let index = app.page(&ada, &at("")).await;
    assert!(index.main().contains("id=L1>") && index.main().contains("U+202E"));
    assert_harmless(&index);
    let script = app.page(&ada, &at("?path=a/b/site.js")).await;
    assert!(script.main().contains("<i class=c>// one</i>"), "{}", script.text);
    for (query, says) in [
        ("?path=large.txt", "larger than 512 KB"),
        ("?path=picture.png", "It is no text"),
        ("?path=icon.svg", "onload"),
        ("?path=a/b", "Choose a file"),
        ("?find=site", "a/b/site.js"),
        ("?path=long.css&from=301", "id=L301>"),
    ] {
        let page = app.page(&ada, &at(query)).await;
        assert!(page.main().contains(says), "{query}: {}", page.main());
        assert!(page.text.len() < 100 * 1024, "{query}: {}", page.text.len());
    }
    for query in ["?path=nothing", "?path=../etc/passwd", "?snapshot=snp_x"] {
        assert_eq!(app.page(&ada, &at(query)).await.verdict(), "404 NOT_FOUND", "{query}");
    }
    let raw = app.page(&ada, &format!("/snapshots/{}/files/index.html", made.snapshot)).await;
    assert_eq!((raw.status, raw.text.as_str()), (200, HOSTILE));
    assert_eq!(raw.header("content-type"), "text/plain; charset=utf-8");
    assert!(raw.header("content-disposition").starts_with("attachment;"));
}

#[tokio::test]
async fn a_version_shows_what_it_changed() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let old = files(&[("gone.css", "a{}\n"), ("index.html", "one\ntwo\nthree\n")]);
    let first = app.published(&ada, None, &old).await;
    let new =
        files(&[("index.html", "one\n<script>alert(1)</script>\nthree\n"), ("new.js", "1\n")]);
    let second = app.published(&ada, Some(&first.project), &new).await;
    let history = app.page(&ada, &format!("/projects/{}/history", first.project)).await;
    assert_eq!(history.main().matches("What changed").count(), 2);
    assert!(history.main().contains("by you · 3 credits"), "{}", history.main());
    let at = format!("/projects/{}/history/{}", first.project, second.snapshot);
    let version = app.page(&ada, &at).await;
    for part in ["+1", "~1", "−1", "&lt;script&gt;alert", "class=\"del\"", "gone.css", "new.js"] {
        assert!(version.main().contains(part), "{part}: {}", version.main());
    }
    assert_harmless(&version);
    let alone = app.page(&ada, &format!("{at}?file=new.js")).await;
    assert_eq!(alone.main().matches("<details").count(), 1);
    assert_eq!(app.page(&ada, &format!("{at}?file=other")).await.verdict(), "404 NOT_FOUND");
    let zip = app.page(&ada, &format!("/builds/{}/download", second.build)).await;
    assert_eq!((zip.status, zip.header("content-type")), (200, "application/zip"));
}

#[tokio::test]
async fn every_page_stays_small_however_much_there_is() {
    let app = TestApp::spawn().await;
    let ada = app.owner_of("ada@example.com", Tier::Enterprise, 90_000).await;
    let description = format!("{BAKERY} with login, payments, dashboard, api, database, websocket");
    let long = format!("{description} {}", "and more ".repeat(1_000));
    let (project, _) = app.submit(&ada, &long, None).await;
    let assignment = app.taken().await;
    let (lease, agents) = (assignment.lease, assignment.build.estimate.agents);
    for number in 1..=agents {
        let spec = Plan::for_agents(agents).agents[number as usize - 1].clone();
        let work = Progress::AgentCompleted(app.work(agents, number));
        app.record(&lease, vec![Progress::AgentStarted(spec), work]).await;
    }
    let paths: Vec<String> =
        (0..1_500).map(|n| format!("folder-{}/page-{n}.html", n % 3)).collect();
    let many: Vec<(&str, Vec<u8>)> =
        paths.iter().map(|path| (path.as_str(), b"<p>\n".repeat(100))).collect();
    let running = app.page(&ada, &format!("/projects/{project}")).await;
    app.package(&lease, &many).await;
    let snapshot = app.page(&ada, &format!("/projects/{project}/files")).await;
    let found = app.page(&ada, &format!("/projects/{project}/files?find=page")).await;
    let id = snapshot.between("snapshot=", "&").unwrap();
    let version = app.page(&ada, &format!("/projects/{project}/history/{id}")).await;
    for page in [running, snapshot, found, version] {
        assert_eq!(page.verdict(), "200");
        assert!(page.text.len() < 100 * 1024, "{} {}", page.text.len(), &page.main()[..400]);
    }
}

#[tokio::test]
async fn whoever_may_only_look_is_offered_nothing_else() {
    let app = TestApp::spawn().await;
    let ada = app.owner_of("ada@example.com", Tier::Professional, 2_000).await;
    let eve = app.viewer(&ada, "eve@example.com").await;
    let made = app.published(&ada, None, &files(&[("index.html", "one")])).await;
    let (running, build) = app.submit(&ada, BAKERY, None).await;
    for path in [
        "/projects".to_owned(),
        format!("/projects/{}", made.project),
        format!("/projects/{running}"),
        format!("/projects/{}/history", made.project),
    ] {
        let page = app.page(&eve, &path).await;
        assert_eq!(page.verdict(), "200", "{path}");
        assert!(!page.main().contains("method=\"post\""), "{path}: {}", page.main());
        assert!(!page.main().contains(&eve.at("/new")), "{path}: {}", page.main());
    }
    assert_eq!(app.page(&eve, "/new").await.verdict(), "403 NOT_PERMITTED");
    let fields = [("description", BAKERY), ("tier", "starter"), ("agreed", "75")];
    for path in ["/new".to_owned(), "/new/estimate".to_owned(), format!("/builds/{build}/cancel")] {
        let fields = if path.contains("cancel") { &fields[..0] } else { &fields };
        let answer = app.form(&eve.at(&path), &eve, fields).send().await;
        assert_eq!(answer.verdict(), "403 NOT_PERMITTED", "{path}");
    }
}

#[tokio::test]
async fn what_others_have_is_not_there() {
    let app = TestApp::spawn().await;
    let ada = app.owner("ada@example.com").await;
    let bob = app.owner("bob@example.com").await;
    let hers = app.published(&ada, None, &files(&[("index.html", "hers")])).await;
    let his = app.published(&bob, None, &files(&[("index.html", "his")])).await;
    let (project, build, snapshot) = (&hers.project, &hers.build, hers.snapshot);
    let own = &his.project;
    for path in [
        format!("/projects/{project}"),
        format!("/projects/{project}/files"),
        format!("/projects/{project}/history"),
        format!("/projects/{project}/history/{snapshot}"),
        format!("/projects/{own}?build={build}"),
        format!("/projects/{own}/files?snapshot={snapshot}"),
        format!("/projects/{own}/history/{snapshot}"),
        format!("/snapshots/{snapshot}/files/index.html"),
        format!("/builds/{build}/download"),
        format!("/new?project={project}"),
        format!("/new?again={build}"),
    ] {
        assert_eq!(app.page(&bob, &path).await.verdict(), "404 NOT_FOUND", "{path}");
    }
    let cancel = bob.at(&format!("/builds/{build}/cancel"));
    assert_eq!(app.form(&cancel, &bob, &[]).send().await.verdict(), "404 NOT_FOUND");
    let fields = [("description", BAKERY), ("project", project), ("agreed", "75")];
    let answer = app.form(&bob.at("/new"), &bob, &fields).send().await;
    assert_eq!(answer.verdict(), "404 NOT_FOUND");
}
