//! The store of invitations.

use super::{DynamoTeam, FRESH};
use crate::dynamo::{
    changes::updated_before,
    items::{AddressItem, InvitationItem, MailItem, MemberItem},
    keys::{self, Key},
    lists::List,
    table::{Attributes, Cancelled, Transacted, from_row, put_write, s, take},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::collections::HashMap;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    ids::InvitationId,
    job::SendMail,
    page::{ListError, Page, PageRequest},
    ports::{Acceptance, Accepted, By, InvitationStore, InvitationView, Invited, NewInvitation},
    team::{
        invitation::Invitation,
        mail::{Mail, MailOwner},
        member::{Member, MemberStatus},
    },
};

const WHAT: &str = "invitation";
/// Place of the address among the writes of a new invitation.
const ADDRESS: usize = 2;
/// Mails of an invitation that are shown. Three a day at most are sent.
const MAILS_SHOWN: u32 = 20;
/// Invitations whose records are read at once: each has a member and a mail.
const VIEWS: usize = 50;

/// The key of a mail of an invitation by its number.
fn mail_key(invitation: &Invitation, number: u32) -> Key {
    keys::mail(SendMail {
        owner: MailOwner::Account(invitation.scope),
        mail_id: Mail::id_of_invitation(invitation.id, number),
    })
}

/// The keys of the latest mails of an invitation, the latest first. Numbers begin with 0 or 1.
pub(super) fn mail_keys(invitation: &Invitation, shown: u32) -> Vec<Key> {
    let last = invitation.sends;
    let first = last.saturating_sub(shown.saturating_sub(1));
    (first..=last)
        .rev()
        .map(|number| mail_key(invitation, number))
        .collect()
}

fn view(
    rows: &mut HashMap<Key, Attributes>,
    invitation: Invitation,
    mails: &[Key],
) -> Result<Option<InvitationView>, PortError> {
    let place = keys::member(invitation.scope, invitation.member_id);
    let Some(member) = take::<MemberItem>(rows, &place, "member")? else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for key in mails {
        found.extend(take::<MailItem>(rows, key, "mail")?.map(Mail::from));
    }
    Ok(Some(InvitationView {
        invitation,
        member: member.into(),
        mails: found,
    }))
}

impl DynamoTeam {
    /// Makes the writes that revoke the invitation of an address that a new one replaces.
    async fn replaced_writes(
        &self,
        replaced: &Invitation,
        at: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        if replaced.accepted_at.is_some() {
            return Err(PortError::Conflict { what: WHAT });
        }
        let revoked = Invitation {
            revoked_at: replaced.revoked_at.or(Some(at)),
            updated_at: at,
            ..replaced.clone()
        };
        let mut writes = vec![self.table.invitation_write(&revoked)?];
        let member = self
            .table
            .member(replaced.scope, replaced.member_id)
            .await?;
        if let Some(member) = member.filter(|member| member.status == MemberStatus::Pending) {
            let removed = Member {
                status: MemberStatus::Removed,
                updated_at: at,
                ..member
            };
            writes.push(self.table.member_write(&removed)?);
        }
        Ok(writes)
    }

    /// Reads the member and the invitation that have an address.
    async fn taken(&self, scope: AccountScope, row: Attributes) -> Result<Invited, PortError> {
        let address: AddressItem = from_row(row, "address")?;
        let member = self.table.member(scope, address.member_id).await?;
        let invitation = match address.invitation_id {
            Some(id) => self.table.invitation(scope, id).await?,
            None => None,
        };
        match member {
            Some(member) => Ok(Invited::Taken(Box::new(member), invitation.map(Box::new))),
            None => Err(PortError::Conflict { what: "address" }),
        }
    }
}

