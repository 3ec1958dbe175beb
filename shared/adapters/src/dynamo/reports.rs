//! Reports of platforms about people: messages that did not arrive, and wishes to get messages or not.

use super::{
    items::{SameAsItem, SentMessageItem, StandingItem},
    keys::{self, Key},
    standings::DueAgain,
    table::{
        Cancelled, Conditional, Table, Transacted, from_row, n, s, take, to_value, update_write,
    },
};
use aws_sdk_dynamodb::types::Update;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::consent::Wish,
    access::standing::{PendingTask, Standing},
    chat::recognition::ALIASES_MAX,
    chat::send_status::SendStatus,
    event::occasions::notice_lost,
    ids::{ChatUserId, SystemIds},
    ports::{LateFailure, LateFailureOutcome, StandingPlace},
    retry::conflict_wait,
};

/// Attempts to store a wish. Only concurrent writers need more than one.
const WISH_ATTEMPTS: u32 = 4;

/// See [`vestibule_domain::ports::IntakeStore::note_send_failure`].
pub(super) async fn note_send_failure(
    table: &Table,
    place: &StandingPlace<'_>,
    failure: &LateFailure<'_>,
) -> Result<LateFailureOutcome, PortError> {
    let early = SentMessageItem::failed(place.scope, place.connector_id, failure);
    let put = table.put_part(&early, "attribute_not_exists(pk)", &[])?;
    if let Conditional::Failed(Some(row)) = table.put(put).await? {
        let sent: SentMessageItem = from_row(row, "sent message")?;
        if let Some(recipient) = sent.chat_user_id {
            let chat_user_ids = &[recipient];
            let owner = StandingPlace {
                chat_user_ids,
                ..*place
            };
            return fail_on_standings(table, &owner, failure).await;
        }
    }
    // A message that has no row of its own is found by its recipient. One that is on its way finds the row
    // that was written just now when it is recorded.
    fail_on_standings(table, place, failure).await
}

/// See [`vestibule_domain::ports::IntakeStore::note_consent`].
pub(super) async fn note_consent(
    table: &Table,
    place: &StandingPlace<'_>,
    wish: &Wish,
    due: Timestamp,
) -> Result<Vec<ChatUserId>, PortError> {
    let mut opened = Vec::new();
    for id in at_home(table, place).await? {
        let key = keys::standing(place.scope, id, place.connector_id);
        if note_wish(table, (place.scope, &key), wish, due).await? {
            opened.push(id);
        }
    }
    Ok(opened)
}

/// Finds the ids under which these people have their records.
async fn at_home(table: &Table, place: &StandingPlace<'_>) -> Result<Vec<ChatUserId>, PortError> {
    let mut ids = place.chat_user_ids.to_vec();
    let mut led = ids.clone();
    for _ in 0..ALIASES_MAX {
        let keys: Vec<Key> = led
            .iter()
            .map(|id| keys::same_as(place.scope, *id))
            .collect();
        let mut rows = table.get_batch(&keys).await?;
        led.clear();
        for key in &keys {
            if let Some(item) = take::<SameAsItem>(&mut rows, key, "other id")? {
                led.push(item.same_as.chat_user_id(place.scope));
            }
        }
        led.sort_unstable();
        led.dedup();
        ids.extend(&led);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Records a failure on whichever of these standings has its message.
async fn fail_on_standings(
    table: &Table,
    place: &StandingPlace<'_>,
    failure: &LateFailure<'_>,
) -> Result<LateFailureOutcome, PortError> {
    let fate = failure.status();
    for id in &at_home(table, place).await? {
        let key = keys::standing(place.scope, *id, place.connector_id);
        let update = table.update_part(
            &key,
            "SET onboarding_message = :fate, version = version + :one",
            "onboarding_message.message_id = :message",
            &[],
            &[
                (":fate", to_value(&fate)?),
                (":one", n(1)),
                (":message", s(failure.message_id)),
            ],
        )?;
        let lost = (place, *id, PendingTask::OnboardingMessage);
        match fail(table, update, lost, &fate).await? {
            Conditional::Done(_) => return Ok(LateFailureOutcome::Done),
            Conditional::Failed(None) => {}
            Conditional::Failed(Some(row)) => {
                let standing = Standing::from(from_row::<StandingItem>(row, "standing")?);
                if notice_id(&standing) == Some(failure.message_id) {
                    let update = table.update_part(
                        &key,
                        "SET approval.notice = :fate, version = version + :one",
                        "approval.notice.message_id = :message",
                        &[],
                        &[
                            (":fate", to_value(&fate)?),
                            (":one", n(1)),
                            (":message", s(failure.message_id)),
                        ],
                    )?;
                    // The condition fails for another approval, and this notice is not that one's.
                    let lost = (place, *id, PendingTask::ApprovalNotice);
                    fail(table, update, lost, &fate).await?;
                    return Ok(LateFailureOutcome::Done);
                }
            }
        }
    }
    Ok(LateFailureOutcome::Unknown)
}

/// Records the failure of a text of a standing, with the event that tells it.
async fn fail(
    table: &Table,
    update: Update,
    (place, id, task): (&StandingPlace<'_>, ChatUserId, PendingTask),
    fate: &SendStatus,
) -> Result<Conditional, PortError> {
    let of = (id, place.connector_id);
    let mut writes = vec![update_write(update)];
    if let Some(event) = notice_lost(place.scope, of, task.key(), fate) {
        writes.push(table.outgoing_event_write(&event)?);
    }
    let reasons = match table.transact(writes).await? {
        Transacted::Done => return Ok(Conditional::Done(None)),
        Transacted::Cancelled(reasons) => reasons,
    };
    match reasons.into_iter().next() {
        Some(Cancelled::Condition(row)) => Ok(Conditional::Failed(row)),
        _ => Err(PortError::Conflict { what: "standing" }),
    }
}

/// Stores a wish on a standing, if there is one and the wish changes it. Returns whether it opened the way for
/// the onboarding message.
async fn note_wish(
    table: &Table,
    (scope, key): (ProjectScope, &Key),
    wish: &Wish,
    due: Timestamp,
) -> Result<bool, PortError> {
    for attempt in 0..WISH_ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(conflict_wait(attempt, &SystemIds)).await;
        }
        let item: Option<StandingItem> = table.get(key, "standing").await?;
        let standing = item.map(Standing::from);
        let changed = standing.and_then(|standing| {
            let consents = standing.consents.with(wish)?;
            Some((consents, standing))
        });
        let Some((consents, standing)) = changed else {
            return Ok(false);
        };
        let mut set = vec!["consents = :consents", "version = version + :one"];
        let mut values = vec![
            (":consents", to_value(&consents)?),
            (":one", n(1)),
            (":read", n(standing.version)),
        ];
        let opened = standing.is_opened_by_wish(wish);
        let rest = if opened {
            let again = DueAgain::new(scope, &standing, due)?;
            set.extend(again.set);
            values.extend(again.values);
            format!("REMOVE opted_out_at, not_before {}", DueAgain::TASK)
        } else {
            "REMOVE opted_out_at".to_owned()
        };
        let update = format!("SET {} {rest}", set.join(", "));
        let update = table.update_part(key, &update, "version = :read", &[], &values)?;
        if let Conditional::Done(_) = table.update(update).await? {
            return Ok(opened);
        }
    }
    Err(PortError::Conflict { what: "consent" })
}

/// Returns the platform's id of the approval notice, if it was sent.
fn notice_id(standing: &Standing) -> Option<&str> {
    match &standing.approval.as_ref()?.notice {
        SendStatus::Sent { message_id, .. } => message_id.as_deref(),
        _ => None,
    }
}
