//! Imports of people from a file (SPEC C61).
//!
//! A job works some rows off and leaves the rest to another one. Each reads the file from its start, which costs little
//! beside the rows, and so knows whom it names twice. What comes of the next rows is stored before the first of them is
//! touched: a worker that takes over counts as the one before it did, and adds nobody twice, since the id of a new person
//! follows from the import and the line.
//!
//! Before each hundred rows the worker looks whether the project is in use and whoever started the run may still change
//! people. If not, the run stops there; started again, it finds those who were stored as the file says.
//!
//! A wish to end an import is fulfilled at the worker's next look, whatever fails then. A run that goes no further in as
//! many attempts as are made stops too.

mod rows;

use crate::Deps;
use rows::Batch;
use std::time::Duration;
use vestibule_csv::{
    columns::{Columns, Field, Mapping},
    encoding::{Detector, Encoding},
    people::{People, Reading},
    row::EnvironmentNames,
    rules::{RowError, Rule},
};
use vestibule_domain::{
    PortError,
    directory::import::{
        IMPORT_ERRORS_KEPT, IMPORT_ROWS_MAX, Import, ImportBatch, ImportColumn, ImportCounts,
        ImportError, ImportStatus, ImportStop, ImportUsers,
    },
    error::Chain,
    job::IndexJob,
    ports::{Claim, ClaimedImport, Lease, Postponement},
};
use vestibule_edge::{
    batch::backoff,
    jobs::{ATTEMPTS_MAX, Worked},
    sender::TimeBudget,
};

/// Time that a worker has for a batch of rows; longer than its function may run.
const LEASE_TIME: Duration = Duration::from_mins(1);
/// Time after which no further batch is begun. Together with a batch it is less than the function's time limit.
const BEGIN_WITHIN: Duration = Duration::from_secs(10);
/// Rows of a batch: so many are looked up in one call.
const BATCH_ROWS: usize = 100;
/// Most batches of a job.
const BATCHES_MAX: usize = 5;

/// Does a job.
pub(crate) async fn work(deps: &Deps, job: ImportUsers) -> Result<Worked, PortError> {
    let lease = Lease::draw(deps.ids.as_ref(), deps.clock.as_ref(), LEASE_TIME);
    let ClaimedImport { import, attempt } = match deps.imports.claim_import(job, &lease).await? {
        Claim::Claimed(claimed) => claimed,
        other => return Ok(Worked::without(&other, lease.now)),
    };
    let mut run = Run {
        deps,
        lease,
        import,
        attempt,
    };
    // A worker may have ended in each attempt before it could say so.
    let ended = if attempt > ATTEMPTS_MAX {
        run.give_up(None).await
    } else {
        Box::pin(run.go_on()).await
    };
    match ended {
        Ok(Rest::None) => {}
        Ok(Rest::Rows) => {
            let now = Postponement::failed(0, deps.clock.now());
            deps.imports.hand_on_import(job, run.lease.id, now).await?;
            let next = deps.queue.enqueue_index(IndexJob::ImportUsers(job));
            if let Err(error) = next.await {
                tracing::warn!(error = %Chain(&error), "the rest of an import is left to the sweeper");
            }
        }
        Err(error) if Lease::is_lost(&error) => return Err(error),
        Err(error) => Box::pin(run.put_off(&error)).await?,
    }
    Ok(Worked::Ended)
}

/// The rest that a job leaves to another one.
enum Rest {
    None,
    Rows,
}

/// The work on a claimed import.
struct Run<'a> {
    deps: &'a Deps,
    lease: Lease,
    import: Import,
    /// Number of the attempt since the import last went forward.
    attempt: u32,
}

