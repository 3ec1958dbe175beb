//! One configuration, one TLS connector and one pool of connections for every AWS client.
//!
//! Every setting comes from Lambda's own environment variables; nothing is looked up over the
//! network. Cold starts depend on it: PERFORMANCE §1.3–1.4.

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::{
    Connector,
    tls::{self, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    http::{HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn},
    result::SdkError,
    stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{
    error::metadata::ProvideErrorMetadata, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_types::{SdkConfig, region::Region};
use std::time::Duration;
use vestibule_domain::{PortError, secret::Secret, vars::Vars};

/// Time limit for opening a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(300);
/// Time limit for one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(800);
/// Time limit for a call with all its attempts, below Slack's three seconds.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 3;

/// The AWS settings in Lambda's environment.
#[derive(Debug, Clone)]
pub struct AwsSettings {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<Secret>,
    /// `AWS_ENDPOINT_URL`: another address for every service, such as that of a local stack.
    pub endpoint_url: Option<String>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`: the same for DynamoDB alone, as in every AWS SDK.
    pub dynamodb_endpoint_url: Option<String>,
}

impl AwsSettings {
    /// Reads the variables that Lambda sets for every function.
    pub fn read(vars: &mut Vars<'_>) -> Self {
        Self {
            region: vars.required("AWS_REGION"),
            access_key_id: vars.required("AWS_ACCESS_KEY_ID"),
            secret_access_key: Secret::new(vars.required("AWS_SECRET_ACCESS_KEY")),
            session_token: vars.optional("AWS_SESSION_TOKEN").map(Secret::new),
            endpoint_url: vars.optional("AWS_ENDPOINT_URL"),
            dynamodb_endpoint_url: vars.optional("AWS_ENDPOINT_URL_DYNAMODB"),
        }
    }
}

/// Makes the configuration of every client.
#[must_use]
pub fn sdk_config(settings: &AwsSettings) -> SdkConfig {
    let credentials = Credentials::new(
        &settings.access_key_id,
        settings.secret_access_key.reveal(),
        settings
            .session_token
            .as_ref()
            .map(|token| token.reveal().to_owned()),
        None,
        "LambdaEnvironment",
    );
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(50));
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .timeout_config(timeouts)
        // This protection watches streams; every answer here is short and has its attempt's time limit.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(retries);
    config.set_endpoint_url(settings.endpoint_url.clone());
    config.build()
}

/// Makes the HTTP client of every AWS client, over one connector that is made at once. The SDK's own client
/// makes another one whenever an AWS client is made, only to see that it can, and reads all trust anchors each time.
fn http_client() -> SharedHttpClient {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .build();
    let connector = SharedHttpConnector::new(
        Connector::builder()
            .connector_settings(settings)
            .sleep_impl(TokioSleep::new())
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .build(),
    );
    http_client_fn(move |_, _| connector.clone())
}

/// Makes [`sdk_config`] for DynamoDB, which may have an address of its own. The connection pool is shared.
#[must_use]
pub fn dynamodb_config(aws: &SdkConfig, settings: &AwsSettings) -> SdkConfig {
    match &settings.dynamodb_endpoint_url {
        Some(url) => aws.to_builder().endpoint_url(url).build(),
        None => aws.clone(),
    }
}

/// Converts a failed call into the caller's next step. A throttled, broken or unanswered call may
/// be tried again; one that AWS understood and refused may not.
pub(crate) fn port_error<E, R>(what: &'static str, error: SdkError<E, R>) -> PortError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let refused = match &error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::ServiceError(service) => is_refusal(service.err().code()),
        _ => false,
    };
    if refused {
        PortError::rejected(what, error)
    } else {
        PortError::unavailable(what, error)
    }
}

/// Describes a failed call for the log: the service's own code, or the way in which there was no answer. The
/// service's message may hold an address.
pub(crate) fn describe_service_error<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("no code").to_owned(),
        SdkError::ConstructionFailure(_) => "the call could not be made".to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "the connection failed".to_owned(),
        SdkError::ResponseError(_) => "the answer cannot be read".to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// Whether the code is a final refusal. Any other code counts as a passing failure: trying an
/// unknown one again is better than losing the call.
fn is_refusal(code: Option<&str>) -> bool {
    matches!(
        code,
        Some(
            "ValidationException"
                | "AccessDeniedException"
                | "AccessDenied"
                | "ResourceNotFoundException"
                | "InvalidCiphertextException"
                | "NotFoundException"
                | "DisabledException"
                | "InvalidMessageContents"
                | "QueueDoesNotExist"
                | "AWS.SimpleQueueService.NonExistentQueue"
                | "InvalidParameterValue"
                | "ItemCollectionSizeLimitExceededException"
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_code_is_taken_for_a_passing_failure() {
        assert!(!is_refusal(None));
        assert!(!is_refusal(Some("ProvisionedThroughputExceededException")));
        assert!(!is_refusal(Some("SomethingNew")));
        assert!(is_refusal(Some("AccessDeniedException")));
    }
}
