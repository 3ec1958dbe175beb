//! The writes by which an approval lets a person in: the grant, and the person's place in the directory (SPEC B38).

use super::{items::ChatUserItem, joining::Joined, keys, table::Table};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::request::{AccessRequest, RequestDecision},
    chat::user::{ChatUser, Grant},
    directory::{
        end_user::EndUser,
        registration::{DirectoryChoice, Joining, Misplaced},
    },
    event::AuditEntry,
    ids::{AuditId, IdSource, SystemIds},
    ports::By,
};

/// The admission of a person who asks, or is let in without asking.
pub(super) enum Admission {
    /// It takes these writes. The first stores the person, and fails when they changed since they were read.
    Granted {
        /// The writes.
        writes: Vec<TransactWriteItem>,
        /// Whether the person had the access before.
        is_renewed: bool,
    },
    /// The person is blocked.
    Blocked,
    /// The person cannot be linked as asked.
    Misplaced(Misplaced),
    /// The person is not on record under this id, or no longer.
    Gone,
}

/// The place of a chat user in the directory.
enum Placement {
    /// They are one of a person's.
    Joined(Box<Joined>, Joining),
    /// They are nobody's.
    Alone(Box<ChatUser>),
    /// They cannot be linked as asked.
    Misplaced(Misplaced),
}

impl Table {
    /// Reads the person of a request, and makes the writes by which a decision lets them in.
    pub(super) async fn admission(
        &self,
        request: &AccessRequest,
        decision: &RequestDecision,
        choice: DirectoryChoice,
        by: By<'_>,
    ) -> Result<Admission, PortError> {
        let scope = request.scope;
        let key = keys::chat_user(scope, request.chat_user_id);
        let item: Option<ChatUserItem> = self.get(&key, "chat user").await?;
        let Some(user) = item.map(ChatUser::from) else {
            return Ok(Admission::Gone);
        };
        if user.block.is_some() {
            return Ok(Admission::Blocked);
        }
        let (author, at) = (&decision.by.name, decision.at);
        let mut grants = user.grants.clone();
        let grant = Grant {
            granted_at: at,
            granted_by: author.clone(),
        };
        let is_renewed = grants.insert(request.environment_id, grant).is_some();
        let user = ChatUser {
            grants,
            updated_at: at,
            ..user
        };
        let (joined, joining) = match self.placement(scope, &user, choice, (author, at)).await? {
            Placement::Joined(joined, joining) => (joined, joining),
            Placement::Alone(user) => {
                let writes = vec![self.chat_user_write(scope, &user)?];
                return Ok(Admission::Granted { writes, is_renewed });
            }
            Placement::Misplaced(reason) => return Ok(Admission::Misplaced(reason)),
        };
        let audit = AuditEntry {
            id: AuditId::new(SystemIds.draw()),
            change: joining.change(&joined.person, &joined.chat_user),
            ..by.audit.clone()
        };
        let mut writes = vec![self.chat_user_write(scope, &joined.chat_user)?];
        writes.extend(joined.writes);
        writes.push(self.audit_write(&audit)?);
        Ok(Admission::Granted { writes, is_renewed })
    }

    /// Finds the place of a chat user, with the grants that they are to have.
    async fn placement(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
        choice: DirectoryChoice,
        (author, at): (&str, Timestamp),
    ) -> Result<Placement, PortError> {
        if let Some(id) = user.end_user_id {
            return Ok(match (choice, self.end_user(scope, id).await?) {
                (DirectoryChoice::AddToExisting(other), _) if other != id => {
                    Placement::Misplaced(Misplaced::LinkedTo(id))
                }
                (_, Some(person)) => {
                    self.joined(&person, user, Joining::Widened, (author, at))
                        .await?
                }
                (_, None) => Placement::Alone(Box::new(user.clone())),
            });
        }
        let finds_holder = match choice {
            DirectoryChoice::Apart => {
                return Ok(Placement::Alone(Box::new(ChatUser {
                    is_apart: true,
                    ..user.clone()
                })));
            }
            DirectoryChoice::AddToExisting(id) => {
                let Some(person) = self.end_user(scope, id).await? else {
                    return Ok(Placement::Misplaced(Misplaced::NoSuchPerson));
                };
                return self
                    .joined(&person, user, Joining::Linked, (author, at))
                    .await;
            }
            DirectoryChoice::ByNumber => true,
            DirectoryChoice::CreateNew => false,
        };
        let number = self.own_number(scope, user).await?;
        let holder = number.as_ref().and_then(|number| number.holder);
        if let Some(id) = holder.filter(|_| finds_holder)
            && let Some(person) = self.end_user(scope, id).await?
            && let Some(joined) = self.joining(&person, user, author, at).await?
        {
            return Ok(Placement::Joined(Box::new(joined), Joining::Linked));
        }
        let phone = number.filter(|number| number.holder.is_none());
        let phone = phone.map(|number| number.phone);
        let joined = self.registering(scope, user, phone, at)?;
        Ok(Placement::Joined(Box::new(joined), Joining::Registered))
    }

    async fn joined(
        &self,
        person: &EndUser,
        user: &ChatUser,
        joining: Joining,
        (author, at): (&str, Timestamp),
    ) -> Result<Placement, PortError> {
        let joined = self.joining(person, user, author, at).await?;
        Ok(
            joined.map_or(Placement::Misplaced(Misplaced::TooMany), |joined| {
                Placement::Joined(Box::new(joined), joining)
            }),
        )
    }
}
