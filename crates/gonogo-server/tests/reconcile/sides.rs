//! What each kind of side answers, and what comes of it.

use serde_json::json;

use super::apis::{MANY, serve};
use super::{KEY, declared, event, found, start, unknown, until};
use crate::postgres::Postgres;

fn stripe(base: &str, case: &str) -> String {
    format!("{{stripe: {{key: '${{env:KEY}}', url: '{base}/{case}', allow_private: true}}}}")
}

fn ledger(base: &str, case: &str) -> String {
    format!(
        "{{http_json: {{url: '{base}/{case}/ledger', list: items, key: charge, at: at, amount: amount, \
         currency: currency, units: major, next: next, allow_private: true}}}}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_read_in_full_and_compared() {
    let server = serve().await;
    let base = server.uri();
    let paged = format!(
        "{{http_json: {{url: '{base}/paging/ledger?from={{from}}&to={{to}}&page={{cursor}}', \
         list: result.entries, key: charge, at: at, amount: amount, currency: currency, \
         next: paging.next, token: '${{env:KEY}}', allow_private: true}}}}"
    );
    let invoices = format!(
        "{{stripe: {{list: invoices, key: '${{env:KEY}}', url: '{base}/invoices', allow_private: true}}}}"
    );
    let fivetran = format!(
        "{{fivetran: {{key: '${{env:KEY}}', secret: '${{env:KEY}}', url: '{base}/fivetran', \
         webhook: hook, allow_private: true}}}}"
    );
    let known = format!(
        "{{http_json: {{url: '{base}/fivetran/known', key: id, at: seen, allow_private: true}}}}"
    );
    let all = [
        declared("paging", &stripe(&base, "paging"), &paged, ""),
        declared(
            "money",
            &stripe(&base, "money"),
            &ledger(&base, "money"),
            "",
        ),
        declared("invoices", &invoices, &ledger(&base, "empty"), ""),
        declared("busy", &stripe(&base, "busy"), &ledger(&base, "empty"), ""),
        declared("syncs", &fivetran, &known, ", repeats: any, apart: 15m"),
    ];
    let dir = tempfile::tempdir().unwrap();
    let app = start(dir.path(), &all, &[]).await;

    let paging = until(&app, "paging", |s| s.told.is_some()).await;
    let told = paging.told.clone().unwrap();
    assert_eq!((told.matched, paging.open()), (MANY as u64, 0));
    assert_eq!(told.left, told.right);
    let sums: Vec<(&str, i64)> = told.left.sums.iter().map(|(c, s)| (&**c, *s)).collect();
    // 100 + n, even n in USD and odd ones in JPY.
    assert_eq!(sums, [("jpy", 28_125), ("usd", 28_000)]);

    let money = until(&app, "money", |s| s.counting().count() > 0).await;
    assert_eq!(
        found(&money),
        [
            "ch_amount differs 12.00 USD 1200.00 USD",
            "ch_angry missing_right 7.00 USD - (disputed)",
            "ch_back missing_right 5.00 USD - (5.00 USD refunded since)",
            "ch_currency differs 12.00 USD 12.00 EUR",
            "ch_lost missing_right 42.00 EUR -",
            "ch_nobody missing_left - 1.00 USD",
            "ch_twice doubled 9.00 USD 9.00 USD (1 on the left, 2 on the right)",
        ]
    );
    assert_eq!(money.told.clone().unwrap().matched, 3, "fine, yen and part");

    let invoices = until(&app, "invoices", |s| s.told.is_some()).await;
    assert_eq!(
        found(&invoices),
        [
            "in_free missing_right 0.00 USD -",
            "in_late missing_right 50.00 USD -"
        ]
    );

    let busy = until(&app, "busy", |s| s.told.is_some()).await;
    assert!(busy.unknown.is_none(), "it had patience: {busy:#?}");

    let syncs = until(&app, "syncs", |s| s.told.is_some()).await;
    let syncs = found(&syncs);
    assert_eq!(syncs.len(), 2, "{syncs:#?}");
    assert!(syncs[0].starts_with("beta differs - - ("), "{syncs:#?}");
    assert!(
        syncs[1].starts_with("webhook hook differs - - (it is switched off"),
        "{syncs:#?}"
    );

    // What is kept holds no card, no name and no key.
    let kept = format!("{:?}", app.site.view().reconciliations);
    for secret in ["4242", "Jenny", KEY] {
        assert!(!kept.contains(secret), "{secret}");
    }
    app.shut_down().await.unwrap();
    for file in std::fs::read_dir(dir.path().join("data")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        for secret in ["4242", "Jenny", KEY] {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{secret} is in the journal");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_in_full_is_unknown() {
    let server = serve().await;
    let base = server.uri();
    let empty = ledger(&base, "empty");
    let cases = [
        "limited",
        "broken",
        "garbage",
        "truncated",
        "refused",
        "moved",
        "endless",
        "odd",
        "half",
    ];
    let mut all: Vec<String> = cases
        .iter()
        .map(|case| declared(case, &stripe(&base, case), &empty, ""))
        .collect();
    let private = format!("{{stripe: {{key: '${{env:KEY}}', url: '{base}/paging'}}}}");
    all.push(declared("private", &private, &empty, ""));
    let nothing = "{stripe: {key: '${env:NOT_SET}'}}";
    all.push(declared("unset", nothing, &empty, ""));
    for case in ["elsewhere", "round"] {
        all.push(declared(
            case,
            &stripe(&base, "paging"),
            &ledger(&base, case),
            "",
        ));
    }
    let dir = tempfile::tempdir().unwrap();
    let app = start(dir.path(), &all, &[]).await;
    for (case, code, detail) in [
        (
            "limited",
            "rate_limited",
            "it asks for fewer requests (429)",
        ),
        ("broken", "unavailable", "it answered 500"),
        ("garbage", "unreadable", "an answer is not whole JSON"),
        ("truncated", "unreadable", "an answer is not whole JSON"),
        ("refused", "refused", "it refuses our key (401)"),
        (
            "moved",
            "refused",
            "it answered 302; redirects are not followed",
        ),
        (
            "endless",
            "unreadable",
            "a page says that there are more, and does not say after which",
        ),
        (
            "odd",
            "unreadable",
            "an answer is not one of Stripe's lists",
        ),
        ("half", "unreadable", "an item has no `livemode`"),
        (
            "private",
            "refused",
            "its address is private or not to be asked; see `allow_private`",
        ),
        ("unset", "not_configured", "${env:NOT_SET} is not set"),
    ] {
        let told = unknown(&app, case).await;
        assert_eq!(
            told,
            (code.to_string(), format!("Stripe: {detail}")),
            "{case}"
        );
    }
    for (case, detail) in [
        ("elsewhere", "its next page is on another host"),
        ("round", "its pages go round in a circle"),
    ] {
        let told = unknown(&app, case).await;
        let wanted = ("unreadable".to_string(), format!("the endpoint: {detail}"));
        assert_eq!(told, wanted, "{case}");
    }
    // An hour was asked for, and is given.
    let limited = until(&app, "limited", |s| s.unknown.is_some()).await;
    let unknown = limited.unknown.clone().unwrap();
    let wait = unknown.why.not_before.unwrap().since(unknown.since);
    assert!((3_500..=3_700).contains(&wait.as_secs()), "{wait}");
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_read_and_cannot_be_written() {
    let database = Postgres::start();
    assert!(database.sql(
        "CREATE TABLE entries (charge text, amount numeric(12,2), currency text, recorded_at timestamptz);
         CREATE TABLE touched (x int);
         CREATE FUNCTION touch() RETURNS text LANGUAGE sql VOLATILE AS 'INSERT INTO touched VALUES (1); SELECT ''x''';
         INSERT INTO entries VALUES ('ch_fine', 12.00, 'USD', now()), ('ch_yen', 1200, 'JPY', now()),
           ('ch_amount', 13.00, 'USD', now()), ('ch_old', 1, 'USD', now() - interval '90 days')"
    ));
    let server = serve().await;
    let base = server.uri();
    let right = |query: &str| {
        format!("{{postgres: {{url: '${{env:PG}}', units: major, query: \"{query}\"}}}}")
    };
    let plain = "select charge as key, amount, currency, recorded_at as at from entries where recorded_at between $1 and $2 -- all of it";
    let cases = [
        ("reads", plain),
        (
            "insert",
            "insert into touched values (1) returning 'x' as key, now() as at",
        ),
        (
            "cte",
            "with w as (insert into touched values (1) returning 1) select 'x' as key, now() as at from w",
        ),
        ("function", "select touch() as key, now() as at"),
        (
            "breakout",
            "select 'x' as key, now() as at) s; insert into touched values (1); select (1",
        ),
        (
            "setting",
            "select set_config('transaction_read_only', 'off', true) || touch() as key, now() as at",
        ),
        ("columns", "select charge as id from entries"),
        (
            "parameter",
            "select charge as key, recorded_at as at from entries where charge = $1",
        ),
        (
            "rounding",
            "select 'x' as key, now() as at, 1.005 as amount, 'usd' as currency",
        ),
        ("slow", "select 'x' as key, now() as at from pg_sleep(60)"),
    ];
    let left = stripe(&base, "money");
    let all: Vec<String> = cases
        .iter()
        .map(|(id, query)| {
            let all = declared(id, &left, &right(query), "");
            all.replace(
                "timeout: 20s",
                if *id == "slow" {
                    "timeout: 2s"
                } else {
                    "timeout: 20s"
                },
            )
        })
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let app = start(dir.path(), &all, &[("PG", database.url())]).await;

    let reads = until(&app, "reads", |s| s.told.is_some()).await;
    let told = reads.told.clone().unwrap();
    assert_eq!((told.matched, told.right.records), (2, 3), "fine and yen");
    assert!(found(&reads).contains(&"ch_amount differs 12.00 USD 13.00 USD".to_string()));
    for (case, code, detail) in [
        (
            "insert",
            "not_configured",
            "the database: its query is refused (42601)",
        ),
        (
            "cte",
            "not_configured",
            "the database: its query is refused (0A000)",
        ),
        (
            "function",
            "refused",
            "the database: its query failed (25006)",
        ),
        (
            "breakout",
            "not_configured",
            "the database: its query is refused (42601)",
        ),
        (
            "setting",
            "refused",
            "the database: its query failed (25001)",
        ),
        (
            "columns",
            "not_configured",
            "the database: its query has no column `key`",
        ),
        (
            "parameter",
            "not_configured",
            "the database: its query may use `$1::timestamptz` and `$2::timestamptz`, and nothing else",
        ),
        (
            "rounding",
            "unreadable",
            "the database: an amount is not one of usd with 2 decimals",
        ),
        ("slow", "timeout", "the run took longer than 2s"),
    ] {
        let told = unknown(&app, case).await;
        assert_eq!(told, (code.to_string(), detail.to_string()), "{case}");
    }
    assert!(
        database.sql(
            "DO $$ BEGIN IF EXISTS (SELECT 1 FROM touched) THEN RAISE 'written'; END IF; END $$"
        )
    );
    app.shut_down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_never_came_is_found_and_survives_a_restart() {
    let server = serve().await;
    let base = server.uri();
    let listed = format!(
        "{{stripe: {{list: events, types: [charge.succeeded], amount: data.object.amount, \
         key: '${{env:KEY}}', url: '{base}/events', allow_private: true}}}}"
    );
    let came = "{events: {source: app, event: [came], key: data.charge, amount: data.amount, currency: data.currency}}";
    let all = [declared("webhooks", &listed, came, ", window: 1h")];
    let dir = tempfile::tempdir().unwrap();
    let app = start(dir.path(), &all, &[]).await;
    for (n, amount) in [(1, 500), (2, 501)] {
        let data = json!({"charge": format!("ch_{n}"), "amount": amount, "currency": "usd"});
        event(&app, &format!("e{n}"), "came", data).await;
    }
    event(&app, "e9", "other", json!({"charge": "ch_3"})).await;
    let both = [
        "ch_2 differs 5.00 USD 5.01 USD",
        "ch_3 missing_right 5.00 USD -",
    ];
    // Until the listed ones have happened, what came has no match.
    until(&app, "webhooks", |s| found(s) == both).await;
    app.shut_down().await.unwrap();

    let app = start(dir.path(), &all, &[]).await;
    let state = until(&app, "webhooks", |s| s.counting().count() == 2).await;
    assert_eq!(found(&state), both);
    // It comes after all.
    let data = json!({"charge": "ch_3", "amount": 500, "currency": "usd"});
    event(&app, "e3", "came", data).await;
    let state = until(&app, "webhooks", |s| s.open() == 1).await;
    assert_eq!(found(&state), both[..1]);
    app.shut_down().await.unwrap();
}
