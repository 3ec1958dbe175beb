//! `GET /v1/projects/{project_id}/figures`: times that people waited, by day (SPEC E37).

mod loads;
mod params;

pub use loads::MemberLoadResponse;
pub use params::{FigureParams, FigureQuery};

use crate::{
    Deps,
    api_types::ProjectPath,
    serving::{Serving, serves_all},
};
use axum::{Json, extract::State};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FilterQuery,
    problem::{ApiError, Problem},
    problem_types,
};
use vestibule_domain::{
    account::permission::Permission,
    figures::{Day, FigurePlace, Figures, Spread},
    ports::{FigurePages, NextFigures},
};

/// Maximum number of pages of figures that a call reads: about 50 MB.
const PAGES_MAX: u32 = 50;

problem_types! {
    RANGE_TOO_LARGE = "range-too-large", CONFLICT, "There are too many figures in the range",
        "The project has more figures of these days than one call reads. Ask for fewer days.";
}

/// Lengths of several times: their number, mean and percentiles.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"count": 12, "mean_seconds": 240, "median_seconds": 180, "p90_seconds": 540}))]
pub struct SpreadResponse {
    /// Number of times.
    count: u64,
    /// Mean; null without any.
    mean_seconds: Option<u64>,
    /// Estimate of the median; null without any.
    median_seconds: Option<u64>,
    /// Estimate of the time that nine of ten did not exceed; null without any.
    p90_seconds: Option<u64>,
}

impl From<&Spread> for SpreadResponse {
    fn from(spread: &Spread) -> Self {
        Self {
            count: spread.count(),
            mean_seconds: spread.mean(),
            median_seconds: spread.percentile(50),
            p90_seconds: spread.percentile(90),
        }
    }
}

/// Figures of some days.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "requests": 7, "decisions": 6, "time_to_decision": {"count": 6, "mean_seconds": 900, "median_seconds": 750, "p90_seconds": 2100},
    "waiting_time": {"count": 12, "mean_seconds": 40, "median_seconds": 15, "p90_seconds": 105},
    "time_to_first_reply": {"count": 12, "mean_seconds": 240, "median_seconds": 210, "p90_seconds": 540}, "missed_first_replies": 1
}))]
pub struct FiguresResponse {
    /// Access requests that people made; null if they are not told.
    requests: Option<u64>,
    /// Access requests that somebody decided; null if they are not told.
    decisions: Option<u64>,
    /// Time from an access request to the decision; null if it is not told.
    time_to_decision: Option<SpreadResponse>,
    /// Time from the offer of a conversation to its first assignment.
    waiting_time: SpreadResponse,
    /// Time from the offer of a conversation to the first reply by a member.
    time_to_first_reply: SpreadResponse,
    /// Conversations that got no reply within the client's limit.
    missed_first_replies: u64,
}

impl FiguresResponse {
    fn of(figures: &Figures, tells_requests: bool) -> Self {
        Self {
            requests: tells_requests.then_some(figures.requests),
            decisions: tells_requests.then(|| figures.decisions.count()),
            time_to_decision: tells_requests.then(|| (&figures.decisions).into()),
            waiting_time: (&figures.waits).into(),
            time_to_first_reply: (&figures.replies).into(),
            missed_first_replies: figures.missed,
        }
    }
}

/// A day with its figures.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayResponse {
    /// The day, in UTC.
    #[schema(value_type = String, format = Date, example = "2026-11-30")]
    date: String,
    /// Its figures.
    figures: FiguresResponse,
}

/// Figures of a project.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProjectFiguresResponse {
    /// Every day of the range, the first one first.
    days: Vec<DayResponse>,
    /// Figures of the whole range.
    total: FiguresResponse,
    /// Members and the conversations that they have at present, by name.
    members: Vec<MemberLoadResponse>,
}