impl Run<'_> {
    async fn go_on(&mut self) -> Result<Rest, PortError> {
        if self.import.status.is_running() {
            match self.work_rows().await {
                Ok(Rest::Rows) => return Ok(Rest::Rows),
                Ok(Rest::None) => {}
                Err(error) if self.import.is_cancelled && !Lease::is_lost(&error) => {
                    self.report(&error, "an import that somebody ended could not be counted");
                    self.end(ImportStatus::Cancelled).await?;
                }
                Err(error) => return Err(error),
            }
        }
        self.import.updated_at = self.deps.clock.now();
        if self.import.status.is_over() {
            self.deps.imports.remove_import_file(&self.import).await?;
        }
        self.finish().await
    }

    /// Ends the claim and its order.
    async fn finish(&self) -> Result<Rest, PortError> {
        let finished = self.deps.imports.finish_import(&self.import, self.lease.id);
        finished.await?;
        tracing::info!(
            project.id = %self.import.scope.project_id(),
            import.id = %self.import.id,
            status = self.import.status.key(),
            rows = self.import.progress.settled,
            "a run of an import ended"
        );
        Ok(Rest::None)
    }

    /// Leaves the import to a later attempt, unless this was the last one.
    async fn put_off(&mut self, error: &PortError) -> Result<(), PortError> {
        self.report(error, "an import could not go on");
        if self.attempt >= ATTEMPTS_MAX {
            match self.give_up(Some(error)).await {
                Ok(_) => return Ok(()),
                Err(error) if Lease::is_lost(&error) => return Err(error),
                Err(error) => self.report(&error, "an import could not be given up"),
            }
        }
        let until = self.deps.clock.now().plus(backoff(self.attempt));
        let later = Postponement::failed(self.attempt, until);
        let imports = &self.deps.imports;
        imports
            .hand_on_import(self.import.job(), self.lease.id, later)
            .await
    }

    /// Stops a run that goes no further. A file that could not be removed is forgotten with the import.
    async fn give_up(&mut self, error: Option<&PortError>) -> Result<Rest, PortError> {
        if self.import.status.is_running() {
            let settled = self.import.progress.settled;
            self.import.progress.problems = vec![given_up(settled, error)];
            self.stop(ImportStop::GivenUp).await?;
        }
        self.import.updated_at = self.deps.clock.now();
        self.finish().await
    }

    fn report(&self, error: &PortError, what: &str) {
        tracing::error!(
            project.id = %self.import.scope.project_id(),
            import.id = %self.import.id,
            import.attempt = self.attempt,
            error = %Chain(error),
            "{what}"
        );
    }

    /// Works rows off until time or rows are over, or somebody asked to end the import.
    async fn work_rows(&mut self) -> Result<Rest, PortError> {
        if self.import.is_cancelled && self.import.progress.batch.is_none() {
            self.end(ImportStatus::Cancelled).await?;
            return Ok(Rest::None);
        }
        if let Some(reason) = self.reason_to_stop().await? {
            return self.stop(reason).await;
        }
        let Some(encoding) = self.survey().await? else {
            return Ok(Rest::None);
        };
        let budget = TimeBudget::new(self.deps.clock.now(), BEGIN_WITHIN);
        let mut people = self.reader(encoding);
        let mut waiting: Vec<Reading> = Vec::new();
        let mut batches = 0;
        let mut pieces = self.places().into_iter();
        loop {
            let read = match pieces.next() {
                Some((upload, chunk)) => {
                    let Some(piece) = self.piece(&upload, chunk).await? else {
                        return self.fail(missing_file()).await;
                    };
                    people.push(&piece).map(|readings| (readings, false))
                }
                None => people.finish().map(|readings| (readings, true)),
            };
            // The survey read the same first row.
            let Ok((readings, is_end)) = read else {
                return self.fail(missing_file()).await;
            };
            let settled = self.import.progress.settled;
            waiting.extend(readings.into_iter().filter(|one| one.number > settled));
            let Some(columns) = people.columns() else {
                continue;
            };
            while waiting.len() >= BATCH_ROWS || (is_end && !waiting.is_empty()) {
                if batches == BATCHES_MAX || budget.is_over(self.deps.clock.now()) {
                    return Ok(Rest::Rows);
                }
                if let Some(reason) = self.reason_to_stop().await? {
                    return self.stop(reason).await;
                }
                let size = waiting.len().min(BATCH_ROWS);
                let next: Vec<_> = waiting.drain(..size).collect();
                batches += 1;
                if self.settle(next, columns).await? {
                    self.end(ImportStatus::Cancelled).await?;
                    return Ok(Rest::None);
                }
            }
            if is_end {
                let is_check = self.import.status == ImportStatus::Checking;
                let status = if is_check {
                    ImportStatus::Checked
                } else {
                    ImportStatus::Done
                };
                self.end(status).await?;
                return Ok(Rest::None);
            }
        }
    }

    async fn reason_to_stop(&self) -> Result<Option<ImportStop>, PortError> {
        let now = self.deps.clock.now();
        self.deps.imports.import_stop(&self.import, now).await
    }

    /// Stops the run. It can be started again, unless somebody asked to end the import.
    async fn stop(&mut self, reason: ImportStop) -> Result<Rest, PortError> {
        self.import.progress.stop = Some(reason);
        self.end(ImportStatus::Stopped).await?;
        if self.import.is_cancelled {
            self.end(ImportStatus::Cancelled).await?;
        }
        Ok(Rest::None)
    }

    /// Reads encoding, columns and the number of rows, unless they are known. `None` if the file cannot be worked off.
    async fn survey(&mut self) -> Result<Option<Encoding>, PortError> {
        let known = self.import.progress.encoding.as_deref();
        let encoding = match known.and_then(Encoding::parse) {
            Some(encoding) if self.import.progress.rows.is_some() => return Ok(Some(encoding)),
            Some(encoding) => encoding,
            None => {
                let Some(encoding) = self.detect().await? else {
                    self.fail(missing_file()).await?;
                    return Ok(None);
                };
                encoding
            }
        };
        self.import.progress.encoding = Some(encoding.key().to_owned());
        let mut people = self.reader(encoding);
        let mut rows = 0;
        for (upload, chunk) in self.places() {
            let Some(piece) = self.piece(&upload, chunk).await? else {
                self.fail(missing_file()).await?;
                return Ok(None);
            };
            match people.push(&piece) {
                Ok(readings) => rows = last_number(&readings).unwrap_or(rows),
                Err(errors) => return self.refuse(&errors).await,
            }
            if rows > IMPORT_ROWS_MAX {
                break;
            }
        }
        match people.finish() {
            Ok(readings) => rows = last_number(&readings).unwrap_or(rows),
            Err(errors) => return self.refuse(&errors).await,
        }
        if rows > IMPORT_ROWS_MAX {
            let message = format!("A file has at most {IMPORT_ROWS_MAX} rows");
            self.fail(file_error(Rule::TooManyRows, &message)).await?;
            return Ok(None);
        }
        self.import.progress.rows = Some(rows);
        self.import.progress.columns = people.columns().map(shown).unwrap_or_default();
        self.save().await?;
        Ok(Some(encoding))
    }

    async fn detect(&self) -> Result<Option<Encoding>, PortError> {
        let mut detector = Detector::default();
        for (upload, chunk) in self.places() {
            match self.piece(&upload, chunk).await? {
                Some(piece) => detector.push(&piece),
                None => return Ok(None),
            }
        }
        Ok(Some(detector.finish()))
    }

    fn reader(&self, encoding: Encoding) -> People {
        let mapping = self.import.mapping.iter();
        let mapping = mapping.map(|(name, field)| {
            let field = field.as_deref().and_then(Field::parse);
            (name.clone(), field)
        });
        let environments = self.import.environments.iter().cloned();
        People::new(
            encoding,
            Mapping::new(mapping),
            EnvironmentNames::new(environments),
        )
    }

    /// The chunks of the file, in order.
    fn places(&self) -> Vec<(String, u16)> {
        let parts = self.import.parts.values();
        parts
            .flat_map(|part| (1..=part.chunks).map(|chunk| (part.upload.clone(), chunk)))
            .collect()
    }

    async fn piece(&self, upload: &str, chunk: u16) -> Result<Option<Vec<u8>>, PortError> {
        let imports = &self.deps.imports;
        imports.import_chunk(&self.import, upload, chunk).await
    }

    /// Works rows off. Returns whether somebody asked to end the import.
    async fn settle(
        &mut self,
        readings: Vec<Reading>,
        columns: &Columns,
    ) -> Result<bool, PortError> {
        let Some(through) = last_number(&readings) else {
            return Ok(false);
        };
        let batch = Batch::plan(self.deps, &self.import, readings, columns).await?;
        let planned = self.import.progress.batch;
        let planned = planned.filter(|planned| planned.through == through);
        let mut counts = match planned {
            Some(planned) => planned.counts,
            None => self.note(&batch, through).await?,
        };
        let mut settled = through;
        if self.import.is_cancelled {
            counts = batch.taken_from(counts);
            settled = self.import.progress.settled + counts.rows();
        } else if self.import.status == ImportStatus::Importing {
            let attempt = (self.attempt, counts);
            let failed = batch
                .apply(self.deps, &self.import, columns, attempt)
                .await?;
            let found = self.import.progress.counts.mistakes + counts.mistakes;
            self.keep(found, &failed.errors).await?;
            counts = failed.taken_from(counts);
        }
        let progress = &mut self.import.progress;
        progress.counts = progress.counts.plus(counts);
        progress.settled = settled;
        progress.batch = None;
        self.save().await
    }

    /// Stores what comes of rows before any of them is touched.
    async fn note(&mut self, batch: &Batch, through: u64) -> Result<ImportCounts, PortError> {
        let counts = batch.counts();
        self.keep(self.import.progress.counts.mistakes, batch.errors())
            .await?;
        if self.import.status == ImportStatus::Importing {
            self.import.progress.batch = Some(ImportBatch { through, counts });
            self.save().await?;
        }
        Ok(counts)
    }

    /// Keeps mistakes, behind so many others, as far as there is room.
    async fn keep(&self, found: u64, errors: &[RowError]) -> Result<(), PortError> {
        let room = IMPORT_ERRORS_KEPT.saturating_sub(found);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let errors: Vec<_> = errors.iter().take(room).map(stored).collect();
        if errors.is_empty() {
            return Ok(());
        }
        let imports = &self.deps.imports;
        imports
            .save_import_errors(&self.import, found + 1, &errors)
            .await
    }

    /// Stores state and progress. Returns whether somebody asked to end the import.
    async fn save(&mut self) -> Result<bool, PortError> {
        self.lease.now = self.deps.clock.now();
        let imports = &self.deps.imports;
        let is_cancelled = imports.save_import(&self.import, &self.lease).await?;
        self.import.is_cancelled = is_cancelled;
        self.attempt = 1;
        Ok(is_cancelled)
    }

    async fn end(&mut self, status: ImportStatus) -> Result<(), PortError> {
        self.import.status = status;
        self.save().await?;
        Ok(())
    }

    /// Ends an import whose file cannot be read.
    async fn fail(&mut self, problem: ImportError) -> Result<Rest, PortError> {
        self.import.progress.problems = vec![problem];
        self.end(ImportStatus::Failed).await?;
        Ok(Rest::None)
    }

    /// Ends the run for a first row that cannot be understood. Another mapping may help, so the file stays.
    async fn refuse(&mut self, errors: &[RowError]) -> Result<Option<Encoding>, PortError> {
        self.import.progress.problems = errors.iter().map(stored).collect();
        self.end(ImportStatus::Checked).await?;
        Ok(None)
    }
}

