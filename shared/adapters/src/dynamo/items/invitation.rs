use super::rights::RightsAttribute;
use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{actor::Actor, email_address::EmailAddress},
    ids::{InvitationId, LoginMethodId, MemberId},
    team::invitation::{Invitation, InvitationToken, InvitedMethod, TokenKind},
};

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct InvitationItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    id: InvitationId,
    scope: AccountScope,
    pub(in crate::dynamo) member_id: MemberId,
    email: EmailAddress,
    invited_method: MethodAttribute,
    invited_by: Actor,
    tokens: Vec<TokenAttribute>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copied_rights: Option<RightsAttribute>,
    sends: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resent_at: Vec<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opened_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accepted_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Timestamp>,
    /// The end, as text. `expires_at` is the time to live, which an invitation does not have.
    ends_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum MethodAttribute {
    Password,
    Provider {
        method_id: LoginMethodId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        identifier: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
    },
}

impl From<&InvitedMethod> for MethodAttribute {
    fn from(method: &InvitedMethod) -> Self {
        match method {
            InvitedMethod::Password => Self::Password,
            InvitedMethod::Provider {
                method_id,
                identifier,
                issuer,
            } => Self::Provider {
                method_id: *method_id,
                identifier: identifier.clone(),
                issuer: issuer.clone(),
            },
        }
    }
}

impl From<MethodAttribute> for InvitedMethod {
    fn from(stored: MethodAttribute) -> Self {
        match stored {
            MethodAttribute::Password => Self::Password,
            MethodAttribute::Provider {
                method_id,
                identifier,
                issuer,
            } => Self::Provider {
                method_id,
                identifier,
                issuer,
            },
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TokenAttribute {
    hash: String,
    kind: TokenKind,
    made_at: Timestamp,
}

impl From<&Invitation> for InvitationItem {
    fn from(invitation: &Invitation) -> Self {
        let key = keys::invitation(invitation.scope, invitation.id);
        let tokens = invitation.tokens.iter().map(|token| TokenAttribute {
            hash: token.hash.clone(),
            kind: token.kind,
            made_at: token.made_at,
        });
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: keys::invitations(invitation.scope),
            all_sk: keys::by_creation(invitation.created_at, invitation.id),
            id: invitation.id,
            scope: invitation.scope,
            member_id: invitation.member_id,
            email: invitation.email.clone(),
            invited_method: (&invitation.method).into(),
            invited_by: invitation.invited_by.clone(),
            tokens: tokens.collect(),
            copied_rights: invitation.copied_rights.as_ref().map(Into::into),
            sends: invitation.sends,
            resent_at: invitation.resent_at.clone(),
            opened_at: invitation.opened_at,
            accepted_at: invitation.accepted_at,
            revoked_at: invitation.revoked_at,
            ends_at: invitation.expires_at,
            request_hash: invitation.request_hash.clone(),
            version: invitation.version,
            created_at: invitation.created_at,
            updated_at: invitation.updated_at,
        }
    }
}

impl From<InvitationItem> for Invitation {
    fn from(item: InvitationItem) -> Self {
        let tokens = item.tokens.into_iter().map(|token| InvitationToken {
            hash: token.hash,
            kind: token.kind,
            made_at: token.made_at,
        });
        Self {
            id: item.id,
            scope: item.scope,
            member_id: item.member_id,
            email: item.email,
            method: item.invited_method.into(),
            invited_by: item.invited_by,
            tokens: tokens.collect(),
            copied_rights: item.copied_rights.map(Into::into),
            sends: item.sends,
            resent_at: item.resent_at,
            opened_at: item.opened_at,
            accepted_at: item.accepted_at,
            revoked_at: item.revoked_at,
            expires_at: item.ends_at,
            request_hash: item.request_hash,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{
        account::permission::Permission,
        ids::AccountId,
        team::{client_access::ClientAccess, invitation::INVITATION_TOKENS_MAX, rights::Rights},
    };

    fn invitation(method: InvitedMethod) -> Invitation {
        let at = Timestamp::from_millis;
        let token = InvitationToken {
            hash: "0123456789abcdef".repeat(4),
            kind: TokenKind::Copied,
            made_at: at(3),
        };
        Invitation {
            id: InvitationId::derive(&["i"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"])),
            member_id: MemberId::derive(&["m"]),
            email: EmailAddress::parse("ana@example.com").unwrap(),
            method,
            invited_by: Actor::system(),
            tokens: vec![token; INVITATION_TOKENS_MAX],
            copied_rights: Some(Rights {
                permissions: Permission::ALL.into_iter().collect(),
                clients: ClientAccess::All,
            }),
            sends: 2,
            resent_at: vec![at(4)],
            opened_at: Some(at(5)),
            accepted_at: None,
            revoked_at: None,
            expires_at: at(9),
            request_hash: Some("h".to_owned()),
            version: 3,
            created_at: at(1),
            updated_at: at(4),
        }
    }

    #[test]
    fn an_invitation_is_read_as_it_was_written_and_stays_below_16_kb() {
        for method in [
            InvitedMethod::Password,
            InvitedMethod::Provider {
                method_id: LoginMethodId::derive(&["l"]),
                identifier: Some("ana".to_owned()),
                issuer: None,
            },
        ] {
            let invitation = invitation(method);
            let item = InvitationItem::from(&invitation);
            assert!(serde_json::to_string(&item).unwrap().len() < 16 * 1024);
            let row = to_row(&item).unwrap();
            assert!(!row.contains_key(keys::EXPIRES_AT));
            let read: InvitationItem = from_row(row, "invitation").unwrap();
            assert_eq!(Invitation::from(read), invitation);
        }
    }
}
