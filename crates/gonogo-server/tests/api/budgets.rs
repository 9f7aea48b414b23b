//! Error budgets over the API and on pages, and the answer that a pipeline asks for.

use gonogo_server::auth::Scope;

use crate::server::Server;

const BUDGETS: &str = "
slos:
  - {id: sales, name: Sales are booked, component: cellar, sli: {events: {source: till, event: [sold], good: {ok: [true]}}}, target: 99%}
error_budget_policies:
  - {id: stop, name: Stop, slos: [sales], components: [cellar], exceptions: [{id: fix, name: Fixes}]}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_hears_whether_it_may_deploy_and_people_see_why() {
    let server = Server::start().await;
    std::fs::write(server.package_dir().join("budgets.yaml"), BUDGETS).unwrap();
    let token = server.token(Scope::Admin).await;
    let reloaded = server.post("/api/v1/reload", &token, serde_json::json!({}));
    reloaded.await.ok();
    server
        .until(|view| !view.slos.is_empty() && !view.freezes.is_empty())
        .await;
    let slos = server.get("/api/v1/slos", &token).await.ok();
    assert_eq!(slos["slos"][0]["id"], "sales");
    assert_eq!(slos["slos"][0]["state"], "too_few", "too few is no green");
    let asked = server
        .get("/api/v1/freeze?component=cellar", &token)
        .await
        .ok();
    assert_eq!(asked["frozen"], "no", "too few events use nothing up");
    let unknown = server.get("/api/v1/freeze?component=attic", &token).await;
    assert_eq!(unknown.refusal().0, 404);
    let wrong = server
        .get("/api/v1/freeze?component=cellar&change=x", &token)
        .await;
    assert_eq!(wrong.refusal().0, 400);
    let changes = server.get("/api/v1/changes", &token).await.ok();
    assert_eq!(changes["changes"][0]["name"], "The ops package");
    for (path, says) in [
        ("/signals/slos", "Sales are booked"),
        ("/signals/slos/sales", "too few events"),
        ("/signals/changes", "The ops package"),
    ] {
        let page = server.get(path, &token).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.contains(says), "{path}: {}", page.text);
    }
    server.stop().await;
}
