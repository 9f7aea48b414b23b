//! `/domains` with as many domains as a fleet may have, in a real store.

use gonogo_engine::domains::{Dns, FleetInput, Seen, Served};
use gonogo_engine::{Input, Time};
use gonogo_model::domains::MAX_DOMAINS;
use gonogo_model::{Duration, Id};
use gonogo_server::auth::Scope;
use gonogo_server::courier::append;
use gonogo_server::store::Lane;
use serde_json::{Value, json};

use crate::server::Server;

/// One in so many has a certificate that ended, and the next one leads elsewhere.
const TROUBLE_EVERY: usize = 50;
/// Rows on a page.
const ROWS: usize = 100;
/// Answers that are written down together.
const TOGETHER: usize = 500;
/// What a customer calls itself who hopes for a spreadsheet.
const FORMULA: &str = "=HYPERLINK(\"https://evil.example\",\"me\")";

fn name(number: usize) -> String {
    format!("shop-{number:05}.customer.example")
}

/// A server that knows ten thousand domains, and asks them all the while.
async fn full() -> (Server, tempfile::TempDir) {
    let dir = tempfile::TempDir::new().unwrap();
    let items = (0..MAX_DOMAINS).map(|n| {
        let customer = match n {
            7 => FORMULA.to_owned(),
            n => format!("Customer {n:05}"),
        };
        json!({"domain": name(n), "customer": customer})
    });
    let list = Value::Array(items.collect());
    let path = dir.path().join("domains.json");
    std::fs::write(&path, list.to_string()).unwrap();
    // Nobody listens at the resolver, so that questions go on and say nothing.
    let more = format!(
        "
fleets:
  - id: customers
    name: Customers' domains
    component: store-front
    inventory: {{file: {{path: {}}}}}
    target: {{cname: [edge.example.net]}}
    resolvers: ['127.0.0.1:9']
    allow_private: true
    timeout: 1s
    at_once: 1
",
        path.display()
    );
    let server = Server::start_with(&more).await;
    let id = Id::from_static("customers");
    let known = |v: &std::sync::Arc<gonogo_server::view::View>| {
        v.fleets
            .get(&id)
            .is_some_and(|f| f.domains.len() == MAX_DOMAINS)
    };
    server.until(known).await;
    let site = &server.app.site;
    let now = site.clock.now();
    for first in (0..MAX_DOMAINS).step_by(TOGETHER) {
        let seen = (first..first + TOGETHER).map(|n| (name(n), seen(n, now)));
        let input = FleetInput {
            fleet: id.clone(),
            at: now,
            listed: None,
            unlisted: None,
            seen: seen.collect(),
            same: 0,
        };
        let input = [Input::Fleet(Box::new(input))];
        append(&site.store, Lane::World, &input, now).await.unwrap();
    }
    let stood = |v: &std::sync::Arc<gonogo_server::view::View>| {
        v.fleets[&id].domains.values().all(|d| d.stage.is_some())
    };
    server.until(stood).await;
    (server, dir)
}

fn seen(number: usize, now: Time) -> Seen {
    let days = |days: i64| Duration::from_hours(24 * days);
    let served = match number % TROUBLE_EVERY {
        0 => Served::Expired,
        _ => Served::Valid,
    };
    let left = match number {
        n if n % TROUBLE_EVERY == 0 => days(-1),
        4242 => days(40),
        n => days(60 + (n % 29) as i64),
    };
    Seen {
        dns: match number % TROUBLE_EVERY {
            1 => Dns::Elsewhere,
            _ => Dns::Right,
        },
        site: served,
        from: Some(now + left - days(90)),
        until: Some(now + left),
        ..Seen::default()
    }
}

/// The domains that a page shows, in its order.
fn names(html: &str) -> Vec<String> {
    let rows = html.split("data-key=\"domain-customers-").skip(1);
    let names = rows.map(|row| row.split('"').next().unwrap().to_owned());
    names.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_domains_are_found_filtered_sorted_paged_and_exported() {
    let (server, _dir) = full().await;
    let token = server.token(Scope::Read).await;
    let page = async |query: &str| {
        let answer = server.get(&format!("/domains{query}"), &token).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        answer.text
    };
    let html = page("").await;
    assert!(html.contains("10,000 domains"), "how many there are");
    let first = names(&html);
    assert_eq!(first.len(), ROWS);
    assert_eq!(first[0], name(0), "what is broken and ours comes first");
    assert!(first.iter().all(|n| n.contains("00.") || n.contains("50.")));

    assert_eq!(names(&page("?q=shop-04242").await), [name(4242)]);
    assert_eq!(names(&page("?q=CUSTOMER+04242").await), [name(4242)]);
    assert_eq!(names(&page("?q=evil").await), [name(7)]);
    assert!(page("?q=nobody").await.contains("None of these"));
    let broken = page("?stage=broken&sort=name&page=2").await;
    assert_eq!(
        names(&broken).last(),
        Some(&name(MAX_DOMAINS - TROUBLE_EVERY))
    );
    let theirs = page("?whose=theirs&sort=-name").await;
    assert!(theirs.contains("The customer&#39;s<span class=\"count\">200<"));
    let theirs = names(&theirs);
    assert_eq!(
        theirs.first(),
        Some(&name(MAX_DOMAINS - TROUBLE_EVERY + 1)),
        "who has to act themselves"
    );
    let soonest = names(&page("?sort=days&stage=active").await);
    assert_eq!(soonest[0], name(4242));
    for number in [1, 2, 100] {
        let rows = names(&page(&format!("?sort=name&page={number}")).await);
        let want: Vec<String> = ((number - 1) * ROWS..number * ROWS).map(name).collect();
        assert_eq!(rows, want, "page {number}");
    }

    let csv = server.get("/domains.csv?sort=name", &token).await;
    assert!(
        csv.headers.get("content-length").is_none(),
        "it is streamed and never held whole"
    );
    let lines: Vec<&str> = csv.text.split("\r\n").collect();
    assert_eq!(lines.len(), MAX_DOMAINS + 2, "a head, all rows, an end");
    assert!(lines[1].starts_with(&format!("{},customers,broken,", name(0))));
    assert!(
        lines[8].contains(",\"'=HYPERLINK(\"\"https"),
        "{}",
        lines[8]
    );
    let some = server.get("/domains.csv?stage=broken&q=shop", &token).await;
    let count = some.text.split("\r\n").count() - 2;
    assert_eq!(count, MAX_DOMAINS / TROUBLE_EVERY);
    let none = server.get("/domains.csv?q=nobody", &token).await;
    assert_eq!(none.text.split("\r\n").count(), 2, "the head stays");
    server.stop().await;
}
