//! The pages through a socket, as a browser meets them.

use std::time::Duration;

use axum::middleware::from_fn;
use reqwest::{Client, Response, StatusCode, header};

use super::headers;

/// Serves the router on a free port and answers its address.
async fn serve() -> String {
    let app = super::router::<()>().layer(from_fn(headers::secure));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

/// A client that shows every answer as it is.
fn client() -> Client {
    let builder = Client::builder().redirect(reqwest::redirect::Policy::none());
    builder
        .timeout(Duration::from_secs(10))
        .build()
        .expect("a client")
}

async fn get(base: &str, path: &str, name: &'static str, value: &'static str) -> Response {
    let request = client().get(format!("{base}{path}")).header(name, value);
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn a_page_brings_its_policy_and_no_inline_code() {
    let base = serve().await;
    let answer = get(&base, "/design", "accept", "text/html").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let headers = answer.headers();
    assert_eq!(headers[header::CONTENT_SECURITY_POLICY], headers::POLICY);
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(headers[header::REFERRER_POLICY], "same-origin");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    let html = answer.text().await.expect("text");
    assert!(
        !html.contains(" style="),
        "a style attribute is not allowed"
    );
    assert!(
        !html.contains("<style"),
        "an inline stylesheet is not allowed"
    );
    assert!(
        !html.contains("<script>"),
        "an inline script, or a name that was not escaped"
    );
    assert!(
        !html.contains(" onclick"),
        "an inline handler is not allowed"
    );
    assert!(html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"));
}

#[tokio::test]
async fn a_fragment_is_the_live_parts_only() {
    let base = serve().await;
    let answer = get(&base, "/design", "x-fragment", "1").await;
    let html = answer.text().await.expect("text");
    assert!(!html.contains("<html") && !html.contains("<head>"));
    for id in ["top", "side", "banners", "main"] {
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(html.contains("id=\"fragment\""));
}

#[tokio::test]
async fn a_flash_is_shown_once() {
    let base = serve().await;
    let client = client();
    let answer = client
        .post(format!("{base}/design/act"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let set = answer.headers()[header::SET_COOKIE]
        .to_str()
        .expect("text")
        .to_owned();
    let pair = set.split(';').next().expect("a pair").to_owned();
    let page = client.get(format!("{base}/design")).header("cookie", pair);
    let page = page.send().await.expect("an answer");
    let gone = page.headers()[header::SET_COOKIE]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        gone.starts_with("flash=;") && gone.contains("Max-Age=0"),
        "{gone}"
    );
    assert!(
        page.text()
            .await
            .expect("text")
            .contains("Acknowledged. The next update")
    );
}

#[tokio::test]
async fn the_status_page_allows_its_own_stylesheet_and_nothing_else() {
    let base = serve().await;
    let answer = get(&base, "/design/pages/status", "accept", "text/html").await;
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let html = answer.text().await.expect("text");
    assert!(!html.contains("<script") && !html.contains(" style="));
    assert!(html.contains("Next update by"));
}

#[tokio::test]
async fn an_old_status_page_says_so_first_and_claims_nothing() {
    let base = serve().await;
    let answer = get(&base, "/design/pages/status?worse", "accept", "text/html").await;
    let html = answer.text().await.expect("text");
    assert!(html.contains("could not be brought up to date"));
    assert!(html.contains("class=\"overall unknown\""));
    assert!(html.contains("is overdue"));
    assert!(!html.contains("<script>alert"));
}

#[tokio::test]
async fn a_form_with_a_mistake_comes_back_with_it() {
    let base = serve().await;
    let answer = client()
        .post(format!("{base}/design/form"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let html = answer.text().await.expect("text");
    assert!(html.contains("aria-invalid=\"true\""));
    assert!(html.contains("id=\"f-domain-note\""));
}

#[tokio::test]
async fn pages_that_stand_alone_render() {
    let base = serve().await;
    for (name, status) in [
        ("login", 200),
        ("ack", 200),
        ("ack?worse", 200),
        ("message", 200),
        ("error", 404),
    ] {
        let answer = get(
            &base,
            &format!("/design/pages/{name}"),
            "accept",
            "text/html",
        )
        .await;
        assert_eq!(answer.status().as_u16(), status, "{name}");
        let html = answer.text().await.expect("text");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert!(!html.contains(" style="), "{name}");
    }
}
