//! The contract as a product: what holds the OpenAPI documents against their judges.

mod browser;
mod clients;
mod compatibility;
mod fuzz;
mod judges;
mod process;
mod site;

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::step::step;

/// A step: its name, and what it does.
type Step = (&'static str, fn() -> Result<()>);

/// Each step by its name, in the order in which they run: what fails soonest comes first.
const STEPS: &[Step] = &[
    ("spec-validator", judges::spec_validator),
    ("compatibility", compatibility::check),
    ("compatibility-proof", compatibility::prove),
    ("redocly", judges::redocly),
    ("spectral", judges::spectral),
    ("clients", clients::check),
    ("browser", browser::check),
    ("schemathesis", fuzz::check),
];

/// What is looked at.
#[derive(Args)]
pub(crate) struct Contract {
    /// The steps to run; all of them if none is named.
    #[arg(value_name = "STEP", value_parser = PossibleValuesParser::new(STEPS.iter().map(|(name, _)| *name)))]
    steps: Vec<String>,
}

/// Runs the steps that are named, or all.
pub(crate) fn run(contract: &Contract) -> Result<()> {
    let named =
        |name: &str| contract.steps.is_empty() || contract.steps.iter().any(|it| it == name);
    for (name, check) in STEPS.iter().filter(|(name, _)| named(name)) {
        step(name, check)?;
    }
    Ok(())
}

/// Runs every step.
pub(crate) fn all() -> Result<()> {
    run(&Contract { steps: Vec::new() })
}
