//! Checks of a call against Slack's reference, before the workspace is considered. Stricter than Slack: a
//! call that Slack accepts with a warning is a violation here.

use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::{Map, Value, json};

/// Longest text that Slack advises for one message.
const ADVISED_TEXT_CHARS: usize = 4_000;
/// Length at which Slack cuts off text.
const MAX_TEXT_CHARS: usize = 40_000;

/// A parsed call.
#[derive(Debug, Default)]
pub(super) struct Examined {
    pub(super) token: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) arguments: Value,
    /// The error with which Slack refuses the call before it considers the workspace.
    pub(super) refused: Option<&'static str>,
    pub(super) violations: Vec<String>,
}

struct Rules {
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// Takes a JSON body; other methods take a query or a form.
    takes_json: bool,
}

const POST_MESSAGE: Rules = Rules {
    required: &["channel"],
    optional: &[
        "text",
        "blocks",
        "attachments",
        "thread_ts",
        "reply_broadcast",
        "unfurl_links",
        "unfurl_media",
        "mrkdwn",
        "parse",
        "link_names",
        "username",
        "icon_emoji",
        "icon_url",
        "metadata",
        "markdown_text",
        "as_user",
    ],
    takes_json: true,
};
const POST_EPHEMERAL: Rules = Rules {
    required: &["channel", "user"],
    optional: &[
        "text",
        "blocks",
        "attachments",
        "thread_ts",
        "parse",
        "link_names",
        "username",
        "icon_emoji",
        "icon_url",
        "markdown_text",
        "as_user",
    ],
    takes_json: true,
};
const CONVERSATIONS_OPEN: Rules = Rules {
    required: &[],
    optional: &["users", "channel", "return_im", "prevent_creation"],
    takes_json: true,
};
const CONVERSATIONS_HISTORY: Rules = Rules {
    required: &["channel"],
    optional: &[
        "cursor",
        "include_all_metadata",
        "inclusive",
        "latest",
        "limit",
        "oldest",
    ],
    takes_json: false,
};
const CONVERSATIONS_REPLIES: Rules = Rules {
    required: &["channel", "ts"],
    optional: &[
        "cursor",
        "include_all_metadata",
        "inclusive",
        "latest",
        "limit",
        "oldest",
    ],
    takes_json: false,
};
const USERS_INFO: Rules = Rules {
    required: &["user"],
    optional: &["include_locale"],
    takes_json: false,
};
const AUTH_TEST: Rules = Rules {
    required: &[],
    optional: &[],
    takes_json: true,
};

/// Parses a call, and notes every fault that it has in any workspace.
pub(super) fn examine(
    api_method: &str,
    http_method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
    allowed_broadcasts: &[String],
) -> Examined {
    let mut call = Examined {
        content_type: headers
            .get(header::CONTENT_TYPE)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        ..Examined::default()
    };
    let Some(rules) = rules(api_method) else {
        return call.refuse("unknown_method", format!("there is no method {api_method}"));
    };
    call = read_token(call, headers);
    call = if rules.takes_json {
        read_json(call, http_method, uri, body)
    } else {
        read_query_or_form(call, http_method, uri, body)
    };
    if call.refused.is_some() {
        return call;
    }
    call = check_fields(call, api_method, rules);
    if rules.optional.contains(&"text") {
        call = check_text(call, allowed_broadcasts);
    }
    call
}

impl Examined {
    fn refuse(mut self, error: &'static str, what: impl Into<String>) -> Self {
        self.refused.get_or_insert(error);
        self.note(what)
    }

    fn note(mut self, what: impl Into<String>) -> Self {
        self.violations.push(what.into());
        self
    }
}

fn rules(api_method: &str) -> Option<&'static Rules> {
    match api_method {
        "chat.postMessage" => Some(&POST_MESSAGE),
        "chat.postEphemeral" => Some(&POST_EPHEMERAL),
        "conversations.open" => Some(&CONVERSATIONS_OPEN),
        "conversations.history" => Some(&CONVERSATIONS_HISTORY),
        "conversations.replies" => Some(&CONVERSATIONS_REPLIES),
        "users.info" => Some(&USERS_INFO),
        "auth.test" => Some(&AUTH_TEST),
        _ => None,
    }
}

fn read_token(mut call: Examined, headers: &HeaderMap) -> Examined {
    let all: Vec<_> = headers.get_all(header::AUTHORIZATION).iter().collect();
    let [value] = all.as_slice() else {
        return call.refuse("not_authed", "there must be one Authorization header");
    };
    match value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Bearer "))
    {
        Some(token) if token.starts_with("xoxb-") => {
            call.token = Some(token.to_owned());
            call
        }
        Some(_) => call.refuse("invalid_auth", "the token is not a bot token (xoxb-…)"),
        None => call.refuse(
            "not_authed",
            "the Authorization header is not `Bearer <token>`",
        ),
    }
}

