//! The checkers can fail: each promise is broken behind the program's back, in a copy of sound
//! books, and both the books' own checks and `keelway doctor` have to say which.

use serde_json::{Value, json};
use tokio::process::Command;

use crate::harness::books::{Books, Moment};
use crate::harness::postgres::{Urls, execute, shared_server};
use crate::harness::{House, within};

/// A way to break a promise.
struct Break {
    invariant: &'static str,
    how: &'static str,
    sql: &'static str,
}

const BREAKS: &[Break] = &[
    Break {
        invariant: "I1",
        how: "a balance grows by itself",
        sql: "UPDATE credit_accounts SET balance = balance + 1",
    },
    Break {
        invariant: "I1",
        how: "an entry is changed",
        sql: "UPDATE credit_entries SET amount = amount - 1 WHERE reason = 'capture'",
    },
    Break {
        invariant: "I1",
        how: "an entry is gone",
        sql: "DELETE FROM credit_entries WHERE seq = 2",
    },
    Break {
        invariant: "I1",
        how: "a grant is given back",
        sql: "UPDATE credit_grants SET remaining = remaining + 1",
    },
    Break {
        invariant: "I2",
        how: "credits are held for nothing",
        sql: "UPDATE credit_accounts SET held = held + 1",
    },
    Break {
        invariant: "I3",
        how: "more is held than there is",
        sql: "UPDATE credit_accounts SET held = balance + 1",
    },
    Break {
        invariant: "I4",
        how: "a hold is captured twice",
        sql: "UPDATE credit_holds SET captured = captured * 2, charged = charged * 2
              WHERE captured > 0",
    },
    Break {
        invariant: "I5",
        how: "a hold outlives its build",
        sql: "UPDATE credit_holds SET state = 'open', charged = NULL, ended_at = NULL",
    },
    Break {
        invariant: "I5",
        how: "a build that runs was free",
        sql: "UPDATE builds SET captured = 0 WHERE state = 'deployed'",
    },
    Break {
        invariant: "I5",
        how: "our own failure is charged",
        sql: "UPDATE builds SET state = 'failed', failure_reason = 'worker_lost',
                  failure_message = '', failure_retryable = TRUE
              WHERE state = 'deployed'",
    },
    Break {
        invariant: "I6",
        how: "two builds of a project are active",
        sql: "UPDATE builds SET state = 'queued', ended_at = NULL",
    },
    Break {
        invariant: "I7",
        how: "an event is gone",
        sql: "DELETE FROM build_events WHERE seq = 3",
    },
    Break {
        invariant: "I7",
        how: "an event follows the last",
        sql: "INSERT INTO build_events
              SELECT e.tenant_id, e.build_id, e.seq + 1, e.at, e.request_id, 'build.cancelled',
                     '{\"type\":\"build.cancelled\",\"charged\":0}'
              FROM build_events e
              JOIN builds b ON b.id = e.build_id AND e.seq = b.last_seq;
              UPDATE builds SET last_seq = last_seq + 1",
    },
    Break {
        invariant: "I8",
        how: "an attempt nobody made",
        sql: "UPDATE builds SET attempt = attempt + 1",
    },
    Break {
        invariant: "I9",
        how: "a lease is left behind",
        sql: "INSERT INTO build_queue
              SELECT tenant_id, id, 'leased', 0, 0, moment(1), 'nobody', moment(1) FROM builds",
    },
    Break {
        invariant: "I14",
        how: "an audit row is rewritten",
        sql: "UPDATE audit_log SET subject = 'nothing' WHERE seq = 2",
    },
    Break {
        invariant: "I14",
        how: "the newest audit rows are cut off",
        sql: "DELETE FROM audit_log
              WHERE seq > (SELECT MAX(seq) - 3 FROM audit_log a
                           WHERE a.tenant_id = audit_log.tenant_id)",
    },
    Break {
        invariant: "I16",
        how: "a snapshot's file is another",
        sql: "UPDATE snapshot_files SET digest = zeroblob(32) WHERE path = 'index.html'",
    },
    Break {
        invariant: "I16",
        how: "a snapshot is smaller than its files",
        sql: "UPDATE snapshots SET bytes = bytes - 1",
    },
    Break {
        invariant: "I17",
        how: "a month's usage is made up",
        sql: "UPDATE tenant_usage SET tokens = tokens + 1",
    },
];

/// What the schema itself would refuse; a disk that rots asks nobody.
const DISARM_SQLITE: &str = "
    DROP TRIGGER credit_holds_end_once;
    DROP TRIGGER credit_entries_never_change;
    DROP TRIGGER credit_entries_never_leave;
    DROP TRIGGER builds_begin_queued;
    DROP TRIGGER builds_legal_transition;
    DROP TRIGGER build_events_never_change;
    DROP TRIGGER snapshots_never_change;
    DROP TRIGGER snapshot_files_never_change;
    DROP TRIGGER audit_log_never_changes;
    DROP TRIGGER audit_log_never_leaves;
    DROP INDEX builds_active;
    PRAGMA ignore_check_constraints = ON;";

