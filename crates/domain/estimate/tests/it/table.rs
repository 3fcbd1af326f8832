//! What an owner may change.

use super::*;
use keelway_estimate::{TableError, estimate};

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
            t.features.iter_mut().for_each(|row| row.complexity_percent = u32::MAX);
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
    assert_eq!(table, EstimateTable { base_agents: 8, ..EstimateTable::default() });
    assert!(toml::from_str::<EstimateTable>("base_agnets = 8").is_err());
    let text = toml::to_string(&EstimateTable::default()).unwrap();
    assert_eq!(toml::from_str::<EstimateTable>(&text).unwrap(), EstimateTable::default());
}

#[test]
fn a_refusal_is_the_tables_own_error() {
    let table = EstimateTable { base_agents: 0, ..EstimateTable::default() };
    let refused = estimate(&table, "", BuildTier::Starter);
    assert_eq!(refused, Err(TableError::Zero { field: "base_agents" }));
}
