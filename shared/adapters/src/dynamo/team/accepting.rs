//! The acceptance of an invitation: invitation, member, login, session and identity in one transaction.

use super::{DynamoTeam, FRESH};
use crate::dynamo::{
    items::{
        EmailItem, IdentityItem, InvitationItem, LoginIdentityItem, LoginItem, MemberItem,
        PointerItem, SessionItem, login_of,
    },
    keys,
    logins::SESSIONS_ENDED_MAX,
    table::{Cancelled, Table, Transacted, from_row, n, put_write, s},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError,
    ports::{Acceptance, Accepted, AcceptingLogin},
    routing::seat_of::MemberChange,
    team::{
        identity::AccountIdentity,
        invitation::{Invitation, InvitationStatus},
        login::Login,
        member::{Member, MemberStatus},
    },
};

const WHAT: &str = "invitation";

/// The places of those parts of the transaction whose conditions tell outcomes.
struct Places {
    pointer: usize,
    email: Option<usize>,
    identity: Option<usize>,
}

impl DynamoTeam {
    /// See [`InvitationStore::accept`](vestibule_domain::ports::InvitationStore::accept).
    pub(super) async fn accept_invitation(
        &self,
        acceptance: &Acceptance,
    ) -> Result<Accepted, PortError> {
        let now = acceptance.audit.at;
        let mut invitation = acceptance.invitation.clone();
        if !invitation.accept(now) {
            return Ok(Accepted::NotPending(invitation.status(now)));
        }
        let login_id = login_of(&acceptance.member)?;
        let ends: &[String] = match (&acceptance.login, &acceptance.opening) {
            (AcceptingLogin::Renewed(renewed), _) => renewed.ended.as_slice(),
            (_, Some(opening)) => opening.end.as_slice(),
            (_, None) => &[],
        };
        let joined = MemberChange {
            before: None,
            after: &acceptance.member,
        };
        let seats = self.table.routing_writes(joined, now)?;
        let room = SESSIONS_ENDED_MAX.saturating_sub(seats.len());
        let (ended, surplus) = ends.split_at(ends.len().min(room));
        let mut session = acceptance.session.clone();
        self.table.end_surplus(login_id, surplus).await?;
        let is_renewal = matches!(acceptance.login, AcceptingLogin::Renewed(_));
        let kept = acceptance.identity.as_ref();
        if is_renewal {
            self.table.unbind(login_id, kept).await?;
        }
        let mut writes = vec![
            self.accepted_write(&invitation)?,
            self.joined_write(&acceptance.member)?,
        ];
        let mut places = Places {
            pointer: writes.len(),
            email: None,
            identity: None,
        };
        let pointer = PointerItem::new(login_id, &acceptance.member);
        writes.push(put_write(self.table.put_part(&pointer, FRESH, &[])?));
        match &acceptance.login {
            AcceptingLogin::New(login) => {
                let item = LoginItem::from(login);
                writes.push(put_write(self.table.put_part(&item, FRESH, &[])?));
                places.email = Some(writes.len());
                let item = EmailItem::from(login);
                // The row of a login that was purged may be left for a while.
                let put = self.table.put_part(
                    &item,
                    "attribute_not_exists(pk) OR expires_at < :now",
                    &[(":now", n(now.seconds()))],
                )?;
                writes.push(put_write(put));
            }
            AcceptingLogin::Existing(login) => {
                writes.extend(self.table.joining_writes(login)?);
            }
            AcceptingLogin::Renewed(renewed) => {
                let login = &renewed.login;
                writes.extend(self.table.joining_writes(login)?);
                writes.push(self.table.earlier_ends(login, session.as_mut())?);
                for member in &renewed.freed {
                    writes.push(self.table.member_write(member)?);
                }
            }
        }
        writes.extend(self.table.session_ends(login_id, ended)?);
        if let Some(session) = &session {
            let item = SessionItem::from(session);
            writes.push(put_write(self.table.put_part(&item, FRESH, &[])?));
        }
        if let Some(opening) = &acceptance.opening {
            writes.extend(self.table.beside_session(login_id, opening, now)?);
        }
        if let Some(version) = acceptance.roles_version {
            let scope = acceptance.invitation.scope;
            writes.push(self.table.roles_check(scope, version)?);
        }
        if let Some(identity) = &acceptance.identity {
            places.identity = Some(writes.len());
            writes.extend(self.table.binding_writes(identity).await?);
        }
        writes.extend(seats);
        writes.extend(self.table.entry_writes(&acceptance.audit)?);
        if let Transacted::Cancelled(reasons) = self.table.transact(writes).await? {
            return refused(&reasons, &places, acceptance);
        }
        if is_renewal {
            self.table.unbind_rest(login_id, kept).await;
        }
        Ok(Accepted::Joined)
    }

