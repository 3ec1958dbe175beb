//! What holds for notices of new requests only: they are checked again before they are sent, because hours may have
//! passed since they were made (SPEC B35, C62).

use super::Work;
use crate::report;
use vestibule_domain::{
    PortError,
    team::mail::{Mail, MailKind, MailOwner, NoticedSource},
};

impl Work<'_> {
    /// Leaves in a notice what its recipient is still to be told. `false` if that is nothing; other mails stay as they
    /// are.
    pub(super) async fn narrow_notice(&self, mail: &mut Mail) -> Result<bool, PortError> {
        let MailKind::NewRequests {
            member_id,
            project_id,
            requests,
            ..
        } = &mail.kind
        else {
            return Ok(true);
        };
        let (MailOwner::Account(account), Some(member_id)) = (mail.owner, *member_id) else {
            return Ok(true);
        };
        let listed: Vec<NoticedSource> = requests
            .iter()
            .filter_map(|request| request.source)
            .collect();
        let scope = account.project(*project_id);
        let checked = self.deps.notices.check_notice(scope, member_id, &listed);
        match checked.await {
            Ok(check) => Ok(check.is_some_and(|check| check.narrow(mail))),
            Err(error @ PortError::Corrupt { .. }) => {
                report(
                    self.order,
                    &error,
                    "a notice cannot be checked and is not sent",
                );
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
