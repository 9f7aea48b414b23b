//! Sessions: the cookie, how long it lasts, how it ends.

use gonogo_server::auth::{FIRST_ADMIN, LinkPurpose, SESSION_IDLE_MAX, SESSION_LENGTH_MAX};
use jiff::SignedDuration;
use reqwest::{Response, StatusCode, header};

use super::app::{App, PASSWORD, eventually, location};

fn cookie_attributes(answer: &Response) -> String {
    let set = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    let (name, rest) = set.split_once('=').unwrap();
    let (value, attributes) = rest.split_once(';').unwrap();
    format!("{name}=<{} characters>;{attributes}", value.len())
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_other_sites() {
    let app = App::set_up().await;
    let answer = app.browser().login(FIRST_ADMIN, PASSWORD).await;
    insta::assert_snapshot!(
        cookie_attributes(&answer),
        @"gonogo_session=<43 characters>; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
    );
    let app = App::start_at(Some("https://ops.example.com")).await;
    app.auth.first_run(app.now()).await.unwrap();
    let token = app.auth.enter_link(FIRST_ADMIN, app.now()).await.unwrap();
    let path = LinkPurpose::Enter.path(&token);
    let mut browser = app.browser();
    let answer = browser.post(path.expose(), &[]).await;
    insta::assert_snapshot!(
        cookie_attributes(&answer),
        @"__Host-gonogo=<43 characters>; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure"
    );
    assert!(browser.is_signed_in().await);
    // Without the prefix it may have come from anywhere.
    browser.cookie.as_mut().unwrap().0 = "gonogo_session".into();
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_planted_cookie_never_becomes_a_session() {
    let app = App::set_up().await;
    let planted = "A".repeat(43);
    let mut browser = app.browser();
    browser.cookie = Some(("gonogo_session".into(), planted.clone()));
    assert!(!browser.is_signed_in().await);
    browser.login(FIRST_ADMIN, PASSWORD).await;
    assert_ne!(browser.token(), planted);
    // Signing in again makes a new one and ends the one before.
    let first = browser.cookie.clone();
    browser.login(FIRST_ADMIN, PASSWORD).await;
    assert_ne!(browser.cookie, first);
    assert!(browser.is_signed_in().await);
    let mut thief = app.browser();
    thief.cookie = Some(("gonogo_session".into(), planted));
    assert!(!thief.is_signed_in().await);
    thief.cookie = first;
    assert!(!thief.is_signed_in().await);
}

#[tokio::test]
async fn signing_out_ends_the_session_at_the_server() {
    let app = App::set_up().await;
    let mut browser = app.browser_of(FIRST_ADMIN).await;
    let before = browser.cookie.clone();
    let other = app.browser_of(FIRST_ADMIN).await;
    let answer = browser.post_with_proof("/logout").await;
    assert_eq!(location(&answer), "/login");
    insta::assert_snapshot!(
        cookie_attributes(&answer),
        @"gonogo_session=<0 characters>; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    );
    browser.cookie = before;
    assert!(!browser.is_signed_in().await);
    assert!(
        other.is_signed_in().await,
        "another browser is another session"
    );
    assert_eq!(app.audit().last().unwrap(), "admin logout admin");
}

#[tokio::test]
async fn an_idle_session_ends() {
    let app = App::set_up().await;
    let browser = app.browser_of(FIRST_ADMIN).await;
    app.pass(SESSION_IDLE_MAX - SignedDuration::from_millis(1));
    let idle = app.browser_of(FIRST_ADMIN).await;
    assert!(browser.is_signed_in().await);
    app.pass(SESSION_IDLE_MAX);
    assert!(!idle.is_signed_in().await);
}

#[tokio::test]
async fn use_prolongs_a_session_until_its_full_length() {
    let app = App::set_up().await;
    let browser = app.browser_of(FIRST_ADMIN).await;
    let begun = app.now();
    let step = SESSION_IDLE_MAX - SignedDuration::from_mins(5);
    while app.now() + step < begun + SESSION_LENGTH_MAX {
        app.pass(step);
        assert!(browser.is_signed_in().await);
        noted(&app, &browser.token()).await;
    }
    let ends = begun + SESSION_LENGTH_MAX;
    app.pass(ends.duration_since(app.now()) - SignedDuration::from_millis(1));
    assert!(browser.is_signed_in().await);
    app.pass(SignedDuration::from_millis(1));
    assert!(!browser.is_signed_in().await);
}

/// Waits until the use of a session is noted.
async fn noted(app: &App, token: &str) {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(token.as_bytes());
    let now_ms = app.now().as_millisecond();
    let session = || app.store.session(&hash).unwrap().unwrap();
    eventually(|| session().last_seen_at_ms == now_ms).await;
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once() {
    let app = App::set_up().await;
    app.add("bob", gonogo_server::auth::Role::Responder).await;
    let browser = app.browser_of("bob").await;
    assert!(browser.is_signed_in().await);
    let admin = app.identity(FIRST_ADMIN).await;
    let now = app.now();
    app.auth
        .set_disabled(&admin, "bob", Some(now), now)
        .await
        .unwrap();
    let answer = browser.get("/read").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_proxys_own_authorization_does_not_hide_the_session() {
    let app = App::set_up().await;
    let browser = app.browser_of(FIRST_ADMIN).await;
    let request = browser.request(reqwest::Method::GET, "/read");
    let answer = request.basic_auth("proxy", Some("x")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}
