//! What estimates promise, over a table of descriptions and over random ones.

use keelway_estimate::{
    Estimate, EstimateTable, Estimator, FeatureRow, FinishedBuild, Range, TableError, estimate,
};
use keelway_kernel::{BuildTier, Credits, MicroUsd};
use proptest::prelude::*;
use std::num::NonZeroU32;

#[expect(
    clippy::unwrap_used,
    reason = "clippy knows tests only by their attribute"
)]
fn published() -> Estimator {
    Estimator::new(EstimateTable::default()).unwrap()
}

fn keys(estimate: &Estimate) -> Vec<&str> {
    estimate
        .features
        .iter()
        .map(|feature| feature.key.as_str())
        .collect()
}

#[test]
fn a_landing_page_is_the_base_and_nothing_else() {
    let landing = published().estimate("A landing page for a bakery", BuildTier::Starter);
    assert_eq!(
        (landing.agents, landing.tokens, landing.minutes),
        (5, 250_000, 15)
    );
    assert_eq!(landing.cost, MicroUsd::new(750_000));
    assert_eq!(landing.cost_usd_text(), "0.75");
    assert_eq!(landing.duration_text(), "15 minutes");
    assert_eq!(landing.feature_labels(), ["Basic functionality"]);
    assert_eq!(
        landing.credits(NonZeroU32::new(10_000).unwrap()),
        Credits::new(75)
    );
}

#[test]
fn a_rich_dashboard_is_rounded_up_once() {
    let text = "Dashboard with login and stripe payment, real-time chat";
    let rich = published().estimate(text, BuildTier::Professional);
    assert_eq!(
        (rich.agents, rich.tokens, rich.minutes),
        (34, 1_700_000, 102)
    );
    assert_eq!(rich.cost_usd_text(), "5.10");
    assert_eq!(rich.duration_text(), "2 hours");
    assert_eq!(
        rich.feature_labels(),
        [
            "Authentication",
            "Payment integration",
            "Admin dashboard",
            "Real-time features"
        ],
    );
}

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
fn durations_read_as_people_say_them() {
    let of = |minutes| {
        let mut one = published().estimate("", BuildTier::Starter);
        one.minutes = minutes;
        one.duration_text()
    };
    let texts = [0, 1, 59, 60, 61, 102, 120, 121, u32::MAX]
        .map(of)
        .join(", ");
    insta::assert_snapshot!(texts, @"0 minutes, 1 minute, 59 minutes, 1 hour, 2 hours, 2 hours, 2 hours, 3 hours, 71582789 hours");
}