const DISARM_POSTGRES: &str = "
    DO $$
    DECLARE it record;
    BEGIN
        FOR it IN SELECT conrelid::regclass AS relation, conname AS name FROM pg_constraint
                   WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
        LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', it.relation, it.name);
        END LOOP;
    END $$;
    DROP INDEX builds_active;";

#[tokio::test]
async fn every_broken_promise_is_found_and_named() {
    let house = House::new();
    live(&house).await;
    let books = Books::of(&house).await;
    books.inspect(Moment::AtRest).await.must_be_sound();

    let mut missed = Vec::new();
    for (number, broken) in BREAKS.iter().enumerate() {
        let folder = house.data_dir().join(format!("copy-{number}"));
        std::fs::create_dir(&folder).unwrap();
        let copy = books.copied_into(&folder).await;
        copy.meddle(DISARM_SQLITE).await;
        let doctor = house.command(&["doctor", "--json", "--data-dir", folder.to_str().unwrap()]);
        missed.extend(broken.unnoticed(copy, doctor).await);
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let doctor = house.command(&["doctor", "--json"]);
    assert!(diagnosed(doctor).await.is_empty(), "the original is sound still");
}

#[tokio::test]
async fn every_broken_promise_is_found_and_named_on_postgres() {
    let (server, original) = (shared_server(), format!("keelway_books_{}", std::process::id()));
    let house = House::new().on_server(&server, &original).await;
    live(&house).await;
    let books = Books::of(&house).await;
    books.inspect(Moment::AtRest).await.must_be_sound();
    let blobs = books.blobs.clone();
    // A database that somebody looks at cannot be copied.
    books.close().await;

    let mut missed = Vec::new();
    let copied = format!("{original}_copy");
    let urls = Urls::of(&server, &copied);
    for broken in BREAKS {
        let copy = format!("CREATE DATABASE {copied} TEMPLATE {original}");
        execute(&server, &copy).await;
        let copy = Books::on_postgres(&urls.superuser, &blobs).await;
        copy.meddle(DISARM_POSTGRES).await;
        let mut doctor = house.command(&["doctor", "--json"]);
        doctor.env("KEELWAY_DATABASE_URL", &urls.app);
        missed.extend(broken.unnoticed(copy, doctor).await);
        execute(&server, &format!("DROP DATABASE {copied} WITH (FORCE)")).await;
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let doctor = house.command(&["doctor", "--json"]);
    assert!(diagnosed(doctor).await.is_empty(), "the original is sound still");
    execute(&server, &format!("DROP DATABASE {original} WITH (FORCE)")).await;
}

/// Two builds of a project, one after the other.
async fn live(house: &House) {
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let project = owner.post("/v1/projects", &json!({ "name": "Bakery" })).await.must(201);
    let body = json!({
        "description": "A landing page for a bakery in Lisbon", "project_id": project["id"],
    });
    for _ in 0..2 {
        let build = owner.post("/v1/builds", &body).await.must(202);
        owner.ended(build["id"].as_str().unwrap()).await;
    }
    server.stop().await;
}

impl Break {
    /// Breaks it in a copy that puts up with everything; says who has not noticed.
    async fn unnoticed(&self, copy: Books, doctor: Command) -> Vec<String> {
        let Self { invariant, how, sql } = self;
        let mut missed = Vec::new();
        assert!(copy.meddle(sql).await > 0, "{how}: no row");
        let findings = copy.inspect(Moment::AtRest).await;
        copy.close().await;
        if !findings.names(invariant) {
            missed.push(format!("the books miss {invariant} ({how}): {findings}"));
        }
        let named = diagnosed(doctor).await;
        if !named.contains(&(*invariant).to_owned()) {
            missed.push(format!("the doctor misses {invariant} ({how}); it says {named:?}"));
        }
        missed
    }
}

#[tokio::test]
async fn a_damaged_file_is_found() {
    let house = House::new();
    let server = house.start().await;
    let owner = house.guest().sign_up("ada").await;
    let build = owner.submit("A landing page for a bakery in Lisbon").await;
    owner.ended(&build).await;
    server.stop().await;
    let books = Books::of(&house).await;
    let digests: Vec<(Vec<u8>,)> = books.rows("SELECT digest FROM snapshot_files LIMIT 1").await;
    let name = blake3::Hash::from_slice(&digests[0].0).unwrap().to_hex();
    let file = books.blobs.join(&name[..2]).join(name.as_str());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(books.inspect(Moment::AtRest).await.names("I16"));
}

/// The invariants that `keelway doctor` finds broken.
async fn diagnosed(mut doctor: Command) -> Vec<String> {
    let doctor = within("keelway doctor", doctor.output()).await.unwrap();
    let report: Value = serde_json::from_slice(&doctor.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&doctor.stderr)));
    let violations = report["violations"].as_array().unwrap();
    assert_eq!(doctor.status.code(), Some(i32::from(!violations.is_empty())));
    violations.iter().map(|found| found["invariant"].as_str().unwrap().to_owned()).collect()
}
