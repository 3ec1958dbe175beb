//! Deliveries and texts that were given up, when a person is erased or a project keeps less (SPEC F01, F07).

use crate::{
    conversations::keep_for,
    edits::{changed, history},
    erasure::{PRIVATE, assert_nothing_is_left, erase, rows_with},
    given_up::{assert_redriven, redrive, refuse, taken, unsent},
    outgoing::{answer, say, talking, told},
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::simulator::{Failure, FailureRule, Place};

/// Slack's call that sends a text.
const POST: &str = "chat.postMessage";
const TICK: Duration = Duration::from_secs(1);

/// A thread of the open connector that Bob began.
pub struct Thread {
    pub world: World,
    pub ada: String,
    pub bob: String,
    root: String,
}

impl Thread {
    pub async fn begun() -> Self {
        let mut world = World::new().await;
        world.agent.answer_with_texts(1);
        let (ada, bob) = (world.newcomer("Ada Lovelace"), world.newcomer("Bob Martin"));
        let open = world.open.clone();
        let root = world
            .slack
            .write(&open.id.to_string(), &bob, Place::General, "Who knows?")
            .unwrap();
        assert_eq!(world.webhook(&open, &root.request().unwrap()).await, 200);
        world.settle().await;
        let root = root.message.ts;
        Self {
            world,
            ada,
            bob,
            root,
        }
    }

    pub async fn say(&mut self, person: &str, text: &str) {
        self.world.clock.advance(TICK);
        let open = self.world.open.clone();
        let id = open.id.to_string();
        let said = self
            .world
            .slack
            .write_in_thread(&id, person, Place::General, &self.root, text)
            .unwrap();
        let request = said.request().unwrap();
        assert_eq!(self.world.webhook(&open, &request).await, 200);
        self.world.work_all().await;
    }
}

/// Lets three days pass, after which what the platform did not take is given up. Then it is well again.
async fn give_up(world: &mut World) {
    world.clock.advance(Duration::from_hours(73));
    assert!(world.sweep().await);
    world.work_all().await;
    world.slack.clear_failures();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thread_only_the_persons_own_deliveries_that_were_given_up_are_erased() {
    let mut thread = Thread::begun().await;
    let (ada, bob) = (thread.ada.clone(), thread.bob.clone());
    refuse(&thread.world, 2);
    thread.say(&ada, PRIVATE).await;
    thread.say(&bob, "And I?").await;
    let mut world = thread.world;
    assert_eq!(world.rows("GIVEN_UP#").len(), 2);
    // It was never delivered nor parked, and is found all the same.
    assert_eq!(world.rows("WROTE_IN#").len(), 2);
    world.clock.advance(TICK);
    erase(&world, &ada).await;
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    assert_eq!(world.rows("GIVEN_UP#").len(), 1);
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 1, 0);
    world.settle().await;
    assert_eq!(taken(&world), ["Who knows?", "And I?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thread_only_the_texts_that_answer_the_person_and_were_given_up_are_erased() {
    let mut thread = Thread::begun().await;
    let (ada, bob) = (thread.ada.clone(), thread.bob.clone());
    let down = Failure::Http { status: 503 };
    thread
        .world
        .slack
        .fail(FailureRule::until_cleared(POST, down));
    thread.say(&ada, PRIVATE).await;
    thread.say(&bob, "And I?").await;
    let mut world = thread.world;
    give_up(&mut world).await;
    assert_eq!(world.rows("GIVEN_UP#").len(), 2);
    assert!(!rows_with(&world, PRIVATE).is_empty());
    erase(&world, &ada).await;
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    let left = world.rows("GIVEN_UP#");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["text"], "And I? 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_was_given_up_in_a_conversation_with_one_person_is_erased() {
    let (mut world, ada) = unsent(2, Failure::Http { status: 503 }).await;
    refuse(&world, 1);
    say(&world, &ada, PRIVATE).await;
    world.settle().await;
    assert_eq!(world.rows("GIVEN_UP#").len(), 3);
    world.clock.advance(TICK);
    erase(&world, &ada).await;
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    for kind in ["GIVEN_UP#", "MESSAGE#", "CONVERSATION", "WROTE_IN#"] {
        assert_eq!(world.rows(kind), [], "{kind}");
    }
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_stays_for_its_time_when_the_project_keeps_nothing_any_more() {
    let (mut world, ada) = unsent(1, Failure::Http { status: 503 }).await;
    let listed = world.rows("GIVEN_UP#");
    keep_for(&world, 0).await;
    world.settle().await;
    assert!(world.rows("MESSAGE#").is_empty());
    assert_eq!(world.rows("GIVEN_UP#"), listed);
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 1, 0);
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 1));
    assert!(world.rows("MESSAGE#").is_empty());
    assert!(world.rows("GIVEN_UP#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_waits_while_its_project_stops_keeping_any_is_given_up_and_goes_out_when_redriven()
 {
    let (mut world, ada) = talking(1).await;
    let down = Failure::Http { status: 503 };
    world.slack.fail(FailureRule::until_cleared(POST, down));
    say(&world, &ada, "one").await;
    world.work_all().await;
    keep_for(&world, 0).await;
    world.work_all().await;
    assert_eq!(world.rows("MESSAGE#").len(), 1);
    give_up(&mut world).await;
    assert!(world.rows("MESSAGE#").is_empty());
    assert_eq!(world.rows("GIVEN_UP#").len(), 1);
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 1, 0);
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 1));
    assert!(world.rows("MESSAGE#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_an_erased_message_is_not_taken_for_one_of_the_message_that_has_its_number_now()
{
    let mut world = World::new().await;
    world.asks_for(&["message.edited"]).await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    let first = world.says(&open, &ada, PRIVATE);
    assert_eq!(world.webhook(&open, &first).await, 200);
    world.settle().await;
    world.clock.advance(TICK);
    erase(&world, &ada).await;
    world.settle().await;
    say(&world, &ada, SAID).await;
    world.settle().await;
    let edit = changed(&world, &open, &first, Some("Forget it"), 5);
    assert_eq!(world.webhook(&open, &edit).await, 200);
    world.settle().await;
    let deliveries = world.agent.deliveries();
    let edited = &deliveries.last().unwrap().body;
    assert_eq!(edited["type"], "message.edited");
    assert_eq!(edited["message"]["sequence"], Value::Null);
    let texts: Vec<Value> = history(&world)
        .await
        .iter()
        .map(|message| message["text"].clone())
        .collect();
    assert_eq!(texts, [SAID]);
}
