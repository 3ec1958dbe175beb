//! Rules for the fields of a webhook.

use crate::Deps;
use vestibule_admin::{Call, FieldErrors, problem::ApiError};
use vestibule_domain::{
    egress::{OriginAllowList, check_endpoint},
    event::{catalogue::EventType, subscription::EventFilter},
    ids::ProjectId,
};

/// Reads the address of a webhook: the rules are those of an agent's endpoint.
pub(super) fn read_url(
    given: Option<&str>,
    allowed: &OriginAllowList,
    errors: &mut FieldErrors,
) -> Option<String> {
    match check_endpoint(given?.trim(), allowed) {
        Ok(url) => Some(url.to_string()),
        Err(error) => {
            errors.add("url", error.to_string());
            None
        }
    }
}

/// Reads the events that a webhook asks for.
pub(super) fn read_events(
    given: Option<&[String]>,
    errors: &mut FieldErrors,
) -> Option<EventFilter> {
    let given = given?;
    let filter = EventFilter::read(given);
    if filter.is_some() {
        return filter;
    }
    let is_known = |text: &str| EventType::from_key(text).is_some_and(EventType::can_be_chosen);
    let unknown = given.iter().position(|text| !is_known(text));
    match unknown {
        // One error for a list is enough: `*` beside types is one, and so is a type that there is not.
        Some(index) if given.len() <= EventType::ALL.len() => errors.add(
            format!("events.{index}"),
            "must be a type of event, as `GET /v1/webhooks/event-types` lists them, or `*` alone",
        ),
        _ => errors.add(
            "events",
            "must name 1 to 33 types of events, or be `*` alone",
        ),
    }
    None
}

/// Checks that the project of a webhook exists.
pub(super) async fn check_project(
    deps: &Deps,
    call: &Call,
    id: Option<ProjectId>,
) -> Result<(), ApiError> {
    let Some(id) = id else {
        return Ok(());
    };
    let mut errors = FieldErrors::default();
    if deps.projects.get_project(call.scope(), id).await?.is_none() {
        errors.add(
            "project_id",
            "must be the id of one of the account's projects",
        );
    }
    errors.check_body()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_admin::problem::VALIDATION;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn field(errors: FieldErrors) -> Option<String> {
        let error = errors.check_body().err()?;
        assert_eq!(error.kind(), &VALIDATION);
        error.errors().first().map(|error| error.field.clone())
    }

    /// SPEC F04.
    #[test]
    fn events_are_types_or_a_star_and_the_wrong_one_is_named() {
        let mut errors = FieldErrors::default();
        let all = read_events(Some(&texts(&["*"])), &mut errors);
        assert_eq!(all, Some(EventFilter::All));
        let some = read_events(Some(&texts(&["member.left", "member.left"])), &mut errors);
        assert_eq!(
            some,
            Some(EventFilter::Only([EventType::MemberLeft].into()))
        );
        assert_eq!(read_events(None, &mut errors), None);
        assert!(errors.is_empty());
        for (wrong, named) in [
            (texts(&[]), "events"),
            (texts(&["member.left", "*"]), "events.1"),
            (texts(&["member"]), "events.0"),
            (texts(&["webhook.test"]), "events.0"),
            (vec!["x".to_owned(); 100], "events"),
        ] {
            let mut errors = FieldErrors::default();
            assert_eq!(read_events(Some(&wrong), &mut errors), None);
            assert_eq!(field(errors).as_deref(), Some(named), "{wrong:?}");
        }
        assert_eq!(EventType::ALL.len() - 1, 33);
    }

    #[test]
    fn an_address_is_public_and_https_unless_the_operator_allowed_its_origin() {
        let none = OriginAllowList::parse("").unwrap();
        let own = OriginAllowList::parse("http://127.0.0.1:7070").unwrap();
        let read = |text: &str, allowed: &OriginAllowList| {
            let mut errors = FieldErrors::default();
            let url = read_url(Some(text), allowed, &mut errors);
            assert_eq!(errors.names("url"), url.is_none());
            url
        };
        let public = "https://crm.example.com/events";
        assert_eq!(read(&format!(" {public} "), &none).as_deref(), Some(public));
        for wrong in [
            "http://crm.example.com/",
            "https://169.254.169.254/",
            "https://localhost/",
            "https://a:b@crm.example.com/",
            "crm",
        ] {
            assert_eq!(read(wrong, &none), None, "{wrong}");
        }
        assert_eq!(read("http://127.0.0.1:7070/hook", &none), None);
        assert!(read("http://127.0.0.1:7070/hook", &own).is_some());
    }
}
