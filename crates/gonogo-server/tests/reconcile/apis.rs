//! A local server that answers as the documented APIs do; the first part of the path says how.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// How many charges the case `paging` has.
pub const MANY: usize = 250;

pub async fn serve() -> MockServer {
    let server = MockServer::start().await;
    let apis = Apis {
        now: jiff::Timestamp::now().as_second(),
        asked: AtomicUsize::new(0),
    };
    Mock::given(any()).respond_with(apis).mount(&server).await;
    server
}

struct Apis {
    now: i64,
    asked: AtomicUsize,
}

impl Respond for Apis {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path: Vec<&str> = request
            .url
            .path()
            .trim_start_matches('/')
            .split('/')
            .collect();
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let ok = |body: Value| ResponseTemplate::new(200).set_body_json(body);
        match path[..] {
            ["paging", "v1", "charges"] => ok(self.page(self.many(), &query)),
            ["paging", "ledger"] => ok(self.ledger_page(&query)),
            ["money", "v1", "charges"] => ok(self.page(self.charges(), &query)),
            ["money", "ledger"] => ok(self.ledger()),
            ["events", "v1", "events"] => ok(self.page(self.events(), &query)),
            ["invoices", "v1", "invoices"] => ok(self.page(self.invoices(), &query)),
            ["busy", "v1", "charges"] => match self.asked.fetch_add(1, Ordering::SeqCst) {
                0 => ResponseTemplate::new(429).insert_header("retry-after", "1"),
                1 => ResponseTemplate::new(500),
                _ => ok(self.page(Vec::new(), &query)),
            },
            ["limited", ..] => ResponseTemplate::new(429).insert_header("retry-after", "3600"),
            ["broken", ..] => ResponseTemplate::new(500),
            ["garbage", ..] => ResponseTemplate::new(200).set_body_string("<html>Sorry</html>"),
            ["truncated", ..] => {
                let whole = self.page(self.many(), &query).to_string();
                let half = whole[..whole.len() / 2].to_string();
                ResponseTemplate::new(200).set_body_string(half)
            }
            ["refused", ..] => ResponseTemplate::new(401),
            ["moved", ..] => {
                ResponseTemplate::new(302).insert_header("location", "http://169.254.169.254/")
            }
            ["endless", ..] => ok(json!({"object": "list", "data": [], "has_more": true})),
            ["odd", ..] => ok(json!({"data": {"message": "not a list"}})),
            ["half", "v1", "charges"] => ok(self.page(vec![json!({"id": "ch_1"})], &query)),
            ["elsewhere", "ledger"] => ok(json!({
                "items": [], "next": "http://127.0.0.2:1/steal",
            })),
            ["round", "ledger"] => ok(json!({"items": [], "next": "/round/ledger"})),
            ["empty", "ledger"] => ok(json!({"items": []})),
            ["fivetran", "v1", "connections"] => ok(self.connections(&query)),
            ["fivetran", "v1", "webhooks", "hook"] => ok(json!({
                "code": "Success",
                "data": {"id": "hook", "url": "https://example.com/in/fivetran", "active": false},
            })),
            ["fivetran", "known"] => ok(json!([
                {"id": "alpha", "seen": self.now - 600},
                {"id": "beta", "seen": self.now - 7200},
            ])),
            _ => ResponseTemplate::new(404),
        }
    }
}

impl Apis {
    fn charge(&self, id: &str, amount: i64, currency: &str) -> Value {
        json!({
            "id": id, "object": "charge", "amount": amount, "amount_captured": amount,
            "amount_refunded": 0, "captured": true, "currency": currency,
            "created": self.now - 60, "disputed": false, "livemode": true, "status": "succeeded",
            "payment_method_details": {"card": {"last4": "4242", "brand": "visa"}},
            "billing_details": {"name": "Jenny Example"},
        })
    }

    fn many(&self) -> Vec<Value> {
        let one = |n: usize| {
            let currency = if n.is_multiple_of(2) { "usd" } else { "jpy" };
            self.charge(&format!("ch_{n:03}"), 100 + n as i64, currency)
        };
        (0..MANY).map(one).collect()
    }

    /// Every way in which a charge can differ from what the ledger says of it.
    fn charges(&self) -> Vec<Value> {
        let with = |id: &str, amount: i64, currency: &str, changes: Value| {
            let mut charge = self.charge(id, amount, currency);
            for (name, value) in changes.as_object().unwrap() {
                charge[name] = value.clone();
            }
            charge
        };
        vec![
            self.charge("ch_fine", 1200, "usd"),
            self.charge("ch_yen", 1200, "jpy"),
            self.charge("ch_amount", 1200, "usd"),
            self.charge("ch_currency", 1200, "usd"),
            self.charge("ch_lost", 4200, "eur"),
            self.charge("ch_twice", 900, "usd"),
            with("ch_test", 1, "usd", json!({"livemode": false})),
            with("ch_failed", 1, "usd", json!({"status": "failed"})),
            with(
                "ch_held",
                1,
                "usd",
                json!({"captured": false, "amount_captured": 0}),
            ),
            with("ch_part", 1000, "usd", json!({"amount_captured": 600})),
            with(
                "ch_back",
                500,
                "usd",
                json!({"amount_refunded": 500, "refunded": true}),
            ),
            with("ch_angry", 700, "usd", json!({"disputed": true})),
        ]
    }

