//! Memory of an import: no more for a long file than for a short one (SPEC C61).

use crate::{
    imports::{HEADER, counts, get, import_path, post, send, start},
    world::World,
};
use serde_json::{Value, json};
use std::fmt::Write as _;
use vestibule_domain::{
    directory::import::IMPORT_FILE_MAX_BYTES,
    ids::{ImportId, ProjectId},
};
use vestibule_testkit::proof::scaled;

/// Memory that an import may take above an idle function, in KiB.
const ABOVE_IDLE_MAX: u64 = 64 * 1024;
/// Rows that a job works off.
const ROWS_OF_A_JOB: usize = 500;

/// A file of so many people that is nearly as long as a file may be, however few they are.
fn long_file(rows: usize) -> String {
    let length = usize::try_from(IMPORT_FILE_MAX_BYTES).unwrap() * 9 / 10 / rows;
    let mut file = format!("{HEADER}\r\n");
    for number in 0..rows {
        let begin = format!("+49151{:08},u{number}@example.com,Ada", number + 10_000_000);
        // Spaces behind a name count in the file only.
        let width = length - ",,Lovelace,Development\r\n".len();
        write!(file, "{begin:width$},,Lovelace,Development\r\n").unwrap();
    }
    file
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "the figures of the proof")]
async fn a_long_file_takes_no_more_memory_than_64_mb_above_idle() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let (rows, jobs_that_write) = scaled((1_000, 1), (50_000, 6));
    let file = long_file(rows);
    let import = send(&world, &token, file.as_bytes(), 4 << 20, true).await;
    let started = start(&world, &token, &import, Value::Null).await;
    assert_eq!(started.status, 200, "{}", started.body);
    let job = |project: ProjectId, import: &Value| {
        json!({
            "job": "import_users", "account_id": world.scope.account_id(),
            "project_id": project, "import_id": import,
        })
        .to_string()
    };
    let idle = job(
        world.scope.project_id(),
        &json!(ImportId::derive(&["none"])),
    );
    let check = job(world.scope.project_id(), &import["id"]);
    let jobs = rows / ROWS_OF_A_JOB + 1;
    let checking = world.memory_of_index_work(&check, &idle, jobs).await;
    let seen = get(&world, &token, &import_path(&world, &import))
        .await
        .body;
    assert_eq!(seen["status"], "checked", "{seen}");
    assert_eq!(counts(&seen), [u64::try_from(rows).unwrap(), 0, 0, 0]);

    let started = start(&world, &token, &import, Value::Null).await;
    assert_eq!(started.status, 200, "{}", started.body);
    let writing = world
        .memory_of_index_work(&check, &idle, jobs_that_write)
        .await;
    let seen = get(&world, &token, &import_path(&world, &import))
        .await
        .body;
    let written = ROWS_OF_A_JOB * jobs_that_write;
    assert_eq!(seen["settled"], written, "{seen}");
    // The rest would take long, and shows nothing more.
    let cancel = format!("{}/cancel", import_path(&world, &import));
    let cancelled = post(&world, &token, &cancel, Value::Null).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    for memory in [checking, writing] {
        let above = memory.peak.saturating_sub(memory.idle);
        eprintln!("{rows} rows: {memory:?}, {above} KiB above idle");
        assert!(above <= ABOVE_IDLE_MAX, "{memory:?}");
    }
}
