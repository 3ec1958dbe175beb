//! The console's files, through the gateway.

use crate::stack::Stack;
use bytes::Bytes;
use http::{Method, StatusCode};
use std::fs;
use vestibule_testkit::{
    http_client::{HttpAnswer, header_map},
    template::root,
};

/// U110, U170, U171
#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_console_comes_through_the_gateway_as_it_was_built() {
    let stack = Stack::load();
    let start = get(&stack, "/", "br").await;
    assert_eq!(start.status, StatusCode::FOUND);
    assert_eq!(start.headers["location"], "/console");

    for path in [
        "/console",
        "/console/sign-in",
        "/console/a/01A/settings/users?q=a",
    ] {
        let page = get(&stack, path, "br").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(page.headers["cache-control"], "no-store", "{path}");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        let nonce = policy.split("'nonce-").nth(1).unwrap();
        let nonce = nonce.split('\'').next().unwrap();
        let text = str::from_utf8(&page.body).unwrap();
        assert!(text.contains(&format!("nonce=\"{nonce}\"")), "{path}");
    }

    let page = get(&stack, "/console", "br").await;
    let text = str::from_utf8(&page.body).unwrap();
    let names = text.split("/console/assets/").skip(1);
    let names: Vec<&str> = names.map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(names.len() >= 3, "the console was not built: {text}");
    for name in names {
        let built = root().join("functions/console/web/dist/assets").join(name);
        let path = format!("/console/assets/{name}");
        let plain = get(&stack, &path, "gzip").await;
        assert_eq!(plain.status, StatusCode::OK, "{path}");
        assert_eq!(plain.body, fs::read(&built).unwrap(), "{path}");
        let compressed = built.with_file_name(format!("{name}.br"));
        if let Ok(compressed) = fs::read(compressed) {
            let brotli = get(&stack, &path, "gzip, br").await;
            assert_eq!(brotli.headers["content-encoding"], "br", "{path}");
            assert_eq!(brotli.body, compressed, "{path}");
        }
    }
    let gone = get(&stack, "/console/assets/gone-1a2b.js", "br").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

async fn get(stack: &Stack, path: &str, encodings: &str) -> HttpAnswer {
    let url = format!("{}{path}", stack.fact("api_url"));
    let headers = header_map([("accept-encoding", encodings)]).unwrap();
    stack.send(Method::GET, &url, headers, Bytes::new()).await
}
