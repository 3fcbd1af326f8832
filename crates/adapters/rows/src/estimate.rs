//! Estimates as documents.

use std::sync::Arc;

use keelway_estimate::{Estimate, Feature, LearnedRange, Range};
use keelway_kernel::{BuildTier, MicroUsd, StoreError};
use serde::{Deserialize, Serialize};

use crate::decode::{Of, json};

#[derive(Serialize, Deserialize)]
struct Document {
    tier: BuildTier,
    features: Vec<FeatureDocument>,
    agents: u32,
    tokens: u64,
    cost: MicroUsd,
    minutes: u32,
    range: Option<RangeDocument>,
}

#[derive(Serialize, Deserialize)]
struct FeatureDocument {
    key: String,
    label: String,
}

/// Each pair is p10 and p90.
#[derive(Serialize, Deserialize)]
struct RangeDocument {
    builds: usize,
    agents: (u32, u32),
    tokens: (u64, u64),
    cost: (MicroUsd, MicroUsd),
    minutes: (u32, u32),
}

const fn pair<T: Copy>(range: &Range<T>) -> (T, T) {
    (range.p10, range.p90)
}

const fn range<T: Copy>((p10, p90): (T, T)) -> Range<T> {
    Range { p10, p90 }
}

/// The document of an estimate.
pub fn encode(estimate: &Estimate) -> Result<String, StoreError> {
    let feature = |feature: &Arc<Feature>| FeatureDocument {
        key: feature.key.clone(),
        label: feature.label.clone(),
    };
    json(&Document {
        tier: estimate.tier,
        features: estimate.features.iter().map(feature).collect(),
        agents: estimate.agents,
        tokens: estimate.tokens,
        cost: estimate.cost,
        minutes: estimate.minutes,
        range: estimate.range.as_ref().map(|learned| RangeDocument {
            builds: learned.builds,
            agents: pair(&learned.agents),
            tokens: pair(&learned.tokens),
            cost: pair(&learned.cost),
            minutes: pair(&learned.minutes),
        }),
    })
}

/// The estimate in a document.
pub fn decode(row: Of<'_>, text: &str) -> Result<Estimate, StoreError> {
    let document: Document = row.document(text)?;
    let feature =
        |feature: FeatureDocument| Arc::new(Feature { key: feature.key, label: feature.label });
    Ok(Estimate {
        tier: document.tier,
        features: document.features.into_iter().map(feature).collect(),
        agents: document.agents,
        tokens: document.tokens,
        cost: document.cost,
        minutes: document.minutes,
        range: document.range.map(|learned| LearnedRange {
            builds: learned.builds,
            agents: range(learned.agents),
            tokens: range(learned.tokens),
            cost: range(learned.cost),
            minutes: range(learned.minutes),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_reads_back_as_it_was_written() {
        let plain = Estimate {
            tier: BuildTier::Ultimate,
            features: vec![Arc::new(Feature { key: "api".into(), label: "\"REST\" ✓".into() })],
            agents: u32::MAX,
            tokens: u64::MAX,
            cost: MicroUsd::MAX,
            minutes: 0,
            range: None,
        };
        let range = LearnedRange {
            builds: 20,
            agents: Range { p10: 1, p90: 2 },
            tokens: Range { p10: 3, p90: 4 },
            cost: Range { p10: MicroUsd::new(5), p90: MicroUsd::new(6) },
            minutes: Range { p10: 7, p90: 8 },
        };
        for estimate in [plain.clone(), Estimate { range: Some(range), ..plain }] {
            let text = encode(&estimate).unwrap();
            assert_eq!(decode(Of("build", &1), &text), Ok(estimate));
        }
    }
}
