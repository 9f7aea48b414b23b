//! Who may do what.

use gonogo_server::auth::{AuthError, FIRST_ADMIN, LinkPurpose, NewUser, Role, Scope};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::app::{App, setup_form};

/// Paths and the role that each takes.
const NEEDS: [(&str, Role); 4] = [
    ("/read", Role::Viewer),
    ("/ack", Role::Responder),
    ("/publish", Role::Director),
    ("/users", Role::Admin),
];

fn method(path: &str) -> Method {
    if path == "/read" {
        Method::GET
    } else {
        Method::POST
    }
}

#[tokio::test]
async fn each_role_may_do_its_own_and_less() {
    let app = App::set_up().await;
    let mut matrix = String::new();
    for role in Role::ALL {
        let id = format!("{role}-1");
        app.add(&id, role).await;
        let browser = app.browser_of(&id).await;
        let csrf = browser.whoami().await["csrf"].as_str().unwrap().to_owned();
        matrix.push_str(&format!("{role:<10}"));
        for (path, _) in NEEDS {
            let request = browser.request(method(path), path);
            let answer = request.header("x-csrf-token", &csrf).send().await.unwrap();
            matrix.push_str(&format!(" {path} {}", answer.status().as_u16()));
        }
        matrix.push('\n');
    }
    insta::assert_snapshot!(matrix, @r"
    viewer     /read 200 /ack 403 /publish 403 /users 403
    responder  /read 200 /ack 200 /publish 403 /users 403
    director   /read 200 /ack 200 /publish 200 /users 403
    admin      /read 200 /ack 200 /publish 200 /users 200
    ");
}

#[tokio::test]
async fn a_token_may_no_more_than_its_scope_and_its_owner() {
    let app = App::set_up().await;
    let mut matrix = String::new();
    for role in Role::ALL {
        let id = format!("{role}-1");
        app.add(&id, role).await;
        let owner = app.identity(&id).await;
        for scope in Scope::ALL {
            let new = app.auth.create_token(&owner, "ci", scope, None, app.now());
            let token = new.await.unwrap().token;
            matrix.push_str(&format!("{role:<9} {:<8}", scope.word()));
            for (path, _) in NEEDS {
                let answer = app.program(method(path), path, token.expose()).await;
                matrix.push_str(&format!(" {path} {}", answer.status().as_u16()));
            }
            matrix.push('\n');
        }
    }
    insta::assert_snapshot!(matrix, @r"
    viewer    read     /read 200 /ack 403 /publish 403 /users 403
    viewer    evidence /read 200 /ack 403 /publish 403 /users 403
    viewer    agent    /read 401 /ack 401 /publish 401 /users 401
    viewer    respond  /read 200 /ack 403 /publish 403 /users 403
    viewer    admin    /read 200 /ack 403 /publish 403 /users 403
    responder read     /read 200 /ack 403 /publish 403 /users 403
    responder evidence /read 200 /ack 403 /publish 403 /users 403
    responder agent    /read 403 /ack 403 /publish 403 /users 403
    responder respond  /read 200 /ack 200 /publish 403 /users 403
    responder admin    /read 200 /ack 200 /publish 403 /users 403
    director  read     /read 200 /ack 403 /publish 403 /users 403
    director  evidence /read 200 /ack 403 /publish 403 /users 403
    director  agent    /read 403 /ack 403 /publish 403 /users 403
    director  respond  /read 200 /ack 200 /publish 403 /users 403
    director  admin    /read 200 /ack 200 /publish 200 /users 403
    admin     read     /read 200 /ack 403 /publish 403 /users 403
    admin     evidence /read 200 /ack 403 /publish 403 /users 403
    admin     agent    /read 403 /ack 403 /publish 403 /users 403
    admin     respond  /read 200 /ack 200 /publish 403 /users 403
    admin     admin    /read 200 /ack 200 /publish 200 /users 200
    ");
}

#[tokio::test]
async fn a_refusal_says_what_it_takes() {
    let app = App::set_up().await;
    app.add("vic", Role::Viewer).await;
    let mut browser = app.browser_of("vic").await;
    let answer = browser.post_with_proof("/publish").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("It takes the role director; yours is viewer."),
        "{page}"
    );
    assert!(page.contains("Go to the overview"), "a way out");
}

#[tokio::test]
async fn a_new_role_counts_at_once() {
    let app = App::set_up().await;
    app.add("vic", Role::Responder).await;
    let mut browser = app.browser_of("vic").await;
    assert_eq!(
        browser.post_with_proof("/ack").await.status(),
        StatusCode::OK
    );
    let admin = app.identity(FIRST_ADMIN).await;
    app.auth
        .set_role(&admin, "vic", Role::Viewer, app.now())
        .await
        .unwrap();
    let answer = browser.post_with_proof("/ack").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let app = App::set_up().await;
    let admin = app.identity(FIRST_ADMIN).await;
    // Another one, who has no password yet, does not count.
    app.add("bob", Role::Admin).await;
    let now = app.now();
    let disabled = app
        .auth
        .set_disabled(&admin, FIRST_ADMIN, Some(now), now)
        .await;
    assert!(matches!(disabled, Err(AuthError::LastAdmin)));
    let demoted = app
        .auth
        .set_role(&admin, FIRST_ADMIN, Role::Viewer, now)
        .await;
    assert!(matches!(demoted, Err(AuthError::LastAdmin)));
    assert!(app.browser_of(FIRST_ADMIN).await.is_signed_in().await);
}

#[tokio::test]
async fn two_administrators_cannot_demote_each_other_at_once() {
    let app = App::set_up().await;
    app.add("bob", Role::Admin).await;
    let token = app.auth.reissue("bob", app.now()).await.unwrap();
    let mut form = setup_form();
    form[1].1 = "bob@example.com";
    let path = LinkPurpose::Setup.path(&token);
    let answer = app.browser().post(path.expose(), &form).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let (admin, bob) = (app.identity(FIRST_ADMIN).await, app.identity("bob").await);
    let now = app.now();
    let (one, other) = tokio::join!(
        app.auth.set_role(&admin, "bob", Role::Viewer, now),
        app.auth.set_disabled(&bob, FIRST_ADMIN, Some(now), now),
    );
    let refused = [one, other].into_iter().filter_map(Result::err);
    let refused: Vec<AuthError> = refused.collect();
    assert!(
        matches!(refused[..], [AuthError::LastAdmin]),
        "one of them stays: {refused:?}"
    );
    let users = app.auth.user("bob").await.unwrap();
    let admins = [users, app.auth.user(FIRST_ADMIN).await.unwrap()];
    let open =
        |user: &&gonogo_server::store::User| user.role == "admin" && user.disabled_at_ms.is_none();
    assert_eq!(admins.iter().flatten().filter(open).count(), 1);
}

#[tokio::test]
async fn an_account_that_is_a_person_of_the_package_acts_as_that_person() {
    let app = App::set_up().await;
    for (id, person) in [("ada", json!("ada")), ("bob", json!(null))] {
        app.auth.add_user_locally(new(id), app.now()).await.unwrap();
        assert_eq!(app.browser_of(id).await.whoami().await["person"], person);
    }
}

fn new(id: &str) -> NewUser {
    NewUser {
        id: id.into(),
        name: id.into(),
        email: None,
        role: Role::Responder,
    }
}
