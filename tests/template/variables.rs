//! The environment variables that a function reads, recorded while it is wired.

use std::{cell::RefCell, collections::BTreeSet, fs, sync::Arc};
use vestibule_coldstart::{Adapters, intake_ports};
use vestibule_domain::{SystemClock, vars::Vars};
use vestibule_edge::logging;
use vestibule_testkit::template::root;

/// The variables that the function in this folder reads, without those of the AWS SDK, which Lambda sets.
pub fn read_by(folder: &str) -> BTreeSet<String> {
    let names = RefCell::<BTreeSet<String>>::default();
    let variable = |name: &str| {
        names.borrow_mut().insert(name.to_owned());
        Some("https://example.test".to_owned())
    };
    let mut vars = Vars::new(&variable);
    logging::init(&mut vars);
    wire(folder, &mut Adapters::new(vars, Arc::new(SystemClock)));
    let mut names = names.take();
    names.retain(|name| !name.starts_with("AWS_"));
    names
}

/// Wires this function as at its cold start.
fn wire(folder: &str, adapters: &mut Adapters<'_>) {
    match folder {
        "admin-access" => drop(admin_access::wire(adapters).unwrap()),
        "sweeper" => drop(sweeper::wire(adapters)),
        "worker-delivery" => drop(worker_delivery::wire(adapters).unwrap()),
        "worker-onboarding" => drop(worker_onboarding::wire(adapters).unwrap()),
        "webhook-teams" => {
            drop(intake_ports(adapters));
            drop(webhook_teams::provider(adapters));
        }
        "webhook-360dialog" | "webhook-slack" | "webhook-telegram" | "webhook-twilio" => {
            drop(intake_ports(adapters));
        }
        _ => panic!("{folder}: this test does not know how it is wired"),
    }
    let main = fs::read_to_string(root().join(format!("functions/{folder}/src/main.rs"))).unwrap();
    assert!(
        !main.contains("vars"),
        "{folder}: its main.rs reads variables, which this test does not see"
    );
}
