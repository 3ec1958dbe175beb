//! Answers to a browser for each address, with made-up files, whether or not the console was built.

use crate::{Asset, SITE, Site};
use lambda_http::{
    Body, Request, Response,
    http::{HeaderMap, header},
};
use std::collections::BTreeSet;

const MADE_UP: Site = Site {
    page: "<meta property=\"csp-nonce\" nonce=\"__NONCE__\"><script src=\"/console/assets/app-1a2b.js\"></script>",
    assets: &[
        Asset {
            name: "app-1a2b.js",
            content_type: "text/javascript; charset=utf-8",
            plain: b"console.log(1)",
            brotli: Some(b"brotli"),
        },
        Asset {
            name: "icon-3c4d.svg",
            content_type: "image/svg+xml",
            plain: b"<svg/>",
            brotli: None,
        },
    ],
};

fn get(site: &Site, path: &str, encodings: &[&str]) -> Response<Body> {
    let mut request = Request::new(Body::Empty);
    *request.uri_mut() = format!("https://chat.example.com{path}").parse().unwrap();
    for encoding in encodings {
        let value = encoding.parse().unwrap();
        request.headers_mut().append(header::ACCEPT_ENCODING, value);
    }
    site.answer(&request).unwrap()
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> &str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

fn body(response: &Response<Body>) -> &str {
    str::from_utf8(response.body().as_ref()).unwrap()
}

/// The nonce in a page's policy.
fn nonce_of(page: &Response<Body>) -> String {
    let policy = text(page.headers(), header::CONTENT_SECURITY_POLICY);
    let rest = policy.split("'nonce-").nth(1).unwrap();
    rest.split('\'').next().unwrap().to_owned()
}

/// U170
#[test]
fn every_answer_protects_itself_against_other_sites() {
    for path in [
        "/",
        "/console",
        "/console/sign-in",
        "/console/assets/app-1a2b.js",
        "/console/assets/gone.js",
    ] {
        let response = get(&MADE_UP, path, &[]);
        let headers = response.headers();
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains",
            ),
        ] {
            assert_eq!(text(headers, name), value, "{path}");
        }
        let permissions = text(headers, "permissions-policy");
        assert!(permissions.contains("camera=()"), "{path}");
        assert!(!permissions.contains("self"), "{path}");
        let policy = text(headers, header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(headers.get(header::SET_COOKIE), None, "{path}");
        assert_eq!(
            headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN),
            None,
            "{path}"
        );
    }
}

/// U170
#[test]
fn the_page_has_the_policy_of_the_console_with_a_nonce_of_its_own() {
    let page = get(&MADE_UP, "/console", &[]);
    let nonce = nonce_of(&page);
    assert_eq!(
        text(page.headers(), header::CONTENT_SECURITY_POLICY),
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' blob:; \
             connect-src 'self'; font-src 'none'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'"
        )
    );
    assert!(body(&page).contains(&format!("nonce=\"{nonce}\"")));
    assert!(!body(&page).contains("__NONCE__"));
    assert!(nonce.len() >= 22, "{nonce}");
    let nonces: BTreeSet<String> = (0..20)
        .map(|_| nonce_of(&get(&MADE_UP, "/console", &[])))
        .collect();
    assert_eq!(nonces.len(), 20);
}

/// U171
#[test]
fn every_address_of_the_app_is_the_page_and_is_never_kept() {
    for path in [
        "/console",
        "/console/",
        "/console/sign-in",
        "/console/a/01JD3Q3Z9V8M4T6K2N7P5R1S0W/settings/users/new?q=a",
        "/console/no-such-page",
        "/console/assets",
        "/console/index.html",
    ] {
        let page = get(&MADE_UP, path, &["br"]);
        assert_eq!(page.status(), 200, "{path}");
        assert!(body(&page).contains("app-1a2b.js"), "{path}");
        let headers = page.headers();
        assert_eq!(text(headers, header::CACHE_CONTROL), "no-store", "{path}");
        assert_eq!(
            text(headers, header::CONTENT_TYPE),
            "text/html; charset=utf-8",
            "{path}"
        );
        assert_eq!(headers.get(header::CONTENT_ENCODING), None, "{path}");
    }
}