#[test]
fn words_of_an_owners_table_may_be_phrases() {
    let mut table = EstimateTable::default();
    table.features.push(FeatureRow {
        key: "mail".into(),
        label: "Sign-up and e-mail".into(),
        words: vec![
            "sign up".into(),
            "e-mail".into(),
            "point of sale".into(),
            "gallery".into(),
        ],
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
fn complexities_multiply_and_round_up_once() {
    let row = |key: &str, percent| FeatureRow {
        key: key.into(),
        label: key.into(),
        words: vec![],
        agents: 0,
        complexity_percent: percent,
    };
    let table = EstimateTable {
        features: vec![row("chat", 150), row("maps", 110)],
        base_agents: 7,
        ..EstimateTable::default()
    };
    // 7 x 1.5 x 1.1 x 1.5 = 17.325
    let found = estimate(&table, "chat maps", BuildTier::Professional).unwrap();
    assert_eq!(found.agents, 18);
}

#[test]
fn tables_that_would_break_a_promise_are_refused() {
    let broken = |breaks: fn(&mut EstimateTable)| {
        let mut table = EstimateTable::default();
        breaks(&mut table);
        format!("{:?}", table.validate().unwrap_err())
    };
    let refusals = [
        broken(|t| t.features = vec![t.features[0].clone(); 65]),
        broken(|t| t.features[2].label = " ".into()),
        broken(|t| t.features[2].key = "api".into()),
        broken(|t| t.features[2].words.push("?!".into())),
        broken(|t| t.features[2].words.push("x".repeat(61))),
        broken(|t| t.features[2].words.push("a b c d e".into())),
        broken(|t| t.features[2].complexity_percent = 99),
        broken(|t| t.tier_percent.starter = 0),
        broken(|t| t.tier_percent.enterprise = 199),
        broken(|t| t.base_agents = 0),
        broken(|t| t.minutes_per_agent = 0),
        broken(|t| t.base_agents = u32::MAX),
        broken(|t| t.tokens_per_agent = u64::MAX / 2),
        broken(|t| t.micro_usd_per_million_tokens = u64::MAX),
        broken(|t| {
            t.features
                .iter_mut()
                .for_each(|row| row.complexity_percent = u32::MAX);
        }),
    ]
    .join("\n");
    insta::assert_snapshot!(refusals, @r#"
    TooManyFeatures { rows: 65 }
    Unnamed { row: 3 }
    DuplicateKey { key: "api" }
    UnmatchableWord { key: "dashboard", word: "?!" }
    UnmatchableWord { key: "dashboard", word: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" }
    UnmatchableWord { key: "dashboard", word: "a b c d e" }
    ComplexityUnderOne { key: "dashboard" }
    FallingTiers
    FallingTiers
    Zero { field: "base_agents" }
    Zero { field: "minutes_per_agent" }
    TooLarge
    TooLarge
    TooLarge
    TooLarge
    "#);
}

#[test]
fn settings_name_only_what_differs_and_misspellings_are_refused() {
    let table: EstimateTable = toml::from_str("base_agents = 8").unwrap();
    assert_eq!(
        table,
        EstimateTable {
            base_agents: 8,
            ..EstimateTable::default()
        }
    );
    assert!(toml::from_str::<EstimateTable>("base_agnets = 8").is_err());
    let text = toml::to_string(&EstimateTable::default()).unwrap();
    assert_eq!(
        toml::from_str::<EstimateTable>(&text).unwrap(),
        EstimateTable::default()
    );
}

fn finished(agents: u32, tier: BuildTier, features: &[&str]) -> FinishedBuild {
    FinishedBuild {
        tier,
        features: features.iter().map(|key| (*key).to_owned()).collect(),
        agents,
        tokens: u64::from(agents) * 50_000,
        cost: MicroUsd::new(i64::from(agents) * 150_000),
        minutes: agents * 3,
    }
}

#[test]
fn a_range_is_learned_from_twenty_similar_builds_and_no_others() {
    let one = published().estimate("dashboard with login", BuildTier::Starter);
    let mut history: Vec<_> = (1..=19)
        .rev()
        .map(|agents| finished(agents, BuildTier::Starter, &["dashboard", "authentication"]))
        .collect();
    history.extend(
        (0..40).map(|_| finished(900, BuildTier::Ultimate, &["dashboard", "authentication"])),
    );
    history.extend((0..40).map(|_| finished(900, BuildTier::Starter, &["dashboard"])));
    history.extend((0..40).map(|_| {
        finished(
            900,
            BuildTier::Starter,
            &["dashboard", "authentication", "api"],
        )
    }));
    assert_eq!(one.clone().learned_from(&history).range, None);

    history.push(finished(
        20,
        BuildTier::Starter,
        &["authentication", "dashboard"],
    ));
    let range = one.learned_from(&history).range.unwrap();
    assert_eq!(range.builds, 20);
    assert_eq!(range.agents, Range { p10: 2, p90: 18 });
    assert_eq!(
        range.tokens,
        Range {
            p10: 100_000,
            p90: 900_000
        }
    );
    assert_eq!(
        range.cost,
        Range {
            p10: MicroUsd::new(300_000),
            p90: MicroUsd::new(2_700_000)
        }
    );
    assert_eq!(range.minutes, Range { p10: 6, p90: 54 });
}

#[test]
fn a_refusal_is_the_tables_own_error() {
    let table = EstimateTable {
        base_agents: 0,
        ..EstimateTable::default()
    };
    let refused = estimate(&table, "", BuildTier::Starter);
    assert_eq!(
        refused,
        Err(TableError::Zero {
            field: "base_agents"
        })
    );
}

/// Texts in which the table's words are likely.
fn descriptions() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        proptest::sample::select(vec![
            "login",
            "auths",
            "payment",
            "Stripe",
            "dashboard",
            "admin",
            "API",
            "backend",
            "db",
            "database",
            "real",
            "time",
            "real-time",
            "web",
            "sockets",
            "a",
            "shop",
            "-",
            "\u{ad}",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ];
    proptest::collection::vec(
        (
            word,
            proptest::sample::select(vec![" ", "-", ", ", "", "\n"]),
        ),
        0..40,
    )
    .prop_map(|words| words.into_iter().map(|(word, gap)| word + gap).collect())
}

proptest! {
    #[test]
    fn a_larger_tier_never_takes_less(text in descriptions()) {
        let estimator = published();
        let sizes = BuildTier::ALL.map(|tier| {
            let one = estimator.estimate(&text, tier);
            (one.agents, one.tokens, one.cost, one.minutes)
        });
        prop_assert!(sizes.is_sorted());
    }

    #[test]
    fn numbers_follow_from_agents(text in descriptions()) {
        let one = published().estimate(&text, BuildTier::Ultimate);
        prop_assert!(one.agents >= 10);
        prop_assert_eq!(one.tokens, u64::from(one.agents) * 50_000);
        prop_assert_eq!(one.cost.get(), i64::from(one.agents) * 150_000);
        prop_assert_eq!(one.minutes, one.agents * 3);
    }

    #[test]
    fn case_and_surrounding_punctuation_change_nothing(text in descriptions()) {
        let estimator = published();
        let found = estimator.estimate(&text, BuildTier::Starter);
        for other in [
            text.to_ascii_uppercase(),
            text.to_ascii_lowercase(),
            format!("\"{text}\"!"),
            format!("...({text})?"),
            text.replace(", ", " ; "),
        ] {
            prop_assert_eq!(&estimator.estimate(&other, BuildTier::Starter), &found, "{}", other);
        }
    }

    #[test]
    fn a_description_asks_for_at_least_what_its_sentences_ask_for(a in descriptions(), b in descriptions()) {
        let estimator = published();
        let whole = estimator.estimate(&format!("{a}. {b}"), BuildTier::Starter);
        for part in [a, b] {
            for feature in estimator.estimate(&part, BuildTier::Starter).features {
                prop_assert!(whole.features.contains(&feature));
            }
        }
    }

    #[test]
    fn no_text_and_no_accepted_table_panics(
        text in ".{0,400}",
        word in "\\PC{0,70}",
        base in any::<u32>(),
        agents in any::<u32>(),
        percent in any::<u32>(),
        tokens in any::<u64>(),
        price in any::<u64>(),
    ) {
        let table = EstimateTable {
            features: vec![FeatureRow {
                key: "x".into(),
                label: "x".into(),
                words: vec![word.clone()],
                agents,
                complexity_percent: percent,
            }],
            base_agents: base,
            tokens_per_agent: tokens >> (base % 64),
            micro_usd_per_million_tokens: price >> (agents % 64),
            ..EstimateTable::default()
        };
        if let Ok(estimator) = Estimator::new(table) {
            let one = estimator.estimate(&format!("{text} {word}"), BuildTier::Enterprise);
            prop_assert!(one.agents < u32::MAX);
        }
    }

    #[test]
    fn every_word_of_an_accepted_table_is_found(word in "[\\PC]{1,20}") {
        let table = EstimateTable {
            features: vec![FeatureRow {
                key: "x".into(),
                label: "zzz".into(),
                words: vec![word.clone()],
                agents: 1,
                complexity_percent: 100,
            }],
            ..EstimateTable::default()
        };
        if let Ok(estimator) = Estimator::new(table) {
            let words: Vec<&str> = word.split(|c: char| !c.is_alphanumeric()).collect();
            if !words.iter().any(|word| word.is_empty()) {
                let text = format!("<{}>", words.join(" "));
                prop_assert_eq!(estimator.estimate(&text, BuildTier::Starter).agents, 6);
            }
        }
    }
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