#[async_trait]
impl InvitationStore for DynamoTeam {
    async fn invite(&self, new: &NewInvitation, by: By<'_>) -> Result<Invited, PortError> {
        let table = &self.table;
        let scope = new.invitation.scope;
        let address = AddressItem::from(&new.member);
        let address = match &new.replaces {
            None => table.put_part(&address, FRESH, &[])?,
            Some(replaced) => table.put_part(
                &address,
                "attribute_not_exists(pk) OR invitation_id = :replaced",
                &[(":replaced", s(replaced.id))],
            )?,
        };
        let invitation = InvitationItem::from(&new.invitation);
        let member = MemberItem::from(&new.member);
        let mut writes = vec![
            put_write(table.put_part(&invitation, FRESH, &[])?),
            put_write(table.put_part(&member, FRESH, &[])?),
            put_write(address),
        ];
        if let Some(replaced) = &new.replaces {
            writes.extend(self.replaced_writes(replaced, by.audit.at).await?);
        }
        if let Some(mail) = &new.mail {
            writes.push(table.mail_write(mail)?);
        }
        writes.extend(table.channels_hold(scope, &new.member.work, None).await?);
        let mut reasons = match table.transact_by(writes, by).await? {
            Transacted::Done => return Ok(Invited::New),
            Transacted::Cancelled(reasons) => reasons.into_iter(),
        };
        if let Some(Cancelled::Condition(Some(row))) = reasons.next() {
            let item: InvitationItem = from_row(row, WHAT)?;
            return Ok(Invited::Existing(Box::new(item.into())));
        }
        match reasons.nth(ADDRESS - 1) {
            Some(Cancelled::Condition(Some(row))) => self.taken(scope, row).await,
            _ => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn get_invitation(
        &self,
        scope: AccountScope,
        id: InvitationId,
    ) -> Result<Option<InvitationView>, PortError> {
        let Some(invitation) = self.table.invitation(scope, id).await? else {
            return Ok(None);
        };
        let mails = mail_keys(&invitation, MAILS_SHOWN);
        let mut wanted = vec![keys::member(scope, invitation.member_id)];
        wanted.extend(mails.iter().cloned());
        let mut rows = self.table.get_batch(&wanted).await?;
        view(&mut rows, invitation, &mails)
    }

    async fn list_invitations(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<InvitationView>, ListError> {
        let list = List::all(keys::invitations(scope));
        let rows = self.table.page(&list, page, &self.vault).await?;
        let mut invitations = Vec::new();
        for row in rows.items {
            let invitation = Invitation::from(from_row::<InvitationItem>(row, WHAT)?);
            // IAM does not restrict the attributes by which an index leads to rows.
            if invitation.scope == scope {
                invitations.push(invitation);
            }
        }
        let mut views = Vec::new();
        for some in invitations.chunks(VIEWS) {
            let latest: Vec<Vec<Key>> = some
                .iter()
                .map(|invitation| mail_keys(invitation, 1))
                .collect();
            let members = some
                .iter()
                .map(|invitation| keys::member(scope, invitation.member_id));
            let mut wanted: Vec<Key> = members.chain(latest.iter().flatten().cloned()).collect();
            // DynamoDB refuses to read a row twice in one call.
            wanted.sort_by(|one, two| (&one.pk, &one.sk).cmp(&(&two.pk, &two.sk)));
            wanted.dedup();
            let mut rows = self.table.get_batch(&wanted).await?;
            for (invitation, mails) in some.iter().zip(&latest) {
                // Two invitations may have the same member.
                let place = keys::member(scope, invitation.member_id);
                let member = rows.get(&place).cloned();
                views.extend(view(&mut rows, invitation.clone(), mails)?);
                if let Some(member) = member {
                    rows.insert(place, member);
                }
            }
        }
        Ok(Page {
            items: views,
            next: rows.next,
        })
    }

    async fn update_invitation(
        &self,
        invitation: &Invitation,
        member: Option<&Member>,
        mail: Option<&Mail>,
        by: By<'_>,
    ) -> Result<(), PortError> {
        let mut writes = vec![self.table.invitation_write(invitation)?];
        if let Some(member) = member {
            writes.push(self.table.member_write(member)?);
            if member.status == MemberStatus::Removed {
                let place = keys::member_address(member.scope, &member.email);
                writes.push(self.table.way_removal(&place, member.id)?);
            }
        }
        if let Some(mail) = mail {
            writes.push(self.table.mail_write(mail)?);
        }
        let wanted = InvitationItem::from(&Invitation {
            version: invitation.version + 1,
            ..invitation.clone()
        });
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => {
                updated_before(reasons.into_iter().next(), &wanted, WHAT)
            }
        }
    }

    async fn note_opened(
        &self,
        scope: AccountScope,
        id: InvitationId,
        at: Timestamp,
    ) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::invitation(scope, id),
            "SET opened_at = :at",
            "attribute_exists(pk) AND attribute_not_exists(opened_at)",
            &[],
            &[(":at", s(at))],
        )?;
        // The condition fails for a link that was opened before.
        self.table.update(update).await.map(|_| ())
    }

    async fn accept(&self, acceptance: &Acceptance) -> Result<Accepted, PortError> {
        self.accept_invitation(acceptance).await
    }
}
