//! Configuration: the one place that reads the process's environment.

use url::Url;
use vestibule_domain::vars::Vars;

/// The process's environment variables.
#[must_use]
pub fn vars() -> Vars<'static> {
    Vars::new(&process_var)
}

/// Reads `PUBLIC_URL`, the origin under which the API is reached if it is not the gateway's own. An
/// address with a path is refused: the gateway passes a mapping's path to the function with every
/// request, and nothing removes it.
pub fn public_url(vars: &mut Vars<'_>) -> Option<String> {
    vars.parsed("PUBLIC_URL", |text| {
        origin(text).map(Some).ok_or(NOT_AN_ORIGIN)
    })
}

const NOT_AN_ORIGIN: &str =
    "must be an origin such as https://chat.example.com: scheme, host and port, without a path";

fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let origin = url.origin().ascii_serialization();
    let is_bare = url.as_str().strip_suffix('/') == Some(origin.as_str());
    (is_bare && matches!(url.scheme(), "http" | "https")).then_some(origin)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn process_var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_address_is_an_origin() {
        for (text, read) in [
            ("https://chat.example.com", Some("https://chat.example.com")),
            (
                "https://chat.example.com/",
                Some("https://chat.example.com"),
            ),
            (
                "https://Chat.Example.com:443",
                Some("https://chat.example.com"),
            ),
            ("http://127.0.0.1:9080", Some("http://127.0.0.1:9080")),
            ("https://example.com/chat", None),
            ("https://example.com/?a=1", None),
            ("https://example.com/#a", None),
            ("https://user:secret@example.com", None),
            ("wss://example.com", None),
            ("chat.example.com", None),
        ] {
            assert_eq!(origin(text).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn an_address_with_a_path_is_a_problem_and_none_at_all_is_not() {
        let with_path = |_: &str| Some("https://example.com/chat".to_owned());
        let mut vars = Vars::new(&with_path);
        assert_eq!(public_url(&mut vars), None);
        let problem = vars.finish().unwrap_err().to_string();
        assert!(
            problem.contains("PUBLIC_URL: must be an origin"),
            "{problem}"
        );
        let unset = |_: &str| None;
        let mut vars = Vars::new(&unset);
        assert_eq!(public_url(&mut vars), None);
        assert!(vars.finish().is_ok());
    }
}
