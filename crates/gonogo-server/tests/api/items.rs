//! Items of flows one by one, and the events that they came from.

use gonogo_server::auth::Scope;
use serde_json::json;

use crate::server::Server;

const MORE: &str = r#"
flows:
  - id: card-sales
    name: Sales by card
    component: ledger
    start: {source: till, event: [sale.made], key: data.sale, only: {data.card: ["4242"]}}
    end: {source: till, event: [sale.recorded], key: data.sale}
    success: {data.ok: ["true"]}
    deadline: 1h
"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_item_leads_to_its_events_and_no_event_shows_more_than_its_flows() {
    let server = Server::start_with(MORE).await;
    let token = server.token(Scope::Read).await;
    let made = |sale: &str| json!({"sale": sale, "amount": 5, "card": "4242"});
    server.sale("m/1", "sale.made", made("s-1")).await;
    server.sale("m-2", "sale.made", made("=s,2")).await;
    for id in ["r-1", "r-1-again"] {
        let data = json!({"sale": "s-1", "ok": false});
        server.sale(id, "sale.recorded", data).await;
    }
    let of = |view: &gonogo_server::view::View| {
        let flow = view.flows.iter().find(|f| f.id.as_str() == "card-sales");
        flow.is_some_and(|f| f.open == 1 && f.noted.len() == 2)
    };
    server.until(|view| of(view)).await;
    let page = async |path: String| {
        let answer = server.get(&path, &token).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    };
    let list = |what: &str| format!("/signals/flows/card-sales/items{what}");
    let failed = page(list("?what=failed")).await;
    assert!(failed.contains("/events/m%2F1?source=till"), "{failed}");
    assert!(failed.contains("/events/r-1?source=till"));
    let doubled = page(list("?what=doubled")).await;
    assert!(doubled.contains("/events/r-1-again?source=till"));
    let open = page(list("?what=open&q=S,2")).await;
    assert!(open.contains("/events/m-2?source=till"));
    assert!(page(list("?what=open&q=s-1")).await.contains("No such key"));
    let csv = page(list(".csv?what=open")).await;
    let line = csv.lines().nth(1).unwrap();
    assert!(line.starts_with("\"'=s,2\",open,2"), "no formula: {line}");
    assert!(line.ends_with(",m-2,"), "{line}");
    assert_eq!(page(list(".csv?what=late")).await.lines().count(), 1);
    let flow = page("/signals/flows/card-sales?range=24h".into()).await;
    for said in ["99 % within", "ended in time", "what=doubled\">1<"] {
        assert!(flow.contains(said), "{said}: {flow}");
    }

    let event = page("/events/m%2F1?source=till".into()).await;
    for said in ["sale.made", "A sale is recorded", "Sales by card", "s-1"] {
        assert!(event.contains(said), "{said}: {event}");
    }
    assert!(event.contains("data.amount"), "a flow shows it");
    assert!(
        !event.contains("4242"),
        "nobody declared that people see it"
    );
    assert!(event.contains("1 more is kept"), "{event}");
    let twice = page("/events/r-1-again".into()).await;
    assert!(twice.contains("contradicts"), "{twice}");
    for none in ["/events/m%2F1?source=other", "/events/m", "/events/%22"] {
        assert_eq!(server.get(none, &token).await.status, 404, "{none}");
    }
    server.stop().await;
}