    /// Makes the write of an accepted invitation, if it is still pending and its time is not over.
    fn accepted_write(&self, invitation: &Invitation) -> Result<TransactWriteItem, PortError> {
        let item = InvitationItem::from(&Invitation {
            version: invitation.version + 1,
            ..invitation.clone()
        });
        let put = self.table.put_part(
            &item,
            "version = :read AND attribute_not_exists(accepted_at) AND attribute_not_exists(revoked_at) AND ends_at > :now",
            &[
                (":read", n(invitation.version)),
                (":now", s(invitation.updated_at)),
            ],
        )?;
        Ok(put_write(put))
    }

    /// Makes the write of a member who joined, if the member is still pending.
    fn joined_write(&self, member: &Member) -> Result<TransactWriteItem, PortError> {
        let item = MemberItem::from(&Member {
            version: member.version + 1,
            ..member.clone()
        });
        let put = self.table.named_put_part(
            &item,
            "version = :read AND #status = :pending",
            &[("#status", "status")],
            &[(":read", n(member.version)), (":pending", s("pending"))],
        )?;
        Ok(put_write(put))
    }
}

/// Interprets an acceptance that did not take effect.
fn refused(
    reasons: &[Cancelled],
    places: &Places,
    acceptance: &Acceptance,
) -> Result<Accepted, PortError> {
    let failed = |index: usize| matches!(reasons.get(index), Some(Cancelled::Condition(_)));
    if let Some(Cancelled::Condition(Some(row))) = reasons.first() {
        let stored = Invitation::from(from_row::<InvitationItem>(row.clone(), WHAT)?);
        let status = stored.status(acceptance.audit.at);
        return match status {
            InvitationStatus::Pending => Err(PortError::Conflict { what: WHAT }),
            _ => Ok(Accepted::NotPending(status)),
        };
    }
    if places.email.is_some_and(failed) {
        return Ok(Accepted::AddressTaken);
    }
    if failed(places.pointer) || places.identity.is_some_and(failed) {
        return Ok(Accepted::AlreadyMember);
    }
    Err(PortError::Conflict { what: WHAT })
}

impl Table {
    /// Makes the writes of a login that joins an account. It is not purged any more if it had left its last one.
    pub(in crate::dynamo) fn joining_writes(
        &self,
        login: &Login,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let joining = Login {
            left_at: None,
            ..login.clone()
        };
        let mut writes = vec![self.login_write(&joining)?];
        if login.left_at.is_some() {
            let put = self.put_part(
                &EmailItem::from(&joining),
                "attribute_not_exists(pk) OR login_id = :own",
                &[(":own", s(login.id))],
            )?;
            writes.push(put_write(put));
        }
        Ok(writes)
    }

    /// Makes the writes that bind an identity, unless another member of the account has it. A member who was
    /// removed has it no longer. The condition is the first write's; by the second, the login finds the identity.
    pub(in crate::dynamo) async fn binding_writes(
        &self,
        identity: &AccountIdentity,
    ) -> Result<[TransactWriteItem; 2], PortError> {
        let key = keys::identity(identity.scope, &identity.hash);
        let stored: Option<IdentityItem> = self.get(&key, "identity").await?;
        let mut holder = identity.member_id;
        if let Some(stored) = stored.filter(|stored| stored.member_id != identity.member_id) {
            let other = self.member(identity.scope, stored.member_id).await?;
            if other.is_none_or(|member| member.status == MemberStatus::Removed) {
                holder = stored.member_id;
            }
        }
        let put = self.put_part(
            &IdentityItem::from(identity),
            "attribute_not_exists(pk) OR member_id = :holder",
            &[(":holder", s(holder))],
        )?;
        let found = self.replacing_part(&LoginIdentityItem::from(identity))?;
        Ok([put_write(put), put_write(found)])
    }
}
