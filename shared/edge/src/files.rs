//! One reader of files for every platform (SPEC F13).

use crate::calls::{CallRunner, Unable};
use async_trait::async_trait;
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::timeout;
use vestibule_domain::{
    Clock, PortError,
    connector::Connector,
    ports::{FailureClass, FileOutcome, FileQuery, FileRange, FileReader, SecretVault},
};
use vestibule_providers::{
    files::{Fetched, FileProvider, FileSource, FileTransport},
    transport::ChatTransport,
};

/// Time limit for all calls about one file. Somebody waits, and the function has 15 s.
pub const TIME_MAX: Duration = Duration::from_secs(12);
/// The most redirects that lead to one file: Twilio makes one or two.
const REDIRECTS_MAX: usize = 2;
/// The status for a file that does not exist.
const NOT_FOUND: u16 = 404;

/// Reader of files from every platform that has a [`FileProvider`].
pub struct PlatformFiles {
    caller: CallRunner,
    content: Arc<dyn FileTransport>,
    providers: &'static [&'static dyn FileProvider],
}

impl fmt::Debug for PlatformFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformFiles").finish_non_exhaustive()
    }
}

impl PlatformFiles {
    /// Creates the reader for these providers. `transport` makes the calls that find a file; `content`
    /// fetches it.
    #[must_use]
    pub fn new(
        transport: Arc<dyn ChatTransport>,
        content: Arc<dyn FileTransport>,
        vault: Arc<dyn SecretVault>,
        providers: &'static [&'static dyn FileProvider],
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            caller: CallRunner::new(transport, vault, clock),
            content,
            providers,
        }
    }

    async fn read(
        &self,
        connector: &Connector,
        query: FileQuery<'_>,
    ) -> Result<FileOutcome, PortError> {
        let found = self
            .providers
            .iter()
            .copied()
            .find(|provider| provider.provider() == connector.provider);
        let Some(provider) = found else {
            return Ok(FileOutcome::Failed {
                class: FailureClass::Connector,
                reason: "unknown_provider".to_owned(),
            });
        };
        let found = self
            .caller
            .run(
                connector,
                provider.sending_secrets(),
                &|call, reply| provider.keep_answer(call, reply),
                |credentials, so_far| provider.file(&query, credentials, so_far),
            )
            .await;
        match found {
            Ok(Ok(source)) => {
                let fetched = self.fetch(provider, source, query.range).await;
                Ok(provider.content(&query, fetched))
            }
            Ok(Err(outcome)) => Ok(outcome),
            Err(Unable::Secrets(error)) => Err(error),
            Err(unable @ Unable::TooManyCalls) => Ok(FileOutcome::Failed {
                class: FailureClass::Request,
                reason: unable.to_string(),
            }),
        }
    }

    /// Fetches the content, and follows the redirects of a platform that makes some.
    async fn fetch(
        &self,
        provider: &dyn FileProvider,
        source: FileSource,
        range: FileRange,
    ) -> Fetched {
        let mut fetched = self.content.fetch(source, range).await;
        for _ in 0..REDIRECTS_MAX {
            fetched = match fetched {
                Fetched::Moved { to } if provider.redirects() => {
                    let source = FileSource::Address(to);
                    without_credentials(self.content.fetch(source, range).await)
                }
                other => return other,
            };
        }
        fetched
    }
}

/// The result of a call that had no credentials, so that they cannot be at fault: whoever refuses it has no
/// such file.
fn without_credentials(fetched: Fetched) -> Fetched {
    match fetched {
        Fetched::Refused {
            status: 401 | 403,
            after,
        } => Fetched::Refused {
            status: NOT_FOUND,
            after,
        },
        other => other,
    }
}

