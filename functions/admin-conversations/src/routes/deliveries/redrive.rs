//! `POST /v1/projects/{project_id}/deliveries/redrive`

use crate::{Deps, api_types::ProjectPath, serving::Serving};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IDEMPOTENCY_REPLAYED, IdempotencyKey, JsonBody,
    api_types::IdempotencyHeader,
    jobs::{drain_or_leave, send_or_leave},
    log,
    problem::{ApiError, IDEMPOTENCY_KEY_REUSED},
    read_fields, validation,
};
use vestibule_domain::{
    PortError,
    chat::given_up::{GivenUpEntry, GivenUpId, GivenUpText, GivenUpWork},
    error::Chain,
    event::{Change, Event},
    ids::EnvironmentId,
    job::{DrainParked, SendMessages, SendMessagesJob},
    page::{ListError, Order, Page, PageRequest},
    ports::{
        AddedTexts, GivenUpFilter, NewTexts, OrderedRedrive, Redrive, RedriveProgress, Redriven,
        WritingContext,
    },
    retry::conflict_wait,
};

/// Maximum number of ids in a call.
const IDS_MAX: usize = 100;
/// Number of entries between two notes of the progress. In the worst case, as many are looked at twice.
const STEP: u16 = 50;
/// Time after which a call begins no further step. With the longest step, it is less than the function's time
/// limit.
const STEPS_FOR: Duration = Duration::from_secs(4);
/// Attempts at a text whose conversation is changed meanwhile.
const ATTEMPTS: u32 = 5;

/// Entries to be tried again. One of `ids`, `all` and the filters must be given; the two filters can be combined.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Y"}))]
pub struct RedriveRequest {
    /// Only what was given up at this connector.
    #[schema(nullable = false, format = "id")]
    connector_id: Option<String>,
    /// Only what was given up for this environment.
    #[schema(nullable = false, format = "id")]
    environment_id: Option<String>,
    /// Ids from the list, 1 to 100.
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    ids: Option<Vec<String>>,
    /// `true` for everything of the project.
    #[schema(nullable = false)]
    all: Option<bool>,
}

impl RedriveRequest {
    /// The fields that are given.
    fn given(&self) -> Vec<&'static str> {
        let fields = [
            ("ids", self.ids.is_some()),
            ("connector_id", self.connector_id.is_some()),
            ("environment_id", self.environment_id.is_some()),
            ("all", self.all.is_some()),
        ];
        let given = fields.into_iter().filter(|(_, is_given)| *is_given);
        given.map(|(field, _)| field).collect()
    }
}

/// The fields that can be combined.
const FILTERS: [&str; 2] = ["connector_id", "environment_id"];

/// Checks that a call names its entries in one way.
fn check_choice(given: &[&str], errors: &mut FieldErrors) {
    if given.is_empty() {
        errors.add(
            "ids",
            "must be given, or else `connector_id`, `environment_id` or both, or else `all`",
        );
    }
    if given.len() < 2 || given.iter().all(|field| FILTERS.contains(field)) {
        return;
    }
    for field in given {
        let others: Vec<_> = given
            .iter()
            .filter(|other| *other != field)
            .map(|other| format!("`{other}`"))
            .collect();
        let others = others.join(" and ");
        errors.add(
            *field,
            format!(
                "must not be given together with {others}: give `ids`, or else `connector_id`, `environment_id` or both, or else `all`"
            ),
        );
    }
}

/// Progress of a redrive.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"redriven": 1200, "left": 3, "has_more": false}))]
pub struct RedriveResponse {
    /// Deliveries and messages that are tried again, by this call and earlier ones with its Idempotency-Key.
    redriven: u64,
    /// Those that stay as they are: a message that may have gone out, or whose connector was deleted.
    left: u64,
    /// Whether the call ended before everything was looked at. Repeat it with the same Idempotency-Key to go
    /// on where it ended.
    has_more: bool,
}

/// The entries that a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Ids(Vec<GivenUpId>),
    Matching(GivenUpFilter),
}

impl Target {
    /// Checks the body of a call.
    fn read(body: JsonBody) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let read: RedriveRequest = read_fields(body.0, &mut errors);
        let filter = GivenUpFilter {
            connector_id: validation::id("connector_id", read.connector_id.as_deref(), &mut errors),
            environment_id: validation::id(
                "environment_id",
                read.environment_id.as_deref(),
                &mut errors,
            ),
            until: None,
        };
        let given = read.given();
        let ids = read.ids.map(|ids| read_ids(&ids, &mut errors));
        if read.all == Some(false) {
            errors.add("all", "must be true if it is given");
        }
        if errors.is_empty() {
            check_choice(&given, &mut errors);
        }
        errors.check_body()?;
        Ok(ids.map_or(Self::Matching(filter), Self::Ids))
    }

    /// The target as the audit log records it.
    fn facts(&self) -> Value {
        match self {
            Self::Ids(ids) => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                json!({ "ids": ids })
            }
            Self::Matching(filter) => json!({
                "connector_id": filter.connector_id,
                "environment_id": filter.environment_id,
                "all": *filter == GivenUpFilter::default(),
            }),
        }
    }
}

