//! The approval of a person for whom the directory vouches (SPEC A40), in one transaction.

use super::DynamoIntake;
use crate::dynamo::{
    items::{AccessRequestItem, EndUserItem},
    keys,
    search::OrderedIndex,
    table::{
        Cancelled, Transacted, check_write, from_row, n, put_write, s, to_value, update_write,
    },
    tallies::TallyChange,
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use vestibule_domain::{
    PortError, Timestamp,
    access::{preapproval::Preapproval, request::Verdict},
    directory::end_user::LINKS_MAX,
    ports::Preapproved,
};

/// The effect of one attempt.
enum Attempt {
    /// It has this outcome.
    Over(Preapproved),
    /// The person of the directory names the chat user already, who has no link.
    IsNamed,
}

impl DynamoIntake {
    /// See [`vestibule_domain::ports::IntakeStore::preapprove`].
    pub(super) async fn write_preapproval(
        &self,
        approval: &Preapproval,
        due: Timestamp,
    ) -> Result<Preapproved, PortError> {
        for is_named in [false, true] {
            if let Attempt::Over(outcome) = self.attempt(approval, due, is_named).await? {
                return Ok(outcome);
            }
        }
        Ok(Preapproved::Raced)
    }

    async fn attempt(
        &self,
        approval: &Preapproval,
        due: Timestamp,
        is_named: bool,
    ) -> Result<Attempt, PortError> {
        let (scope, user) = (approval.scope, &approval.chat_user);
        let mut writes = vec![
            self.link_write(approval, is_named)?,
            self.number_check(approval)?,
            self.standing_write(scope, &approval.standing, true, due)?,
            self.request_write(approval)?,
            self.table.audit_write(&approval.audit)?,
        ];
        if approval.is_new {
            writes.extend(self.newcomer_writes(scope, user).await?);
        } else {
            writes.push(self.table.chat_user_write(scope, user)?);
        }
        let request = &approval.request;
        let tally = if approval.was_pending {
            TallyChange::decided(request, Verdict::Approve)
        } else {
            TallyChange::made(request)
        };
        writes.extend(self.table.tally_writes(scope, &tally)?);
        let asked = [request.id];
        let index = OrderedIndex::of_chat_user(scope, user.id, approval.audit.at).asking(&asked);
        writes.push(self.table.index_order_write(index)?);
        if !approval.was_pending {
            let creation = request.creation();
            writes.push(self.table.outgoing_event_write(&creation)?);
        }
        writes.extend(self.table.told_writes(&approval.audit)?);
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(Attempt::Over(Preapproved::Done)),
            Transacted::Cancelled(reasons) => reasons,
        };
        let Some(Cancelled::Condition(Some(row))) = reasons.into_iter().next() else {
            return Ok(Attempt::Over(Preapproved::Raced));
        };
        let item: EndUserItem = from_row(row, "end user")?;
        let links = item.into_end_user(scope).chat_users;
        Ok(if links.contains(&user.id) {
            Attempt::IsNamed
        } else if links.len() >= LINKS_MAX {
            Attempt::Over(Preapproved::TooMany)
        } else {
            Attempt::Over(Preapproved::Raced)
        })
    }

    /// Adds the chat user to the links of the number's holder. Counting them makes every change of the holder that
    /// was read before give way.
    fn link_write(
        &self,
        approval: &Preapproval,
        is_named: bool,
    ) -> Result<TransactWriteItem, PortError> {
        let id = s(approval.chat_user.id);
        let mut values = vec![(":one", n(1)), (":user", id.clone())];
        let (change, condition) = if is_named {
            (
                "SET links_version = links_version + :one",
                "contains(chat_users, :user)",
            )
        } else {
            values.push((":users", AttributeValue::L(vec![id])));
            values.push((":most", n(LINKS_MAX)));
            (
                "SET links_version = links_version + :one, chat_users = list_append(chat_users, :users)",
                "attribute_exists(pk) AND NOT contains(chat_users, :user) AND size(chat_users) < :most",
            )
        };
        let key = keys::end_user(approval.scope, approval.number.holder.end_user_id);
        let update = self
            .table
            .update_part(&key, change, condition, &[], &values)?;
        Ok(update_write(update))
    }

    /// Checks that the number is still that person's, with the same environments.
    fn number_check(&self, approval: &Preapproval) -> Result<TransactWriteItem, PortError> {
        let number = &approval.number;
        let check = self.table.check_part(
            &keys::phone(approval.scope, &number.phone),
            "end_user_id = :holder AND environments = :environments",
            &[],
            &[
                (":holder", s(number.holder.end_user_id)),
                (":environments", to_value(&number.holder.environments)?),
            ],
        )?;
        Ok(check_write(check))
    }

    /// Stores the approved request, or the decision on the pending one.
    fn request_write(&self, approval: &Preapproval) -> Result<TransactWriteItem, PortError> {
        let request = &approval.request;
        match &request.decision {
            Some(decision) if approval.was_pending => self.table.decision_write(request, decision),
            _ => {
                let item = AccessRequestItem::from(request);
                let put = self
                    .table
                    .put_part(&item, "attribute_not_exists(pk)", &[])?;
                Ok(put_write(put))
            }
        }
    }
}
