//! Edits and deletions of messages on record.

use super::{Stores, at, deletion, edit, job, on_record, placeholder_of};
use serde_json::json;
use vestibule_domain::{
    chat::change::DeliveryEvent,
    chat::content::{Location, Part, Parts},
    job::DeliverMessage,
    ports::{Original, Recorded},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_takes_no_number_and_the_texts_that_answer_it_do() {
    let stores = Stores::start().await;
    let first = edit("0", 10);
    let read = stores.conversation(&first).await;
    let recorded = stores.record(&first, &read, &[], 30).await.unwrap();
    assert_eq!(recorded, Recorded::Now(vec![]));
    let again = stores.record(&first, &read, &[], 30).await.unwrap();
    assert_eq!(again, Recorded::Before);
    assert!(stores.rows("CONVERSATION").is_empty());

    stores.deliver("1", &[], 30).await;
    for (change, replies, numbers) in [
        (edit("1", 20), ["a"].as_slice(), [2].as_slice()),
        (deletion("1", 30), [].as_slice(), [].as_slice()),
    ] {
        let read = stores.conversation(&change).await;
        let recorded = stores.record(&change, &read, replies, 30).await.unwrap();
        let Recorded::Now(texts) = recorded else {
            panic!("it was recorded before");
        };
        assert_eq!(super::numbers(&texts), numbers);
    }
    let conversation = stores.conversation(&first).await;
    assert_eq!(
        (conversation.message_count, conversation.message_total),
        (1, 2)
    );
    assert_eq!(conversation.last_message_at, Some(at(1)));
    assert_eq!(stores.deliver("2", &["b"], 30).await, [4]);
    let numbers: Vec<u64> = stores.messages().iter().map(|message| message.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(stores.message_row(3)["sequence"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_of_changes_brings_an_older_text_back_and_a_deletion_outweighs_an_edit_of_its_second()
 {
    for (changes, text) in [
        (
            vec![edit("1", 20), edit("1", 10), edit("1", 20)],
            "Edited at 20",
        ),
        (vec![deletion("1", 20), edit("1", 10), edit("1", 20)], ""),
        (vec![edit("1", 20), deletion("1", 20)], ""),
        (vec![edit("1", 20), deletion("1", 10)], "Edited at 20"),
        (
            vec![deletion("1", 20), edit("1", 30), deletion("1", 20)],
            "Edited at 30",
        ),
    ] {
        let stores = Stores::start().await;
        stores.deliver("1", &["a"], 30).await;
        for change in &changes {
            // Each comes twice.
            for _ in 0..2 {
                assert_eq!(stores.change(change).await, on_record(Some(1)));
            }
        }
        let texts: Vec<String> = stores.messages().into_iter().map(|m| m.1).collect();
        assert_eq!(texts, [text, "a"]);
        let row = stores.message_row(1);
        assert_eq!(row.contains_key("deleted_at"), text.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_takes_the_place_of_all_that_the_message_said() {
    let stores = Stores::start().await;
    stores.deliver("1", &[], 30).await;
    let with_place = |job: DeliverMessage| DeliverMessage {
        parts: Parts::of([Part::Location(Location::default())]),
        ..job
    };
    for (change, has_content) in [
        (with_place(edit("1", 10)), true),
        (edit("1", 20), false),
        (with_place(edit("1", 30)), true),
        (deletion("1", 40), false),
    ] {
        stores.change(&change).await;
        let row = stores.message_row(1);
        assert_eq!(row["text"], json!(change.text));
        assert_eq!(row.contains_key("content"), has_content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_of_a_change_is_found_behind_many_others_and_comes_before_its_placeholder() {
    let stores = Stores::start().await;
    stores.deliver("1", &["a"], 30).await;
    for number in 0..60 {
        stores.deliver(&format!("more {number}"), &[], 30).await;
    }
    assert_eq!(stores.change(&edit("1", 20)).await, on_record(Some(1)));
    assert_eq!(stores.messages()[0].1, "Edited at 20");
    assert_eq!(stores.messages()[1].1, "a");

    let placeholder = DeliverMessage {
        event: DeliveryEvent::Unsupported,
        ..job(&placeholder_of("2"))
    };
    let read = stores.conversation(&placeholder).await;
    let recorded = stores.record(&placeholder, &read, &[], 30).await;
    assert_eq!(recorded.unwrap(), Recorded::Now(vec![]));
    assert_eq!(stores.change(&edit("2", 20)).await, on_record(None));
    assert_eq!(stores.messages()[62].1, "Edited at 20");
    stores.deliver("2", &[], 30).await;
    assert_eq!(stores.change(&edit("2", 30)).await, on_record(Some(62)));
    let texts: Vec<String> = stores.messages().into_iter().map(|m| m.1).collect();
    assert_eq!(texts[62..], ["Edited at 20", "Edited at 30"]);

    let before = stores.db.items().unwrap();
    for unknown in [edit("3", 40), deletion("3", 50)] {
        assert_eq!(stores.change(&unknown).await, Original::Unknown);
    }
    assert_eq!(stores.db.items().unwrap(), before);
}