    /// What the ledger has of these, in major units.
    fn ledger(&self) -> Value {
        let at = |ago: i64| {
            jiff::Timestamp::from_second(self.now - ago)
                .unwrap()
                .to_string()
        };
        let entry = |charge: &str, amount: &str, currency: &str| json!({"charge": charge, "amount": amount, "currency": currency, "at": at(55)});
        json!({"items": [
            entry("ch_fine", "12.00", "USD"),
            entry("ch_yen", "1200", "JPY"),
            entry("ch_amount", "1200.00", "USD"),
            entry("ch_currency", "12.00", "EUR"),
            entry("ch_twice", "9.00", "USD"),
            entry("ch_twice", "9.00", "USD"),
            entry("ch_part", "6.00", "USD"),
            entry("ch_nobody", "1.00", "USD"),
        ]})
    }

    fn events(&self) -> Vec<Value> {
        let one = |n: i64| {
            json!({
                "id": format!("evt_{n}"), "object": "event", "type": "charge.succeeded",
                // After the server began to listen.
                "created": self.now + 4, "livemode": true,
                "data": {"object": {"id": format!("ch_{n}"), "currency": "usd", "amount": 500}},
            })
        };
        (1..=3).map(one).collect()
    }

    fn invoices(&self) -> Vec<Value> {
        let day = 86_400;
        let one = |id: &str, status: &str, paid: i64, paid_at: Value| {
            json!({
                "id": id, "object": "invoice", "status": status, "amount_paid": paid,
                "currency": "usd", "created": self.now - 20 * day, "livemode": true,
                "status_transitions": {"paid_at": paid_at},
            })
        };
        vec![
            // Made weeks ago, and paid a moment ago.
            one("in_late", "paid", 5000, json!(self.now - 60)),
            one("in_free", "paid", 0, json!(self.now - 60)),
            one("in_open", "open", 0, Value::Null),
        ]
    }

    /// A page as Stripe gives it, newest first.
    fn page(&self, all: Vec<Value>, query: &BTreeMap<String, String>) -> Value {
        let limit: usize = query["limit"].parse().unwrap();
        assert!(limit <= 100);
        assert!(query.contains_key("created[gte]") && query.contains_key("created[lte]"));
        let from = query.get("starting_after").map_or(0, |after| {
            1 + all.iter().position(|c| c["id"] == **after).unwrap()
        });
        let page: Vec<Value> = all.iter().skip(from).take(limit).cloned().collect();
        let more = from + page.len() < all.len();
        json!({"object": "list", "data": page, "has_more": more, "url": "/v1/charges"})
    }

    /// A page of a ledger that gives a cursor.
    fn ledger_page(&self, query: &BTreeMap<String, String>) -> Value {
        assert!(query["from"] < query["to"], "{query:?}");
        let from: usize = query["page"].parse().unwrap_or(0);
        let items: Vec<Value> = self
            .many()
            .iter()
            .skip(from)
            .take(90)
            .map(|c| {
                json!({
                    "charge": c["id"], "amount": c["amount"], "currency": c["currency"],
                    "at": self.now - 50,
                })
            })
            .collect();
        let next = from + items.len();
        let next = if next < MANY {
            json!(next)
        } else {
            Value::Null
        };
        json!({"result": {"entries": items}, "paging": {"next": next}})
    }

    fn connections(&self, query: &BTreeMap<String, String>) -> Value {
        let at = |ago: i64| {
            jiff::Timestamp::from_second(self.now - ago)
                .unwrap()
                .to_string()
        };
        let one = |id: &str, ago: i64, paused: bool| {
            json!({
                "id": id, "service": "postgres", "schema": id, "paused": paused,
                "succeeded_at": at(ago), "failed_at": null,
                "status": {"setup_state": "connected", "sync_state": "scheduled"},
            })
        };
        match query.get("cursor").map(String::as_str) {
            None => json!({"code": "Success", "data": {
                "items": [one("alpha", 590, false), one("sleeper", 100, true)],
                "next_cursor": "page2",
            }}),
            _ => json!({"code": "Success", "data": {"items": [
                one("beta", 300, false),
                {"id": "new", "paused": false, "succeeded_at": null, "status": {}},
            ]}}),
        }
    }
}
