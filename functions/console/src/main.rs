//! Cold start of the function that serves the console.

use console::SITE;
use lambda_http::{Error, Request, service_fn};
use std::future::ready;
use vestibule_edge::{gateway, logging};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    gateway::run(service_fn(|request: Request| ready(SITE.answer(&request)))).await
}
