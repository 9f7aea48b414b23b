//! Maintenance over the API and on pages.

use gonogo_server::auth::Scope;
use serde_json::json;

use crate::server::Server;

const DECLARED: &str = "
maintenance:
  - id: yearly
    name: The yearly stocktaking
    what: {components: [cellar]}
    when: {repeats: {cron: '0 3 1 jan *', time_zone: Europe/Berlin, lasts: 2h}}
    reason: everything is counted
    customers: Orders take longer.
";

#[tokio::test(flavor = "multi_thread")]
async fn it_is_begun_listed_and_ended() {
    let server = Server::start().await;
    std::fs::write(server.package_dir().join("maintenance.yaml"), DECLARED).unwrap();
    let admin = server.token(Scope::Admin).await;
    server.post("/api/v1/reload", &admin, json!({})).await.ok();
    server
        .until(|view| !view.maintenance.declared.is_empty())
        .await;
    let here = "/api/v1/maintenance";
    let token = server.token(Scope::Respond).await;
    let read = server.token(Scope::Read).await;
    let wanted = json!({"components": ["cellar"], "dependents": true, "lasts": "30m", "reason": "a new lamp"});
    assert_eq!(
        server.post(here, &read, wanted.clone()).await.refusal().0,
        403
    );
    let begun = server.post(here, &token, wanted).await.ok();
    assert_eq!(begun["windows"][0]["id"], "by-hand-1");
    assert_eq!(begun["windows"][0]["state"], "on");
    assert_eq!(begun["windows"][0]["covers"][0], "component/cellar");
    assert_eq!(begun["windows"][1]["id"], "yearly");
    assert_eq!(begun["windows"][1]["state"], "planned");
    for (wrong, code) in [
        (json!({"lasts": "30m", "reason": "x"}), "covers_nothing"),
        (
            json!({"components": ["attic"], "lasts": "30m", "reason": "x"}),
            "unknown_name",
        ),
        (
            json!({"components": ["cellar"], "lasts": "8d", "reason": "x"}),
            "wrong_length",
        ),
        (
            json!({"components": ["cellar"], "lasts": "0s", "reason": "x"}),
            "wrong_length",
        ),
        (
            json!({"components": ["cellar"], "lasts": "soon", "reason": "x"}),
            "wrong_length",
        ),
        (
            json!({"components": ["cellar"], "lasts": "1h", "reason": " "}),
            "empty",
        ),
    ] {
        let refused = server.post(here, &token, wrong.clone()).await.refusal();
        assert_eq!(refused, (422, code.to_owned()), "{wrong}");
    }
    let end = format!("{here}/by-hand-1/end");
    let ended = server.post(&end, &token, json!({"reason": "done"})).await;
    assert_eq!(ended.ok()["windows"].as_array().map(Vec::len), Some(1));
    let again = server.post(&end, &token, json!({})).await.refusal();
    assert_eq!(again, (404, "unknown_maintenance".to_owned()));
    let end = format!("{here}/yearly/end");
    let planned = server.post(&end, &token, json!({})).await.refusal();
    assert_eq!(planned.0, 404, "it is not on");
    let page = server.get("/signals/maintenance", &token).await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("The yearly stocktaking"),
        "{}",
        page.text
    );
    server.stop().await;
}
