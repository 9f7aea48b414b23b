//! Feeds as vendors really write them, with every trap that was met in one.

use super::*;

const NOW: &str = "2026-11-23T09:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn google(products: &[&str], locations: &[&str]) -> Feed {
    Feed::GoogleCloud {
        products: products.iter().map(|p| (*p).to_owned()).collect(),
        locations: locations.iter().map(|l| (*l).to_owned()).collect(),
        informational: false,
        forgotten_after: Duration::from_secs(14 * 86_400),
    }
}

fn statuspage(components: &[&str], groups: &[&str]) -> Feed {
    Feed::Statuspage {
        components: components.iter().map(|p| (*p).to_owned()).collect(),
        groups: groups.iter().map(|l| (*l).to_owned()).collect(),
        fails_from: Level::Degraded,
        informational: false,
    }
}

fn said(feed: &Feed, body: &str) -> (Verdict, &'static str, String, Vec<VendorNotice>) {
    let read = match feed {
        Feed::GoogleCloud { .. } => google::read(body.as_bytes(), feed, GOOGLE_CLOUD_FEED, now()),
        Feed::Statuspage { .. } => statuspage::read(body.as_bytes(), feed, now()),
    };
    let (reason, notices) = match read {
        Ok(word) => put(word),
        Err(why) => (Reason::unknown(code::FEED_UNREADABLE, why), Vec::new()),
    };
    (reason.verdict, reason.code, reason.detail, notices)
}

fn verdict(feed: &Feed, body: &str) -> (Verdict, &'static str) {
    let (verdict, code, ..) = said(feed, body);
    (verdict, code)
}

const FAILING: (Verdict, &str) = (Verdict::Failing, code::VENDOR_TROUBLE);
const FINE: (Verdict, &str) = (Verdict::Ok, code::OK);
const UNCLEAR: (Verdict, &str) = (Verdict::Unknown, code::VENDOR_UNCLEAR);

/// One incident of Google's, with some fields replaced.
fn incident(change: &str) -> String {
    let mut fields = serde_json::json!({
        "id": "MfiGCW4E26MPGRnCJ8by",
        "number": "1234567890",
        "begin": "2026-11-23T08:10:00+00:00",
        "created": "2026-11-23T08:20:00+00:00",
        "modified": "2026-11-23T08:40:00+00:00",
        "external_desc": "**Cloud Run: elevated errors**\nmore",
        "updates": [],
        "status_impact": "SERVICE_OUTAGE",
        "severity": "high",
        "service_key": "zall",
        "service_name": "Multiple Products",
        "affected_products": [{"title": "Google Cloud Run", "id": "9D7d2iNBQWN24zc1VamE"}],
        "uri": "incidents/MfiGCW4E26MPGRnCJ8by",
        "currently_affected_locations": [{"title": "Oregon (us-west1)", "id": "us-west1"}],
        "previously_affected_locations": [],
    });
    let change: serde_json::Value = serde_json::from_str(change).unwrap();
    for (key, value) in change.as_object().unwrap() {
        fields[key] = value.clone();
    }
    fields.to_string()
}

fn with(change: &str) -> (Verdict, &'static str) {
    let feed = google(&["Google Cloud Run"], &["us-west1"]);
    verdict(&feed, &format!("[{}]", incident(change)))
}

#[test]
fn an_incident_of_ours_is_told_with_title_time_and_link() {
    let feed = google(&["Google Cloud Run", "Cloud SQL"], &["us-west1"]);
    let (verdict, code, detail, notices) = said(&feed, &format!("[{}]", incident("{}")));
    assert_eq!((verdict, code), FAILING);
    assert_eq!(
        detail,
        "The vendor says: “Cloud Run: elevated errors”, outage, since 2026-11-23 08:10 UTC \
         (https://status.cloud.google.com/incidents/MfiGCW4E26MPGRnCJ8by)."
    );
    assert_eq!(notices.len(), 1);
    assert!(notices[0].counts);
}

#[test]
fn only_our_products_and_locations_count() {
    let body = format!("[{}]", incident("{}"));
    for (products, locations, expected) in [
        (&["Google Cloud Run"][..], &["us-west1"][..], FAILING),
        (&["google cloud run"], &["US-WEST1"], FAILING),
        (&["9D7d2iNBQWN24zc1VamE"], &[], FAILING),
        (&[], &[], FAILING),
        (&["Cloud SQL"], &["us-west1"], FINE),
        (&["Google Cloud Run"], &["europe-west1"], FINE),
    ] {
        assert_eq!(verdict(&google(products, locations), &body), expected);
    }
    assert_eq!(verdict(&google(&["Cloud SQL"], &[]), "[]"), FINE);
}

