//! The person who waits for a member, who is told so once (SPEC E36): a text of the connector's, which goes out like
//! every other.

use crate::Deps;
use vestibule_domain::{
    PortError, Timestamp,
    chat::byline::Byline,
    error::Chain,
    ids::{SystemIds, TextBatchId},
    job::{SendMessages, SendMessagesJob},
    ports::{AddedTexts, NewTexts, OpenConversation, TextBatch, WritingContext},
    retry::conflict_wait,
    routing::case::Case,
};

/// Name of the call that adds the notice, under which it takes effect once for an offer.
const CALL: &str = "queue_notice";
/// Attempts at adding the notice while others write into the conversation.
const ATTEMPTS: u32 = 4;

/// Tells the person of a case that was queued, if it still waits.
pub(crate) async fn tell_if_still(deps: &Deps, case: &Case) -> Result<(), PortError> {
    let routing = &deps.routing;
    let now = routing.case(case.scope, case.conversation_id).await?;
    let waits = now.is_some_and(|now| now.is_waiting() && now.offered_at == case.offered_at);
    if waits {
        tell(deps, case).await
    } else {
        Ok(())
    }
}

/// Tells the person of a case that waits, unless they have been.
pub(crate) async fn tell(deps: &Deps, case: &Case) -> Result<(), PortError> {
    let mut attempt = 1;
    loop {
        match tell_once(deps, case).await {
            Err(PortError::Conflict { .. }) if attempt < ATTEMPTS => {
                tokio::time::sleep(conflict_wait(attempt, &SystemIds)).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Makes one attempt. `Conflict` when another writer gave numbers in the conversation.
async fn tell_once(deps: &Deps, case: &Case) -> Result<(), PortError> {
    let now = deps.clock.now();
    let (scope, conversation_id) = (case.scope, case.conversation_id);
    let batch = TextBatch {
        id: TextBatchId::derive(&[
            CALL,
            &conversation_id.to_string(),
            &case.offered_at.to_string(),
        ]),
        request_hash: CALL.to_owned(),
    };
    let place = deps
        .writer
        .writing_context(scope, conversation_id, Some(batch.id), now)
        .await?;
    let Some(WritingContext::Open(open)) = place.map(|place| place.context) else {
        return Ok(());
    };
    let (Some(text), Some(audience)) = (notice(&open, now), &open.audience) else {
        return Ok(());
    };
    let order = SendMessages {
        scope,
        connector_id: open.connector_id,
        conversation_id,
    };
    let new = NewTexts {
        order,
        conversation: &open.conversation,
        place: &audience.place,
        texts: &[text],
        byline: &Byline::system(),
        history: open.history,
        batch: Some(&batch),
        instead_of: None,
        at: now,
    };
    let AddedTexts::Now(texts) = deps.writer.add_texts(&new).await? else {
        return Ok(());
    };
    let job = SendMessagesJob::new(order, texts);
    if let Err(error) = deps.outgoing.enqueue_outgoing(job).await {
        tracing::warn!(error = %Chain(&error), "a text is left to the sweeper");
    }
    Ok(())
}

/// The connector's notice in the language of whoever wrote last, if they may be written to. Whether the platform's time
/// for answers is over is checked before it is sent.
fn notice(open: &OpenConversation, now: Timestamp) -> Option<String> {
    let connector = open.connector.as_ref()?;
    let audience = open.audience.as_ref()?;
    audience.check(None, now).ok()?;
    let user = audience.chat_user.as_ref();
    let language = user.and_then(|user| user.profile.language.as_ref());
    connector.queue_notice.choose(language).map(str::to_owned)
}
