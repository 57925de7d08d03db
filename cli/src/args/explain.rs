//! `rdbkit explain`: what can be typed.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  rdbkit explain duplicate-key
  rdbkit explain                     # all of them, a line each
  rdbkit check --json dump.rdb | jq -r '.findings[].code' | sort -u | xargs rdbkit explain

Exit code: 0 explained, 2 there is no such finding.";

/// `rdbkit explain`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// Names of findings, as reports have them in brackets; without any, all are listed
    #[arg(value_name = "CODE")]
    pub codes: Vec<String>,

    /// One JSON object per finding on one line
    #[arg(long)]
    pub json: bool,
}