/// Read figures
///
/// By day, in UTC, for up to 92 days, of the clients whose records the caller may touch. Each time counts on the day on
/// which it ended; median and `p90_seconds` are estimates from numbers of times in fixed ranges. Access requests are those
/// of connectors, which name a client and a channel but no team: with `team_id`, and for callers without the permission
/// `access_requests.read`, they are null. Figures are kept for 400 days. A key that is limited to an
/// environment gets no figures of members' conversations: they are 0.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/figures",
    tag = "Figures",
    params(ProjectPath, FigureParams),
    responses(
        (status = 200, description = "The figures.", body = ProjectFiguresResponse),
        (status = 409, description = "There are too many figures in the range; ask for fewer days.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn get_figures(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: FilterQuery<FigureQuery>,
) -> Result<Json<ProjectFiguresResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let wanted = query.0;
    deps.projects
        .get_project(scope.account(), scope.project_id())
        .await?
        .ok_or_else(|| ApiError::not_found("project"))?;
    let tells_requests =
        wanted.team_id.is_none() && call.caller.may(Permission::AccessRequestsRead);
    let mut by_day: BTreeMap<Day, Figures> = BTreeMap::new();
    let mut members = Vec::new();
    // Conversations of figures name no environment.
    if call.caller.environment_id.is_none() {
        let mut serving = Serving::new(&deps, &call, scope);
        let range = (wanted.first, wanted.last);
        let mut pages = FigurePages::new(deps.figures.as_ref(), scope, range, PAGES_MAX);
        loop {
            let rows = match pages.next_page().await? {
                NextFigures::Rows(rows) => rows,
                NextFigures::End => break,
                NextFigures::TooMany => return Err(ApiError::new(&RANGE_TOO_LARGE)),
            };
            for row in rows {
                if is_wanted(&call, &mut serving, &wanted, &row.place).await? {
                    by_day.entry(row.day).or_default().add(&row.figures);
                }
            }
        }
        members = loads::now(&deps, &call, &wanted).await?;
    }
    let mut total = Figures::default();
    let days = wanted.first.through(wanted.last).map(|day| {
        let figures = by_day.remove(&day).unwrap_or_default();
        total.add(&figures);
        DayResponse {
            date: day.to_string(),
            figures: FiguresResponse::of(&figures, tells_requests),
        }
    });
    let days = days.collect();
    Ok(Json(ProjectFiguresResponse {
        days,
        total: FiguresResponse::of(&total, tells_requests),
        members,
    }))
}

/// Whether figures of this place are asked for, and the caller may know of them.
async fn is_wanted(
    call: &Call,
    serving: &mut Serving<'_>,
    wanted: &FigureQuery,
    place: &FigurePlace,
) -> Result<bool, ApiError> {
    match place {
        FigurePlace::Desk {
            client_id,
            channel,
            team_id,
        } => Ok(call.may_serve(*client_id)
            && wanted.client_id.is_none_or(|id| id == *client_id)
            && wanted.channel.as_ref().is_none_or(|key| key == channel)
            && wanted.team_id.is_none_or(|id| Some(id) == *team_id)),
        FigurePlace::Connector(id) => {
            if serves_all(call) && wanted.client_id.is_none() && wanted.channel.is_none() {
                return Ok(true);
            }
            // Those of a deleted connector are nobody's.
            let found = serving.place(*id).await?;
            Ok(found.is_some_and(|found| {
                call.may_serve(found.client_id)
                    && wanted.client_id.is_none_or(|id| id == found.client_id)
                    && wanted
                        .channel
                        .as_ref()
                        .is_none_or(|key| found.channel.as_ref() == Some(key))
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn figures_are_told_as_numbers_and_times_and_those_of_requests_only_to_whoever_may_read_them() {
        let mut figures = Figures::asked();
        figures.add(&Figures::decided(Duration::from_secs(90)));
        let told = serde_json::to_value(FiguresResponse::of(&figures, true)).unwrap();
        let none =
            json!({"count": 0, "mean_seconds": null, "median_seconds": null, "p90_seconds": null});
        assert_eq!(
            told,
            json!({
                "requests": 1,
                "decisions": 1,
                "time_to_decision": {"count": 1, "mean_seconds": 90, "median_seconds": 90, "p90_seconds": 90},
                "waiting_time": none,
                "time_to_first_reply": none,
                "missed_first_replies": 0,
            })
        );
        let told = FiguresResponse::of(&figures, false);
        assert_eq!((told.requests, told.decisions), (None, None));
        assert_eq!(told.time_to_decision, None);
    }
}
