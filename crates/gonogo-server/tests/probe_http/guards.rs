//! What looks green and is not: empty pages, wrong numbers, redirects to elsewhere.

use gonogo_server::probe::{Bound, HttpTarget, JsonRule, Verdict, code};
use sha2::{Digest as _, Sha256};

use crate::ask_script;
use crate::probe_support::http::{answer, ok, redirect};

async fn said(body: &str, change: impl FnOnce(&mut HttpTarget)) -> &'static str {
    ask_script(ok(body), change).await.code
}

fn rule(at: &str, change: impl FnOnce(&mut JsonRule)) -> Vec<JsonRule> {
    let mut rule = JsonRule {
        at: at.to_owned(),
        ..JsonRule::default()
    };
    change(&mut rule);
    vec![rule]
}

#[tokio::test]
async fn an_empty_page_with_200_is_not_well() {
    assert_eq!(
        said("1234", |t| t.min_bytes = 5).await,
        code::BODY_TOO_SMALL
    );
    assert_eq!(said("12345", |t| t.min_bytes = 5).await, code::OK);
    assert_eq!(said("", |t| t.min_bytes = 1).await, code::BODY_TOO_SMALL);
}

#[tokio::test]
async fn numbers_are_compared_as_numbers() {
    let body = r#"{"queue": {"depth": 99.5, "name": "q", "big": "100"}, "items": [1, 2]}"#;
    for (at, bound, limit, expected) in [
        ("queue.depth", Bound::Below, "100", code::OK),
        ("queue.depth", Bound::Below, "99.5", code::JSON_DIFFERS),
        ("queue.depth", Bound::AtMost, "99.5", code::OK),
        ("queue.depth", Bound::Above, "99", code::OK),
        ("queue.depth", Bound::AtLeast, "100", code::JSON_DIFFERS),
        ("queue.big", Bound::AtLeast, "100", code::OK),
        ("queue.name", Bound::Above, "1", code::JSON_DIFFERS),
        ("queue.depth", Bound::Above, "many", code::JSON_DIFFERS),
        ("queue.depth", Bound::Below, "NaN", code::JSON_DIFFERS),
        ("queue.none", Bound::Above, "1", code::JSON_MISSING),
    ] {
        let rules = rule(at, |r| r.bounds = vec![(bound, limit.to_owned())]);
        let code = said(body, |t| t.json_rules = rules).await;
        assert_eq!(code, expected, "{at} {bound:?} {limit}");
    }
    for (rules, expected) in [
        (rule("items", |r| r.members = Some(2)), code::OK),
        (rule("items", |r| r.members = Some(3)), code::JSON_DIFFERS),
        (
            rule("queue.name", |r| r.members = Some(0)),
            code::JSON_DIFFERS,
        ),
        (
            rule("queue.name", |r| r.one_of = vec!["p".into(), "q".into()]),
            code::OK,
        ),
        (
            rule("queue.name", |r| r.none_of = vec!["q".into()]),
            code::JSON_DIFFERS,
        ),
        (rule("queue.gone", |r| r.absent = true), code::OK),
        (rule("queue.name", |r| r.absent = true), code::JSON_DIFFERS),
    ] {
        assert_eq!(said(body, |t| t.json_rules = rules).await, expected);
    }
    let rules = rule("a", |r| r.absent = true);
    assert_eq!(
        said("<html>", |t| t.json_rules = rules).await,
        code::JSON_INVALID
    );
}

#[tokio::test]
async fn a_redirect_has_to_lead_where_it_should() {
    let to = |wanted: &'static str| {
        move |t: &mut HttpTarget| {
            t.accept_status = vec![301..=308];
            t.redirects_to = Some(wanted.to_owned());
        }
    };
    let script = || redirect("https://www.example.com/welcome?a=b");
    for (wanted, expected) in [
        ("https://www.example.com/*", code::OK),
        ("https://www.example.com/welcome?a=b", code::OK),
        ("https://www.example.com/", code::REDIRECT_DIFFERS),
        ("https://evil.example.net/*", code::REDIRECT_DIFFERS),
        ("not a URL", code::REDIRECT_DIFFERS),
    ] {
        assert_eq!(
            ask_script(script(), to(wanted)).await.code,
            expected,
            "{wanted}"
        );
    }
    let nowhere = ask_script(answer(302, "", ""), to("https://www.example.com/*")).await;
    assert_eq!(nowhere.code, code::REDIRECT_DIFFERS);
}

#[tokio::test]
async fn content_is_known_by_its_fingerprint() {
    let hash: String = Sha256::digest(b"hello")
        .iter()
        .map(|b| format!("{b:02X}"))
        .collect();
    let same = hash.clone();
    assert_eq!(
        said("hello", |t| t.content_sha256 = Some(same)).await,
        code::OK
    );
    let other = hash.clone();
    let code = said("hello!", |t| t.content_sha256 = Some(other)).await;
    assert_eq!(code, code::CONTENT_DIFFERS);
    let watched = ask_script(ok("hello"), |t| t.watch_content = true).await;
    assert_eq!(watched.verdict, Verdict::Ok);
    assert_eq!(watched.extra.content, Some(hash.to_lowercase()));
    assert_eq!(ask_script(ok("hello"), |_| {}).await.extra.content, None);
}

#[tokio::test]
async fn every_phase_is_timed() {
    let result = ask_script(ok("hello"), |_| {}).await;
    let phases = result.phases;
    assert!(phases.connect.is_some() && phases.first_byte.is_some() && phases.transfer.is_some());
    let bad = ask_script(answer(500, "", ""), |_| {}).await;
    assert_eq!(bad.phases.transfer, None, "its body was not read");
}