/// Checks the ids of a call.
fn read_ids(given: &[String], errors: &mut FieldErrors) -> Vec<GivenUpId> {
    if given.is_empty() || given.len() > IDS_MAX {
        errors.add("ids", format!("must have 1 to {IDS_MAX} items"));
        return Vec::new();
    }
    let mut ids = Vec::new();
    for (index, id) in given.iter().enumerate() {
        if let Ok(id) = id.parse() {
            ids.push(id);
        } else {
            errors.add(format!("ids.{index}"), "must be an id of the list");
        }
    }
    ids
}

/// Try again what was given up
///
/// A delivery is handed to the agent again, under the same `webhook-id`, behind whatever waits for the agent in
/// its conversation; if it was delivered meanwhile, it is only removed from the list. A message is sent again as
/// the last of its conversation, without the parts that went out, and under the same checks as any message that
/// waited; one that may have gone out stays in the list. What is given up after the call is not part of it.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/deliveries/redrive",
    tag = "Deliveries",
    params(ProjectPath, IdempotencyHeader),
    request_body = RedriveRequest,
    responses((status = 202, description = "The deliveries and messages are on their way. `has_more` says whether to repeat the call.", body = RedriveResponse))
)]
pub async fn redrive_deliveries(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let request_hash = idempotency.request_hash(&body.0);
    let target = Target::read(body)?;
    deps.projects
        .get_project(call.scope(), path.project_id)
        .await?
        .ok_or_else(|| ApiError::not_found("project"))?;
    let at = call.now();
    let route = format!("projects/{}/deliveries/redrive", path.project_id);
    let order = Redrive {
        id: idempotency.id(&call, &route),
        scope: call.scope().project(path.project_id),
        request_hash,
        at,
        progress: RedriveProgress::default(),
    };
    let change = Change {
        event: Event::ProjectDeliveriesRedriven(path.project_id),
        before: Value::Null,
        after: target.facts(),
    };
    let audit = call.audit(change, at);
    let order = match deps.given_up.order_redrive(&order, &audit).await? {
        OrderedRedrive::Now(order) => {
            log(&audit);
            order
        }
        OrderedRedrive::Before(before) => {
            if before.request_hash != order.request_hash {
                return Err(ApiError::idempotency_key(
                    &IDEMPOTENCY_KEY_REUSED,
                    "ordered something else before; another order needs a new key",
                ));
            }
            if before.progress.is_done {
                return Ok(respond(&before.progress, true));
            }
            before
        }
    };
    let progress = Working::on(&deps, &call, order).run(&target).await?;
    Ok(respond(&progress, false))
}

fn respond(progress: &RedriveProgress, is_replayed: bool) -> Response {
    let body = RedriveResponse {
        redriven: progress.redriven,
        left: progress.left,
        has_more: !progress.is_done,
    };
    let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
    if is_replayed {
        response.headers_mut().extend([IDEMPOTENCY_REPLAYED]);
    }
    response
}

/// An order in hand.
struct Working<'a> {
    deps: &'a Deps,
    call: &'a Call,
    order: Redrive,
}

/// The jobs that a step leaves to the workers.
#[derive(Default)]
struct Jobs {
    drains: HashMap<EnvironmentId, DrainParked>,
    texts: HashMap<String, SendMessages>,
}

/// The outcome for one entry.
enum Ended {
    /// It is tried again.
    Redriven,
    /// It stays as it is.
    Left,
    /// It is not on record any more.
    Gone,
}

impl<'a> Working<'a> {
    const fn on(deps: &'a Deps, call: &'a Call, order: Redrive) -> Self {
        Self { deps, call, order }
    }

