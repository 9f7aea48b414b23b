//! One's own account.

use gonogo_server::auth::{ACCOUNT_ATTEMPTS_MAX, FIRST_ADMIN, Role};
use reqwest::{Method, StatusCode};

use super::app::{App, Browser, PASSWORD, location};

const OTHER: &str = "another horse battery";

async fn change(
    browser: &mut Browser<'_>,
    present: &str,
    new: &str,
    again: &str,
) -> reqwest::Response {
    let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
    let form = [
        ("csrf", csrf.as_str()),
        ("present", present),
        ("new", new),
        ("again", again),
    ];
    browser.post("/account/password", &form).await
}

#[tokio::test]
async fn another_password_ends_every_other_session() {
    let app = App::set_up().await;
    let other = app.browser_of(FIRST_ADMIN).await;
    let mut browser = app.browser_of(FIRST_ADMIN).await;
    let before = browser.cookie.clone();
    let answer = change(&mut browser, PASSWORD, OTHER, OTHER).await;
    assert_eq!(location(&answer), "/account");
    assert!(browser.is_signed_in().await);
    assert!(!other.is_signed_in().await);
    let mut copied = app.browser();
    copied.cookie = before;
    assert!(
        !copied.is_signed_in().await,
        "this browser has a new session too"
    );
    let old = app.browser().login(FIRST_ADMIN, PASSWORD).await;
    assert_eq!(old.status(), StatusCode::UNAUTHORIZED);
    let new = app.browser().login(FIRST_ADMIN, OTHER).await;
    assert_eq!(new.status(), StatusCode::SEE_OTHER);
    assert!(
        app.audit()
            .contains(&"admin password.changed admin".to_owned())
    );
}

#[tokio::test]
async fn a_change_that_does_not_hold_changes_nothing() {
    let app = App::set_up().await;
    let mut browser = app.browser_of(FIRST_ADMIN).await;
    for (present, new, again, said) in [
        ("wrong", OTHER, OTHER, "This is not right."),
        (PASSWORD, "short", "short", "Use at least 12 characters."),
        (
            PASSWORD,
            OTHER,
            "something else",
            "The two passwords differ.",
        ),
    ] {
        let answer = change(&mut browser, present, new, again).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = answer.text().await.unwrap();
        assert!(page.contains(said), "{page}");
        assert!(!page.contains(PASSWORD) && !page.contains(OTHER));
    }
    let answer = app.browser().login(FIRST_ADMIN, PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_present_password_cannot_be_guessed_here_either() {
    let app = App::set_up().await;
    let mut browser = app.browser_of(FIRST_ADMIN).await;
    for _ in 0..ACCOUNT_ATTEMPTS_MAX {
        let answer = change(&mut browser, "wrong", OTHER, OTHER).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = change(&mut browser, PASSWORD, OTHER, OTHER).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_token_is_made_shown_once_and_revoked() {
    let app = App::set_up().await;
    let mut browser = app.browser_of(FIRST_ADMIN).await;
    let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
    let form = [
        ("csrf", csrf.as_str()),
        ("name", "<i>ci</i>"),
        ("scope", "read"),
        ("days", "30"),
    ];
    let answer = browser.post("/account/tokens", &form).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let page = answer.text().await.unwrap();
    let token = page
        .split("data-copy=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let read = app.program(Method::GET, "/read", token).await;
    assert_eq!(read.status(), StatusCode::OK);

    let page = browser.get("/account").await.text().await.unwrap();
    assert!(!page.contains(token));
    assert!(
        page.contains("&#60;i&#62;ci&#60;/i&#62;"),
        "escaped: {page}"
    );
    let id = token.split('_').nth(1).unwrap();
    let path = format!("/account/tokens/{id}/revoke");
    assert!(page.contains(&path));
    assert_eq!(location(&browser.post_with_proof(&path).await), "/account");
    let read = app.program(Method::GET, "/read", token).await;
    assert_eq!(read.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_form_with_a_mistake_makes_none() {
    let app = App::set_up().await;
    let mut browser = app.browser_of(FIRST_ADMIN).await;
    let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
    for (name, scope, days) in [
        ("", "read", "30"),
        ("ci", "root", "30"),
        ("ci", "read", "0"),
        ("ci", "read", "367"),
        ("ci", "read", "x"),
    ] {
        let form = [
            ("csrf", csrf.as_str()),
            ("name", name),
            ("scope", scope),
            ("days", days),
        ];
        let answer = browser.post("/account/tokens", &form).await;
        assert_eq!(
            answer.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{form:?}"
        );
    }
    assert!(app.store.api_tokens().unwrap().is_empty());
}

#[tokio::test]
async fn a_token_makes_no_tokens() {
    let app = App::set_up().await;
    let admin = app.identity(FIRST_ADMIN).await;
    let scope = gonogo_server::auth::Scope::Admin;
    let new = app.auth.create_token(&admin, "ci", scope, None, app.now());
    let token = new.await.unwrap().token;
    for path in ["/account/tokens", "/account/password"] {
        let answer = app.program(Method::POST, path, token.expose()).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(problem["error"]["code"], "for_people");
    }
}

#[tokio::test]
async fn somebody_invited_cannot_claim_another_address() {
    let app = App::set_up().await;
    app.add("bob", Role::Viewer).await;
    let token = app.auth.reissue("bob", app.now()).await.unwrap();
    let path = gonogo_server::auth::LinkPurpose::Setup.path(&token);
    let mut browser = app.browser();
    let page = browser.get(path.expose()).await.text().await.unwrap();
    assert!(!page.contains("name=\"email\""));
    let form = [
        ("name", "Bob Example"),
        ("email", "director@example.com"),
        ("password", OTHER),
        ("again", OTHER),
    ];
    let answer = browser.post(path.expose(), &form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let bob = app.auth.user("bob").await.unwrap().unwrap();
    assert_eq!(
        (&*bob.name, &*bob.email),
        ("Bob Example", "bob@example.com")
    );
}
