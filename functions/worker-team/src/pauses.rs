//! Mails that a webhook is paused, to the members who see the account's webhooks (SPEC F04).

use crate::Deps;
use vestibule_domain::{PortError, job::TellPause};

/// Tells the members.
pub(crate) async fn tell(deps: &Deps, pause: &TellPause) -> Result<(), PortError> {
    if !deps.sends_mail {
        return Ok(());
    }
    let Some(account_name) = deps.first_admins.account_name(pause.scope).await? else {
        return Ok(());
    };
    let mut place = None;
    loop {
        let page = deps
            .notices
            .webhook_readers(pause.scope, place.as_ref())
            .await?;
        for recipient in &page.recipients {
            let mail = recipient.notice_of_pause(&account_name, pause, deps.clock.now());
            if deps.notices.add_mail(&mail).await? {
                deps.enqueue_mail(&mail).await;
            }
        }
        let Some(next) = page.next else {
            return Ok(());
        };
        place = Some(next);
    }
}
