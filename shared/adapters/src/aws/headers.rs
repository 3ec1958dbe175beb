//! The headers by which a call tells who makes it.

use aws_runtime::{
    invocation_id::InvocationIdInterceptor, request_info::RequestInfoInterceptor,
    user_agent::UserAgentInterceptor,
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept, SharedInterceptor,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
            },
            disable_interceptor,
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;

/// The name under which CloudTrail shows a call.
const USER_AGENT: &str = concat!("vestibule/", env!("CARGO_PKG_VERSION"));
const CAUSE: &str = "the service does not need it";

/// Replaces what the SDK tells of itself with each call (its version, features, attempt and a random id, in four
/// headers that it composes anew every time) by one constant header.
pub(crate) fn short_headers() -> SharedInterceptor {
    SharedInterceptor::permanent(ShortHeaders)
}

#[derive(Debug)]
struct ShortHeaders;

impl Intercept for ShortHeaders {
    fn name(&self) -> &'static str {
        "ShortHeaders"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state()
            .store_put(disable_interceptor::<UserAgentInterceptor>(CAUSE))
            .store_put(disable_interceptor::<InvocationIdInterceptor>(CAUSE))
            .store_put(disable_interceptor::<RequestInfoInterceptor>(CAUSE));
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        headers.insert("user-agent", USER_AGENT);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws::{AwsSettings, sdk_config},
        dynamo::{KeyringStore, Table},
        sqs::SqsQueue,
        vault::KmsVault,
    };
    use aws_smithy_runtime_api::client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::HttpRequest,
        result::ConnectorError,
    };
    use std::{
        collections::BTreeMap,
        mem,
        sync::{Arc, Mutex},
    };
    use vestibule_domain::{connector::SealedSecrets, ports::SecretVault, vars::Vars};

    type Headers = BTreeMap<String, String>;

    /// Keeps the headers of the last request, and has no answer.
    #[derive(Debug, Clone, Default)]
    struct Last(Arc<Mutex<Headers>>);

    impl HttpConnector for Last {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let headers = request.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
            *self.0.lock().unwrap() = headers.collect();
            HttpConnectorFuture::ready(Err(ConnectorError::user("no answer".into())))
        }
    }

    impl Last {
        fn assert_short(&self, host: &str) {
            let headers = mem::take(&mut *self.0.lock().unwrap());
            let signed = headers.get("authorization").unwrap();
            assert!(signed.starts_with("AWS4-HMAC-SHA256"), "{host}: {signed}");
            assert_eq!(headers.get("user-agent").unwrap(), USER_AGENT, "{host}");
            for name in [
                "x-amz-user-agent",
                "amz-sdk-request",
                "amz-sdk-invocation-id",
            ] {
                assert!(!headers.contains_key(name), "{host}: {name}");
            }
        }
    }

    #[tokio::test]
    async fn a_call_of_a_hot_path_is_signed_and_tells_in_one_short_header_who_makes_it() {
        let last = Last::default();
        let connector = SharedHttpConnector::new(last.clone());
        let variable = |name: &str| (!name.contains("ENDPOINT")).then(|| "test".to_owned());
        let settings = AwsSettings::read(&mut Vars::new(&variable));
        let config = sdk_config(&settings)
            .to_builder()
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();

        SqsQueue::new(&config, "https://sqs.test/queue")
            .warm()
            .await;
        last.assert_short("SQS");

        let keyring = KeyringStore::new(Table::new(&config, "table"));
        assert!(keyring.current().await.is_err());
        last.assert_short("DynamoDB");

        let sealed = SealedSecrets {
            wrapped_key: String::new(),
            fields: BTreeMap::from([("token".to_owned(), String::new())]),
        };
        let vault = KmsVault::new(&config, keyring);
        assert!(vault.open(&sealed, "token", "").await.is_err());
        last.assert_short("KMS");
    }
}
