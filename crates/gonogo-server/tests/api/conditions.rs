//! Conditions on events, from the intake to the page of their source.

use gonogo_server::auth::Scope;
use serde_json::json;

use crate::server::Server;

/// Fields that nothing else in the package names: the condition alone has them kept.
const CONDITIONS: &str = r#"
flows:
  - id: large-sale
    name: A large sale is booked
    component: cellar
    start:
      source: till
      event: [sold]
      key: data.sale
      where: data.total.cents > 100000 && data.lines[0].kind != "voucher"
    end: {source: till, event: [booked], key: data.sale}
    deadline: 1h
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_has_its_fields_kept_and_says_when_it_cannot_decide() {
    let server = Server::start().await;
    std::fs::write(server.package_dir().join("conditions.yaml"), CONDITIONS).unwrap();
    let token = server.token(Scope::Admin).await;
    let reloaded = server.post("/api/v1/reload", &token, json!({})).await.ok();
    assert!(reloaded.to_string().len() > 2);
    let is_there = |view: &std::sync::Arc<gonogo_server::view::View>| {
        view.flows.iter().any(|f| f.id.as_str() == "large-sale")
    };
    server.until(is_there).await;
    let sold = |sale: &str, total: serde_json::Value, kind: &str| json!({"sale": sale, "total": {"cents": total}, "lines": [{"kind": kind}]});
    for (id, data) in [
        ("e-1", sold("s-1", json!(100_000), "book")),
        ("e-2", sold("s-2", json!(100_001), "book")),
        ("e-3", sold("s-3", json!(100_001), "voucher")),
        // Text where a number belongs, and no line at all.
        ("e-4", sold("s-4", json!("100001"), "book")),
        ("e-5", json!({"sale": "s-5", "total": {"cents": 100_001}})),
        // One side is enough: too little, whatever its lines are.
        ("e-6", json!({"sale": "s-6", "total": {"cents": 1}})),
    ] {
        server.sale(id, "sold", data).await;
    }
    let view = server
        .until(|view| view.sources.iter().any(|s| s.undecided == 2))
        .await;
    let flow = view.flows.iter().find(|f| f.id.as_str() == "large-sale");
    let open = flow.expect("the flow").open_items.iter();
    let open: Vec<&str> = open.map(|(key, _)| key.as_str()).collect();
    assert_eq!(open, ["s-2"]);
    let sources = server.get("/api/v1/sources", &token).await.ok();
    let all = sources["sources"].as_array().unwrap();
    let till = all.iter().find(|s| s["id"] == "till").unwrap();
    assert_eq!(till["undecided"], 2);
    let by = &till["undecided_by"][0];
    assert_eq!(
        (&by["by"], &by["events"], &by["event"], &by["why"]),
        (
            &json!("flow/large-sale"),
            &json!(2),
            &json!("e-5"),
            &json!("`data.lines.0.kind` is missing")
        )
    );
    let page = server.get("/signals/sources/till", &token).await;
    for words in [
        "Could not be decided",
        "flow/large-sale",
        "data.lines.0.kind",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let metrics = server.get("/metrics", &token).await.text;
    let sample = "gonogo_undecided_events_total{source=\"till\"} 2";
    assert!(metrics.contains(sample), "{metrics}");
    server.stop().await;
}
