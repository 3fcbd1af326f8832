//! Why nobody is let in is said at once, and what to do about it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use keelway_contract::SeededEntropy;
use keelway_postgres::{CannotMigrate, PostgresSettings, Time, Unreached};
use sqlx::AssertSqlSafe;

use crate::database::Database;
use crate::opened::Opened;

/// What `url` meets; nothing here passes by itself, so the wait is not for long.
async fn met(url: &str) -> Option<Unreached> {
    let wait = Duration::from_millis(300);
    let settings = PostgresSettings { wait, ..PostgresSettings::new(url) };
    settings.reach().await.err()
}

/// A server that says `first` to each request for TLS, and `then` to whoever goes on.
fn saying(first: &'static [u8], then: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, then) = (stream.unwrap(), then.clone());
            thread::spawn(move || {
                let mut asked = [0; 1024];
                let mut length = stream.read(&mut asked).unwrap_or(0);
                // A request for TLS has eight bytes.
                if length == 8 {
                    let _ = stream.write_all(first);
                    length = stream.read(&mut asked).unwrap_or(0);
                }
                if length > 0 {
                    let _ = stream.write_all(&then);
                }
            });
        }
    });
    place
}

/// A refusal in PostgreSQL's protocol.
fn refusal(code: &str) -> Vec<u8> {
    let body = format!("SFATAL\0VFATAL\0C{code}\0Mno, says the server\0\0");
    let length = u32::try_from(body.len() + 4).unwrap();
    [b"E".as_slice(), &length.to_be_bytes(), body.as_bytes()].concat()
}

#[tokio::test]
async fn each_reason_has_its_own_words_and_its_own_remedy() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().map(|place| (place.to_string(), silent)).unwrap();
    let nobody = {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap().to_string()
    };
    let said = "no, says the server".to_owned();
    let me = || "me".to_owned();
    let garbage = saying(b"HTTP/1.1 400 Bad Request", b"".to_vec());
    let no_tls = saying(b"N", b"".to_vec());
    let tls_only = saying(b"S", refusal("28000"));
    let code = |code: &str| saying(b"N", refusal(code));
    let [password, role, database, connect, full, starting, pooler, odd] =
        ["28P01", "28000", "3D000", "42501", "53300", "57P03", "08P01", "XX000"].map(code);
    let url = |place: &str| format!("postgres://me:hunter2@{place}/books");
    let cases = [
        (url(&nobody), Unreached::NothingListens(nobody.clone())),
        (
            "postgres:///books?host=/nowhere&user=me".to_owned(),
            Unreached::NothingListens("/nowhere/.s.PGSQL.5432".to_owned()),
        ),
        (url("keelway.invalid"), Unreached::UnknownHost("keelway.invalid".to_owned())),
        (url(&silent.0), Unreached::NoAnswer(silent.0.clone())),
        (url(&garbage), Unreached::NotPostgres(garbage.clone())),
        (format!("{}?sslmode=require", url(&no_tls)), Unreached::TlsNotOffered),
        (format!("{}?sslmode=disable", url(&tls_only)), Unreached::TlsRequired(me())),
        (url(&password), Unreached::Password(me())),
        (url(&role), Unreached::NotLetIn { role: me(), why: said.clone() }),
        (
            format!("{}?sslmode=disable", url(&role)),
            Unreached::NotLetIn { role: me(), why: said.clone() },
        ),
        (url(&database), Unreached::UnknownDatabase("books".to_owned())),
        (url(&connect), Unreached::MayNotConnect { role: me(), database: "books".to_owned() }),
        (url(&full), Unreached::NoneLeft(said.clone())),
        (url(&starting), Unreached::NotNow(said.clone())),
        (url(&pooler), Unreached::PoolerOnItsOwn(said.clone())),
        (url(&odd), Unreached::Other(said.clone())),
        ("postgres://me:hun%ter2@[/books".to_owned(), Unreached::Address),
    ];
    let mut remedies = Vec::new();
    for (url, expected) in cases {
        let found = met(&url).await;
        assert_eq!(found.as_ref(), Some(&expected), "{url}");
        let told = format!("{expected}: {}", expected.remedy());
        assert!(!told.contains("hunter2"), "{told}");
        remedies.push(expected.remedy());
    }
    remedies.sort();
    remedies.dedup();
    // Two kinds of nobody, two of not being let in, a wrong place twice.
    assert!(remedies.len() >= 14, "{remedies:#?}");
}

