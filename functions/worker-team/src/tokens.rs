//! The token of an invitation's link: 256 random bits behind the ids by which its record is found.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::{
    digest::{SHA256, digest},
    rand::SecureRandom,
};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    ids::InvitationId,
    secret::Secret,
    team::invitation::{InvitationToken, TokenKind},
};

/// Bytes of the random part.
const SECRET_BYTES: usize = 32;

/// A new token of a link that is mailed.
pub(crate) struct NewToken {
    /// The token.
    pub(crate) token: Secret,
    /// The part of it that is stored.
    pub(crate) stored: InvitationToken,
}

/// Draws the token of a link that is mailed.
pub(crate) fn mailed(
    scope: AccountScope,
    id: InvitationId,
    random: &dyn SecureRandom,
    now: Timestamp,
) -> Result<NewToken, PortError> {
    let mut secret = [0_u8; SECRET_BYTES];
    random
        .fill(&mut secret)
        .map_err(|_| PortError::Unavailable {
            what: "system randomness",
            source: None,
        })?;
    let secret = BASE64URL_NOPAD.encode(&secret);
    let token = format!("vsi_{}_{id}_{secret}", scope.account_id());
    let hash = HEXLOWER.encode(digest(&SHA256, token.as_bytes()).as_ref());
    Ok(NewToken {
        token: Secret::new(token),
        stored: InvitationToken {
            hash,
            kind: TokenKind::Mailed,
            made_at: now,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use vestibule_domain::ids::AccountId;

    /// The form that the functions with the links' other end read (RELIABILITY S11).
    #[test]
    fn a_token_names_its_invitation_and_only_its_hash_is_stored() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let id = InvitationId::derive(&["i"]);
        let now = Timestamp::from_millis(7);
        let made = mailed(scope, id, &SystemRandom::new(), now).unwrap();
        let parts: Vec<&str> = made.token.reveal().splitn(4, '_').collect();
        assert_eq!(
            parts[..3],
            [
                "vsi",
                scope.account_id().to_string().as_str(),
                id.to_string().as_str()
            ]
        );
        assert_eq!(parts[3].len(), 43);
        assert_eq!(made.stored.hash.len(), 64);
        assert!(!made.token.reveal().contains(&made.stored.hash));
        assert_eq!(
            (made.stored.kind, made.stored.made_at),
            (TokenKind::Mailed, now)
        );
        let other = mailed(scope, id, &SystemRandom::new(), now).unwrap();
        assert_ne!(other.stored.hash, made.stored.hash);
    }
}
