//! Estimates what is given on the command line: `estimate "A shop with login" professional`.

use keelway_estimate::{EstimateTable, Estimator};
use keelway_kernel::BuildTier;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let description = arguments.next().unwrap_or_else(|| "A landing page for a bakery".to_owned());
    let tier = arguments.next().map_or(Ok(BuildTier::Starter), |tier| tier.parse())?;

    let estimate = Estimator::new(EstimateTable::default())?.estimate(&description, tier);
    println!("{}", estimate.feature_labels().join(", "));
    println!(
        "{} agents, {} tokens, {} USD, {}",
        estimate.agents,
        estimate.tokens,
        estimate.cost_usd_text(),
        estimate.duration_text(),
    );
    Ok(())
}