fn last_number(readings: &[Reading]) -> Option<u64> {
    readings.last().map(|reading| reading.number)
}

fn shown(columns: &Columns) -> Vec<ImportColumn> {
    let columns = columns.all().iter();
    columns
        .map(|column| ImportColumn {
            name: column.name.clone(),
            field: column.field.map(|field| field.key().to_owned()),
            is_unknown: column.is_unknown,
        })
        .collect()
}

fn stored(error: &RowError) -> ImportError {
    ImportError {
        line: error.line,
        column: error.column.clone(),
        rule: error.rule.key().to_owned(),
        message: error.message.clone(),
    }
}

fn file_error(rule: Rule, message: &str) -> ImportError {
    stored(&RowError::new(1, "", rule, message))
}

/// Tells which rows are left of an import that is given up, and what failed.
fn given_up(settled: u64, error: Option<&PortError>) -> ImportError {
    let reason = match error {
        None => "no attempt came to its end",
        Some(PortError::Unavailable { .. }) => "a service did not answer",
        Some(PortError::Rejected { .. }) => "a service refused a call",
        Some(PortError::Conflict { .. }) => "others kept changing a record",
        Some(PortError::Corrupt { .. }) => "a stored record cannot be read",
    };
    let message = format!(
        "The rows behind the first {settled} could not be worked off in {ATTEMPTS_MAX} attempts: {reason}; start the import again"
    );
    file_error(Rule::NotStored, &message)
}

fn missing_file() -> ImportError {
    file_error(Rule::FileMissing, "The file is not there; send it again")
}
