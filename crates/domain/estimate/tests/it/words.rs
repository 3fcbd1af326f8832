//! Which words a description contains.

use super::*;

#[test]
fn words_are_whole_and_inflected_plainly() {
    let estimator = published();
    let table = [
        "",
        "A landing page for a bakery",
        "A tour of every capital, therapist included",
        "The author takes feedback and authors an authentic blog",
        "Striped shirts, adminton, apiary, backendless, unpaymentable",
        "Zebra stripes",
        "logins, payments, dashboards, admins, APIs, backends, databases, DBs, websockets",
        "authed users, logined users",
        "An app with user authentication",
        "An app that can authenticate",
        "LOGIN",
        "the customer's login's page",
        "user_login, db2, 2db",
        "log-in with e-payment",
        "log in to see the log",
        "real time",
        "real-time",
        "realtime",
        "Real\u{2011}Time",
        "REAL\n  TIME",
        "for real. Time flies",
        "real, time",
        "surreal times",
        "web sockets",
        "web-socket",
        "a back end and a data base",
        "a pi day",
        "d b",
        "au th",
        "api\u{301}",
        "pay\u{ad}ment",
        "Zażółć gęślą jaźń z login",
        "لوحة dashboard تحكم",
        "登录login页面",
        "🔒login🔑",
        "<script>login</script>",
        "REST-API/backend+db",
    ]
    .map(|text| {
        let found = estimator.estimate(text, BuildTier::Starter);
        format!("{text:?} -> {} {}", found.agents, keys(&found).join(" "))
    })
    .join("\n");
    insta::assert_snapshot!(table, @r#"
    "" -> 5 
    "A landing page for a bakery" -> 5 
    "A tour of every capital, therapist included" -> 5 
    "The author takes feedback and authors an authentic blog" -> 5 
    "Striped shirts, adminton, apiary, backendless, unpaymentable" -> 5 
    "Zebra stripes" -> 8 payments
    "logins, payments, dashboards, admins, APIs, backends, databases, DBs, websockets" -> 27 authentication payments dashboard api database realtime
    "authed users, logined users" -> 7 authentication
    "An app with user authentication" -> 7 authentication
    "An app that can authenticate" -> 5 
    "LOGIN" -> 7 authentication
    "the customer's login's page" -> 7 authentication
    "user_login, db2, 2db" -> 7 authentication
    "log-in with e-payment" -> 10 authentication payments
    "log in to see the log" -> 5 
    "real time" -> 12 realtime
    "real-time" -> 12 realtime
    "realtime" -> 12 realtime
    "Real‑Time" -> 12 realtime
    "REAL\n  TIME" -> 12 realtime
    "for real. Time flies" -> 5 
    "real, time" -> 5 
    "surreal times" -> 5 
    "web sockets" -> 12 realtime
    "web-socket" -> 12 realtime
    "a back end and a data base" -> 8 api database
    "a pi day" -> 5 
    "d b" -> 5 
    "au th" -> 5 
    "api\u{301}" -> 5 
    "pay\u{ad}ment" -> 8 payments
    "Zażółć gęślą jaźń z login" -> 7 authentication
    "لوحة dashboard تحكم" -> 7 dashboard
    "登录login页面" -> 5 
    "🔒login🔑" -> 7 authentication
    "<script>login</script>" -> 7 authentication
    "REST-API/backend+db" -> 8 api database
    "#);
}

#[test]
fn words_of_an_owners_table_may_be_phrases() {
    let mut table = EstimateTable::default();
    table.features.push(FeatureRow {
        key: "mail".into(),
        label: "Sign-up and e-mail".into(),
        words: vec!["sign up".into(), "e-mail".into(), "point of sale".into(), "gallery".into()],
        agents: 1,
        complexity_percent: 100,
    });
    let estimator = Estimator::new(table).unwrap();
    for (text, asks) in [
        ("people sign up", true),
        ("people signup", true),
        ("email", true),
        ("E mails", true),
        ("a point of sale", true),
        ("two point-of-sales", true),
        ("galleries", true),
        ("sign; up", false),
        ("point sale", false),
        ("a point of", false),
        ("some mail", false),
    ] {
        let found = estimator.estimate(text, BuildTier::Starter);
        assert_eq!(keys(&found) == ["mail"], asks, "{text}");
    }
}

#[test]
fn the_longest_word_is_not_found_in_a_longer_one() {
    let longest = "x".repeat(60);
    let mut table = EstimateTable::default();
    table.features[0].words.push(longest.clone());
    let estimator = Estimator::new(table).unwrap();
    let agents = |text: &str| estimator.estimate(text, BuildTier::Starter).agents;
    assert_eq!(agents(&format!("{longest}ing")), 7);
    assert_eq!(agents(&format!("{longest}ings")), 5);
    assert_eq!(agents(&format!("{longest}ings-login")), 7);
}

#[test]
fn the_longest_descriptions_are_read_to_their_end() {
    let estimator = published();
    for filler in ["x", "-", "real-", "a ", "é"] {
        let text = format!("{} login", filler.repeat(10_000 / filler.len()));
        assert_eq!(
            keys(&estimator.estimate(&text, BuildTier::Starter)),
            ["authentication"],
            "{filler}"
        );
    }
}
