//! Guessing passwords is slow.

use gonogo_server::auth::{
    ACCOUNT_ATTEMPT_EVERY, ACCOUNT_ATTEMPTS_MAX, ADDRESS_ATTEMPTS_MAX, FIRST_ADMIN,
};
use reqwest::StatusCode;

use super::app::{App, PASSWORD};

const WRONG: &str = "wrong horse battery";

#[tokio::test]
async fn the_attempt_after_the_limit_has_to_wait_even_if_it_is_right() {
    let app = App::set_up().await;
    for _ in 0..ACCOUNT_ATTEMPTS_MAX {
        let answer = app.browser().login(FIRST_ADMIN, WRONG).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    let answer = app.browser().login(FIRST_ADMIN, PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: i64 = answer.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=ACCOUNT_ATTEMPT_EVERY.as_secs() + 1).contains(&wait));
    assert!(answer.text().await.unwrap().contains("Too many attempts"));
    app.pass(jiff::SignedDuration::from_secs(wait));
    let answer = app.browser().login(FIRST_ADMIN, PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn attempts_side_by_side_count_too() {
    let app = App::set_up().await;
    let attempts = (0..ACCOUNT_ATTEMPTS_MAX + 5).map(|_| {
        let mut browser = app.browser();
        async move { browser.login(FIRST_ADMIN, WRONG).await.status() }
    });
    let answers = futures::future::join_all(attempts).await;
    let count = |status| answers.iter().filter(|s| **s == status).count();
    assert_eq!(
        count(StatusCode::UNAUTHORIZED),
        ACCOUNT_ATTEMPTS_MAX as usize
    );
    assert_eq!(count(StatusCode::TOO_MANY_REQUESTS), 5);
}

#[tokio::test]
async fn an_account_that_does_not_exist_is_limited_alike() {
    let app = App::set_up().await;
    for _ in 0..ACCOUNT_ATTEMPTS_MAX {
        app.browser().login("nobody", WRONG).await;
    }
    let answer = app.browser().login("nobody", WRONG).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn one_address_cannot_try_account_after_account() {
    let app = App::set_up().await;
    for n in 0..ADDRESS_ATTEMPTS_MAX {
        let answer = app.browser().login(&format!("user-{n}"), WRONG).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    let answer = app.browser().login(FIRST_ADMIN, PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
}
