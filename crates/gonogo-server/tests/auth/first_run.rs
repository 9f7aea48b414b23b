//! The first start, from the printed link to a signed-in administrator.

use gonogo_server::auth::{FIRST_ADMIN, LinkPurpose, SETUP_LINK_LIFETIME};
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::json;

use super::app::{App, PASSWORD, location, setup_form};

#[tokio::test]
async fn from_the_first_start_to_the_first_page() {
    let app = App::start().await;
    let token = app.auth.first_run(app.now()).await.unwrap().unwrap();
    let path = LinkPurpose::Setup.path(&token);
    let mut browser = app.browser();

    let page = browser.get(path.expose()).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()["cache-control"], "no-store");
    let page = page.text().await.unwrap();
    assert!(page.contains("Set up your account") && page.contains("Example integrations"));
    assert!(
        !browser.is_signed_in().await,
        "opening the link does nothing"
    );

    let answer = browser.post(path.expose(), &setup_form()).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&answer), "/");
    let seen = browser.whoami().await;
    assert_eq!(seen["id"], FIRST_ADMIN);
    assert_eq!(seen["name"], "Ada Example");
    assert_eq!(seen["role"], "admin");
    assert_eq!(seen["person"], json!(null));

    // The password works, under the name and under the address.
    for login in ["admin", "ADMIN ", "Ada@Example.com"] {
        let mut other = app.browser();
        let answer = other.login(login, PASSWORD).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{login}");
        assert!(other.is_signed_in().await);
    }
    // The link is used up.
    let again = app.browser().post(path.expose(), &setup_form()).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        app.audit(),
        [
            "gonogo user.added admin",
            "gonogo link.issued admin",
            "admin setup.done admin",
            "admin login.ok admin",
            "admin login.ok admin",
            "admin login.ok admin",
        ]
    );
}

#[tokio::test]
async fn starting_again_replaces_a_lost_link_until_somebody_can_sign_in() {
    let app = App::start().await;
    let lost = app.auth.first_run(app.now()).await.unwrap().unwrap();
    let found = app.auth.first_run(app.now()).await.unwrap().unwrap();
    let browser = app.browser();
    let lost = browser.get(LinkPurpose::Setup.path(&lost).expose()).await;
    assert_eq!(lost.status(), StatusCode::NOT_FOUND);
    let path = LinkPurpose::Setup.path(&found);
    let answer = app.browser().post(path.expose(), &setup_form()).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(app.auth.first_run(app.now()).await.unwrap().is_none());
}

#[tokio::test]
async fn mistakes_stand_at_their_fields_and_leave_the_link_alone() {
    let app = App::start().await;
    let token = app.auth.first_run(app.now()).await.unwrap().unwrap();
    let path = LinkPurpose::Setup.path(&token);
    let mut browser = app.browser();
    let form = [
        ("name", "<b>Ada</b>"),
        ("email", "not an address"),
        ("password", "short"),
        ("again", "short"),
    ];
    let answer = browser.post(path.expose(), &form).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("This is not a mail address."));
    assert!(page.contains("Use at least 12 characters."));
    assert!(!page.contains("<b>Ada</b>"), "what was typed is escaped");
    assert!(
        !page.contains("value=\"short\""),
        "a password is not sent back"
    );
    assert!(!browser.is_signed_in().await);
    let answer = browser.post(path.expose(), &setup_form()).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_address_of_somebody_else_is_a_mistake_too() {
    let app = App::start().await;
    let token = app.auth.first_run(app.now()).await.unwrap().unwrap();
    app.add("ada", gonogo_server::auth::Role::Viewer).await;
    let path = LinkPurpose::Setup.path(&token);
    let answer = app.browser().post(path.expose(), &setup_form()).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Somebody else uses this address."));
    // The link was not used up by that.
    let mut form = setup_form();
    form[1].1 = "";
    let answer = app.browser().post(path.expose(), &form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_setup_link_works_until_its_last_moment() {
    let app = App::start().await;
    let token = app.auth.first_run(app.now()).await.unwrap().unwrap();
    let path = LinkPurpose::Setup.path(&token);
    app.pass(SETUP_LINK_LIFETIME - SignedDuration::from_millis(1));
    let page = app.browser().get(path.expose()).await;
    assert_eq!(page.status(), StatusCode::OK);
    app.pass(SignedDuration::from_millis(1));
    let page = app.browser().get(path.expose()).await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    let answer = app.browser().post(path.expose(), &setup_form()).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
