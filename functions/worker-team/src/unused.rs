//! Ports that a test has no use for. A call of one fails the test.

use async_trait::async_trait;
use std::collections::BTreeMap;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    connector::SealedSecrets,
    event::AuditEntry,
    ids::{LeaseId, LoginId},
    job::{SendNotices, TeamJob},
    ports::{
        Claim, FirstAdmin, FirstAdminStore, Lease, NoticeStore, RecipientPage, RefusalStore,
        SecretVault, SetUpReader, SetUpState, TeamQueue,
    },
    secret::Secret,
    team::{
        login::Login,
        mail::Mail,
        notices::{AfterRound, MemberPlace, NewRequests, NoticeNames, NoticeOrder, Round},
    },
};

/// Every port that some test does without.
pub(crate) struct Unused;

#[async_trait]
impl SetUpReader for Unused {
    async fn set_up_state(&self) -> Result<Option<SetUpState>, PortError> {
        panic!("nobody asks for the set-up")
    }
}

#[async_trait]
impl FirstAdminStore for Unused {
    async fn account_name(&self, _scope: AccountScope) -> Result<Option<String>, PortError> {
        panic!("nobody is invited")
    }

    async fn invite_first_admin(&self, _first: &FirstAdmin) -> Result<bool, PortError> {
        panic!("nobody is invited")
    }
}

#[async_trait]
impl SecretVault for Unused {
    async fn seal(
        &self,
        _fields: &BTreeMap<String, Secret>,
        _context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
    ) -> Result<SealedSecrets, PortError> {
        panic!("nothing is sealed")
    }

    async fn open(
        &self,
        _sealed: &SealedSecrets,
        _field: &str,
        _context: &str,
    ) -> Result<Option<Secret>, PortError> {
        panic!("nothing is opened")
    }
}

#[async_trait]
impl TeamQueue for Unused {
    async fn enqueue_team(&self, _job: TeamJob) -> Result<(), PortError> {
        panic!("no job follows")
    }
}

#[async_trait]
impl RefusalStore for Unused {
    async fn refused_login(
        &self,
        _id: LoginId,
    ) -> Result<Option<(Login, Vec<AccountScope>)>, PortError> {
        panic!("no refusal is recorded")
    }

    async fn record_refusal(&self, _entries: &[AuditEntry]) -> Result<(), PortError> {
        panic!("no refusal is recorded")
    }
}

#[async_trait]
impl NoticeStore for Unused {
    async fn claim_notices(
        &self,
        _job: SendNotices,
        _lease: &Lease,
    ) -> Result<Claim<NoticeOrder>, PortError> {
        panic!("no notices are made")
    }

    async fn save_round(
        &self,
        _job: SendNotices,
        _lease: LeaseId,
        _round: &Round,
    ) -> Result<(), PortError> {
        panic!("no notices are made")
    }

    async fn postpone_notices(
        &self,
        _job: SendNotices,
        _lease: LeaseId,
        _until: Timestamp,
    ) -> Result<(), PortError> {
        panic!("no notices are made")
    }

    async fn end_round(
        &self,
        _job: SendNotices,
        _lease: LeaseId,
        _after: &NoticeOrder,
        _next: AfterRound,
    ) -> Result<bool, PortError> {
        panic!("no notices are made")
    }

    async fn new_requests(
        &self,
        _scope: ProjectScope,
        _span: (Timestamp, Timestamp),
        _now: Timestamp,
    ) -> Result<NewRequests, PortError> {
        panic!("no notices are made")
    }

    async fn names(&self, _scope: ProjectScope) -> Result<Option<NoticeNames>, PortError> {
        panic!("no notices are made")
    }

    async fn recipients(
        &self,
        _scope: ProjectScope,
        _from: Option<&MemberPlace>,
    ) -> Result<RecipientPage, PortError> {
        panic!("no notices are made")
    }

    async fn webhook_readers(
        &self,
        _scope: AccountScope,
        _from: Option<&MemberPlace>,
    ) -> Result<RecipientPage, PortError> {
        panic!("no notices are made")
    }

    async fn add_mail(&self, _mail: &Mail) -> Result<bool, PortError> {
        panic!("no notices are made")
    }
}
