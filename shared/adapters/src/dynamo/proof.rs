//! The caller's right, checked once more in the transaction of the change.

use super::{
    keys::{self, Key},
    table::{Cancelled, Table, Transacted, check_write, key_of_write, n, s},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::proof::{CallerProof, CredentialPlace},
    event::AuditEntry,
    ports::By,
};

/// The author of a change, and what permits it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Authorship<'a> {
    /// A caller, whose right is checked once more.
    Caller(By<'a>),
    /// Whoever ordered the work that the change is part of. The right was checked with the order, and is checked
    /// as the work goes on.
    Order(&'a AuditEntry),
}

impl<'a> Authorship<'a> {
    /// The audit entry.
    pub(super) const fn audit(self) -> &'a AuditEntry {
        match self {
            Self::Caller(by) => by.audit,
            Self::Order(audit) => audit,
        }
    }
}

impl Table {
    /// Writes a change with its audit entry, if it is permitted. The reasons of a cancellation are those of
    /// `writes`.
    pub(super) async fn transact_for(
        &self,
        mut writes: Vec<TransactWriteItem>,
        author: Authorship<'_>,
    ) -> Result<Transacted, PortError> {
        let entry = match author {
            Authorship::Caller(by) => return self.transact_by(writes, by).await,
            Authorship::Order(audit) => self.entry_writes(audit)?,
        };
        let own = writes.len();
        writes.extend(entry);
        Ok(match self.transact(writes).await? {
            Transacted::Done => Transacted::Done,
            Transacted::Cancelled(mut reasons) => {
                reasons.truncate(own);
                Transacted::Cancelled(reasons)
            }
        })
    }

    /// Makes the checks that the caller's right still holds, except for rows that the same transaction writes:
    /// it checks their versions, and no row can stand in a transaction twice.
    pub(super) fn proof_writes(
        &self,
        proof: &CallerProof,
        now: Timestamp,
        except: &[Key],
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut writes = Vec::new();
        let (credential, condition) = match &proof.credential {
            CredentialPlace::ApiKey { hash } => (
                keys::api_key(proof.scope.account_id(), hash),
                "attribute_exists(pk) AND expires_at_time > :now",
            ),
            CredentialPlace::Session { login_id, hash } => (
                keys::session(*login_id, hash),
                "attribute_exists(pk) AND ends_at > :now",
            ),
        };
        if !except.contains(&credential) {
            let check = self.check_part(&credential, condition, &[], &[(":now", s(now))])?;
            writes.push(check_write(check));
        }
        if let Some((id, version)) = proof.member {
            let member = keys::member(proof.scope, id);
            if !except.contains(&member) {
                let read = [(":read", n(version))];
                let check = self.check_part(&member, "version = :read", &[], &read)?;
                writes.push(check_write(check));
            }
        }
        if let Some(version) = proof.roles_version {
            let roles = keys::roles(proof.scope);
            if !except.contains(&roles) {
                writes.push(self.roles_check(proof.scope, version)?);
            }
        }
        Ok(writes)
    }

    /// Makes the check that the roles of an account are still at this version.
    pub(super) fn roles_check(
        &self,
        scope: AccountScope,
        version: u64,
    ) -> Result<TransactWriteItem, PortError> {
        let roles = keys::roles(scope);
        let check = if version == 0 {
            self.check_part(&roles, "attribute_not_exists(pk)", &[], &[])?
        } else {
            let read = [(":read", n(version))];
            self.check_part(&roles, "version = :read", &[], &read)?
        };
        Ok(check_write(check))
    }

    /// Writes a change with its audit entry, if the caller's right still holds. The reasons of a cancellation
    /// are those of `writes`.
    pub(super) async fn transact_by(
        &self,
        writes: Vec<TransactWriteItem>,
        by: By<'_>,
    ) -> Result<Transacted, PortError> {
        let entry = self.entry_writes(by.audit)?;
        self.transact_proven(writes, by.proof, by.audit.at, entry)
            .await
    }

    /// Writes `writes` and then `last`, if the right still holds. The reasons of a cancellation are those of
    /// `writes`.
    pub(super) async fn transact_proven(
        &self,
        mut writes: Vec<TransactWriteItem>,
        proof: &CallerProof,
        now: Timestamp,
        last: Vec<TransactWriteItem>,
    ) -> Result<Transacted, PortError> {
        let own = writes.len();
        let written: Vec<Key> = writes.iter().filter_map(key_of_write).collect();
        let proofs = self.proof_writes(proof, now, &written)?;
        let proof_count = proofs.len();
        writes.extend(proofs);
        writes.extend(last);
        let mut reasons = match self.transact(writes).await? {
            Transacted::Done => return Ok(Transacted::Done),
            Transacted::Cancelled(reasons) => reasons,
        };
        let is_condition = |reason: &Cancelled| matches!(reason, Cancelled::Condition(_));
        if reasons.iter().skip(own).take(proof_count).any(is_condition) {
            return Err(CallerProof::LOST);
        }
        reasons.truncate(own);
        Ok(Transacted::Cancelled(reasons))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsSettings, sdk_config};
    use vestibule_domain::{
        ids::{AccountId, LoginId, MemberId},
        vars::Vars,
    };

    fn table() -> Table {
        let variable = |name: &str| (!name.contains("ENDPOINT")).then(|| "test".to_owned());
        let settings = AwsSettings::read(&mut Vars::new(&variable));
        Table::new(&sdk_config(&settings), "table")
    }

    fn checked(proof: &CallerProof, except: &[Key]) -> Vec<Key> {
        let now = Timestamp::from_millis(0);
        let writes = table().proof_writes(proof, now, except).unwrap();
        writes.iter().filter_map(key_of_write).collect()
    }

    /// SPEC E04.
    #[test]
    fn a_proof_checks_the_credential_the_member_and_the_roles_but_no_row_that_is_written() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let (login_id, member) = (LoginId::derive(&["l"]), MemberId::derive(&["m"]));
        let proof = CallerProof {
            credential: CredentialPlace::Session {
                login_id,
                hash: "h".to_owned(),
            },
            scope,
            member: Some((member, 3)),
            roles_version: Some(0),
        };
        let session = keys::session(login_id, "h");
        let (member, roles) = (keys::member(scope, member), keys::roles(scope));
        assert_eq!(
            checked(&proof, &[]),
            [session.clone(), member.clone(), roles.clone()]
        );
        assert_eq!(checked(&proof, &[member]), [session, roles]);
        let key = CallerProof {
            credential: CredentialPlace::ApiKey {
                hash: "k".to_owned(),
            },
            member: None,
            roles_version: None,
            ..proof
        };
        let place = keys::api_key(scope.account_id(), "k");
        assert_eq!(checked(&key, &[]), [place]);
    }
}
