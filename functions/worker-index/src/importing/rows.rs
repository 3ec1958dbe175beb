//! Rows that are worked off together.

use crate::Deps;
use futures_util::future::join_all;
use std::time::Duration;
use vestibule_csv::{
    columns::Columns,
    people::Reading,
    row::{Person, Row},
    rules::{RowError, Rule},
};
use vestibule_domain::{
    PortError,
    directory::{
        end_user::{EndUser, EndUserSource},
        import::{Import, ImportCounts},
        phone::PhoneKey,
    },
    error::Chain,
    event::{AuditEntry, Change, told::Told},
    ids::{AuditId, EndUserId},
    job::IndexJob,
    ports::{EndUserCreated, EndUserUpdated, Holders},
    search::{IndexRecord, SearchTarget},
};
use vestibule_edge::sender::TimeBudget;

/// Number of people who are stored at once.
const CONCURRENCY: usize = 8;
/// Number of attempts at a person whom others change meanwhile.
const ATTEMPTS: usize = 3;
/// Number of attempts at rows that fail while others do not. Waits of some minutes lie between them.
const ROW_ATTEMPTS: u32 = 5;
/// Time after which no further people are stored once a row failed. Together with the time in which batches begin it
/// is less than the function's time limit.
const GO_ON_WITHIN: Duration = Duration::from_secs(8);

/// Message for a row whose person could not be stored.
const UNSTORED: &str = "The user could not be stored; import the row again";
/// Message for a row whose person is stored, and cannot be read.
const UNREADABLE: &str = "The record of the user who has this number cannot be read";

/// The effect of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Adds,
    Changes,
}

/// Rows and what comes of them.
pub(super) struct Batch {
    /// The rows that add or change somebody, with the person as stored.
    tasks: Vec<(Row, Option<EndUser>, Effect)>,
    unchanged: u64,
    /// Rows with mistakes.
    wrong: u64,
    errors: Vec<RowError>,
}

/// Rows that could not be stored.
#[derive(Debug, Default)]
pub(super) struct Failed {
    new: u64,
    changed: u64,
    /// Mistakes that are told of them.
    pub(super) errors: Vec<RowError>,
}

impl Failed {
    fn take(&mut self, effect: Effect, error: RowError) {
        self.errors.push(error);
        match effect {
            Effect::Adds => self.new += 1,
            Effect::Changes => self.changed += 1,
        }
    }

    /// The counts that are left once these rows failed.
    pub(super) fn taken_from(&self, counts: ImportCounts) -> ImportCounts {
        ImportCounts {
            new: counts.new.saturating_sub(self.new),
            changed: counts.changed.saturating_sub(self.changed),
            errors: counts.errors + self.new + self.changed,
            mistakes: counts.mistakes + self.new + self.changed,
            ..counts
        }
    }
}

impl Batch {
    /// Makes out what comes of rows.
    pub(super) async fn plan(
        deps: &Deps,
        import: &Import,
        readings: Vec<Reading>,
        columns: &Columns,
    ) -> Result<Self, PortError> {
        let rows = readings
            .iter()
            .filter_map(|reading| reading.row.as_ref().ok());
        let phones: Vec<PhoneKey> = rows.map(|row| row.phone.key()).collect();
        let mut holders = deps.imports.holders(import.scope, &phones).await?;
        let mut batch = Self {
            tasks: Vec::new(),
            unchanged: 0,
            wrong: 0,
            errors: Vec::new(),
        };
        for reading in readings {
            match reading.row {
                Ok(row) => batch.take(import, row, &mut holders, columns),
                Err(errors) => batch.refuse(errors),
            }
        }
        Ok(batch)
    }

    fn take(&mut self, import: &Import, row: Row, holders: &mut Holders, columns: &Columns) {
        let stored = match holders.remove(&row.phone.key()).transpose() {
            Ok(stored) => stored,
            Err(error) => {
                report(import, &error);
                let error = RowError::new(row.line, "", Rule::NotStored, UNREADABLE);
                self.refuse(vec![error]);
                return;
            }
        };
        match row.make(stored.as_ref(), columns) {
            Ok(person) => match &stored {
                Some(stored) if is_as(stored, &person) => self.unchanged += 1,
                Some(_) => self.tasks.push((row, stored, Effect::Changes)),
                None => self.tasks.push((row, stored, Effect::Adds)),
            },
            Err(errors) => self.refuse(errors),
        }
    }

    fn refuse(&mut self, errors: Vec<RowError>) {
        self.wrong += 1;
        self.errors.extend(errors);
    }

    /// Mistakes in the rows.
    pub(super) fn errors(&self) -> &[RowError] {
        &self.errors
    }

    /// Numbers of rows by what comes of them.
    pub(super) fn counts(&self) -> ImportCounts {
        let with =
            |effect: Effect| count(self.tasks.iter().filter(|(.., of)| *of == effect).count());
        ImportCounts {
            new: with(Effect::Adds),
            changed: with(Effect::Changes),
            unchanged: self.unchanged,
            errors: self.wrong,
            mistakes: count(self.errors.len()),
        }
    }

    /// The counts that are left of those of the same rows once nobody is added or changed any more.
    pub(super) fn taken_from(&self, counts: ImportCounts) -> ImportCounts {
        let left = self.counts();
        ImportCounts {
            new: counts.new.saturating_sub(left.new),
            changed: counts.changed.saturating_sub(left.changed),
            ..counts
        }
    }

