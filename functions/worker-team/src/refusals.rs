//! Audit entries about refused sign-ins, one in each account of the login (SPEC G02).

use serde_json::{Value, json};
use vestibule_domain::{
    AccountScope, PortError,
    account::actor::Actor,
    event::{AuditEntry, Change, Event, told::Told},
    ids::AuditId,
    job::RecordRefusal,
    ports::RefusalStore,
    team::login::Login,
};

/// Records a refused sign-in. For an address without a login there is nothing to record.
pub(crate) async fn record(store: &dyn RefusalStore, job: &RecordRefusal) -> Result<(), PortError> {
    let Some((login, scopes)) = store.refused_login(job.login_id).await? else {
        return Ok(());
    };
    let entries: Vec<AuditEntry> = scopes
        .into_iter()
        .map(|scope| entry(job, &login, scope))
        .collect();
    store.record_refusal(&entries).await
}

fn entry(job: &RecordRefusal, login: &Login, scope: AccountScope) -> AuditEntry {
    let (drawn, account) = (job.audit_id.to_string(), scope.account_id().to_string());
    AuditEntry {
        id: AuditId::derive(&[&drawn, &account]),
        scope,
        at: job.at,
        actor: Actor::login(login.id, login.name.clone()),
        change: Change {
            event: Event::LoginSignInRefused(login.id),
            before: Value::Null,
            after: json!({"address": job.address}),
        },
        request_id: job.request_id.clone(),
        told: Told::default(),
    }
}