    /// Works on the order until its end or that of the time, and returns its progress.
    async fn run(mut self, target: &Target) -> Result<RedriveProgress, ApiError> {
        let until = self.call.now().plus(STEPS_FOR);
        let mut serving = Serving::new(self.deps, self.call, self.order.scope);
        loop {
            let page = self.page(target).await?;
            let mut step = RedriveProgress {
                is_done: page.next.is_none(),
                next: page.next,
                ..RedriveProgress::default()
            };
            let mut jobs = Jobs::default();
            // For a caller of other clients, these do not exist.
            let entries = serving.of(page.items, |entry| entry.connector_id).await?;
            for entry in entries {
                let id = entry.id;
                match self.redrive(entry, &mut jobs).await {
                    Ok(Ended::Redriven) => step.redriven += 1,
                    Ok(Ended::Left) => step.left += 1,
                    Ok(Ended::Gone) => {}
                    // One bad entry never ends a page (DESIGN §3.6).
                    Err(error) => {
                        tracing::warn!(given_up.id = %id, error = %Chain(&error), "something that was given up could not be redriven");
                        step.left += 1;
                    }
                }
            }
            self.enqueue(jobs).await;
            self.deps.given_up.note_redrive(&self.order, &step).await?;
            let so_far = &mut self.order.progress;
            so_far.redriven += step.redriven;
            so_far.left += step.left;
            so_far.next = step.next;
            so_far.is_done = step.is_done;
            if so_far.is_done || self.call.now() >= until {
                return Ok(self.order.progress);
            }
        }
    }

    /// Reads the next entries, in the order in which they were given up.
    async fn page(&self, target: &Target) -> Result<Page<GivenUpEntry>, ListError> {
        let given_up = &self.deps.given_up;
        match target {
            Target::Ids(ids) => Ok(Page {
                items: given_up.find_given_up(self.order.scope, ids).await?,
                next: None,
            }),
            Target::Matching(filter) => {
                let filter = GivenUpFilter {
                    until: Some(self.order.at),
                    ..*filter
                };
                let page = PageRequest {
                    limit: STEP,
                    cursor: self.order.progress.next.clone(),
                    order: Order::OldestFirst,
                };
                given_up
                    .list_given_up(self.order.scope, &filter, &page)
                    .await
            }
        }
    }

    async fn redrive(&self, entry: GivenUpEntry, jobs: &mut Jobs) -> Result<Ended, PortError> {
        let now = self.call.now();
        if !entry.is_kept(now) {
            return Ok(Ended::Gone);
        }
        match entry.work {
            GivenUpWork::Delivery(job) => {
                let given_up = &self.deps.given_up;
                match given_up.redrive_delivery(&job, entry.attempts, now).await? {
                    Redriven::Now => {
                        jobs.drains.insert(job.environment_id, job.drain_parked());
                        Ok(Ended::Redriven)
                    }
                    Redriven::Gone => Ok(Ended::Gone),
                }
            }
            GivenUpWork::Text(text) if text.in_doubt => Ok(Ended::Left),
            GivenUpWork::Text(text) => self.redrive_text(entry.id, &text, jobs).await,
        }
    }

    /// Adds the text again as the last of its conversation.
    async fn redrive_text(
        &self,
        id: GivenUpId,
        text: &GivenUpText,
        jobs: &mut Jobs,
    ) -> Result<Ended, PortError> {
        for attempt in 1..=ATTEMPTS {
            match self.add(id, text, jobs).await {
                Err(PortError::Conflict { .. }) => {
                    tokio::time::sleep(conflict_wait(attempt, self.call.ids())).await;
                }
                outcome => return outcome,
            }
        }
        tracing::warn!(
            given_up.id = %id,
            conversation.id = %id.conversation_id,
            attempts = ATTEMPTS,
            "a text that was given up could not be redriven: others kept writing into its conversation"
        );
        Ok(Ended::Left)
    }

    /// Makes one attempt. `Conflict` when another writer gave numbers in the conversation.
    async fn add(
        &self,
        id: GivenUpId,
        text: &GivenUpText,
        jobs: &mut Jobs,
    ) -> Result<Ended, PortError> {
        let (scope, now) = (self.order.scope, self.call.now());
        let writer = &self.deps.writer;
        let place = writer
            .writing_context(scope, id.conversation_id, None, now)
            .await?;
        let Some(WritingContext::Open(open)) = place.map(|place| place.context) else {
            return Ok(Ended::Left);
        };
        let (Some(_), Some(audience)) = (&open.connector, &open.audience) else {
            return Ok(Ended::Left);
        };
        let order = SendMessages {
            scope,
            connector_id: open.connector_id,
            conversation_id: id.conversation_id,
        };
        let new = NewTexts {
            order,
            conversation: &open.conversation,
            place: &audience.place,
            texts: std::slice::from_ref(&text.rest),
            byline: &text.byline,
            history: open.history,
            batch: None,
            instead_of: Some(id),
            at: now,
        };
        match writer.add_texts(&new).await? {
            AddedTexts::Now(_) => {
                jobs.texts.insert(id.conversation_id.to_string(), order);
                Ok(Ended::Redriven)
            }
            AddedTexts::Before(_) | AddedTexts::Gone => Ok(Ended::Gone),
        }
    }

