//! Compares our verification with the platforms' own libraries on thousands of requests, made by these
//! libraries and changed at random.
//!
//! `python3 infra/local/stack.py tools` installs the Python side (`requirements.txt`); then run
//! `cargo test -p vestibule-tests --test compat -- --ignored`. The requests are the same every time;
//! `VESTIBULE_SEED=7` makes others. `differences.rs` lists the intended differences.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod differences;
mod peer;

use crate::{
    differences::{DIFFERENCES, Stricter},
    peer::{Case, MUTANTS, cases, seed},
};
use async_trait::async_trait;
use futures_util::FutureExt;
use std::{collections::BTreeMap, sync::Arc};
use vestibule_domain::{
    Timestamp,
    connector::{Connector, Provider},
    egress::OriginAllowList,
    secret::Secret,
};
use vestibule_providers::{
    slack::Slack,
    teams::{KeySource, KeySourceError, TeamsWebhook},
    twilio::Twilio,
    webhook::{Credentials, RawRequest, WebhookProvider},
};

/// Smallest number of changed requests to compare for each platform.
const MUTANTS_MIN: usize = 2000;
/// Smallest number of changed requests with each verdict; with fewer, the comparison would show little.
const OF_EACH_VERDICT: usize = 100;
/// Number of disagreements that a failure shows.
const SHOWN_MAX: usize = 5;

#[test]
#[ignore = "needs the Python environment that `python3 infra/local/stack.py tools` makes"]
fn slacks_own_library_agrees_with_us() {
    compare("slack", |_| Box::new(Slack));
}

#[test]
#[ignore = "needs the Python environment that `python3 infra/local/stack.py tools` makes"]
fn twilios_own_library_agrees_with_us() {
    compare("twilio", |_| Box::new(Twilio));
}

#[test]
#[ignore = "needs the Python environment that `python3 infra/local/stack.py tools` makes"]
fn a_library_for_tokens_agrees_with_us_on_those_of_teams() {
    compare("teams", |case| {
        let origins = OriginAllowList::parse("https://smba.trafficmanager.net").unwrap();
        Box::new(TeamsWebhook::new(
            Arc::new(FixedKeys(case.jwks.clone())),
            origins,
        ))
    });
}

/// Keys that are available at once.
struct FixedKeys(Vec<u8>);

#[async_trait]
impl KeySource for FixedKeys {
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError> {
        Ok(self.0.clone())
    }
}

/// Checks that both sides agree on every case of this platform, except for listed differences.
fn compare(platform: &str, provider: impl Fn(&Case) -> Box<dyn WebhookProvider>) {
    let cases = cases(platform);
    let mut found = Found::default();
    for case in &cases {
        found.note(case, verify(&*provider(case), case));
    }
    found.print(platform);
    found.check(platform);
}

/// Verifies through the trait, as the intake does. Fails with the reason for a refusal.
fn verify(provider: &dyn WebhookProvider, case: &Case) -> Result<(), &'static str> {
    let connector = connector(provider.provider(), case.settings.clone());
    // Only the secrets that the provider asks for, as in the intake.
    let secrets = provider
        .verification_secrets()
        .iter()
        .filter_map(|name| {
            let secret = case.secrets.get(*name)?;
            Some(((*name).to_owned(), Secret::new(secret.as_str())))
        })
        .collect();
    let request = RawRequest {
        headers: &case.headers,
        query: case.query.as_deref(),
        body: &case.body,
    };
    let credentials = Credentials {
        connector: &connector,
        secrets: &secrets,
    };
    provider
        .verify(&request, &credentials, Timestamp::from_millis(case.now_ms))
        .now_or_never()
        .expect("keys are there at once")
        .map_err(|refusal| refusal.reason)
}

fn connector(provider: Provider, settings: BTreeMap<String, String>) -> Connector {
    Connector {
        settings,
        ..vestibule_samples::connector(provider)
    }
}

/// Results of the comparison.
#[derive(Debug, Default)]
struct Found {
    originals: usize,
    mutants: usize,
    accepted_mutants: usize,
    refused_mutants: usize,
    explained: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

impl Found {
    fn note(&mut self, case: &Case, ours: Result<(), &'static str>) {
        if case.mutated {
            self.mutants += 1;
        } else {
            self.originals += 1;
        }
        let both_accept = ours.is_ok() && case.theirs;
        let problem = if !case.mutated && !both_accept {
            Some("not accepted as signed")
        } else if ours.is_ok() == case.theirs {
            self.note_agreement(case, both_accept);
            (case.explained.is_some()).then_some("explained as a difference, but there is none")
        } else {
            self.note_difference(case, ours.is_ok())
        };
        if let Some(problem) = problem {
            let theirs = if case.theirs { "accept" } else { "refuse" };
            self.wrong.push(format!(
                "- {problem}; they {theirs}, we: {ours:?}, explained: {:?}\n  {}\n{case:?}",
                case.explained, case.what
            ));
        }
    }

    fn note_agreement(&mut self, case: &Case, accepted: bool) {
        match (case.mutated, accepted) {
            (true, true) => self.accepted_mutants += 1,
            (true, false) => self.refused_mutants += 1,
            (false, _) => {}
        }
    }

    /// Notes a difference as a problem unless it is listed and has the listed direction.
    fn note_difference(&mut self, case: &Case, ours: bool) -> Option<&'static str> {
        let stricter = if ours { Stricter::They } else { Stricter::We };
        let name = case.explained.as_deref();
        match DIFFERENCES.iter().find(|known| Some(known.name) == name) {
            Some(known) if known.stricter == stricter => {
                *self.explained.entry(known.name).or_default() += 1;
                None
            }
            Some(_) => Some("a known difference the wrong way round"),
            None => Some("a difference that is not explained"),
        }
    }

    #[expect(clippy::print_stdout, reason = "the figures are the result")]
    fn print(&self, platform: &str) {
        let differences: Vec<_> = DIFFERENCES
            .iter()
            .filter_map(|known| Some((known, self.explained.get(known.name)?)))
            .map(|(known, count)| format!("  {count:5} {:?}: {}", known.stricter, known.name))
            .collect();
        // Printed at once, because the platforms are compared in parallel.
        println!(
            "{platform}: {} requests as signed, and {} changed ones: both accept {}, both refuse {}; one side is stricter:\n{}",
            self.originals,
            self.mutants,
            self.accepted_mutants,
            self.refused_mutants,
            differences.join("\n"),
        );
    }

    fn check(&self, platform: &str) {
        let again = format!("VESTIBULE_SEED={} makes these requests again", seed());
        let shown = &self.wrong[..self.wrong.len().min(SHOWN_MAX)];
        assert!(
            self.wrong.is_empty(),
            "{} cases, of which the first; {again}:\n{}",
            self.wrong.len(),
            shown.join("\n")
        );
        assert_eq!(self.mutants, MUTANTS);
        assert!(self.mutants >= MUTANTS_MIN && self.originals > 0);
        assert!(
            self.accepted_mutants >= OF_EACH_VERDICT && self.refused_mutants >= OF_EACH_VERDICT,
            "too few of one verdict; {again}: {self:?}"
        );
        for known in DIFFERENCES {
            if known.name.split('-').next() == Some(platform) {
                assert!(
                    self.explained.contains_key(known.name),
                    "no case needs the explanation {} ({again}): {}",
                    known.name,
                    known.why
                );
            }
        }
    }
}
