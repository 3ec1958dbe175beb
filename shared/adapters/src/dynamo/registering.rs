//! The registration of a chat user in the directory, which needs no admin (SPEC C54).

use super::{
    joining::Joined,
    people::find_chat_user,
    table::{Table, Transacted},
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    account::actor::Actor,
    chat::user::ChatUser,
    directory::registration::Joining,
    event::{AuditEntry, told::Told},
    ids::{AuditId, ChatUserId, IdSource, SystemIds},
};

/// Number of attempts at a registration whose records change meanwhile.
const ATTEMPTS: usize = 4;
/// Origin of a registration in the audit log.
const ORIGIN: &str = "registration";

impl Table {
    /// See [`vestibule_domain::ports::StandingStore::register`].
    pub(super) async fn register(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
        is_admitted: bool,
        now: Timestamp,
    ) -> Result<(), PortError> {
        for _ in 0..ATTEMPTS {
            let Some(user) = find_chat_user(self, scope, id).await? else {
                return Ok(());
            };
            // The grants of a linked person are the directory's, blocked or not.
            let is_shut_out = user.block.is_some() && user.end_user_id.is_none();
            if is_shut_out || user.is_apart {
                return Ok(());
            }
            let found = self.registration(scope, &user, is_admitted, now).await?;
            let Some((joined, joining)) = found else {
                return Ok(());
            };
            let audit = AuditEntry {
                id: AuditId::new(SystemIds.draw()),
                scope: scope.account(),
                at: now,
                actor: Actor::system(),
                change: joining.change(&joined.person, &joined.chat_user),
                request_id: ORIGIN.to_owned(),
                told: Told::default(),
            };
            let mut writes = joined.writes;
            writes.push(self.chat_user_write(scope, &joined.chat_user)?);
            writes.push(self.audit_write(&audit)?);
            if let Transacted::Done = self.transact(writes).await? {
                return Ok(());
            }
        }
        Err(PortError::Conflict { what: "end user" })
    }

    /// Makes the registration that is due; `None` if none is.
    async fn registration(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
        is_admitted: bool,
        now: Timestamp,
    ) -> Result<Option<(Joined, Joining)>, PortError> {
        let author = Actor::system().name;
        if let Some(id) = user.end_user_id {
            let person = self.end_user(scope, id).await?;
            let brings_more = person.filter(|person| {
                let mut held = user.grants.keys();
                held.any(|environment| !person.environments.contains(environment))
            });
            let Some(person) = brings_more else {
                return Ok(None);
            };
            let joined = self.joining(&person, user, &author, now).await?;
            return Ok(joined.map(|joined| (joined, Joining::Widened)));
        }
        let number = self.own_number(scope, user).await?;
        let holder = number.as_ref().and_then(|number| number.holder);
        if let Some(id) = holder
            && let Some(person) = self.end_user(scope, id).await?
            && let Some(joined) = self.joining(&person, user, &author, now).await?
        {
            return Ok(Some((joined, Joining::Linked)));
        }
        let was_let_in = is_admitted || user.admitted_openly || !user.grants.is_empty();
        if !was_let_in {
            return Ok(None);
        }
        let phone = number.filter(|number| number.holder.is_none());
        let phone = phone.map(|number| number.phone);
        let joined = self.registering(scope, user, phone, now)?;
        Ok(Some((joined, Joining::Registered)))
    }
}
