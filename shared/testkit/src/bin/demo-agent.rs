//! The demo agent as a program: `demo-agent --listen 127.0.0.1:9401 --signing-secret whsec_…`.

use std::process::ExitCode;

use vestibule_testkit::TestClock;
use vestibule_testkit::arguments::Arguments;
use vestibule_testkit::demo_agent::DemoAgent;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&problem);
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let arguments = Arguments::parse(std::env::args().skip(1), &["listen", "signing-secret"])?;
    let listen = arguments.get("listen").unwrap_or("127.0.0.1:9401");
    let agent = DemoAgent::start_on(
        listen,
        arguments.require("signing-secret")?,
        TestClock::system(),
    )
    .await
    .map_err(|error| format!("{listen}: {error}"))?;
    say(&format!("demo agent: deliveries at {}", agent.endpoint()));
    wait_for_end().await;
    Ok(())
}

async fn wait_for_end() {
    // Without a signal handler, only the end of the process can stop it.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a program on a terminal, with a person before it"
)]
fn say(line: &str) {
    eprintln!("{line}");
}
