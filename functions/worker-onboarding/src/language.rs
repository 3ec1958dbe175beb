//! The language of a text's recipient (SPEC A52).

use crate::Work;
use vestibule_domain::{PortError, access::standing::PendingTask, ports::ClaimedStanding};

/// Whether the profile comes before the next task: a text with variants to choose from, for a person whose
/// language only the profile tells. Otherwise the text comes first, and costs no other call.
///
/// Only before the first attempt at the text, because a finished task restarts the count of attempts, by which a
/// text that may have gone out is recognised.
pub(crate) async fn is_asked_first(
    work: &Work<'_>,
    claimed: &ClaimedStanding,
) -> Result<bool, PortError> {
    let Some(connector) = work.connector else {
        return Ok(false);
    };
    let tasks = &claimed.standing.pending_tasks;
    let variants = match tasks.first() {
        Some(PendingTask::OnboardingMessage) => &connector.onboarding_messages,
        Some(PendingTask::ApprovalNotice) => &connector.after_approval.notices,
        _ => return Ok(false),
    };
    if variants.is_empty()
        || claimed.attempt > 1
        || !tasks.contains(&PendingTask::Profile)
        || !work.deps.platform.profile_tells_language(connector)
    {
        return Ok(false);
    }
    let job = work.job;
    let user = work
        .deps
        .standings
        .chat_user(job.scope, job.chat_user_id)
        .await?;
    Ok(user.is_some_and(|user| user.profile.language.is_none()))
}
