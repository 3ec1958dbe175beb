//! Cold start of the admin API.

use admin_access::{Deps, router};
use lambda_http::Error;
use std::sync::Arc;
use vestibule_adapters::{
    aws::{AwsSettings, sdk_config},
    dynamo::{
        DynamoAccessRequests, DynamoAccounts, DynamoChatUsers, DynamoConnectors, DynamoProjects,
        KeyringStore, Table,
    },
    egress::{HttpChatTransport, PlatformAddresses},
    setup_token::SecretsManagerSetupToken,
    sqs::SqsQueue,
    vault::KmsVault,
};
use vestibule_admin::AdminState;
use vestibule_domain::{SystemClock, egress::OriginAllowList, ids::SystemIds};
use vestibule_edge::{config, gateway, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut vars = config::vars();
    logging::init(&mut vars);
    let aws = sdk_config(&AwsSettings::read(&mut vars));
    let table = Table::new(&aws, &vars.required("TABLE_NAME"));
    let keyring = KeyringStore::new(table.clone());
    let vault = Arc::new(KmsVault::new(&aws, keyring).with_kms_key(&vars.required("KMS_KEY_ID")));
    let onboarding = SqsQueue::new(&aws, &vars.required("ONBOARDING_QUEUE_URL"));
    let setup_token = SecretsManagerSetupToken::new(&aws, &vars.required("SETUP_SECRET_ARN"));
    let public_url = vars.optional("PUBLIC_URL");
    let agent_origin_allowlist = vars.parsed("AGENT_ORIGIN_ALLOWLIST", OriginAllowList::parse);
    let addresses = PlatformAddresses::read(&mut vars);
    vars.finish()?;
    let transport = HttpChatTransport::new(addresses)?;
    vault.warm().await;
    let accounts = Arc::new(DynamoAccounts::new(table.clone(), vault.clone()));
    let projects = Arc::new(DynamoProjects::new(table.clone(), vault.clone()));
    gateway::run(router(Deps {
        admin: AdminState {
            credentials: accounts.clone(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        },
        accounts: accounts.clone(),
        api_keys: accounts,
        projects: projects.clone(),
        environments: projects,
        connectors: Arc::new(DynamoConnectors::new(table.clone(), vault.clone())),
        chat_users: Arc::new(DynamoChatUsers::new(table.clone(), vault.clone())),
        access_requests: Arc::new(DynamoAccessRequests::new(table, vault.clone())),
        onboarding: Arc::new(onboarding),
        vault,
        transport: Arc::new(transport),
        setup_token: Arc::new(setup_token),
        random: Arc::new(ring::rand::SystemRandom::new()),
        public_url,
        agent_origin_allowlist,
    }))
    .await
}