    /// Enqueues the jobs of a step. Their marks are on record, so a failure only delays them.
    async fn enqueue(&self, jobs: Jobs) {
        for job in jobs.drains.into_values() {
            drain_or_leave(self.deps.drains.as_ref(), job).await;
        }
        for order in jobs.texts.into_values() {
            send_or_leave(self.deps.outgoing.as_ref(), SendMessagesJob::from(order)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_admin::problem::VALIDATION;

    const ID: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

    fn read(body: &Value) -> Result<Target, ApiError> {
        Target::read(JsonBody(body.as_object().unwrap().clone()))
    }

    #[test]
    fn a_call_names_ids_or_a_filter_or_everything() {
        let id = GivenUpId::of_text(ID.parse().unwrap(), 7);
        let only = |connector: Option<&str>, environment: Option<&str>| {
            Target::Matching(GivenUpFilter {
                connector_id: connector.and_then(|id| id.parse().ok()),
                environment_id: environment.and_then(|id| id.parse().ok()),
                until: None,
            })
        };
        for (body, target) in [
            (json!({"ids": [id.to_string()]}), Target::Ids(vec![id])),
            (json!({"connector_id": ID}), only(Some(ID), None)),
            (json!({"environment_id": ID}), only(None, Some(ID))),
            (
                json!({"connector_id": ID, "environment_id": ID}),
                only(Some(ID), Some(ID)),
            ),
            (json!({"all": true}), only(None, None)),
        ] {
            assert_eq!(read(&body).unwrap(), target, "{body}");
        }
    }

    #[test]
    fn a_call_that_names_nothing_or_two_things_is_refused_with_the_field() {
        let id = GivenUpId::of_text(ID.parse().unwrap(), 7).to_string();
        let too_many = vec![id.clone(); IDS_MAX + 1];
        for (body, field) in [
            (json!({}), "ids"),
            (json!({"all": false}), "all"),
            (json!({"all": true, "connector_id": ID}), "connector_id"),
            (json!({"all": true, "ids": [id]}), "ids"),
            (json!({"environment_id": ID, "ids": [id]}), "ids"),
            (json!({"ids": []}), "ids"),
            (json!({"ids": too_many}), "ids"),
            (json!({"ids": [ID]}), "ids.0"),
            (json!({"ids": [id, "x"]}), "ids.1"),
            (json!({"ids": ID}), "ids"),
            (json!({"connector_id": "x"}), "connector_id"),
            (json!({"environment_id": 5}), "environment_id"),
            (json!({"project_id": ID}), "project_id"),
        ] {
            let error = read(&body).unwrap_err();
            assert_eq!(error.kind(), &VALIDATION, "{body}");
            assert_eq!(error.errors()[0].field, field, "{body}");
        }
    }

    #[test]
    fn of_two_ways_to_name_entries_each_field_is_told_what_it_cannot_stand_beside() {
        let id = GivenUpId::of_text(ID.parse().unwrap(), 7).to_string();
        for (body, told) in [
            (
                json!({"all": true, "ids": [id]}),
                vec![("ids", "`all`"), ("all", "`ids`")],
            ),
            (
                json!({"all": true, "environment_id": ID}),
                vec![("environment_id", "`all`"), ("all", "`environment_id`")],
            ),
            (
                json!({"ids": [id], "connector_id": ID, "environment_id": ID}),
                vec![
                    ("ids", "`connector_id` and `environment_id`"),
                    ("connector_id", "`ids` and `environment_id`"),
                    ("environment_id", "`ids` and `connector_id`"),
                ],
            ),
        ] {
            let error = read(&body).unwrap_err();
            let told: Vec<_> = told
                .into_iter()
                .map(|(field, others)| {
                    let rule = format!("must not be given together with {others}: give `ids`, or else `connector_id`, `environment_id` or both, or else `all`");
                    (field.to_owned(), rule)
                })
                .collect();
            let errors = error.errors().iter();
            let errors: Vec<_> = errors
                .map(|error| (error.field.clone(), error.rule.clone()))
                .collect();
            assert_eq!(errors, told, "{body}");
        }
    }

    #[test]
    fn an_order_is_recorded_with_what_it_is_about() {
        let everything = Target::Matching(GivenUpFilter::default());
        let facts = json!({"connector_id": null, "environment_id": null, "all": true});
        assert_eq!(everything.facts(), facts);
        let id = GivenUpId::of_text(ID.parse().unwrap(), 7);
        let facts = json!({"ids": [id.to_string()]});
        assert_eq!(Target::Ids(vec![id]).facts(), facts);
    }
}
