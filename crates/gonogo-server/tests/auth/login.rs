//! Signing in: what a stranger may learn, and where one is sent.

use gonogo_server::auth::FIRST_ADMIN;
use reqwest::{StatusCode, header};

use super::app::{App, PASSWORD, location, with_form};

#[tokio::test]
async fn who_is_not_known_is_led_back_after_signing_in() {
    let app = App::set_up().await;
    let mut browser = app.browser();
    let answer = browser.get("/read?key=a%2Fb&x=1").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        location(&answer),
        "/login?next=/read%3Fkey%3Da%252Fb%26x%3D1"
    );
    let page = browser.get(location(&answer)).await.text().await.unwrap();
    assert!(
        page.contains("name=\"next\" value=\"/read?key=a%2Fb&#38;x=1\""),
        "{page}"
    );
    let form = [
        ("login", FIRST_ADMIN),
        ("password", PASSWORD),
        ("next", "/read?key=a%2Fb&x=1"),
    ];
    let answer = browser.post("/login", &form).await;
    assert_eq!(location(&answer), "/read?key=a%2Fb&x=1");
    // Who is signed in has no business at the sign-in page.
    let answer = browser.get("/login?next=/read").await;
    assert_eq!(location(&answer), "/read");
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let app = App::set_up().await;
    for next in [
        "https://example.net",
        "//example.net",
        "/\\example.net",
        "/\t/example.net",
        "javascript:alert(1)",
    ] {
        let mut browser = app.browser();
        let form = [
            ("login", FIRST_ADMIN),
            ("password", PASSWORD),
            ("next", next),
        ];
        let answer = browser.post("/login", &form).await;
        assert_eq!(location(&answer), "/", "{next}");
        let query: String = next.bytes().map(|b| format!("%{b:02X}")).collect();
        let answer = browser.get(&format!("/login?next={query}")).await;
        assert_eq!(location(&answer), "/", "{next}");
        let page = app.browser().get(&format!("/login?next={query}")).await;
        assert!(
            !page.text().await.unwrap().contains("example.net"),
            "{next}"
        );
    }
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_and_cost_alike() {
    let app = App::set_up().await;
    app.add("bob", gonogo_server::auth::Role::Viewer).await;
    app.add("eve", gonogo_server::auth::Role::Viewer).await;
    let (admin, now) = (app.identity(FIRST_ADMIN).await, app.now());
    app.auth
        .set_disabled(&admin, "eve", Some(now), now)
        .await
        .unwrap();
    let mut pages = Vec::new();
    // Wrong password, no such account, no password yet, disabled.
    for login in ["admin", "nobod", "bob", "eve"] {
        let checked = app.auth.passwords_checked();
        let answer = app.browser().login(login, "wrong horse battery").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{login}");
        // The comparison is nearly all of the time that an answer takes.
        assert_eq!(app.auth.passwords_checked(), checked + 1, "{login}");
        assert!(!answer.headers().contains_key(header::SET_COOKIE));
        let page = answer.text().await.unwrap();
        assert!(page.contains("The name or the password is not right."));
        pages.push(page.replace(login, "NAME"));
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
}

#[tokio::test]
async fn another_site_cannot_sign_somebody_in() {
    let app = App::set_up().await;
    let form = [("login", FIRST_ADMIN), ("password", PASSWORD)];
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://example.net"),
    ] {
        let request = app.browser().request(reqwest::Method::POST, "/login");
        let request = with_form(request.header(name, value), &form);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert!(!answer.headers().contains_key(header::SET_COOKIE));
    }
}

#[tokio::test]
async fn very_long_input_is_wrong_like_any_other() {
    let app = App::set_up().await;
    let long = "x".repeat(100_000);
    for (login, password) in [(long.as_str(), PASSWORD), (FIRST_ADMIN, &long), ("", "")] {
        let answer = app.browser().login(login, password).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}
