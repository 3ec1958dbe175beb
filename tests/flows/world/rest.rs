//! Checks of the final state, after any test.

use super::World;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::LazyLock, thread};
use tokio::{runtime::Handle, task::block_in_place};
use vestibule_admin::openapi::merged;
use vestibule_testkit::json_schema;
use vestibule_tests::admin_functions::ADMIN_FUNCTIONS;

/// The OpenAPI document of all admin functions.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let parts = ADMIN_FUNCTIONS.map(|function| (function.openapi)());
    merged(parts.into()).unwrap()
});

const DEAD_LETTER_QUEUES: [&str; 9] = [
    "onboarding-dlq",
    "inbox-dlq.fifo",
    "outgoing-dlq",
    "email-dlq",
    "email-events-dlq",
    "team-dlq",
    "index-dlq",
    "routing-dlq.fifo",
    "events-dlq",
];

/// Problems that a test causes on purpose, which its world then accepts.
#[derive(Debug, Default)]
pub struct Expected {
    dead_letters: usize,
    violations: Vec<&'static str>,
}

impl Drop for World {
    fn drop(&mut self) {
        if thread::panicking() {
            // These may be the cause of the panic.
            self.report_refusals();
        } else {
            block_in_place(|| Handle::current().block_on(self.come_to_rest()));
        }
    }
}

impl World {
    /// Expects this many dead letters in the end. The default is none.
    pub fn expect_dead_letters(&mut self, count: usize) {
        self.expected.dead_letters = count;
    }

    /// Expects violations with these words, because the test uses people or conversations that do not exist.
    pub fn expect_violations(&mut self, words: &'static str) {
        self.expected.violations.push(words);
    }

    /// Ends every fault, finishes all work that is due, and checks the final state.
    async fn come_to_rest(&mut self) {
        for proxy in self.proxies() {
            proxy.clear();
        }
        self.slack.clear_failures();
        self.agent.clear_failures();
        self.settle().await;
        let dead: usize = DEAD_LETTER_QUEUES
            .iter()
            .map(|queue| self.aws.messages(queue).len())
            .sum();
        assert_eq!(self.refusals(), Vec::<String>::new());
        assert_eq!(dead, self.expected.dead_letters, "dead letters");
        self.assert_good_manners();
        self.assert_rows_agree();
        self.assert_deliveries_fit_their_schema();
    }

    /// AWS calls that a function's role does not allow.
    fn refusals(&self) -> Vec<String> {
        [self.to_db.refused(), self.to_aws.refused()].concat()
    }

    #[expect(clippy::print_stderr, reason = "shown with the test that fails")]
    fn report_refusals(&self) {
        for refusal in self.refusals() {
            eprintln!("{refusal}");
        }
    }

    /// Asserts that no call broke the rules of a platform or of Standard Webhooks.
    pub fn assert_good_manners(&self) {
        let mut violations = self.slack.violations();
        violations.retain(|violation| {
            let is_expected = |words: &&str| violation.what.contains(*words);
            !self.expected.violations.iter().any(is_expected)
        });
        assert_eq!(violations, []);
        assert_eq!(self.agent.violations(), Vec::<String>::new());
        assert_eq!(self.agent.refused(), Vec::<String>::new());
    }

    /// Asserts that the schema for agents says all that they got.
    fn assert_deliveries_fit_their_schema(&self) {
        let schema = json!({"$ref": "#/components/schemas/AgentDelivery"});
        for delivery in self.agent.deliveries() {
            let faults = json_schema::faults(&DOCUMENT, &schema, &delivery.body);
            assert_eq!(faults, Vec::<String>::new(), "{}", delivery.body);
        }
    }

    /// Asserts that no standing has a pending task or lacks its chat user, unless it holds the wish of a person
    /// who was erased, and that a request is pending exactly when a standing of the same person says so.
    fn assert_rows_agree(&self) {
        let mut pending = BTreeMap::new();
        for row in self.rows("REQUEST") {
            if row.get("decision").is_none_or(Value::is_null) {
                pending.insert(text(&row, "id"), (text(&row, "chat_user_id"), row));
            }
        }
        let users: Vec<_> = self
            .rows("USER")
            .iter()
            .map(|row| text(row, "id"))
            .collect();
        for row in self.rows("STANDING#") {
            assert!(row.get("owes").is_none(), "work is owed: {row:?}");
            let is_wish_alone = row.contains_key("consents") && !row.contains_key("request_id");
            assert!(
                is_wish_alone || users.contains(&text(&row, "chat_user_id")),
                "nobody's: {row:?}"
            );
            if row["request_pending"] == true {
                let request = pending.remove(&text(&row, "request_id"));
                let of = request.map(|(chat_user_id, _)| chat_user_id);
                assert_eq!(of, Some(text(&row, "chat_user_id")), "not pending: {row:?}");
            }
        }
        assert!(
            pending.is_empty(),
            "pending, and no standing knows: {pending:?}"
        );
        self.assert_tallies_agree();
    }

    /// Asserts that the numbers of each connector's pending and approved requests are those of the requests.
    pub fn assert_tallies_agree(&self) {
        let mut numbers: BTreeMap<String, [i64; 2]> = BTreeMap::new();
        for row in self.rows("REQUEST") {
            let verdict = row
                .get("decision")
                .and_then(|decision| decision.get("verdict"));
            let here = numbers.entry(text(&row, "connector_id")).or_default();
            here[0] += i64::from(verdict.is_none());
            here[1] += i64::from(verdict == Some(&json!("approve")));
        }
        let mut tallies = self.rows("CONNECTOR#");
        tallies.retain(|row| row.contains_key("pending_count"));
        for row in tallies {
            let here = numbers.entry(text(&row, "connector_id")).or_default();
            for (place, name) in ["pending_count", "approved_count"].into_iter().enumerate() {
                here[place] -= row[name].as_i64().unwrap();
            }
        }
        numbers.retain(|_, left| *left != [0, 0]);
        assert!(numbers.is_empty(), "not as counted: {numbers:?}");
    }
}

fn text(row: &Map<String, Value>, name: &str) -> String {
    row.get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
