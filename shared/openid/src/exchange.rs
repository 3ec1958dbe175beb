//! Codes for tokens (RFC 6749 §4.1.3).

use crate::{
    problem::{ProviderProblem, Step},
    transport::{ProviderCall, ProviderTransport},
};
use data_encoding::BASE64;
use serde::Deserialize;
use url::Url;
use vestibule_domain::secret::Secret;

/// Longest code that is passed on, in bytes.
const CODE_MAX: usize = 4096;

/// The account's credentials at a provider.
#[derive(Debug, Clone, Copy)]
pub struct ClientCredentials<'a> {
    /// The id.
    pub id: &'a str,
    /// The secret.
    pub secret: &'a Secret,
    /// Whether the provider takes the secret in the form; else it goes into the header.
    pub in_form: bool,
}

/// A code that came back with the browser.
#[derive(Debug, Clone, Copy)]
pub struct Redeemed<'a> {
    /// The code.
    pub code: &'a Secret,
    /// The address to which the browser came back.
    pub redirect_uri: &'a str,
    /// The secret of PKCE.
    pub verifier: &'a str,
}

/// Tokens for a code.
#[derive(Debug)]
pub struct Tokens {
    /// The token for calls in the person's name.
    pub access_token: Secret,
    /// The ID token, not checked.
    pub id_token: Option<Secret>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    id_token: Option<String>,
}

/// Exchanges a code.
pub async fn exchange(
    transport: &dyn ProviderTransport,
    endpoint: &Url,
    client: &ClientCredentials<'_>,
    redeemed: &Redeemed<'_>,
) -> Result<Tokens, ProviderProblem> {
    let failed = |reason: &str| Step::Exchange.failed(reason);
    if redeemed.code.reveal().len() > CODE_MAX {
        return Err(failed("the code is too long"));
    }
    let call = call(endpoint, client, redeemed);
    let answer = transport.call(&call).await;
    let answer = answer.map_err(|failure| failed(&failure.reason))?;
    let body = Step::Exchange.body(answer)?;
    let answer: Answer = serde_json::from_slice(&body)
        .map_err(|_| failed("the answer has no access token, or is no JSON object"))?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(failed("the access token is of an unknown type"));
    }
    Ok(Tokens {
        access_token: Secret::new(answer.access_token),
        id_token: answer.id_token.map(Secret::new),
    })
}

fn call(endpoint: &Url, client: &ClientCredentials<'_>, redeemed: &Redeemed<'_>) -> ProviderCall {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", redeemed.code.reveal())
        .append_pair("redirect_uri", redeemed.redirect_uri)
        .append_pair("code_verifier", redeemed.verifier);
    let authorization = if client.in_form {
        form.append_pair("client_id", client.id)
            .append_pair("client_secret", client.secret.reveal());
        None
    } else {
        Some(basic(client))
    };
    ProviderCall {
        url: endpoint.clone(),
        form: Some(Secret::new(form.finish())),
        authorization,
    }
}

/// Both parts are encoded as in a form before they are joined (RFC 6749 §2.3.1).
fn basic(client: &ClientCredentials<'_>) -> Secret {
    let encoded =
        |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = format!("{}:{}", encoded(client.id), encoded(client.secret.reveal()));
    Secret::new(format!("Basic {}", BASE64.encode(pair.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(in_form: bool) -> (String, Option<String>) {
        let (secret, code) = (Secret::new("p:ss wörd&"), Secret::new("c&de"));
        let client = ClientCredentials {
            id: "id:1",
            secret: &secret,
            in_form,
        };
        let redeemed = Redeemed {
            code: &code,
            redirect_uri: "https://a.example/cb",
            verifier: "v",
        };
        let endpoint = Url::parse("https://idp.example/token").unwrap();
        let call = call(&endpoint, &client, &redeemed);
        (
            call.form.unwrap().reveal().to_owned(),
            call.authorization.map(|one| one.reveal().to_owned()),
        )
    }

    #[test]
    fn the_secret_goes_into_the_header_or_into_the_form_and_never_into_both() {
        let common = "grant_type=authorization_code&code=c%26de&redirect_uri=https%3A%2F%2Fa.example%2Fcb&code_verifier=v";
        let (form, header) = made(false);
        assert_eq!(form, common);
        let expected = BASE64.encode(b"id%3A1:p%3Ass+w%C3%B6rd%26");
        assert_eq!(header, Some(format!("Basic {expected}")));
        let (form, header) = made(true);
        let secret = "&client_id=id%3A1&client_secret=p%3Ass+w%C3%B6rd%26";
        assert_eq!(form, format!("{common}{secret}"));
        assert_eq!(header, None);
    }
}