#[tokio::test]
async fn a_server_says_the_same() {
    let opened = Opened::new().await;
    let (database, mut raw) = (&opened.database, opened.raw().await);
    assert_eq!(met(&database.url()).await, None);
    let name = database.owner.get_database().unwrap().to_owned();
    let unknown = database.url().replace(&name, "keelway_nowhere");
    assert_eq!(met(&unknown).await, Some(Unreached::UnknownDatabase("keelway_nowhere".to_owned())));

    let role = format!("keelway-caller-{}", std::process::id());
    let mut run = async |sql: &str| {
        let sql = sql.replace("$role", &format!("\"{role}\"")).replace("$database", &name);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
    };
    run("CREATE ROLE $role NOLOGIN").await;
    let url = database.url_of(&role);
    assert!(matches!(met(&url).await, Some(Unreached::NotLetIn { .. })));
    run("ALTER ROLE $role LOGIN CONNECTION LIMIT 0").await;
    assert!(matches!(met(&url).await, Some(Unreached::NoneLeft(_))));
    run("ALTER ROLE $role CONNECTION LIMIT -1; REVOKE CONNECT ON DATABASE $database FROM PUBLIC")
        .await;
    let found = met(&url).await.unwrap();
    let closed = Unreached::MayNotConnect { role: role.clone(), database: name.clone() };
    assert_eq!(found, closed);
    let remedy = found.remedy().split_once(": ").unwrap().1.to_owned();
    run(&remedy).await;
    assert_eq!(met(&url).await, None);
    run("REVOKE CONNECT ON DATABASE $database FROM $role; DROP ROLE $role").await;
}

#[tokio::test]
async fn who_cannot_migrate_is_told_who_can() {
    let opened = Opened::new().await;
    assert_eq!(PostgresSettings::new(opened.database.url()).reach_directly().await, Ok(()));
    let lacks = |role: &str| {
        let settings = PostgresSettings::new(opened.database.url_of(role));
        let entropy = Arc::new(SeededEntropy::new(3));
        let store = Database::store_of(&settings, Time::Server, entropy);
        async move {
            let lacks = store.cannot_migrate().await.unwrap();
            store.close().await;
            lacks
        }
    };
    let owner = opened.database.owner.get_username();
    assert_eq!(lacks(owner).await, None);
    let not_owner =
        CannotMigrate::NotOwner { role: "keelway_test".to_owned(), owner: owner.to_owned() };
    let mut raw = opened.raw().await;
    // To make tables is not enough, nor is it to own them all.
    for sql in [
        "SELECT 1",
        "GRANT CREATE ON SCHEMA public TO keelway_test",
        "REVOKE CREATE ON SCHEMA public FROM keelway_test;
         DO $$ DECLARE name text; BEGIN
             FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                 EXECUTE format('ALTER TABLE %I OWNER TO keelway_test', name);
             END LOOP;
         END $$",
    ] {
        sqlx::raw_sql(sql).execute(&mut raw).await.unwrap();
        assert_eq!(lacks("keelway_test").await.as_ref(), Some(&not_owner), "{sql}");
    }
}

#[tokio::test]
async fn who_may_not_even_look_at_the_migrations_is_told_so() {
    let opened = Opened::new().await;
    let mut raw = opened.raw().await;
    let role = format!("keelway-onlooker-{}", std::process::id());
    let mut run = async |sql: &str| {
        let sql = sql.replace("$role", &format!("\"{role}\""));
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
    };
    let settings = PostgresSettings::new(opened.database.url_of(&role));
    let store = Database::store_of(&settings, Time::Server, Arc::new(SeededEntropy::new(4)));
    run("CREATE ROLE $role LOGIN NOINHERIT").await;
    let refused = store.migration_status().await.unwrap_err().to_string();
    assert!(
        refused.ends_with(&format!("GRANT keelway_app, keelway_jobs TO \"{role}\";")),
        "{refused}"
    );
    for working in ["keelway_app", "keelway_jobs"] {
        run(&format!("GRANT {working} TO $role")).await;
        assert!(store.migration_status().await.unwrap().is_current());
        run(&format!("REVOKE {working} FROM $role")).await;
    }
    store.close().await;
    run("DROP ROLE $role").await;
}
