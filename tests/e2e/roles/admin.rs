//! The functions of the API and of the sign-in.

use super::try_role;
use crate::{
    resources::{NOBODY, Resources},
    stack::Stack,
};

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_admin_api_may_change_records_seal_secrets_and_enqueue_what_follows_decisions() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    try_role(
        &stack,
        "AdminAccessRole",
        vec![
            aws.get_item(&aws.user()),
            aws.batch_get_item(&aws.user()),
            aws.put_item(&aws.user()),
            aws.update_item(&aws.user()),
            aws.delete_item(&Resources::connector()),
            aws.query(None, &aws.account()),
            aws.query(None, &aws.user()),
            aws.query(None, &aws.of_project("SEARCH#c#97")),
            aws.query(None, &aws.conversation()),
            aws.query(Some("lists_by_state"), &aws.pending()),
            aws.query(Some("lists_all"), &aws.projects()),
            aws.decrypt(),
            aws.generate_data_key(),
            aws.enqueue_onboarding(),
            aws.enqueue_drain(),
        ],
        vec![
            aws.scan(),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.encrypt(),
            aws.setup_secret(),
            aws.send("email_queue_url"),
            aws.send("inbox_dlq_url"),
            aws.send("onboarding_dlq_url"),
            aws.receive("inbox_queue_url"),
            aws.receive("onboarding_queue_url"),
            aws.queue_attributes("onboarding_queue_url"),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_admin_api_for_conversations_may_read_them_add_messages_and_enqueue_them() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    try_role(
        &stack,
        "AdminConversationsRole",
        vec![
            aws.get_item(&aws.conversation()),
            aws.batch_get_item(&aws.conversation()),
            aws.get_item(&Resources::pace()),
            aws.batch_get_item(&Resources::pace()),
            aws.put_item(&aws.conversation()),
            aws.update_item(&aws.conversation()),
            aws.query(None, &aws.conversation()),
            aws.query(
                Some("lists_by_state"),
                &aws.of_project("CONVERSATIONS#open"),
            ),
            aws.query(Some("lists_all"), &aws.of_project("CONVERSATIONS")),
            aws.query(Some("lists_by_state"), &aws.of_project("CASES#waiting")),
            aws.query(Some("lists_all"), &aws.of_project("CASES")),
            aws.update_item(&aws.uses_of_keys()),
            aws.delete_item(&aws.conversation()),
            aws.decrypt(),
            aws.enqueue_outgoing(),
            aws.enqueue_drain(),
            aws.enqueue_routing(),
        ],
        vec![
            aws.scan(),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.encrypt(),
            aws.generate_data_key(),
            aws.setup_secret(),
            aws.send("onboarding_dlq_url"),
            aws.send("inbox_dlq_url"),
            aws.receive("inbox_queue_url"),
            aws.receive("onboarding_queue_url"),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_admin_api_for_users_may_change_them_and_enqueue_erasures() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    let end_user = aws.of_project(&format!("END_USER#{NOBODY}"));
    try_role(
        &stack,
        "AdminUsersRole",
        vec![
            aws.get_item(&end_user),
            aws.batch_get_item(&aws.user()),
            aws.put_item(&end_user),
            aws.put_item(&aws.of_project("PHONE#4915123456789")),
            aws.delete_item(&end_user),
            aws.update_item(&aws.uses_of_keys()),
            aws.update_item(&aws.user()),
            aws.query(None, &aws.user()),
            aws.query(None, &aws.of_project("SEARCH#u#97")),
            aws.query(Some("lists_by_state"), &aws.of_project("END_USERS#by_name")),
            aws.query(Some("lists_all"), &aws.of_project("END_USERS")),
            aws.decrypt(),
            aws.generate_data_key(),
            aws.enqueue_onboarding(),
        ],
        vec![
            aws.scan(),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.encrypt(),
            aws.setup_secret(),
            aws.send("email_queue_url"),
            aws.send("inbox_queue_url"),
            aws.send("onboarding_dlq_url"),
            aws.receive("onboarding_queue_url"),
            aws.queue_attributes("onboarding_queue_url"),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_api_of_the_team_may_change_it_read_the_set_up_secret_and_enqueue_mails() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    try_role(
        &stack,
        "AdminTeamRole",
        vec![
            aws.get_item(&aws.of_account("MEMBER#", NOBODY)),
            aws.batch_get_item(&aws.of_account("MEMBER#", NOBODY)),
            aws.put_item(&aws.of_account("MEMBER#", NOBODY)),
            aws.update_item(&aws.uses_of_keys()),
            aws.update_item(&aws.of_account("DESK#", "end_to_end")),
            aws.delete_item(&aws.of_account("METHODS", "")),
            aws.get_item(&aws.of_account("SUBSCRIPTIONS", "")),
            aws.put_item(&aws.of_account("SUBSCRIPTION#", NOBODY)),
            aws.query(None, &aws.of_account("SUBSCRIPTIONS", "")),
            aws.query(None, &aws.of_account("METHODS", "")),
            aws.query(
                Some("lists_by_state"),
                &aws.of_account("MEMBERS#", "super_admin"),
            ),
            aws.query(Some("lists_all"), &aws.of_account("MEMBERS", "")),
            aws.decrypt(),
            aws.generate_data_key(),
            aws.setup_secret(),
            aws.enqueue_mail(),
            aws.enqueue_routing(),
            aws.enqueue_event(),
        ],
        vec![
            aws.scan(),
            aws.query(Some("outbox"), &Resources::outbox()),
            aws.encrypt(),
            aws.send("onboarding_queue_url"),
            aws.send("team_queue_url"),
            aws.receive("email_queue_url"),
            Resources::mail(),
        ],
    )
    .await;
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn sign_in_may_change_logins_and_enqueue_mails_and_never_reads_the_set_up_secret() {
    let stack = Stack::load();
    let aws = Resources::of(&stack).await;
    let sessions = Resources::row(&format!("LOGIN#{NOBODY}#SESSIONS"));
    try_role(
        &stack,
        "AuthRole",
        vec![
            aws.get_item(&sessions),
            aws.batch_get_item(&sessions),
            aws.put_item(&sessions),
            aws.update_item(&Resources::row(&format!("LOGIN#{NOBODY}#SESSION_USES"))),
            aws.delete_item(&sessions),
            aws.query(None, &sessions),
            aws.query(
                Some("lists_by_state"),
                &aws.of_account("MEMBERS#", "super_admin"),
            ),
            aws.decrypt(),
            aws.generate_data_key(),
            aws.enqueue_mail(),
            aws.enqueue_refusal(),
            aws.enqueue_routing(),
        ],
        vec![
            aws.scan(),
            aws.query(Some("outbox"), &Resources::outbox()),
            // The emulator judges an index as a whole; the flows judge its partitions too.
            aws.encrypt(),
            aws.setup_secret(),
            aws.send("onboarding_queue_url"),
            aws.send("team_dlq_url"),
            aws.receive("email_queue_url"),
            Resources::mail(),
        ],
    )
    .await;
}
