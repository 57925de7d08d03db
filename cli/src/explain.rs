//! What a finding means, how it comes about, and what to do about it.

mod log;
mod rdb;

use rdbkit_aof::verify as aof;
use rdbkit_rdb::verify::{self, Server, Severity};
use serde::Serialize;

use crate::render::json::SCHEMA;

/// What is said of a finding beyond its summary.
#[derive(Clone, Copy, Debug)]
struct Advice {
    cause: &'static str,
    /// Sentences, and commands to run.
    remedy: &'static [&'static str],
}

/// All that is known of a finding.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Version of this layout.
    pub schema: u32,
    /// As reports name it.
    pub code: &'static str,
    /// `rdb` or `log`: some names mean something in both.
    pub of: &'static str,
    /// What it is, in one sentence.
    pub summary: &'static str,
    /// What follows from it; of logs for each product.
    pub effect: String,
    /// How it comes about.
    pub cause: &'static str,
    /// What to do: sentences, and commands that begin with `rdbkit`.
    pub remedy: &'static [&'static str],
}

/// Every finding there is: those of RDB files, then those of logs.
pub fn all() -> Vec<Explanation> {
    let of_rdb = verify::Code::ALL.iter().filter_map(|&code| {
        let Advice { cause, remedy } = rdb::advice(code)?;
        Some(Explanation {
            schema: SCHEMA,
            code: code.name(),
            of: "rdb",
            summary: code.summary(),
            effect: severity(code.severity()).to_owned(),
            cause,
            remedy,
        })
    });
    let of_logs = aof::Code::ALL.iter().filter_map(|&code| {
        let Advice { cause, remedy } = log::advice(code)?;
        Some(Explanation {
            schema: SCHEMA,
            code: code.name(),
            of: "log",
            summary: code.summary(),
            effect: effects(code),
            cause,
            remedy,
        })
    });
    of_rdb.chain(of_logs).collect()
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning: the server loads the file",
        Severity::Undecided => "undecided: only running the server can tell",
        Severity::Refused => {
            "refused: the server does not load the file; reading goes on behind it"
        }
        Severity::Fatal => {
            "fatal: the server does not load the file, and nothing behind the place can be read"
        }
    }
}

/// What the servers do that the rules were compared with.
fn effects(code: aof::Code) -> String {
    let [redis, valkey] =
        [Server::REDIS, Server::VALKEY].map(|server| (server, code.effect(server)));
    if redis.1 == valkey.1 {
        return format!("the server {}", redis.1.summary());
    }
    let both = [redis, valkey].map(|(server, effect)| format!("{server} {}", effect.summary()));
    both.join("; ")
}

/// Names that are most like one that does not exist, best first.
pub fn similar(name: &str) -> Vec<&'static str> {
    let mut names: Vec<(f64, &str)> = all()
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known.code), known.code))
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0));
    names.dedup();
    names.into_iter().map(|(_, name)| name).take(3).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn every_finding_is_explained() {
        let known = all();
        assert_eq!(
            known.len(),
            verify::Code::ALL.len() + aof::Code::ALL.len(),
            "a code has no advice"
        );
        for explanation in &known {
            assert!(!explanation.remedy.is_empty(), "{explanation:?}");
        }
    }

    #[test]
    fn every_command_can_be_typed() {
        let mut commands = 0;
        for explanation in all() {
            for line in explanation
                .remedy
                .iter()
                .filter(|line| line.starts_with("rdbkit "))
            {
                let words = line.replace("OFFSET", "17").replace('\'', "");
                let parsed = Cli::try_parse_from(words.split(' '));
                assert!(parsed.is_ok(), "{}: {line}: {parsed:?}", explanation.code);
                commands += 1;
            }
        }
        assert!(commands > 50);
    }

    #[test]
    fn what_was_meant() {
        assert_eq!(similar("dupe-key").first(), Some(&"duplicate-key"));
        assert_eq!(similar("torn-tial").first(), Some(&"torn-tail"));
        assert!(similar("xyz").is_empty());
    }
}
