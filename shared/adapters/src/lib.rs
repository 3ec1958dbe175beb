//! Adapters that implement the ports of [`vestibule_domain`]: DynamoDB, SQS, SES, KMS, Secrets Manager,
//! the machine's clock and, with the feature `egress`, HTTP to chat platforms and agents.
//!
//! | module | port |
//! |---|---|
//! | [`aws`] | one configuration and one connection pool for all AWS clients |
//! | [`clock`] | the time |
//! | [`dynamo`] | every store |
//! | [`sqs`] | the queues |
//! | [`ses`] | mails |
//! | [`vault`] | secrets and cursors under a KMS data key |
//! | [`setup_token`] | the one-time token of the first set-up |
//! | `egress` | chat platforms, their files, and agents |

pub mod aws;
pub mod clock;
pub mod dynamo;
#[cfg(feature = "egress")]
pub mod egress;
pub mod ses;
pub mod setup_token;
pub mod sqs;
pub mod vault;
