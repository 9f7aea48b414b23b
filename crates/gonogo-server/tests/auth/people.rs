//! Administrators see who has an account, and let people in.

use gonogo_server::auth::{FIRST_ADMIN, Role};
use reqwest::StatusCode;

use super::app::{App, Browser, location, setup_form};

async fn act(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
    let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
    let mut form = vec![("csrf", csrf.as_str())];
    form.extend_from_slice(fields);
    browser.post(path, &form).await
}

fn link_in(page: &str) -> String {
    let from = page.find("/setup/").expect("the page shows no link");
    let rest = &page[from..];
    rest[..rest.find(['"', '<']).unwrap()].to_owned()
}

#[tokio::test]
async fn somebody_new_comes_in_by_the_link_that_is_shown_once() {
    let app = App::set_up().await;
    let mut admin = app.browser_of(FIRST_ADMIN).await;
    let fields = [
        ("id", "bob"),
        ("name", "Bob Example"),
        ("email", "bob@example.com"),
        ("role", "responder"),
    ];
    let answer = act(&mut admin, "/people", &fields).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Bob Example"), "{page}");
    let link = link_in(&page);
    let again = admin.get("/people").await.text().await.unwrap();
    assert!(again.contains("No password yet") && !again.contains("/setup/"));

    let mut browser = app.browser();
    let mut form = setup_form();
    form[0].1 = "Bob Example";
    form[1].1 = "";
    let answer = browser.post(&link, &form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(browser.whoami().await["role"], "responder");
    let log = app.audit();
    assert!(log.contains(&"admin user.added bob".to_owned()), "{log:?}");
    assert!(
        !log.join("\n").contains(link.rsplit('/').next().unwrap()),
        "no link stands in the audit log"
    );
}

#[tokio::test]
async fn only_administrators_see_people() {
    let app = App::set_up().await;
    for role in [Role::Viewer, Role::Responder, Role::Director] {
        let id = format!("{role}-1");
        app.add(&id, role).await;
        let mut browser = app.browser_of(&id).await;
        let answer = browser.get("/people").await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{role}");
        let answer = act(&mut browser, "/people/admin/link", &[]).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{role}");
        let account = browser.get("/account").await.text().await.unwrap();
        assert!(!account.contains("href=\"/people\""), "{role}");
    }
}

#[tokio::test]
async fn the_last_administrator_is_kept_and_nobody_closes_themselves() {
    let app = App::set_up().await;
    let mut admin = app.browser_of(FIRST_ADMIN).await;
    let answer = act(&mut admin, "/people/admin/role", &[("role", "viewer")]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("This is the last administrator"), "{page}");
    let answer = act(&mut admin, "/people/admin/close", &[]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(admin.whoami().await["role"], "admin");
}

#[tokio::test]
async fn a_closed_account_is_out_at_once_and_can_come_back() {
    let app = App::set_up().await;
    app.add("vic", Role::Viewer).await;
    let vic = app.browser_of("vic").await;
    let mut admin = app.browser_of(FIRST_ADMIN).await;
    let answer = act(&mut admin, "/people/vic/close", &[]).await;
    assert_eq!(location(&answer), "/people");
    assert!(!vic.is_signed_in().await);
    let page = admin.get("/people").await.text().await.unwrap();
    assert!(page.contains("Closed"), "{page}");
    let answer = act(&mut admin, "/people/vic/reopen", &[]).await;
    assert_eq!(location(&answer), "/people");
    assert!(app.browser_of("vic").await.is_signed_in().await);
}

#[tokio::test]
async fn a_mistake_stands_at_its_field_and_what_was_typed_stays() {
    let app = App::set_up().await;
    let mut admin = app.browser_of(FIRST_ADMIN).await;
    for (id, name, email, said) in [
        ("", "Bob", "", "Say what they sign in with."),
        ("Not an id", "Bob", "", "Use small letters"),
        ("bob", " ", "", "Say what to call them."),
        ("bob", "Bob", "bob@", "This is not a mail address."),
        ("admin", "Bob", "", "has an account already"),
    ] {
        let fields = [
            ("id", id),
            ("name", name),
            ("email", email),
            ("role", "viewer"),
        ];
        let answer = act(&mut admin, "/people", &fields).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(said), "{said}: {page}");
        assert!(page.contains(&format!("value=\"{email}\"")));
    }
    let answer = act(&mut admin, "/people/nobody/link", &[]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
