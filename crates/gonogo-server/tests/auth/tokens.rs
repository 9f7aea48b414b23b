//! Tokens for programs.

use gonogo_server::auth::{API_TOKENS_PER_USER_MAX, AuthError, FIRST_ADMIN, Role, Scope};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::app::{App, eventually};

#[tokio::test]
async fn a_token_works_until_it_is_revoked() {
    let app = App::set_up().await;
    let admin = app.identity(FIRST_ADMIN).await;
    let new = app
        .auth
        .create_token(&admin, "  ci  ", Scope::Respond, None, app.now());
    let new = new.await.unwrap();
    assert!(new.token.expose().starts_with(&format!("gng_{}_", new.id)));

    let answer = app
        .program(Method::GET, "/api/whoami", new.token.expose())
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    let seen: Value = answer.json().await.unwrap();
    assert_eq!(seen["id"], FIRST_ADMIN);
    assert_eq!(seen["role"], "responder");
    assert_eq!(seen["actor"], "api");
    // A program needs no form's proof.
    let answer = app.program(Method::POST, "/ack", new.token.expose()).await;
    assert_eq!(answer.status(), StatusCode::OK);

    let listed = app.auth.tokens_of(FIRST_ADMIN, app.now()).await.unwrap();
    assert_eq!((listed.len(), &*listed[0].name), (1, "ci"));

    assert!(
        app.auth
            .revoke_token(&admin, &new.id, app.now())
            .await
            .unwrap()
    );
    let answer = app
        .program(Method::GET, "/api/whoami", new.token.expose())
        .await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(
        app.auth
            .tokens_of(FIRST_ADMIN, app.now())
            .await
            .unwrap()
            .is_empty()
    );
    let audit = app.audit().join("\n");
    assert!(audit.contains(&format!("admin token.created {}", new.id)));
    assert!(audit.contains(&format!("admin token.revoked {}", new.id)));
}

#[tokio::test]
async fn a_program_without_a_token_is_told_so_in_its_own_terms() {
    let app = App::set_up().await;
    let none = reqwest::Client::builder().build().unwrap();
    let none = none
        .get(format!("{}/api/whoami", app.url))
        .send()
        .await
        .unwrap();
    let wrong = app
        .program(Method::GET, "/read", "gng_000000000000_x")
        .await;
    let empty = app.program(Method::GET, "/read", "").await;
    let long = app
        .program(Method::GET, "/read", &format!("gng_{}", "x".repeat(4000)))
        .await;
    for answer in [none, wrong, empty, long] {
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["error"]["code"], "sign_in");
        assert!(problem["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn a_wrong_token_is_not_saved_by_a_cookie() {
    let app = App::set_up().await;
    let browser = app.browser_of(FIRST_ADMIN).await;
    let request = browser.request(Method::GET, "/read").bearer_auth("gng_x_y");
    assert_eq!(
        request.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_session_is_not_a_token() {
    let app = App::set_up().await;
    let token = app.browser_of(FIRST_ADMIN).await.token();
    let answer = app.program(Method::GET, "/read", &token).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_ends_when_it_was_said_to() {
    let app = App::set_up().await;
    let admin = app.identity(FIRST_ADMIN).await;
    let ends = app.now() + SignedDuration::from_hours(1);
    let new = app
        .auth
        .create_token(&admin, "ci", Scope::Read, Some(ends), app.now());
    let token = new.await.unwrap().token;
    app.pass(SignedDuration::from_hours(1) - SignedDuration::from_millis(1));
    let answer = app.program(Method::GET, "/read", token.expose()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    app.pass(SignedDuration::from_millis(1));
    let answer = app.program(Method::GET, "/read", token.expose()).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn only_the_owner_and_administrators_revoke() {
    let app = App::set_up().await;
    app.add("bob", Role::Director).await;
    app.add("eve", Role::Director).await;
    let (bob, eve) = (app.identity("bob").await, app.identity("eve").await);
    let new = app
        .auth
        .create_token(&bob, "ci", Scope::Read, None, app.now());
    let new = new.await.unwrap();
    assert!(
        !app.auth
            .revoke_token(&eve, &new.id, app.now())
            .await
            .unwrap()
    );
    let answer = app.program(Method::GET, "/read", new.token.expose()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let admin = app.identity(FIRST_ADMIN).await;
    assert!(
        app.auth
            .revoke_token(&admin, &new.id, app.now())
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn the_use_of_a_token_is_noted_at_most_once_a_minute() {
    let app = App::set_up().await;
    let admin = app.identity(FIRST_ADMIN).await;
    let new = app
        .auth
        .create_token(&admin, "ci", Scope::Read, None, app.now());
    let token = new.await.unwrap().token;
    let used = || app.store.api_tokens().unwrap()[0].last_used_at_ms;
    assert_eq!(used(), None);
    let first = app.now().as_millisecond();
    app.program(Method::GET, "/read", token.expose()).await;
    eventually(|| used() == Some(first)).await;
    app.pass(SignedDuration::from_secs(59));
    app.program(Method::GET, "/read", token.expose()).await;
    app.pass(SignedDuration::from_secs(1));
    let then = app.now().as_millisecond();
    app.program(Method::GET, "/read", token.expose()).await;
    eventually(|| used() != Some(first)).await;
    assert_eq!(used(), Some(then));
}

#[tokio::test]
async fn an_account_has_so_many_tokens_at_the_most() {
    let app = App::set_up().await;
    let admin = app.identity(FIRST_ADMIN).await;
    let create = || {
        app.auth
            .create_token(&admin, "ci", Scope::Read, None, app.now())
    };
    let first = create().await.unwrap();
    for _ in 1..API_TOKENS_PER_USER_MAX {
        create().await.unwrap();
    }
    assert!(matches!(create().await, Err(AuthError::Limit { .. })));
    app.auth
        .revoke_token(&admin, &first.id, app.now())
        .await
        .unwrap();
    create().await.unwrap();
}
