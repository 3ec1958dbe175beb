//! The chat-platform simulator as a program.
//!
//! - `simulator --listen 127.0.0.1:9400 --api-url http://… --config simulator.json` serves the APIs of all
//!   platforms, the control API and the page; the configuration is [`SimulatorConfig`].
//! - `simulator event --name message_im --connector-id … --signing-secret …` prints the Lambda event for a file of
//!   `events/slack`, signed now.

use std::hash::{BuildHasher as _, RandomState};
use std::process::ExitCode;

use vestibule_testkit::arguments::Arguments;
use vestibule_testkit::simulator::{Platform, Simulator, SimulatorConfig, SimulatorOptions};
use vestibule_testkit::{TestClock, events, lambda_events};

#[tokio::main]
async fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let prints_event = words.first().is_some_and(|word| word == "event");
    let outcome = if prints_event {
        print_event(words.split_off(1))
    } else {
        serve(words).await
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&problem);
            ExitCode::FAILURE
        }
    }
}

async fn serve(words: Vec<String>) -> Result<(), String> {
    let arguments = Arguments::parse(words, &["listen", "api-url", "config"])?;
    let mut config = match arguments.get("config") {
        None => SimulatorConfig::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
            serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?
        }
    };
    if let Some(api_url) = arguments.get("api-url") {
        config.api_url = Some(api_url.to_owned());
    }
    let listen = arguments
        .get("listen")
        .unwrap_or("127.0.0.1:9400")
        .to_owned();
    let options = SimulatorOptions {
        listen: listen.clone(),
        clock: TestClock::system(),
        seed: seed(),
        retries_by_itself: true,
    };
    let simulator = Simulator::start_with(config, options)
        .await
        .map_err(|error| format!("{listen}: {error}"))?;
    let platforms: Vec<&str> = Platform::ALL.iter().copied().map(Platform::key).collect();
    say(&format!(
        "simulator: chat at {}/, platforms: {}",
        simulator.url(),
        platforms.join(", "),
    ));
    // Without a signal handler, only the end of the process can stop it.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    Ok(())
}

fn print_event(words: Vec<String>) -> Result<(), String> {
    let arguments = Arguments::parse(words, &["name", "connector-id", "signing-secret"])?;
    let fixture = events::slack(arguments.require("name")?).map_err(|error| error.to_string())?;
    let request = fixture.sign(
        arguments.require("signing-secret")?,
        TestClock::system().now_secs(),
    );
    let event = lambda_events::slack_webhook(&request, arguments.require("connector-id")?);
    print(&event.to_string());
    Ok(())
}

/// Six random characters, because ids of this run must not repeat those of an earlier run that the database
/// still holds.
fn seed() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut random = RandomState::new().hash_one(std::process::id());
    let mut seed = String::new();
    for _ in 0..6 {
        let letter = usize::try_from(random % 32).unwrap_or_default();
        seed.push(char::from(LETTERS.get(letter).copied().unwrap_or(b'A')));
        random /= 32;
    }
    seed
}

#[expect(
    clippy::print_stderr,
    reason = "a program on a terminal, with a person before it"
)]
fn say(line: &str) {
    eprintln!("{line}");
}

#[expect(
    clippy::print_stdout,
    reason = "the event is the program's output, to be redirected into a file"
)]
fn print(line: &str) {
    println!("{line}");
}
