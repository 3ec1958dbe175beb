//! Links between chat users and the people that they are.

use super::{ATTEMPTS, CHANGED, DynamoEndUsers};
use crate::dynamo::{people::find_chat_user, table::Transacted};
use std::collections::BTreeMap;
use vestibule_domain::{
    PortError, ProjectScope,
    chat::user::ChatUser,
    directory::end_user::{EndUser, LINKS_MAX},
    ids::{ChatUserId, EndUserId},
    ports::{By, Linked, Unlinked},
};

impl DynamoEndUsers {
    /// See [`EndUserStore::link`](vestibule_domain::ports::EndUserStore::link).
    pub(super) async fn link_chat_user(
        &self,
        scope: ProjectScope,
        id: EndUserId,
        chat_user_id: ChatUserId,
        by: By<'_>,
    ) -> Result<Linked, PortError> {
        for _ in 0..ATTEMPTS {
            let stored = self.table.end_user(scope, id).await?;
            let newcomer = find_chat_user(&self.table, scope, chat_user_id).await?;
            let (Some(stored), Some(newcomer)) = (stored, newcomer) else {
                return Ok(Linked::Missing);
            };
            match newcomer.end_user_id {
                Some(other) if other != id => return Ok(Linked::LinkedTo(other)),
                Some(_) => return Ok(Linked::Done(Box::new(stored), Box::new(newcomer))),
                None => {}
            }
            if let Some(outcome) = self.try_link(&stored, newcomer, by).await? {
                return Ok(outcome);
            }
        }
        Err(CHANGED)
    }

    /// Makes one attempt. `None` when one of the records was changed meanwhile.
    async fn try_link(
        &self,
        stored: &EndUser,
        newcomer: ChatUser,
        by: By<'_>,
    ) -> Result<Option<Linked>, PortError> {
        let at = by.audit.at;
        let mut chat_users = self.table.chat_users_of(stored).await?;
        if chat_users.len() >= LINKS_MAX {
            return Ok(Some(Linked::TooMany));
        }
        let mut next = EndUser {
            chat_users: chat_users.iter().map(|user| user.id).collect(),
            ..stored.clone()
        };
        next.take_in(&newcomer, at);
        let author = &by.audit.actor.name;
        let settled = ChatUser {
            version: newcomer.version + 1,
            ..next.settle(&newcomer, author, at)
        };
        chat_users.push(newcomer);
        let mut writes = self.table.put_end_user_writes(Some(stored), &next)?;
        writes.extend(
            self.table
                .linked_chat_user_writes(&next, &chat_users, author, at)?,
        );
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(Some(Linked::Done(Box::new(next), Box::new(settled)))),
            Transacted::Cancelled(_) => Ok(None),
        }
    }

    /// See [`EndUserStore::unlink`](vestibule_domain::ports::EndUserStore::unlink).
    pub(super) async fn unlink_chat_user(
        &self,
        scope: ProjectScope,
        chat_user_id: ChatUserId,
        keeps_access: bool,
        by: By<'_>,
    ) -> Result<Unlinked, PortError> {
        for _ in 0..ATTEMPTS {
            let Some(user) = find_chat_user(&self.table, scope, chat_user_id).await? else {
                return Ok(Unlinked::Missing);
            };
            let Some(id) = user.end_user_id else {
                return Ok(Unlinked::Done(Box::new(user)));
            };
            let grants = if keeps_access {
                user.grants.clone()
            } else {
                BTreeMap::new()
            };
            let alone = ChatUser {
                grants,
                end_user_id: None,
                is_apart: true,
                updated_at: by.audit.at,
                ..user
            };
            let mut writes = vec![self.table.chat_user_write(scope, &alone)?];
            // A link to a person who does not exist is ended on its one side.
            if let Some(stored) = self.table.end_user(scope, id).await? {
                let mut next = EndUser {
                    links_version: stored.links_version + 1,
                    ..stored.clone()
                };
                next.chat_users.remove(&alone.id);
                writes.extend(self.table.put_end_user_writes(Some(&stored), &next)?);
            }
            if let Transacted::Done = self.table.transact_by(writes, by).await? {
                return Ok(Unlinked::Done(Box::new(ChatUser {
                    version: alone.version + 1,
                    ..alone
                })));
            }
        }
        Err(CHANGED)
    }
}
