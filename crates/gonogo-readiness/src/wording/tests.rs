//! Each rule of wording finds what it is for, where it is, and leaves plain words alone.

use super::*;

fn codes(of: &str, state: PublicState) -> Vec<&'static str> {
    text(of, Some(state)).into_iter().map(|f| f.code).collect()
}

#[test]
fn finds_what_should_not_be_sent() {
    for (line, code) in [
        ("It will be fixed today.", "wording-estimate"),
        (
            "We expect dashboards to be back within the hour.",
            "wording-estimate",
        ),
        (
            "Dashboards should load normally again, all back by 14:00 UTC.",
            "wording-estimate",
        ),
        (
            "A small number of users is affected.",
            "wording-played-down",
        ),
        ("We are experiencing issues.", "wording-vague"),
        (
            "We apologise for any inconvenience.",
            "wording-empty-apology",
        ),
        ("Our upstream provider is down.", "wording-blame"),
        ("The pod restarts.", "wording-jargon"),
        ("You see a 503.", "wording-jargon"),
        (
            "An attacker sent too many requests.",
            "wording-security-detail",
        ),
        ("We patched CVE-2026-1234.", "wording-security-detail"),
        (
            "The machine db-1.prod.internal is full.",
            "wording-internal-name",
        ),
        ("Requests to 10.1.2.3 fail.", "wording-internal-name"),
        (
            "Since 10:20, dashboards do not load.",
            "wording-time-without-zone",
        ),
    ] {
        assert_eq!(codes(line, PublicState::Identified), [code], "{line}");
    }
}

#[test]
fn a_cause_and_an_end_depend_on_the_state() {
    let cause = "This is probably caused by a release.";
    assert_eq!(
        codes(cause, PublicState::Investigating),
        ["wording-cause-too-early", "wording-cause-too-early"]
    );
    assert!(codes(cause, PublicState::Identified).is_empty());
    let over = "The problem has been fixed.";
    assert_eq!(
        codes(over, PublicState::Monitoring),
        ["wording-over-too-early"]
    );
    assert!(codes(over, PublicState::Resolved).is_empty());
    assert!(codes("We watch until it is over.", PublicState::Monitoring).is_empty());
    assert!(
        text(over, None).is_empty(),
        "without a state it may be over"
    );
}

#[test]
fn leaves_plain_words_alone() {
    for line in [
        "Since 10:20 UTC, dashboards do not load. Signing in works.",
        "We will write again by 10:40 UTC, or sooner when it works again.",
        "We will update this page within 30 minutes, whether or not it is back.",
        "Podcasts, metadata and betas are no jargon.",
        "Payments work, and plans are updated late.",
        "500 customers are affected; about one request in five fails.",
        "Version 10.30 of the app works.",
    ] {
        let found = text(line, Some(PublicState::Identified));
        assert!(found.is_empty(), "{line}: {found:?}");
    }
}

#[test]
fn says_where_it_stands() {
    let found = text("ä A\nwith ETA soon", None);
    let at = At::Text {
        line: 1,
        column: 5,
        len: 3,
    };
    assert_eq!(found[0].at, at);
    // A phrase that breaks over two lines is told of as far as the first of them goes.
    let found = text("It will\n be fixed. And it will be fixed.", None);
    let places: Vec<At> = found.iter().map(|f| f.at).collect();
    assert_eq!(
        places,
        [
            At::Text {
                line: 0,
                column: 3,
                len: 4
            },
            At::Text {
                line: 1,
                column: 18,
                len: 13
            }
        ]
    );
    assert_eq!(
        text("é.\n\nÉ. Due to the ETA", None)[0].at,
        At::Text {
            line: 2,
            column: 14,
            len: 3
        }
    );
}

fn written(change: impl FnOnce(&mut Draft<'static>)) -> Vec<&'static str> {
    let mut it = Draft {
        state: PublicState::Identified,
        title: "Dashboards do not load",
        text: "Since 10:20 UTC, dashboards do not load in Europe. Signing in works.\n\nWe will write again by 10:50 UTC.",
        before: None,
        impact: vec!["Dashboards"],
        shown: vec!["Dashboards"],
        still_firing: 1,
        vendors: vec!["Example Cloud"],
    };
    change(&mut it);
    draft(&it).into_iter().map(|f| f.code).collect()
}

#[test]
fn a_good_draft_passes() {
    assert!(written(|_| {}).is_empty(), "{:?}", written(|_| {}));
    let over = written(|d| {
        d.state = PublicState::Resolved;
        d.text = "Dashboards load again. It began at 10:20 UTC and ended at 11:02 UTC. No data was lost.";
        d.shown.clear();
        d.still_firing = 0;
    });
    assert!(over.is_empty(), "{over:?}");
}

#[test]
fn a_draft_says_what_customers_need() {
    let bare = written(|d| d.text = "We are looking into it.");
    assert_eq!(
        bare,
        [
            "wording-no-next-update",
            "wording-no-since",
            "wording-no-impact"
        ]
    );
    let late = written(|d| {
        d.text = "We found something at 10:30 UTC.\n\nDashboards fail since 10:20 UTC. We write again by 10:50 UTC.";
    });
    assert_eq!(late, ["wording-leads-elsewhere"]);
    assert_eq!(
        written(|d| d.title = "Degraded performance"),
        ["wording-vague"]
    );
}

#[test]
fn a_draft_does_not_contradict_the_page_or_the_alerts() {
    assert_eq!(written(|d| d.shown.clear()), ["wording-page-contradicts"]);
    let early = written(|d| {
        d.state = PublicState::Resolved;
        d.text = "Dashboards load again since 11:02 UTC. Nothing was lost.";
    });
    assert_eq!(
        early,
        ["wording-page-contradicts", "wording-all-clear-too-early"]
    );
}

#[test]
fn a_draft_is_news_and_blames_nobody() {
    let again = "Since 10:20 UTC, dashboards do not load in Europe. Signing in works.\n\nWe will write again by 10:30 UTC.";
    assert_eq!(written(|d| d.before = Some(again)), ["wording-nothing-new"]);
    assert!(written(|d| d.before = Some("Since 10:20 UTC, dashboards do not load. We are looking for the cause and write again by 10:30 UTC.")).is_empty());
    let blamed = written(|d| {
        d.text = "Since 10:20 UTC, dashboards do not load because of an outage at Example Cloud. We will write again by 10:50 UTC.";
    });
    assert_eq!(blamed, ["wording-blame"]);
    let named = written(|d| {
        d.text = "Since 10:20 UTC, dashboards do not load. We are moving them away from Example Cloud. We will write again by 10:50 UTC.";
    });
    assert!(named.is_empty(), "{named:?}");
}

#[test]
fn an_empty_text_is_no_trouble() {
    for empty in ["", "\n\n", " ", "\u{feff}"] {
        assert!(text(empty, Some(PublicState::Resolved)).is_empty());
    }
}
