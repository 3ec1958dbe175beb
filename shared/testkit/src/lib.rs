//! Chat platforms, AWS and the agent as servers on loopback ports, for tests and for local trials.
//!
//! This crate uses none of our other crates. It is written from the documentation of the platforms, Standard
//! Webhooks and AWS, so that it tests our code instead of agreeing with it.

pub mod arguments;
pub mod aws_stub;
pub mod clock;
pub mod cloudwatch;
mod crypto;
pub mod demo_agent;
pub mod dynamodb;
pub mod events;
pub mod fault_proxy;
pub mod http_client;
pub mod iam;
pub mod json_schema;
pub mod lambda_events;
pub mod loopback;
pub mod openid_provider;
pub mod proof;
mod signed_request;
pub mod simulator;
pub mod slack_signer;
pub mod template;

pub use clock::TestClock;
pub use signed_request::SignedRequest;
