//! The environment variables that a function reads, recorded while it is wired.

use std::{cell::RefCell, collections::BTreeSet, fs, sync::Arc};
use vestibule_adapters::clock::SystemClock;
use vestibule_coldstart::{Adapters, intake_ports};
use vestibule_domain::{connector::Provider, vars::Vars};
use vestibule_edge::logging;
use vestibule_providers::catalogue::webhook_provider;
use vestibule_testkit::template::root;
use vestibule_tests::admin_functions::ADMIN_FUNCTIONS;

/// The variables that the function in this folder reads, without those of the AWS SDK, which Lambda sets.
pub fn read_by(folder: &str) -> BTreeSet<String> {
    let names = RefCell::<BTreeSet<String>>::default();
    let variable = |name: &str| {
        names.borrow_mut().insert(name.to_owned());
        Some("https://example.test".to_owned())
    };
    let mut vars = Vars::new(&variable);
    logging::init(&mut vars);
    // The console uses nothing of AWS.
    if folder != "console" {
        wire(folder, &mut Adapters::new(vars, Arc::new(SystemClock)));
    }
    let mut names = names.take();
    names.retain(|name| !name.starts_with("AWS_"));
    names
}

/// Wires this function as at its cold start.
fn wire(folder: &str, adapters: &mut Adapters<'_>) {
    let main = fs::read_to_string(root().join(format!("functions/{folder}/src/main.rs"))).unwrap();
    match folder {
        "sweeper" => drop(sweeper::wire(adapters)),
        "worker-delivery" => drop(worker_delivery::wire(adapters).unwrap()),
        "worker-outgoing" => drop(worker_outgoing::wire(adapters).unwrap()),
        "worker-email" => drop(worker_email::wire(adapters)),
        "worker-events" => drop(worker_events::wire(adapters).unwrap()),
        "worker-team" => drop(worker_team::wire(adapters)),
        "worker-index" => drop(worker_index::wire(adapters)),
        "worker-routing" => drop(worker_routing::wire(adapters)),
        "email-events" => drop(email_events::wire(adapters)),
        "worker-onboarding" => drop(worker_onboarding::wire(adapters).unwrap()),
        "webhook-teams" => {
            drop(intake_ports(adapters));
            drop(webhook_teams::provider(adapters));
        }
        folder if folder.starts_with("webhook-") => {
            drop(intake_ports(adapters));
            let provider = Provider::new(folder.trim_start_matches("webhook-"));
            assert!(
                main.contains("vestibule_coldstart::webhook(|_| ")
                    && webhook_provider(&provider).is_some(),
                "{folder}: its provider takes adapters, so this test must wire it too"
            );
        }
        folder => {
            let admin = ADMIN_FUNCTIONS.iter().find(|admin| admin.folder == folder);
            let admin = admin.unwrap_or_else(|| panic!("{folder}: this test cannot wire it"));
            drop((admin.start)(adapters).unwrap());
        }
    }
    assert!(
        !main.contains("vars"),
        "{folder}: its main.rs reads variables, which this test does not see"
    );
}
