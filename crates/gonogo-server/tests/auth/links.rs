//! Links that work once.

use gonogo_server::auth::{ENTER_LINK_LIFETIME, FIRST_ADMIN, LinkPurpose};
use reqwest::StatusCode;

use super::app::{App, PASSWORD, location, setup_form};

#[tokio::test]
async fn a_link_lets_one_browser_in_once() {
    let app = App::start().await;
    app.auth.first_run(app.now()).await.unwrap();
    let token = app.auth.enter_link(FIRST_ADMIN, app.now()).await.unwrap();
    let path = LinkPurpose::Enter.path(&token);
    // However often a scanner or a preview looks.
    for _ in 0..3 {
        let page = app.browser().get(path.expose()).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.text().await.unwrap().contains("Continue"));
    }
    let mut browsers: Vec<_> = (0..8).map(|_| app.browser()).collect();
    let posts = browsers.iter_mut().map(|b| b.post(path.expose(), &[]));
    let answers = futures::future::join_all(posts).await;
    let count = |status| answers.iter().filter(|a| a.status() == status).count();
    assert_eq!(count(StatusCode::SEE_OTHER), 1);
    assert_eq!(count(StatusCode::NOT_FOUND), 7);
    let mut signed_in = 0;
    for browser in &browsers {
        signed_in += u32::from(browser.is_signed_in().await);
    }
    assert_eq!(signed_in, 1);
}

#[tokio::test]
async fn wrong_used_and_expired_links_get_the_same_calm_answer() {
    let app = App::set_up().await;
    let used = app.auth.enter_link(FIRST_ADMIN, app.now()).await.unwrap();
    let used = LinkPurpose::Enter.path(&used);
    app.browser().post(used.expose(), &[]).await;
    let expired = app.auth.enter_link(FIRST_ADMIN, app.now()).await.unwrap();
    let expired = LinkPurpose::Enter.path(&expired);
    let of_the_other_kind = app.auth.reissue(FIRST_ADMIN, app.now()).await.unwrap();
    let of_the_other_kind = LinkPurpose::Enter.path(&of_the_other_kind);
    app.pass(ENTER_LINK_LIFETIME);
    let long = format!("/enter/{}", "a".repeat(5000));
    let mut pages = Vec::new();
    for path in [
        "/enter/x",
        "/setup/x",
        &long,
        used.expose(),
        expired.expose(),
        of_the_other_kind.expose(),
    ] {
        let page = app.browser().get(path).await;
        assert_eq!(page.status(), StatusCode::NOT_FOUND);
        let answer = app.browser().post(path, &setup_form()).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        pages.push(page.text().await.unwrap());
        pages.push(answer.text().await.unwrap());
    }
    assert!(pages[0].contains("This link does not work any more"));
    assert!(pages[0].contains("href=\"/login\""), "the way out");
    assert!(pages.iter().all(|page| *page == pages[0]));
}

#[tokio::test]
async fn a_new_password_ends_what_let_in_before() {
    let app = App::set_up().await;
    let browser = app.browser_of(FIRST_ADMIN).await;
    let token = app.auth.reissue(FIRST_ADMIN, app.now()).await.unwrap();
    assert!(
        browser.is_signed_in().await,
        "asking for a link changes nothing"
    );
    let mut form = setup_form();
    (form[2].1, form[3].1) = ("another horse battery", "another horse battery");
    let path = LinkPurpose::Setup.path(&token);
    let mut fresh = app.browser();
    let answer = fresh.post(path.expose(), &form).await;
    assert_eq!(location(&answer), "/");
    assert!(fresh.is_signed_in().await);
    assert!(!browser.is_signed_in().await);
    let old = app.browser().login(FIRST_ADMIN, PASSWORD).await;
    assert_eq!(old.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_disabled_account_is_not_let_in_by_a_link() {
    let app = App::set_up().await;
    app.add("bob", gonogo_server::auth::Role::Viewer).await;
    let admin = app.identity(FIRST_ADMIN).await;
    let now = app.now();
    app.auth
        .set_disabled(&admin, "bob", Some(now), now)
        .await
        .unwrap();
    let token = app.auth.enter_link("bob", now).await.unwrap();
    let path = LinkPurpose::Enter.path(&token);
    let answer = app.browser().post(path.expose(), &[]).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
