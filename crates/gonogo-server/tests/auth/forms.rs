//! What changes something must come from our own page.

use gonogo_server::auth::FIRST_ADMIN;
use reqwest::{Method, StatusCode};

use super::app::{App, with_form};

#[tokio::test]
async fn a_form_without_its_proof_does_nothing() {
    let app = App::set_up().await;
    let mut browser = app.browser_of(FIRST_ADMIN).await;
    let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
    let other = app.browser_of(FIRST_ADMIN).await.whoami().await["csrf"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused: [&[(&str, &str)]; 5] = [
        &[],
        &[("csrf", "")],
        &[("csrf", &other)],
        &[("x", &csrf)],
        &[("csrf", &csrf), ("csrf", &csrf)],
    ];
    for form in refused {
        let answer = browser.post("/ack", form).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{form:?}");
        let page = answer.text().await.unwrap();
        assert!(page.contains("Nothing was changed."), "{page}");
    }
    let answer = browser
        .post("/ack", &[("csrf", &csrf), ("note", "x")])
        .await;
    assert_eq!(answer.text().await.unwrap(), "acked");
}

#[tokio::test]
async fn a_script_says_its_proof_in_a_header() {
    let app = App::set_up().await;
    let browser = app.browser_of(FIRST_ADMIN).await;
    let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
    let post = |csrf: &str| {
        let request = browser.request(Method::POST, "/ack").body("{}");
        request
            .header("x-csrf-token", csrf)
            .header("x-fragment", "1")
            .send()
    };
    assert_eq!(post(&csrf).await.unwrap().status(), StatusCode::OK);
    let refused = post("x").await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let said: serde_json::Value = refused.json().await.unwrap();
    assert!(
        said["message"]
            .as_str()
            .unwrap()
            .contains("load the page again")
    );
}

#[tokio::test]
async fn the_right_proof_from_another_site_does_nothing() {
    let app = App::set_up().await;
    let browser = app.browser_of(FIRST_ADMIN).await;
    let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://example.net"),
        ("origin", "null"),
    ] {
        let request = browser.request(Method::POST, "/ack").header(name, value);
        let request = with_form(request, &[("csrf", &csrf)]);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let request = browser.request(Method::POST, "/ack");
    let request = request.header("origin", &app.url);
    let ours = with_form(request, &[("csrf", &csrf)]);
    assert_eq!(ours.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_form_larger_than_the_limit_is_refused() {
    let app = App::set_up().await;
    let browser = app.browser_of(FIRST_ADMIN).await;
    let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
    let post = |len: usize| {
        let head = format!("csrf={csrf}&x=");
        let body = format!("{head}{}", "a".repeat(len - head.len()));
        let form = "application/x-www-form-urlencoded";
        let request = browser
            .request(Method::POST, "/ack")
            .header("content-type", form);
        request.body(body).send()
    };
    use gonogo_server::auth::http::FORM_BYTES_MAX;
    assert_eq!(post(FORM_BYTES_MAX).await.unwrap().status(), StatusCode::OK);
    let refused = post(FORM_BYTES_MAX + 1).await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_form_sent_after_the_session_ended_leads_to_signing_in() {
    let app = App::set_up().await;
    let answer = app.browser().post("/ack", &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(super::app::location(&answer), "/login");
}
