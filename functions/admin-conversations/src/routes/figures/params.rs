//! The figures that a call asks for.

use serde::Deserialize;
use utoipa::IntoParams;
use vestibule_admin::{FieldErrors, ListFilter, validation};
use vestibule_domain::{
    account::is_channel_key,
    figures::{Day, FIGURE_DAYS_MAX},
    ids::{ClientId, TeamId},
};

/// The figures that are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FigureParams {
    /// First day, in UTC.
    #[param(value_type = String, required = true, nullable = false, format = Date, example = "2026-11-01")]
    from: Option<String>,
    /// Last day; at most 92 days with the first one.
    #[param(value_type = String, required = true, nullable = false, format = Date, example = "2026-11-30")]
    to: Option<String>,
    /// Only of this client.
    #[param(nullable = false, format = "id")]
    client_id: Option<String>,
    /// Only on this channel, by its key.
    #[param(nullable = false, min_length = 1, max_length = 40, example = "sms")]
    channel: Option<String>,
    /// Only of conversations that asked for this team, and of its members.
    #[param(nullable = false, format = "id")]
    team_id: Option<String>,
}

/// Validated parameters.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FigureQuery {
    /// First day.
    pub first: Day,
    /// Last day.
    pub last: Day,
    /// The client.
    pub client_id: Option<ClientId>,
    /// Key of the channel.
    pub channel: Option<String>,
    /// The team.
    pub team_id: Option<TeamId>,
}

impl ListFilter for FigureQuery {
    type Params = FigureParams;

    fn read(params: FigureParams, errors: &mut FieldErrors) -> Self {
        let from = day("from", params.from.as_deref(), errors);
        let to = day("to", params.to.as_deref(), errors);
        if let (Some(from), Some(to)) = (from, to) {
            let days = from.days_through(to);
            if days < 1 {
                errors.add("to", "must not be before `from`");
            } else if days > FIGURE_DAYS_MAX {
                let rule = format!("must be at most {FIGURE_DAYS_MAX} days with `from`");
                errors.add("to", rule);
            }
        }
        if let Some(channel) = &params.channel
            && !is_channel_key(channel)
        {
            errors.add("channel", "must be the key of a channel: a-z, 0-9 and _");
        }
        Self {
            first: from.unwrap_or_default(),
            last: to.unwrap_or_default(),
            client_id: validation::id("client_id", params.client_id.as_deref(), errors),
            channel: params.channel,
            team_id: validation::id("team_id", params.team_id.as_deref(), errors),
        }
    }
}

fn day(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<Day> {
    let day = given.and_then(Day::parse);
    if day.is_none() {
        errors.add(field, "must be a day such as `2026-11-30`");
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(from: Option<&str>, to: Option<&str>) -> (FigureQuery, FieldErrors) {
        let mut errors = FieldErrors::default();
        let params = FigureParams {
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            ..FigureParams::default()
        };
        (FigureQuery::read(params, &mut errors), errors)
    }

    #[test]
    fn a_range_is_of_one_to_92_days() {
        for (from, to, is_good) in [
            ("2026-11-30", "2026-11-30", true),
            ("2026-08-31", "2026-11-30", true),
            ("2026-08-30", "2026-11-30", false),
            ("2026-12-01", "2026-11-30", false),
        ] {
            let (query, errors) = read(Some(from), Some(to));
            assert_eq!(errors.is_empty(), is_good, "{from} {to}");
            assert_eq!(errors.names("to"), !is_good);
            assert_eq!(query.first.to_string(), from);
        }
    }

    #[test]
    fn every_wrong_parameter_is_told() {
        let (_, errors) = read(None, Some("30.11.2026"));
        assert!(errors.names("from") && errors.names("to"));
        let mut errors = FieldErrors::default();
        let params = FigureParams {
            client_id: Some("acme".to_owned()),
            channel: Some("S M S".to_owned()),
            team_id: Some("sales".to_owned()),
            ..FigureParams::default()
        };
        let query = FigureQuery::read(params, &mut errors);
        for field in ["from", "to", "client_id", "channel", "team_id"] {
            assert!(errors.names(field), "{field}");
        }
        assert_eq!((query.client_id, query.team_id), (None, None));
    }
}