/// U110
#[test]
fn the_address_of_the_origin_leads_to_the_console() {
    let response = get(&MADE_UP, "/", &[]);
    assert_eq!(response.status(), 302);
    assert_eq!(text(response.headers(), header::LOCATION), "/console");
    assert_eq!(text(response.headers(), header::CACHE_CONTROL), "no-store");
}

/// U171
#[test]
fn a_file_with_a_hash_is_kept_for_ever() {
    let response = get(&MADE_UP, "/console/assets/icon-3c4d.svg", &["br"]);
    assert_eq!(response.status(), 200);
    let headers = response.headers();
    assert_eq!(
        text(headers, header::CACHE_CONTROL),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(text(headers, header::CONTENT_TYPE), "image/svg+xml");
    // It was not compressed, since that made it larger.
    assert_eq!(headers.get(header::CONTENT_ENCODING), None);
    assert_eq!(body(&response), "<svg/>");
}

/// U171
#[test]
fn a_file_goes_out_in_brotli_to_those_who_take_it_and_plain_to_others() {
    let cases: [(&[&str], bool); 9] = [
        (&["br"], true),
        (&["gzip, deflate, br, zstd"], true),
        (&["gzip", "BR;q=0.5"], true),
        (&[], false),
        (&["gzip, deflate"], false),
        (&["br;q=0"], false),
        (&["br; q=0.000, gzip"], false),
        (&["brotli"], false),
        (&["*"], false),
    ];
    for (encodings, is_brotli) in cases {
        let response = get(&MADE_UP, "/console/assets/app-1a2b.js", encodings);
        let headers = response.headers();
        let encoding = if is_brotli { "br" } else { "" };
        assert_eq!(
            text(headers, header::CONTENT_ENCODING),
            encoding,
            "{encodings:?}"
        );
        let sent = if is_brotli {
            "brotli"
        } else {
            "console.log(1)"
        };
        assert_eq!(body(&response), sent, "{encodings:?}");
        assert_eq!(text(headers, header::VARY), "accept-encoding");
        // The gateway gets it in base64, or it would take it for text.
        assert!(matches!(response.body(), Body::Binary(_)), "{encodings:?}");
    }
}

/// U171
#[test]
fn a_file_that_is_not_there_is_not_found_whatever_its_name_looks_like() {
    for name in [
        "",
        "app.js",
        "app-1a2b.js.br",
        "APP-1A2B.JS",
        "../index.html",
        "../../Cargo.toml",
        "..%2f..%2fCargo.toml",
        "%2e%2e/main.rs",
        "./app-1a2b.js",
        "/app-1a2b.js",
        "app-1a2b.js/",
        "%00",
    ] {
        let response = get(&MADE_UP, &format!("/console/assets/{name}"), &[]);
        assert_eq!(response.status(), 404, "{name}");
        assert_eq!(body(&response), "There is no such file.", "{name}");
        assert_eq!(
            text(response.headers(), header::CACHE_CONTROL),
            "no-store",
            "{name}"
        );
    }
}

/// U005
#[test]
fn what_was_embedded_is_whole_or_says_that_it_was_not_built() {
    let page = get(&SITE, "/console", &[]);
    let page = body(&page);
    if SITE.assets.is_empty() {
        assert!(page.contains("The console was not built. Run make console."));
        return;
    }
    assert!(SITE.assets.is_sorted_by(|one, next| one.name < next.name));
    let mut named = 0;
    for part in page.split("/console/assets/").skip(1) {
        let name = part.split('"').next().unwrap();
        let path = format!("/console/assets/{name}");
        assert_eq!(get(&SITE, &path, &[]).status(), 200, "{path}");
        named += 1;
    }
    assert!(named >= 3, "{named}");
    assert!(
        !page.contains("<style") && !page.contains(" style="),
        "{page}"
    );
}