#[async_trait]
impl FileReader for PlatformFiles {
    async fn read_file(
        &self,
        connector: &Connector,
        query: FileQuery<'_>,
    ) -> Result<FileOutcome, PortError> {
        let read = timeout(TIME_MAX, self.read(connector, query)).await;
        read.unwrap_or_else(|_| {
            Ok(FileOutcome::Retry {
                after: None,
                reason: "timed out".to_owned(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::{BTreeMap, VecDeque},
        sync::Mutex,
    };
    use vestibule_domain::{
        Timestamp,
        chat::message::{Attachment, AttachmentKind},
        connector::{Provider, SealedSecrets},
        ports::FilePart,
        secret::Secret,
    };
    use vestibule_providers::{
        catalogue::file_providers,
        outgoing::{CallResult, OutgoingCall},
    };

    const ACCOUNT: &str = "AC1";

    /// A store that gives these answers, and notes what it is asked for.
    struct Store {
        answers: Mutex<VecDeque<Fetched>>,
        asked: Mutex<Vec<FileSource>>,
    }

    #[async_trait]
    impl FileTransport for Store {
        async fn fetch(&self, source: FileSource, _range: FileRange) -> Fetched {
            self.asked.lock().unwrap().push(source);
            let next = self.answers.lock().unwrap().pop_front();
            next.expect("an answer")
        }
    }

    #[async_trait]
    impl ChatTransport for Store {
        async fn call(&self, _call: OutgoingCall) -> CallResult {
            panic!("no other call");
        }
    }

    /// A vault in which every secret is there, unless it is locked.
    struct Vault {
        is_locked: bool,
    }

    #[async_trait]
    impl SecretVault for Vault {
        async fn seal(
            &self,
            _fields: &BTreeMap<String, Secret>,
            _context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
        ) -> Result<SealedSecrets, PortError> {
            panic!("nothing is sealed");
        }

        async fn open(
            &self,
            _sealed: &SealedSecrets,
            _field: &str,
            _context: &str,
        ) -> Result<Option<Secret>, PortError> {
            if self.is_locked {
                return Err(PortError::Conflict { what: "vault" });
            }
            Ok(Some(Secret::new("token")))
        }
    }

    struct Standing;

    #[async_trait]
    impl Clock for Standing {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }

        async fn wait_until(&self, at: Timestamp) {
            panic!("no wait until {at}");
        }
    }

    fn moved(number: usize) -> Fetched {
        Fetched::Moved {
            to: Secret::new(format!("https://media.example/{number}")),
        }
    }

    fn part() -> FilePart {
        FilePart {
            first: 0,
            bytes: vec![1],
            size: Some(1),
            media_type: None,
        }
    }

    fn connector(provider: &str) -> Connector {
        let settings = [("account_sid".to_owned(), ACCOUNT.to_owned())];
        Connector {
            settings: BTreeMap::from(settings),
            ..vestibule_samples::connector(Provider::new(provider))
        }
    }

    async fn read(
        provider: &str,
        answers: Vec<Fetched>,
        is_locked: bool,
    ) -> (Result<FileOutcome, PortError>, Vec<FileSource>) {
        let store = Arc::new(Store {
            answers: Mutex::new(answers.into()),
            asked: Mutex::default(),
        });
        let transport: Arc<dyn ChatTransport> = Arc::<Store>::clone(&store);
        let content: Arc<dyn FileTransport> = Arc::<Store>::clone(&store);
        let vault = Arc::new(Vault { is_locked });
        let files = PlatformFiles::new(
            transport,
            content,
            vault,
            file_providers(),
            Arc::new(Standing),
        );
        let connector = connector(provider);
        let path = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1");
        let attachment = Attachment {
            kind: AttachmentKind::Image,
            provider_id: "ME1".to_owned(),
            name: None,
            mime_type: None,
            url: Some(format!("https://api.twilio.com{path}")),
        };
        let query = FileQuery {
            attachment: &attachment,
            reply_url: None,
            range: FileRange::Whole,
        };
        let outcome = files.read_file(&connector, query).await;
        let asked = store.asked.lock().unwrap().clone();
        (outcome, asked)
    }

    #[tokio::test]
    async fn redirects_are_followed_twice_at_most_and_without_credentials() {
        let answers = vec![moved(1), moved(2), Fetched::Part(part())];
        let (outcome, asked) = read("twilio", answers, false).await;
        assert_eq!(outcome.unwrap(), FileOutcome::Read(part()));
        let [FileSource::Call(_), followed @ ..] = asked.as_slice() else {
            panic!("not called first: {asked:?}");
        };
        let address =
            |number| FileSource::Address(Secret::new(format!("https://media.example/{number}")));
        assert_eq!(followed, [address(1), address(2)]);

        let (outcome, asked) = read("twilio", vec![moved(1), moved(2), moved(3)], false).await;
        assert!(matches!(outcome, Ok(FileOutcome::Retry { .. })));
        assert_eq!(asked.len(), 3);
    }

    #[tokio::test]
    async fn a_refusal_blames_the_connector_only_where_its_credentials_went() {
        let refused = || Fetched::Refused {
            status: 403,
            after: None,
        };
        let (outcome, _) = read("twilio", vec![refused()], false).await;
        let is_connector = |outcome| {
            matches!(
                outcome,
                Ok(FileOutcome::Failed {
                    class: FailureClass::Connector,
                    ..
                })
            )
        };
        assert!(is_connector(outcome));
        let (outcome, _) = read("twilio", vec![moved(1), refused()], false).await;
        assert!(matches!(outcome, Ok(FileOutcome::Gone { .. })));
        let (outcome, asked) = read("carrier-pigeon", Vec::new(), false).await;
        assert!(is_connector(outcome) && asked.is_empty());
    }

    #[tokio::test]
    async fn secrets_that_cannot_be_opened_are_our_own_fault() {
        let (outcome, asked) = read("twilio", Vec::new(), true).await;
        assert!(matches!(outcome, Err(PortError::Conflict { .. })));
        assert!(asked.is_empty());
    }
}
