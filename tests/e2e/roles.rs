//! Tries the permissions of each function's role as the emulator's IAM decides.
//!
//! Each role is tried with allowed and denied calls, so that a refusal cannot come from a role without any
//! permission. The emulator does not know the conditions that distinguish rows, so `tests/template` checks
//! those. The calls here use rows that the role may use, so that they also hold on AWS.

use crate::{
    aws::AwsCall,
    resources::{NOBODY, Resources},
    stack::Stack,
};
use vestibule_testkit::template::Template;
use vestibule_tests::aws_calls;

mod admin;

#[tokio::test]
#[ignore = "needs a local stack"]
async fn every_webhook_may_read_and_write_records_and_enqueue_and_no_more() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    let template = Template::load().unwrap();
    let listed = aws_calls::by_functions(&template);
    let mut tried = 0;
    for function in template.functions() {
        let folder = function.folder().unwrap();
        if !folder.starts_with("webhook-") {
            continue;
        }
        // People on WhatsApp have two ids. When both turn out to belong to one person, one row is deleted,
        // together with the rows under it.
        let user_kind = "ACCOUNT#{id}#PROJECT#{id}#USER#{id}";
        let merging = aws_calls::line(folder, "dynamodb:DeleteItem", "Table", user_kind);
        let may_merge = listed.contains(&merging);
        let role = template
            .named_by(function.resource.property("Role"))
            .unwrap();
        let user = aws.user();
        let mut allowed = vec![
            aws.get_item(&user),
            aws.batch_get_item(&user),
            aws.put_item(&user),
            aws.update_item(&user),
            aws.decrypt(),
            aws.enqueue_onboarding(),
            aws.queue_attributes("inbox_queue_url"),
        ];
        let mut denied = vec![
            aws.scan(),
            aws.query(Some("lists_by_state"), &aws.pending()),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.encrypt(),
            aws.generate_data_key(),
            aws.setup_secret(),
            aws.receive("onboarding_queue_url"),
            aws.receive("inbox_queue_url"),
            aws.send("onboarding_dlq_url"),
            aws.send("inbox_dlq_url"),
        ];
        let of_merging = [aws.delete_item(&user), aws.query(None, &user)];
        if may_merge {
            allowed.extend(of_merging);
        } else {
            denied.extend(of_merging);
        }
        try_role(&stack, role.id, allowed, denied).await;
        tried += 1;
    }
    assert!(tried >= 5, "{tried}");
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_onboarding_worker_may_settle_what_is_owed_and_enqueue_what_follows() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    try_role(
        &stack,
        "WorkerOnboardingRole",
        vec![
            aws.get_item(&aws.user()),
            aws.batch_get_item(&aws.user()),
            aws.put_item(&aws.user()),
            aws.update_item(&aws.user()),
            aws.delete_item(&aws.closings()),
            aws.delete_item(&aws.of_account("QUEUE#", NOBODY)),
            aws.query(None, &aws.user()),
            aws.query(Some("lists_by_state"), &aws.pending()),
            aws.query(Some("lists_all"), &aws.of_project("CONVERSATIONS")),
            aws.decrypt(),
            aws.enqueue_onboarding(),
            aws.queue_attributes("onboarding_queue_url"),
        ],
        vec![
            aws.scan(),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.encrypt(),
            aws.generate_data_key(),
            aws.setup_secret(),
            aws.receive("inbox_queue_url"),
            aws.queue_attributes("inbox_queue_url"),
            aws.send("onboarding_dlq_url"),
            aws.send("inbox_dlq_url"),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_delivery_worker_may_record_deliveries_and_enqueue_the_answers() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    try_role(
        &stack,
        "WorkerDeliveryRole",
        vec![
            aws.get_item(&aws.user()),
            aws.batch_get_item(&aws.user()),
            aws.put_item(&aws.conversation()),
            aws.update_item(&aws.conversation()),
            aws.query(None, &aws.conversation()),
            aws.delete_item(&aws.conversation()),
            aws.decrypt(),
            aws.enqueue_outgoing(),
            aws.enqueue_drain(),
            aws.queue_attributes("inbox_queue_url"),
        ],
        vec![
            aws.scan(),
            aws.query(Some("lists_by_state"), &aws.pending()),
            aws.encrypt(),
            aws.setup_secret(),
            aws.enqueue_onboarding(),
            aws.send("inbox_dlq_url"),
            aws.receive("onboarding_queue_url"),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_outgoing_worker_may_record_what_it_sends_and_enqueue_what_is_left() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    try_role(
        &stack,
        "WorkerOutgoingRole",
        vec![
            aws.get_item(&Resources::connector()),
            aws.batch_get_item(&Resources::connector()),
            aws.put_item(&aws.conversation()),
            aws.update_item(&aws.conversation()),
            aws.delete_item(&aws.conversation()),
            aws.query(None, &aws.conversation()),
            aws.decrypt(),
            aws.enqueue_outgoing(),
            aws.queue_attributes("outgoing_queue_url"),
        ],
        vec![
            aws.scan(),
            aws.query(Some("lists_by_state"), &aws.pending()),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.encrypt(),
            aws.generate_data_key(),
            aws.setup_secret(),
            aws.enqueue_onboarding(),
            aws.send("inbox_queue_url"),
            aws.send("outgoing_dlq_url"),
            aws.receive("inbox_queue_url"),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_sweeper_may_see_what_is_due_and_enqueue_it_and_no_more() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    try_role(
        &stack,
        "SweeperRole",
        vec![
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.update_item(&aws.user()),
            aws.get_item(&Resources::pace()),
            aws.batch_get_item(&Resources::pace()),
            aws.enqueue_onboarding(),
            aws.enqueue_outgoing(),
            aws.enqueue_drain(),
            aws.queue_attributes("onboarding_queue_url"),
            aws.queue_attributes("outgoing_queue_url"),
        ],
        vec![
            aws.put_item(&aws.user()),
            aws.delete_item(&aws.user()),
            aws.scan(),
            aws.query(None, &aws.user()),
            aws.query(Some("lists_all"), &aws.projects()),
            aws.decrypt(),
            aws.setup_secret(),
            aws.send("inbox_dlq_url"),
            aws.receive("onboarding_queue_url"),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn only_the_worker_of_mails_may_send_one() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    let mail = aws.of_account("MAIL#", NOBODY);
    try_role(
        &stack,
        "WorkerEmailRole",
        vec![
            aws.get_item(&mail),
            aws.batch_get_item(&mail),
            aws.update_item(&mail),
            aws.delete_item(&mail),
            aws.get_item(&Resources::row(&format!("EMAIL#{}", "0a".repeat(32)))),
            aws.put_item(&Resources::row(&format!("MAIL_SENT#{}", "0a".repeat(32)))),
            aws.decrypt(),
            Resources::mail(),
        ],
        vec![
            aws.scan(),
            aws.query(None, &mail),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.generate_data_key(),
            aws.setup_secret(),
            aws.send("email_dlq_url"),
            aws.send("team_queue_url"),
        ],
    )
    .await;
    try_role(
        &stack,
        "EmailEventsRole",
        vec![
            aws.get_item(&mail),
            aws.batch_get_item(&mail),
            aws.update_item(&mail),
            aws.put_item(&aws.of_account("BLOCKED#", &"0a".repeat(32))),
        ],
        vec![
            aws.scan(),
            aws.delete_item(&mail),
            aws.decrypt(),
            aws.setup_secret(),
            aws.send("email_queue_url"),
            Resources::mail(),
        ],
    )
    .await;
    try_role(
        &stack,
        "WorkerTeamRole",
        vec![
            aws.get_item(&Resources::row("SET_UP")),
            aws.batch_get_item(&Resources::row("SET_UP")),
            aws.put_item(&mail),
            aws.update_item(&aws.of_project("NOTICES")),
            aws.query(None, &Resources::row(&format!("LOGIN#{NOBODY}#MEMBERS"))),
            aws.query(Some("lists_by_state"), &aws.pending()),
            aws.query(Some("lists_all"), &aws.of_account("MEMBERS", "")),
            aws.decrypt(),
            aws.generate_data_key(),
            aws.enqueue_mail(),
        ],
        vec![
            aws.scan(),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.delete_item(&mail),
            aws.setup_secret(),
            aws.send("onboarding_queue_url"),
            Resources::mail(),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_worker_of_the_index_writes_rows_and_neither_scans_nor_opens_secrets() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    let user = aws.user();
    let suffix = aws.of_project("SEARCH#c#97");
    try_role(
        &stack,
        "WorkerIndexRole",
        vec![
            aws.get_item(&user),
            aws.batch_get_item(&user),
            aws.put_item(&suffix),
            aws.put_item(&user),
            aws.update_item(&user),
            aws.delete_item(&suffix),
            aws.delete_item(&user),
            aws.query(Some("lists_all"), &aws.of_project("USERS")),
        ],
        vec![
            aws.scan(),
            aws.query(None, &suffix),
            aws.decrypt(),
            aws.setup_secret(),
            aws.send("onboarding_queue_url"),
            Resources::mail(),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_router_changes_cases_and_desks_and_neither_scans_nor_opens_secrets() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    let (conversation, desk) = (aws.conversation(), aws.of_account("DESK#", "end_to_end"));
    let (queue, held) = (
        aws.of_account("QUEUE#", NOBODY),
        aws.of_account("HELD#", NOBODY),
    );
    try_role(
        &stack,
        "WorkerRoutingRole",
        vec![
            aws.get_item(&conversation),
            aws.batch_get_item(&conversation),
            aws.query(None, &desk),
            aws.query(None, &held),
            aws.query(Some("lists_all"), &aws.of_project("CASES")),
            aws.put_item(&queue),
            aws.update_item(&queue),
            aws.delete_item(&queue),
            aws.enqueue_routing(),
            aws.queue_attributes("routing_queue_url"),
        ],
        vec![
            aws.scan(),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.decrypt(),
            aws.setup_secret(),
            aws.send("routing_dlq_url"),
            aws.send("inbox_queue_url"),
            Resources::mail(),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_worker_of_events_orders_and_ends_deliveries_and_neither_scans_nor_seals_secrets() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    let event = aws.of_account("OUTGOING_EVENT#", NOBODY);
    let delivery = aws.of_account("SUBSCRIPTION#", NOBODY);
    let subscriptions = aws.of_account("SUBSCRIPTIONS", "");
    try_role(
        &stack,
        "WorkerEventsRole",
        vec![
            aws.get_item(&event),
            aws.batch_get_item(&delivery),
            aws.query(None, &subscriptions),
            aws.query(Some("outbox"), &Resources::row("OUTBOX#publish_event#0")),
            aws.put_item(&delivery),
            aws.update_item(&delivery),
            aws.delete_item(&delivery),
            aws.decrypt(),
            aws.queue_attributes("events_queue_url"),
        ],
        vec![
            aws.scan(),
            aws.query(Some("lists_all"), &aws.pending()),
            aws.generate_data_key(),
            aws.setup_secret(),
            aws.send("events_dlq_url"),
            aws.send("inbox_queue_url"),
            Resources::mail(),
        ],
    )
    .await;
}

/// Makes all calls as the role. Allowed calls must succeed, and denied calls must fail.
async fn try_role(stack: &Stack, role: &str, allowed: Vec<AwsCall>, denied: Vec<AwsCall>) {
    let calls = [allowed.clone(), denied.clone()].concat();
    let mut outcomes = stack.aws_as(role, calls).await.into_iter();
    let mut wrong = Vec::new();
    for (call, outcome) in allowed.iter().zip(outcomes.by_ref()) {
        if let Err(code) = outcome {
            wrong.push(format!("{call} was answered {code}"));
        }
    }
    for (call, outcome) in denied.iter().zip(outcomes) {
        match outcome {
            Err(code) if code.starts_with("AccessDenied") => {}
            Err(code) => wrong.push(format!("{call} was let through, then answered {code}")),
            Ok(_) => wrong.push(format!("{call} was let through")),
        }
    }
    assert!(wrong.is_empty(), "{role}:\n{}", wrong.join("\n"));
}
