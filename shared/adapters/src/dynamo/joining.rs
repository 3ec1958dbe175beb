//! Writes by which a chat user and the directory come together, as parts of any transaction.

use super::{
    items::{ChatUserItem, PhoneItem, SameAsItem},
    keys,
    table::{Table, take},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::recognition::Candidate,
    chat::user::ChatUser,
    directory::{
        end_user::{EndUser, LINKS_MAX},
        phone::PhoneNumber,
    },
    ids::EndUserId,
};

/// A chat user and the person that they are.
pub(super) struct Joined {
    /// The person, as stored by the writes.
    pub(super) person: EndUser,
    /// The chat user, to be stored with the writes; `version` is that of the record that was read.
    pub(super) chat_user: ChatUser,
    /// The writes of the person, the phone number's row, and the person's other chat users.
    pub(super) writes: Vec<TransactWriteItem>,
}

/// The phone number by which a platform identifies a chat user.
pub(super) struct OwnNumber {
    /// The number.
    pub(super) phone: PhoneNumber,
    /// The person of the directory who holds it.
    pub(super) holder: Option<EndUserId>,
}

impl Table {
    /// Reads the number of a chat user with its holder. `None` without a number, and for one that had another
    /// holder before: it proves nothing.
    pub(super) async fn own_number(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
    ) -> Result<Option<OwnNumber>, PortError> {
        let Some(phone) = user.asserted_phone() else {
            return Ok(None);
        };
        let identity = user.shown_id();
        let under = identity.chat_user_id(scope);
        let number = keys::phone(scope, &phone.key());
        let (record, alias) = (keys::chat_user(scope, under), keys::same_as(scope, under));
        let wanted = [number.clone(), record.clone(), alias.clone()];
        let mut rows = self.get_batch(&wanted).await?;
        let alias: Option<SameAsItem> = take(&mut rows, &alias, "other id")?;
        let candidate = Candidate {
            identity: identity.clone(),
            user: take::<ChatUserItem>(&mut rows, &record, "chat user")?.map(Into::into),
            had_another_holder: alias.as_ref().is_some_and(|alias| alias.had_another_holder),
            same_as: alias.map(|alias| alias.same_as),
            standing: None,
            kept_block: None,
        };
        if !candidate.identifies_its_holder() {
            return Ok(None);
        }
        let holder: Option<PhoneItem> = take(&mut rows, &number, "phone number")?;
        Ok(Some(OwnNumber {
            phone,
            holder: holder.map(|holder| holder.end_user_id),
        }))
    }

    /// Makes the writes by which a chat user, with the grants that they are to have, becomes one of a person's, or
    /// as one of them brings more environments. `None` when the person has as many chat users as can be.
    pub(super) async fn joining(
        &self,
        stored: &EndUser,
        user: &ChatUser,
        author: &str,
        at: Timestamp,
    ) -> Result<Option<Joined>, PortError> {
        let mut others = self.chat_users_of(stored).await?;
        others.retain(|other| other.id != user.id);
        if others.len() >= LINKS_MAX {
            return Ok(None);
        }
        let mut person = EndUser {
            chat_users: others.iter().map(|other| other.id).collect(),
            ..stored.clone()
        };
        person.take_in(user, at);
        let mut writes = self.put_end_user_writes(Some(stored), &person)?;
        writes.extend(self.linked_chat_user_writes(&person, &others, author, at)?);
        let chat_user = person.settle(user, author, at);
        Ok(Some(Joined {
            person,
            chat_user,
            writes,
        }))
    }

    /// Makes the writes by which a chat user, with the grants that they are to have, becomes a person of the
    /// directory.
    pub(super) fn registering(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
        phone: Option<PhoneNumber>,
        at: Timestamp,
    ) -> Result<Joined, PortError> {
        let person = EndUser::registered(scope, user, phone, at);
        let mut writes = self.put_end_user_writes(None, &person)?;
        writes.push(self.new_end_user_check(&person)?);
        Ok(Joined {
            chat_user: ChatUser {
                end_user_id: Some(person.id),
                is_apart: false,
                updated_at: at,
                ..user.clone()
            },
            person,
            writes,
        })
    }
}