    /// Adds and changes people. Repeated, it does the same again to nobody. `planned` counts what was to come of the rows
    /// before the first attempt.
    ///
    /// Rows that fail are tried again with the others. In the end, each is left out as a mistake, unless all failed: then
    /// it is not the row that is at fault.
    pub(super) async fn apply(
        &self,
        deps: &Deps,
        import: &Import,
        columns: &Columns,
        (attempt, planned): (u32, ImportCounts),
    ) -> Result<Failed, PortError> {
        let budget = TimeBudget::new(deps.clock.now(), GO_ON_WITHIN);
        let mut failed = Failed::default();
        let mut broken = Vec::new();
        let mut is_cut_short = false;
        for tasks in self.tasks.chunks(CONCURRENCY) {
            if !broken.is_empty() && budget.is_over(deps.clock.now()) {
                is_cut_short = true;
                break;
            }
            let stored = tasks
                .iter()
                .map(|(row, stored, _)| store(deps, import, columns, (row, stored.clone())));
            let outcomes = join_all(stored.collect::<Vec<_>>()).await;
            for ((row, _, effect), outcome) in tasks.iter().zip(outcomes) {
                match outcome {
                    Ok(None) => {}
                    Ok(Some(error)) => failed.take(*effect, error),
                    Err(error) => broken.push((row.line, *effect, error)),
                }
            }
        }
        let all = planned.new + planned.changed;
        let is_whole = all > 1 && count(broken.len()) >= all;
        if attempt < ROW_ATTEMPTS || is_whole || is_cut_short {
            if let Some((.., error)) = broken.into_iter().next() {
                return Err(error);
            }
            return Ok(failed);
        }
        for (line, effect, error) in broken {
            report(import, &error);
            failed.take(effect, RowError::new(line, "", Rule::NotStored, UNSTORED));
        }
        Ok(failed)
    }
}

/// Stores the person of a row. Returns the reason if that cannot be.
async fn store(
    deps: &Deps,
    import: &Import,
    columns: &Columns,
    (row, known): (&Row, Option<EndUser>),
) -> Result<Option<RowError>, PortError> {
    let key = row.phone.key();
    let mut stored = known;
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            let mut holders = deps
                .imports
                .holders(import.scope, std::slice::from_ref(&key))
                .await?;
            stored = holders.remove(&key).transpose()?;
        }
        let person = match row.make(stored.as_ref(), columns) {
            Ok(person) => person,
            Err(errors) => return Ok(errors.into_iter().next()),
        };
        let written = match &stored {
            Some(stored) if is_as(stored, &person) => return Ok(None),
            Some(stored) => change(deps, import, stored, person).await,
            None => add(deps, import, row.line, person).await,
        };
        match written {
            Ok(true) => return Ok(None),
            // Somebody else came first.
            Ok(false) | Err(PortError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let message = "The user or an environment was changed at the same time; import the row again";
    Ok(Some(RowError::new(row.line, "", Rule::NotStored, message)))
}

/// Adds a person. `false` if somebody has the phone number.
async fn add(deps: &Deps, import: &Import, line: u64, person: Person) -> Result<bool, PortError> {
    let now = deps.clock.now();
    let user = EndUser {
        id: import.new_user_id(line),
        scope: import.scope,
        source: EndUserSource::Invited,
        names: person.names,
        phone: Some(person.phone),
        email: person.email,
        environments: person.environments,
        chat_users: [].into(),
        version: 1,
        links_version: 1,
        created_at: now,
        updated_at: now,
    };
    let entry = audit(deps, import, user.addition());
    match deps.imports.add_imported(&user, &entry).await? {
        EndUserCreated::New => {
            index(deps, import, user.id).await;
            Ok(true)
        }
        // An earlier attempt at this row added them. Whatever became of them since is somebody's wish.
        EndUserCreated::Existing(_) | EndUserCreated::Spent => Ok(true),
        EndUserCreated::PhoneTaken(_) => Ok(false),
    }
}

/// Changes a person. `false` if somebody has the phone number.
async fn change(
    deps: &Deps,
    import: &Import,
    stored: &EndUser,
    person: Person,
) -> Result<bool, PortError> {
    let after = EndUser {
        names: person.names,
        email: person.email,
        environments: person.environments,
        ..stored.clone()
    };
    let entry = audit(deps, import, stored.change_to(&after));
    let changed = deps.imports.change_imported(stored, &after, &entry);
    match changed.await? {
        EndUserUpdated::Done(user) => {
            index(deps, import, user.id).await;
            Ok(true)
        }
        EndUserUpdated::PhoneTaken(_) => Ok(false),
    }
}

fn audit(deps: &Deps, import: &Import, change: Change) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(deps.ids.draw()),
        scope: import.scope.account(),
        at: deps.clock.now(),
        actor: import.author.clone(),
        change,
        request_id: format!("import:{}", import.id),
        told: Told::default(),
    }
}

/// Has the search find a person as the record is now, without waiting for the sweeper.
async fn index(deps: &Deps, import: &Import, id: EndUserId) {
    let job = IndexRecord {
        scope: import.scope,
        target: SearchTarget::EndUser(id),
    };
    let enqueued = deps.queue.enqueue_index(IndexJob::IndexRecord(job));
    if let Err(error) = enqueued.await {
        tracing::warn!(error = %Chain(&error), "the index of a record is left to the sweeper");
    }
}

fn report(import: &Import, error: &PortError) {
    tracing::error!(
        project.id = %import.scope.project_id(),
        import.id = %import.id,
        error = %Chain(error),
        "a row of an import is left out"
    );
}

/// Whether a person is as a row says.
fn is_as(stored: &EndUser, person: &Person) -> bool {
    stored.names == person.names
        && stored.email == person.email
        && stored.environments == person.environments
        && stored.phone.as_ref() == Some(&person.phone)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
