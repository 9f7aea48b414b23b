//! Putting a changed package in force, and refusing a bad one.

use gonogo_server::auth::Scope;
use serde_json::json;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_answers_with_what_is_in_force_or_with_the_mistakes() {
    let server = Server::start().await;
    let token = server.token(Scope::Respond).await;
    let file = server.package_dir().join("gonogo.yaml");
    let good = std::fs::read_to_string(&file).unwrap();
    let reload = async || server.post("/api/v1/reload", &token, json!({})).await.ok();

    let same = reload().await;
    assert_eq!(same["package"]["name"], "A tiny shop");
    assert!(same["refused"].is_null());

    std::fs::write(&file, good.replace("A tiny shop", "A larger shop")).unwrap();
    let renamed = reload().await;
    assert_eq!(renamed["package"]["name"], "A larger shop");
    assert_ne!(renamed["package"]["digest"], same["package"]["digest"]);

    std::fs::write(&file, good.replace("team: shop", "team: shpo")).unwrap();
    let refused = reload().await;
    assert_eq!(
        refused["package"], renamed["package"],
        "the one before goes on"
    );
    let mistake = refused["refused"]["mistakes"][0].as_str().unwrap();
    assert!(
        mistake.starts_with("gonogo.yaml:") && mistake.contains("shpo"),
        "{mistake}"
    );

    std::fs::write(&file, &good).unwrap();
    assert_eq!(reload().await["package"], same["package"]);
    server.stop().await;
}
