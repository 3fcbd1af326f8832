//! What estimates promise, over a table of descriptions and over random ones.

use keelway_estimate::{Estimate, EstimateTable, Estimator, FeatureRow, FinishedBuild, Range};
use keelway_kernel::{BuildTier, Credits, MicroUsd};
use proptest::prelude::*;
use std::num::NonZeroU32;

mod table;
mod words;

#[expect(clippy::unwrap_used, reason = "clippy knows tests only by their attribute")]
fn published() -> Estimator {
    Estimator::new(EstimateTable::default()).unwrap()
}

fn keys(estimate: &Estimate) -> Vec<&str> {
    estimate.features.iter().map(|feature| feature.key.as_str()).collect()
}

#[test]
fn a_landing_page_is_the_base_and_nothing_else() {
    let landing = published().estimate("A landing page for a bakery", BuildTier::Starter);
    assert_eq!((landing.agents, landing.tokens, landing.minutes), (5, 250_000, 15));
    assert_eq!(landing.cost, MicroUsd::new(750_000));
    assert_eq!(landing.cost_usd_text(), "0.75");
    assert_eq!(landing.duration_text(), "15 minutes");
    assert_eq!(landing.feature_labels(), ["Basic functionality"]);
    assert_eq!(landing.credits(NonZeroU32::new(10_000).unwrap()), Credits::new(75));
}

#[test]
fn a_rich_dashboard_is_rounded_up_once() {
    let text = "Dashboard with login and stripe payment, real-time chat";
    let rich = published().estimate(text, BuildTier::Professional);
    assert_eq!((rich.agents, rich.tokens, rich.minutes), (34, 1_700_000, 102));
    assert_eq!(rich.cost_usd_text(), "5.10");
    assert_eq!(rich.duration_text(), "2 hours");
    assert_eq!(
        rich.feature_labels(),
        ["Authentication", "Payment integration", "Admin dashboard", "Real-time features"],
    );
}

#[test]
fn durations_read_as_people_say_them() {
    let of = |minutes| {
        let mut one = published().estimate("", BuildTier::Starter);
        one.minutes = minutes;
        one.duration_text()
    };
    let texts = [0, 1, 59, 60, 61, 102, 120, 121, u32::MAX].map(of).join(", ");
    insta::assert_snapshot!(texts, @"0 minutes, 1 minute, 59 minutes, 1 hour, 2 hours, 2 hours, 2 hours, 3 hours, 71582789 hours");
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
    history.extend(
        (0..40).map(|_| finished(900, BuildTier::Starter, &["dashboard", "authentication", "api"])),
    );
    assert_eq!(one.clone().learned_from(&history).range, None);

    history.push(finished(20, BuildTier::Starter, &["authentication", "dashboard"]));
    let range = one.learned_from(&history).range.unwrap();
    assert_eq!(range.builds, 20);
    assert_eq!(range.agents, Range { p10: 2, p90: 18 });
    assert_eq!(range.tokens, Range { p10: 100_000, p90: 900_000 });
    assert_eq!(range.cost, Range { p10: MicroUsd::new(300_000), p90: MicroUsd::new(2_700_000) });
    assert_eq!(range.minutes, Range { p10: 6, p90: 54 });
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
        (word, proptest::sample::select(vec![" ", "-", ", ", "", "\n"])),
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
