//! What a source sends has to get through to the product: counted, and paged for when it does not.

use gonogo_engine::input::{ForwardTotals, Forwarded, Input};
use gonogo_model::{Duration, Id, PackageText};

use super::support::stage::Stage;
use super::support::{replaced, shop};

/// The shop, with Fivetran's syncs sent on to the API.
fn forwarding(bounds: &str) -> PackageText {
    let text = replaced(
        shop(),
        "secrets: [\"${env:SYNCS}\"], silent_after: 1h}",
        "secrets: [\"${env:SYNCS}\"], silent_after: 1h, forward: {url: \"https://api.example.com/hooks\", to: api, through: edge}}",
    );
    replaced(
        text,
        "\nalerts:\n",
        &format!(
            "\nalerts:\n  - {{id: undelivered, name: Webhooks do not arrive, severity: SEV3, when: {{delivery_failing: {{source: syncs, {bounds}}}}}}}\n"
        ),
    )
}

/// What the server reports.
struct Report {
    totals: ForwardTotals,
    waiting: u64,
    oldest_mins: Option<i64>,
    failures_in_row: u32,
    stopped: Option<&'static str>,
}

const QUIET: Report = Report {
    totals: ForwardTotals {
        received: 0,
        in_time: 0,
        failed: 0,
    },
    waiting: 0,
    oldest_mins: None,
    failures_in_row: 0,
    stopped: None,
};

fn totals(received: u64, in_time: u64, failed: u64) -> ForwardTotals {
    ForwardTotals {
        received,
        in_time,
        failed,
    }
}

fn report(stage: &mut Stage, said: &Report) {
    let input = Forwarded {
        source: Id::from_static("syncs"),
        at: stage.now,
        totals: said.totals,
        waiting: said.waiting,
        oldest: said.oldest_mins.map(|m| stage.now - Duration::from_mins(m)),
        failures_in_row: said.failures_in_row,
        stopped: said.stopped.map(String::from),
        latencies: vec![(Duration::from_millis(120), 3)],
    };
    stage.give(&Input::Forwarded(Box::new(input)));
}

fn holds(stage: &Stage) -> String {
    let reading = &stage.engine.state().alerts[&Id::from_static("undelivered")].reading;
    format!("{:?}: {}", reading.holds, reading.detail)
}

#[test]
fn nothing_known_is_neither_good_nor_bad() {
    let mut stage = Stage::of(forwarding("below: 99%"));
    stage.mins(10);
    assert!(holds(&stage).starts_with("CannotTell"), "{}", holds(&stage));
    report(&mut stage, &QUIET);
    assert!(holds(&stage).starts_with("CannotTell"), "{}", holds(&stage));
    let report_of = Report {
        totals: totals(20, 20, 0),
        ..QUIET
    };
    report(&mut stage, &report_of);
    assert!(holds(&stage).starts_with("No"), "{}", holds(&stage));
    // Reports end: what was well a while ago is not known to be well now.
    stage.mins(10);
    assert!(holds(&stage).starts_with("CannotTell"), "{}", holds(&stage));
}

#[test]
fn a_ratio_below_the_bound_pages_and_a_repeated_report_counts_once() {
    let mut stage = Stage::of(forwarding("below: 90%"));
    let mut said = Report {
        totals: totals(20, 19, 1),
        ..QUIET
    };
    report(&mut stage, &said);
    report(&mut stage, &said);
    insta::assert_snapshot!(holds(&stage), @"No: 19 of 20 acknowledged in time in 1h; none wait; 0 attempts failed in a row");
    stage.mins(1);
    said.totals = totals(40, 19, 21);
    report(&mut stage, &said);
    insta::assert_snapshot!(holds(&stage), @"Yes: 19 of 40 acknowledged in time in 1h; none wait; 0 attempts failed in a row");
    assert_eq!(stage.open().len(), 1);
}

#[test]
fn an_old_delivery_pages_although_the_ratio_cannot_be_told() {
    let mut stage = Stage::of(forwarding("below: 90%, older_than: 10m"));
    let mut said = Report {
        totals: totals(1, 0, 0),
        waiting: 1,
        oldest_mins: Some(1),
        failures_in_row: 1,
        ..QUIET
    };
    report(&mut stage, &said);
    assert!(holds(&stage).starts_with("CannotTell"), "{}", holds(&stage));
    said.oldest_mins = Some(11);
    report(&mut stage, &said);
    assert!(holds(&stage).starts_with("Yes"), "{}", holds(&stage));
    // It got through, late: nothing waits any more.
    let late = Report {
        totals: totals(10, 9, 1),
        ..QUIET
    };
    report(&mut stage, &late);
    assert!(holds(&stage).starts_with("No"), "{}", holds(&stage));
}

#[test]
fn failures_in_a_row_and_an_endpoint_that_wants_no_more_page_at_once() {
    let mut stage = Stage::of(forwarding("consecutive: 3"));
    let mut said = Report {
        totals: totals(5, 2, 0),
        waiting: 3,
        oldest_mins: Some(0),
        failures_in_row: 2,
        stopped: None,
    };
    report(&mut stage, &said);
    assert!(holds(&stage).starts_with("No") || holds(&stage).starts_with("CannotTell"));
    said.failures_in_row = 3;
    report(&mut stage, &said);
    assert!(holds(&stage).starts_with("Yes"), "{}", holds(&stage));
    said.failures_in_row = 0;
    said.stopped = Some("the endpoint answered 410");
    report(&mut stage, &said);
    insta::assert_snapshot!(holds(&stage), @"Yes: nothing is sent on any more: the endpoint answered 410; 3 wait");
}