#[test]
fn an_incident_that_ended_is_over_whatever_it_still_lists() {
    assert_eq!(with(r#"{"end": "2026-11-23T08:50:00+00:00"}"#), FINE);
    for open in ["null", r#""""#, r#""  ""#] {
        assert_eq!(with(&format!(r#"{{"end": {open}}}"#)), FAILING, "{open}");
    }
    // An end that was announced is not an end yet.
    assert_eq!(with(r#"{"end": "2026-11-23T10:00:00+00:00"}"#), FAILING);
    assert_eq!(with(r#"{"end": "soon"}"#), UNCLEAR);
    assert_eq!(
        with(r#"{"most_recent_update": {"status": "AVAILABLE"}}"#),
        FINE
    );
}

#[test]
fn one_that_nobody_ever_ended_is_forgotten_and_still_shown() {
    let old = r#"{"begin": "2024-01-01T00:00:00Z", "modified": "2026-11-09T08:59:59Z"}"#;
    let feed = google(&["Google Cloud Run"], &[]);
    let (verdict, _, detail, notices) = said(&feed, &format!("[{}]", incident(old)));
    assert_eq!(verdict, Verdict::Ok);
    assert!(detail.contains("never ended, and forgotten"), "{detail}");
    assert!(!notices[0].counts);
    let young = r#"{"begin": "2024-01-01T00:00:00Z", "modified": "2026-11-09T09:00:01Z"}"#;
    assert_eq!(with(young), FAILING);
}

#[test]
fn global_and_missing_locations_rule_nobody_out() {
    let global = r#"{"currently_affected_locations": [{"title": "Global", "id": "global"}]}"#;
    assert_eq!(with(global), FAILING);
    let none = r#"{"currently_affected_locations": []}"#;
    assert_eq!(with(none), FAILING);
    let told = r#"{"currently_affected_locations": null,
        "most_recent_update": {"affected_locations": [{"id": "asia-east1"}]}}"#;
    assert_eq!(with(told), FINE);
    assert_eq!(with(r#"{"affected_products": []}"#), FAILING);
    let every = r#"{"affected_products": [{"title": "Multiple Products"}]}"#;
    assert_eq!(with(every), FAILING);
}

#[test]
fn information_is_shown_and_does_not_count_unless_declared() {
    let body = format!(
        "[{}]",
        incident(r#"{"status_impact": "SERVICE_INFORMATION"}"#)
    );
    let (verdict, _, detail, notices) = said(&google(&[], &[]), &body);
    assert_eq!((verdict, notices[0].counts), (Verdict::Ok, false));
    assert!(detail.contains("For information: “Cloud Run"), "{detail}");
    let mut declared = google(&[], &[]);
    if let Feed::GoogleCloud { informational, .. } = &mut declared {
        *informational = true;
    }
    assert_eq!(said(&declared, &body).0, Verdict::Failing);
}

#[test]
fn a_word_that_nobody_knows_is_neither_good_nor_bad() {
    assert_eq!(with(r#"{"status_impact": "SERVICE_WOBBLE"}"#), UNCLEAR);
    assert_eq!(with(r#"{"status_impact": null}"#), UNCLEAR);
    // Next to real trouble it hides nothing.
    let strange = incident(r#"{"status_impact": "SERVICE_WOBBLE"}"#);
    let both = format!("[{strange},{}]", incident("{}"));
    assert_eq!(verdict(&google(&[], &[]), &both), FAILING);
}

#[test]
fn what_is_no_feed_is_unknown() {
    let unreadable = (Verdict::Unknown, code::FEED_UNREADABLE);
    let deep = "[".repeat(100_000);
    for body in ["", "{}", "<html>", "[1]", "null", r#"[{"end": 5}]"#, &deep] {
        assert_eq!(verdict(&google(&[], &[]), body), unreadable);
        assert_eq!(verdict(&statuspage(&[], &[]), body), unreadable);
    }
    // An incident without any field says nothing that could be judged.
    assert_eq!(verdict(&google(&[], &[]), "[{}]").0, Verdict::Ok);
}

fn page(component: &str, indicator: &str) -> String {
    format!(
        r#"{{"page": {{"id": "p", "name": "Stripe", "url": "https://status.example.com", "updated_at": "2020-01-01T00:00:00Z"}},
        "status": {{"indicator": "{indicator}", "description": "Partial System Outage"}},
        "components": [
          {{"id": "c1", "name": "API", "status": "{component}", "group_id": "g1", "group": false, "updated_at": "2026-11-23T08:00:00Z"}},
          {{"id": "c2", "name": "Dashboard", "status": "operational", "group_id": null, "group": false}},
          {{"id": "g1", "name": "Payments", "status": "operational", "group": true, "components": ["c1"]}}
        ],
        "incidents": [
          {{"id": "i1", "name": "Elevated API errors", "status": "investigating", "impact": "minor",
            "created_at": "2026-11-23T08:05:00Z", "started_at": null, "shortlink": "https://stspg.io/x",
            "incident_updates": [], "components": [{{"id": "c1", "name": "API"}}]}},
          {{"id": "i2", "name": "Old", "status": "resolved", "impact": "major", "created_at": "2026-11-22T08:05:00Z", "components": [{{"id": "c1"}}]}}
        ],
        "scheduled_maintenances": [
          {{"id": "m1", "name": "Later", "status": "scheduled", "impact": "maintenance", "created_at": "2026-11-20T08:05:00Z", "components": [{{"id": "c2"}}]}}
        ]}}"#
    )
}

#[test]
fn only_the_components_in_use_count() {
    let bad = page("partial_outage", "minor");
    assert_eq!(verdict(&statuspage(&["Dashboard"], &[]), &bad), FINE);
    for feed in [
        statuspage(&["api"], &[]),
        statuspage(&["c1"], &[]),
        statuspage(&[], &["Payments"]),
        statuspage(&[], &[]),
    ] {
        assert_eq!(verdict(&feed, &bad), FAILING, "{feed:?}");
    }
    let (_, _, detail, _) = said(&statuspage(&["API"], &[]), &bad);
    assert_eq!(
        detail,
        "The vendor says: “API: Elevated API errors”, partial outage, since 2026-11-23 08:05 UTC \
         (https://stspg.io/x)."
    );
}

#[test]
fn states_are_read_by_how_bad_they_are() {
    let of = |state: &str| verdict(&statuspage(&["API"], &[]), &page(state, "none"));
    assert_eq!(of("operational"), FINE);
    assert_eq!(of("degraded_performance"), FAILING);
    assert_eq!(of("major_outage"), FAILING);
    assert_eq!(of("under_maintenance"), FINE);
    assert_eq!(of("glitchy"), UNCLEAR);
    assert_eq!(of(""), UNCLEAR);
    let patient = |state: &str| {
        let mut feed = statuspage(&["API"], &[]);
        if let Feed::Statuspage { fails_from, .. } = &mut feed {
            *fails_from = Level::Partial;
        }
        verdict(&feed, &page(state, "none"))
    };
    assert_eq!(patient("degraded_performance"), FINE);
    assert_eq!(patient("partial_outage"), FAILING);
    let whole = |indicator| verdict(&statuspage(&[], &[]), &page("operational", indicator));
    assert_eq!(whole("none"), FINE);
    assert_eq!(whole("maintenance"), FINE);
    assert_eq!(whole("critical"), FAILING);
    assert_eq!(whole("fancy"), UNCLEAR);
}

#[test]
fn a_component_that_is_gone_is_not_green() {
    let unlisted = (Verdict::Unknown, code::VENDOR_UNLISTED);
    let page = page("operational", "none");
    assert_eq!(verdict(&statuspage(&["Checkout"], &[]), &page), unlisted);
    assert_eq!(verdict(&statuspage(&[], &["Money"]), &page), unlisted);
    // A component is no group, even by the same name.
    assert_eq!(verdict(&statuspage(&[], &["API"]), &page), unlisted);
}

#[test]
fn outside_text_stays_short_and_links_are_links() {
    let evil = incident(&format!(
        r#"{{"external_desc": "a\u0007{}", "uri": "javascript:alert(1)"}}"#,
        "x".repeat(5000)
    ));
    let (_, _, detail, notices) = said(&google(&[], &[]), &format!("[{evil}]"));
    assert!(detail.len() < 600 && !detail.contains('\u{7}'), "{detail}");
    assert_eq!(notices[0].link, None);
    let many: Vec<String> = (0..MAX_NOTICES + 5).map(|_| incident("{}")).collect();
    let (_, _, detail, notices) = said(&google(&[], &[]), &format!("[{}]", many.join(",")));
    assert_eq!(notices.len(), MAX_NOTICES);
    assert!(detail.ends_with("And 14 more."), "{detail}");
}

#[test]
fn a_feed_that_is_an_old_copy_says_nothing() {
    let target = VendorTarget {
        http: HttpTarget::get(GOOGLE_CLOUD_FEED),
        feed: google(&[], &[]),
        stale_after: Duration::from_secs(600),
    };
    let fetched = |date: Option<&str>, age: Option<i64>, cut| {
        let content = super::super::exchange::Content {
            kept: b"[]".to_vec(),
            length: 2,
            cut,
        };
        let date = date.map(|d| d.parse().unwrap());
        Page::new(content, (date, age.map(SignedDuration::from_secs)))
    };
    let told = |fetched| judge(&target, &fetched, now()).0.code;
    assert_eq!(told(fetched(None, None, false)), code::OK);
    assert_eq!(
        told(fetched(Some("2026-11-23T08:50:00Z"), None, false)),
        code::OK
    );
    let old = fetched(Some("2026-11-23T08:49:59Z"), None, false);
    assert_eq!(told(old), code::FEED_STALE);
    assert_eq!(told(fetched(None, Some(601), false)), code::FEED_STALE);
    // A sender whose clock is ahead is not stale.
    assert_eq!(
        told(fetched(Some("2026-11-23T19:00:00Z"), None, false)),
        code::OK
    );
    assert_eq!(told(fetched(None, None, true)), code::FEED_UNREADABLE);
}