fn read_json(mut call: Examined, http_method: &Method, uri: &Uri, body: &[u8]) -> Examined {
    if http_method != Method::POST {
        return call.refuse(
            "invalid_arguments",
            format!("{http_method} instead of POST"),
        );
    }
    if uri.query().is_some() {
        call = call.note("arguments in the URL end up in logs; they belong into the body");
    }
    let content_type = call
        .content_type
        .clone()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let (kind, parameters) = content_type
        .split_once(';')
        .map_or((content_type.as_str(), ""), |(kind, parameters)| {
            (kind.trim(), parameters.trim())
        });
    if body.is_empty() && kind.is_empty() {
        // A call without arguments, such as auth.test, needs neither body nor type.
        call.arguments = json!({});
        return call;
    }
    if kind != "application/json" {
        return call.refuse(
            "invalid_post_type",
            format!("content type `{content_type}` is not JSON"),
        );
    }
    if parameters != "charset=utf-8" {
        call = call.note("content type without `charset=utf-8` (Slack warns: missing_charset)");
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(arguments @ Value::Object(_)) => {
            call.arguments = arguments;
            call
        }
        Ok(_) => call.refuse("json_not_object", "the body is not a JSON object"),
        Err(error) => call.refuse("invalid_json", format!("the body is not JSON: {error}")),
    }
}

fn read_query_or_form(
    mut call: Examined,
    http_method: &Method,
    uri: &Uri,
    body: &[u8],
) -> Examined {
    let is_form = call
        .content_type
        .as_deref()
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let mut arguments = Map::new();
    let mut read = |encoded: &[u8]| {
        for (name, value) in url::form_urlencoded::parse(encoded) {
            arguments.insert(name.into_owned(), json!(value));
        }
    };
    read(uri.query().unwrap_or_default().as_bytes());
    if http_method == Method::POST && is_form {
        read(body);
    }
    call.arguments = Value::Object(arguments);
    if http_method == Method::POST && !is_form {
        return call.refuse(
            "invalid_arguments",
            "this method takes a query or a form, not JSON",
        );
    }
    if http_method != Method::POST && http_method != Method::GET {
        return call.refuse(
            "invalid_arguments",
            format!("{http_method} instead of GET or POST"),
        );
    }
    call
}

fn check_fields(mut call: Examined, api_method: &str, rules: &Rules) -> Examined {
    let Value::Object(arguments) = call.arguments.clone() else {
        return call;
    };
    for name in arguments.keys() {
        let known =
            rules.required.contains(&name.as_str()) || rules.optional.contains(&name.as_str());
        if name == "token" {
            call = call.note("the token belongs into the Authorization header");
        } else if !known {
            call = call.note(format!("{api_method} has no field `{name}`"));
        }
    }
    for name in ["channel", "user", "text", "thread_ts", "users"] {
        if arguments.get(name).is_some_and(|value| !value.is_string()) {
            call = call.refuse("invalid_arguments", format!("`{name}` is not a string"));
        }
    }
    for name in rules.required {
        if arguments
            .get(*name)
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            let error = match (*name, api_method) {
                ("channel", _) => "channel_not_found",
                ("user", "users.info") => "user_not_found",
                _ => "invalid_arguments",
            };
            call = call.refuse(error, format!("`{name}` is missing"));
        }
    }
    if let Some(thread_ts) = arguments.get("thread_ts").and_then(Value::as_str)
        && !is_ts(thread_ts)
    {
        call = call.refuse(
            "invalid_arguments",
            "`thread_ts` is not the ts of a message",
        );
    }
    call
}

fn check_text(mut call: Examined, allowed_broadcasts: &[String]) -> Examined {
    let Value::Object(arguments) = &call.arguments else {
        return call;
    };
    let text = arguments
        .get("text")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let has_other_content = ["blocks", "attachments", "markdown_text"]
        .iter()
        .any(|name| arguments.contains_key(*name));
    if text.trim().is_empty() && !has_other_content {
        return call.refuse("no_text", "there is nothing to say");
    }
    let chars = text.chars().count();
    if chars > MAX_TEXT_CHARS {
        return call.refuse("msg_too_long", format!("{chars} characters"));
    }
    if chars > ADVISED_TEXT_CHARS {
        call = call.note(format!(
            "{chars} characters; a message should have at most {ADVISED_TEXT_CHARS}"
        ));
    }
    for broadcast in ["<!channel", "<!here", "<!everyone", "<!subteam"] {
        if text.contains(broadcast) && !allowed_broadcasts.iter().any(|allowed| allowed == &text) {
            call = call.note(format!(
                "`{broadcast}…>` is not escaped: it would notify everybody"
            ));
        }
    }
    call
}

fn is_ts(value: &str) -> bool {
    let is_digits =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    value
        .split_once('.')
        .is_some_and(|(seconds, fraction)| is_digits(seconds) && is_digits(fraction))
}
