//! Alerts of other tools become incidents and pages by the same rules.

use std::collections::BTreeMap;

use gonogo_engine::external::{MAX_HELD, OWN, Word};
use gonogo_engine::history::EntryKind;
use gonogo_engine::input::{ChangeTold, External, Input, Matcher, Raised, Said, Silence, Verb};
use gonogo_engine::{Engine, Time};
use gonogo_model::{Duration, Id, PackageText};

use crate::support::stage::Stage;
use crate::support::{replaced, shop};

const SOURCES: &str =
    "  - {id: github, name: GitHub, kind: github, secrets: [\"${env:GITHUB}\"]}\n";
const ALERTS: &str = "  - {id: syncs-silent,";
const PROMETHEUS: &str = "  - {id: prom, name: Prometheus, kind: alertmanager, component: api, secrets: [\"${env:PROM}\"]";

/// The shop with a Prometheus.
fn shop_with(more: &str, alerts: &str) -> PackageText {
    let text = replaced(shop(), SOURCES, &format!("{SOURCES}{PROMETHEUS}{more}}}\n"));
    replaced(text, ALERTS, &format!("{alerts}{ALERTS}"))
}

fn latency() -> PackageText {
    shop_with(
        "",
        "  - {id: slow, name: The API is slow, severity: SEV2, when: {external_alert: {source: prom, labels: {alertname: HighLatency, env: [production, \"\"]}}}}\n",
    )
}

fn labels(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    let each = |(name, value): &(&str, &str)| ((*name).to_string(), (*value).to_string());
    all.iter().map(each).collect()
}

fn raised(stage: &Stage, name: &str, instance: &str, said: Said, ends: Option<Duration>) -> Raised {
    Raised {
        fingerprint: format!("{name}-{instance}"),
        said,
        labels: labels(&[("alertname", name), ("instance", instance)]),
        annotations: BTreeMap::new(),
        url: None,
        starts_at: stage.now,
        ends_at: ends.map(|length| stage.now + length),
        timeout: false,
    }
}

fn give(stage: &mut Stage, alerts: Vec<Raised>) {
    let external = External {
        source: Id::from_static("prom"),
        at: stage.now,
        alerts,
        changes: Vec::new(),
        group: None,
        truncated: 0,
    };
    stage.give(&Input::External(Box::new(external)));
}

fn fires(stage: &mut Stage, name: &str, instance: &str) {
    let alert = raised(stage, name, instance, Said::Fires, None);
    give(stage, vec![alert]);
}

fn over(stage: &mut Stage, name: &str, instance: &str) {
    let alert = raised(stage, name, instance, Said::Over, Some(Duration::ZERO));
    give(stage, vec![alert]);
}

fn standing(stage: &Stage, fingerprint: &str) -> Word {
    let externals = &stage.engine.state().externals[&Id::from_static("prom")];
    externals.alerts[fingerprint].standing
}

fn silence(stage: &Stage, id: &str, instance: &str, length: Duration) -> Verb {
    Verb::Silence {
        silence: Silence {
            id: id.into(),
            source: Id::from_static("prom"),
            matchers: vec![Matcher {
                name: "instance".into(),
                value: instance.into(),
                regex: true,
                equal: true,
            }],
            starts_at: stage.now,
            ends_at: stage.now + length,
            updated_at: stage.now,
            created_by: "cleo".into(),
            comment: "a planned restart".into(),
            annotations: BTreeMap::new(),
        },
    }
}

#[test]
fn an_alert_of_another_tool_pages_and_resolves() {
    let mut stage = Stage::of(latency());
    fires(&mut stage, "HighLatency", "a");
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
    assert_eq!(stage.incident(1).title, "The API is slow");
    // A repeat is no news.
    fires(&mut stage, "HighLatency", "a");
    assert_eq!(stage.new_pages(), Vec::<String>::new());
    stage.mins(1);
    over(&mut stage, "HighLatency", "a");
    stage.mins(10);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn several_instances_are_one_alert_with_a_count() {
    let mut stage = Stage::of(latency());
    let alerts = ["a", "b", "c"].map(|i| raised(&stage, "HighLatency", i, Said::Fires, None));
    give(&mut stage, alerts.to_vec());
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
    let reading = &stage.engine.state().alerts[&Id::from_static("slow")].reading;
    assert_eq!(reading.count, 3);
    assert!(
        reading
            .detail
            .starts_with("3 fire: HighLatency (instance a)"),
        "{}",
        reading.detail
    );
    over(&mut stage, "HighLatency", "a");
    stage.mins(10);
    assert_eq!(stage.open(), [1], "two still fire");
}

#[test]
fn what_comes_on_top_of_what_was_acknowledged_calls_again() {
    let mut stage = Stage::of(latency());
    fires(&mut stage, "HighLatency", "a");
    fires(&mut stage, "HighLatency", "b");
    assert_eq!(
        stage.new_pages(),
        ["00:00 cleo page INC-1"],
        "it rings already"
    );
    stage.ack("cleo", 1);
    stage.mins(1);
    // One goes, another comes: the count is what it was, and it is news all the same.
    over(&mut stage, "HighLatency", "a");
    fires(&mut stage, "HighLatency", "c");
    assert_eq!(stage.new_pages(), ["01:00 cleo growth INC-1"]);
    let said = stage.said(EntryKind::Growth);
    assert_eq!(
        said,
        ["01:00 called again: HighLatency (instance c) came on top"]
    );
}

#[test]
fn quiet_is_not_over() {
    let mut stage = Stage::of(latency());
    let alert = raised(
        &stage,
        "HighLatency",
        "a",
        Said::Fires,
        Some(Duration::from_mins(4)),
    );
    give(&mut stage, vec![alert]);
    stage.ack("cleo", 1);
    stage.mins(20);
    assert_eq!(standing(&stage, "HighLatency-a"), Word::Quiet);
    assert_eq!(stage.open(), [1], "nobody said that it is over");
    assert_eq!(
        stage.said(EntryKind::External)[0],
        "04:00 prom no longer speaks of HighLatency (instance a), and did not call it over: nobody knows whether it goes on"
    );
    over(&mut stage, "HighLatency", "a");
    stage.mins(10);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn quiet_is_over_where_the_package_says_so() {
    let text = replaced(
        latency(),
        "env: [production, \"\"]}",
        "env: \"\"}, quiet: over",
    );
    let mut stage = Stage::of(text);
    let alert = raised(
        &stage,
        "HighLatency",
        "a",
        Said::Fires,
        Some(Duration::from_mins(4)),
    );
    give(&mut stage, vec![alert]);
    stage.mins(20);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn somebody_can_say_that_a_quiet_one_is_over() {
    let mut stage = Stage::of(latency());
    let alert = raised(
        &stage,
        "HighLatency",
        "a",
        Said::Fires,
        Some(Duration::from_mins(4)),
    );
    give(&mut stage, vec![alert]);
    stage.ack("cleo", 1);
    stage.mins(5);
    let verb = Verb::ExternalOver {
        source: Id::from_static("prom"),
        fingerprint: "HighLatency-a".into(),
        reason: "the rule is gone".into(),
    };
    stage.command("cleo", verb);
    stage.mins(10);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn what_nothing_takes_becomes_a_ticket_by_default_a_page_or_a_line_in_a_list() {
    let mut stage = Stage::of(latency());
    fires(&mut stage, "DiskFull", "a");
    assert_eq!(stage.pages(), Vec::<String>::new());
    assert_eq!(
        stage.told(),
        ["00:00 cleo email ticket"],
        "its component's team"
    );
    fires(&mut stage, "DiskFull", "b");
    fires(&mut stage, "DiskFull", "c");
    assert_eq!(stage.told().len(), 1, "not of each by itself");
    stage.mins(6);
    assert_eq!(stage.told().len(), 2, "and of none never");

    let mut stage = Stage::of(shop_with(", unmatched: page, team: billing", ""));
    fires(&mut stage, "DiskFull", "a");
    assert_eq!(stage.pages(), ["00:00 ben page INC-1"]);
    assert_eq!(
        stage.incident(1).title,
        "Prometheus raises an alert that nothing here names"
    );

    let mut stage = Stage::of(shop_with(", unmatched: list", ""));
    fires(&mut stage, "DiskFull", "a");
    stage.mins(1);
    assert_eq!(stage.told(), Vec::<String>::new());
    assert_eq!(standing(&stage, "DiskFull-a"), Word::Firing);
}

#[test]
fn a_declared_alert_can_take_the_rest() {
    let alerts = "  - {id: rest, name: Something else, severity: SEV2, team: platform, when: {external_alert: {source: prom, rest: true}}}\n  - {id: slow, name: Slow, severity: SEV2, when: {external_alert: {source: prom, labels: {alertname: \"High*\"}}}}\n";
    let mut stage = Stage::of(shop_with("", alerts));
    fires(&mut stage, "HighLatency", "a");
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
    fires(&mut stage, "DiskFull", "a");
    let rest = &stage.engine.state().alerts[&Id::from_static("rest")];
    assert_eq!(rest.reading.count, 1);
    assert_eq!(
        stage.engine.state().alerts.len(),
        stage.engine.plan().package.alerts.len()
    );
}

#[test]
fn a_silence_keeps_everybody_asleep_and_ends() {
    let mut stage = Stage::of(latency());
    let verb = silence(&stage, "s1", "a|b", Duration::from_hours(1));
    stage.command("cleo", verb);
    fires(&mut stage, "HighLatency", "a");
    stage.mins(59);
    assert_eq!(stage.pages(), Vec::<String>::new());
    assert_eq!(stage.open(), Vec::<u64>::new());
    let alert = raised(&stage, "HighLatency", "a", Said::Fires, None);
    give(&mut stage, vec![alert]);
    stage.mins(2);
    assert_eq!(stage.pages(), ["1:00:00 cleo page INC-1"], "it went on");
}

#[test]
fn a_silence_of_what_rings_stops_the_ringing_and_says_so() {
    let mut stage = Stage::of(latency());
    fires(&mut stage, "HighLatency", "a");
    assert_eq!(stage.new_pages().len(), 1);
    let verb = silence(&stage, "s1", "a", Duration::from_hours(1));
    stage.command("cleo", verb);
    stage.mins(50);
    assert_eq!(
        stage.new_pages(),
        Vec::<String>::new(),
        "not the director either"
    );
    assert_eq!(stage.open(), [1], "silenced is not over");
    let told = stage.said(EntryKind::Silence);
    assert!(
        told[1].contains("The API is slow is silenced by cleo until"),
        "{told:?}"
    );
    // What the silence is not about rings at once.
    fires(&mut stage, "HighLatency", "z");
    assert_eq!(stage.new_pages(), ["50:00 cleo growth INC-1"]);
    stage.ack("cleo", 1);
    over(&mut stage, "HighLatency", "z");
    stage.command(
        "cleo",
        Verb::EndSilence {
            source: Id::from_static("prom"),
            id: "s1".into(),
        },
    );
    assert_eq!(stage.open(), [1]);
}

#[test]
fn a_silence_that_ends_calls_for_what_goes_on() {
    let mut stage = Stage::of(latency());
    fires(&mut stage, "HighLatency", "a");
    let verb = silence(&stage, "s1", "a", Duration::from_mins(10));
    stage.command("cleo", verb);
    stage.new_pages();
    stage.mins(11);
    assert_eq!(stage.new_pages(), ["10:00 cleo growth INC-1"]);
}

#[test]
fn ten_thousand_alerts_at_once_are_one_page() {
    let mut stage = Stage::of(latency());
    let many = |stage: &Stage, from: usize, to: usize| -> Vec<Raised> {
        let each = |n| raised(stage, "HighLatency", &format!("{n:05}"), Said::Fires, None);
        (from..to).map(each).collect()
    };
    let alerts = many(&stage, 0, 10_000);
    give(&mut stage, alerts);
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
    let alerts = many(&stage, 10_000, MAX_HELD);
    give(&mut stage, alerts);
    assert!(stage.engine.state().troubles.is_empty(), "at the limit");
    let alerts = many(&stage, MAX_HELD, MAX_HELD + 1);
    give(&mut stage, alerts);
    assert!(
        stage
            .engine
            .state()
            .troubles
            .contains_key("alerts-full.prom"),
        "beyond it"
    );
    assert_eq!(stage.new_pages(), ["00:00 ada page INC-2"], "the operators");
}

#[test]
fn alerts_that_were_left_out_are_told() {
    let mut stage = Stage::of(latency());
    let mut external = External {
        source: Id::from_static("prom"),
        at: stage.now,
        alerts: Vec::new(),
        changes: Vec::new(),
        group: Some("g".into()),
        truncated: 7,
    };
    stage.give(&Input::External(Box::new(external.clone())));
    assert_eq!(stage.new_pages(), ["00:00 ada page INC-1"]);
    external.truncated = 0;
    stage.give(&Input::External(Box::new(external)));
    stage.mins(10);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn ends_merge_as_they_do_in_alertmanager() {
    let mut stage = Stage::of(latency());
    let start = stage.now;
    let of = |stage: &Stage, ends: i64, timeout: bool, starts: Time| Raised {
        timeout,
        starts_at: starts,
        ..raised(
            stage,
            "HighLatency",
            "a",
            Said::Fires,
            Some(Duration::from_mins(ends)),
        )
    };
    let alert = of(&stage, 10, false, start);
    give(&mut stage, vec![alert]);
    let alert = of(&stage, 5, true, start - Duration::from_mins(3));
    give(&mut stage, vec![alert]);
    let held = |stage: &Stage| {
        let externals = &stage.engine.state().externals[&Id::from_static("prom")];
        externals.alerts["HighLatency-a"].clone()
    };
    assert_eq!(
        held(&stage).ends_at,
        Some(start + Duration::from_mins(10)),
        "what was said rules"
    );
    assert_eq!(
        held(&stage).starts_at,
        start - Duration::from_mins(3),
        "the earliest start"
    );
    let alert = of(&stage, 15, true, start);
    give(&mut stage, vec![alert]);
    assert_eq!(held(&stage).ends_at, Some(start + Duration::from_mins(15)));
}

#[test]
fn the_far_future_and_the_far_past_are_taken_in() {
    let mut stage = Stage::of(latency());
    for (at, ends) in [(i64::MIN, i64::MIN), (i64::MAX, i64::MAX), (0, i64::MAX)] {
        let alert = Raised {
            starts_at: Time::from_millis(at),
            ends_at: Some(Time::from_millis(ends)),
            ..raised(&stage, "HighLatency", "a", Said::Fires, None)
        };
        give(&mut stage, vec![alert]);
        stage.mins(2);
    }
    assert_eq!(stage.open().len(), 1);
}

#[test]
fn a_snapshot_goes_on_where_it_was_taken() {
    let mut stage = Stage::of(latency());
    let alert = raised(
        &stage,
        "HighLatency",
        "a",
        Said::Fires,
        Some(Duration::from_mins(4)),
    );
    give(&mut stage, vec![alert]);
    let verb = silence(&stage, "s1", "a", Duration::from_mins(2));
    stage.command("cleo", verb);
    let mut again = Engine::restore(&stage.engine.snapshot()).unwrap();
    assert_eq!(again.state(), stage.engine.state());
    for mins in [1, 2, 3, 4, 5] {
        let at = stage.now + Duration::from_mins(mins);
        assert_eq!(
            again.handle(at, &Input::Tick),
            stage.engine.handle(at, &Input::Tick)
        );
    }
}

#[test]
fn another_package_takes_what_is_held() {
    let mut stage = Stage::of(latency());
    fires(&mut stage, "DiskFull", "a");
    let text = replaced(
        latency(),
        "alertname: HighLatency",
        "alertname: [HighLatency, DiskFull]",
    );
    stage.reload(text);
    assert_eq!(stage.pages(), ["00:00 cleo page INC-1"]);
    stage.reload(shop());
    assert!(stage.engine.state().externals.is_empty());
    stage.mins(10);
    assert_eq!(stage.open(), Vec::<u64>::new());
}

#[test]
fn a_change_that_a_tool_tells_of_is_remembered_once() {
    let mut stage = Stage::of(latency());
    let told = ChangeTold {
        summary: "Build 220 was deployed".into(),
        at: stage.now,
    };
    let external = External {
        source: Id::from_static("prom"),
        at: stage.now,
        alerts: Vec::new(),
        changes: vec![told.clone(), told],
        group: None,
        truncated: 0,
    };
    stage.give(&Input::External(Box::new(external)));
    fires(&mut stage, "HighLatency", "a");
    let before = &stage.engine.state().alerts[&Id::from_static("slow")].before;
    let labels: Vec<&str> = before.iter().map(|c| c.label.as_str()).collect();
    assert_eq!(
        labels
            .iter()
            .filter(|l| **l == "Build 220 was deployed")
            .count(),
        1
    );
}

fn own_silence(stage: &Stage, name: &str, value: &str, length: Duration) -> Verb {
    let Verb::Silence { silence } = silence(stage, "own", value, length) else {
        unreachable!("it is a silence");
    };
    let matcher = Matcher {
        name: name.into(),
        ..silence.matchers[0].clone()
    };
    Verb::Silence {
        silence: Silence {
            source: Id::from_static(OWN),
            matchers: vec![matcher],
            ..silence
        },
    }
}

#[test]
fn a_silence_of_our_own_alerts_holds_back_the_page_until_it_ends() {
    for (name, value) in [
        ("alertname", "sl.*"),
        ("severity", "SEV2"),
        ("component", "api"),
    ] {
        let mut stage = Stage::of(latency());
        let verb = own_silence(&stage, name, value, Duration::from_mins(30));
        stage.command("cleo", verb);
        fires(&mut stage, "HighLatency", "a");
        stage.mins(29);
        assert_eq!(stage.new_pages(), Vec::<String>::new(), "{name}");
        let state = &stage.engine.state().alerts[&Id::from_static("slow")];
        assert_eq!(state.silenced_by, ["own"]);
        assert_eq!(state.reading.count, 1, "it is seen");
        stage.mins(2);
        assert_eq!(stage.new_pages(), ["30:00 cleo page INC-1"], "{name}");
    }
}

#[test]
fn a_silence_of_an_own_alert_that_rings_stops_it_and_ends_with_a_call() {
    let mut stage = Stage::of(latency());
    fires(&mut stage, "HighLatency", "a");
    assert_eq!(stage.new_pages().len(), 1);
    let verb = own_silence(&stage, "alertname", "slow", Duration::from_hours(1));
    stage.command("cleo", verb);
    fires(&mut stage, "HighLatency", "b");
    stage.mins(50);
    assert_eq!(stage.new_pages(), Vec::<String>::new());
    assert_eq!(stage.open(), [1], "silenced is not over");
    stage.command(
        "cleo",
        Verb::EndSilence {
            source: Id::from_static(OWN),
            id: "own".into(),
        },
    );
    assert_eq!(stage.new_pages(), ["50:00 cleo growth INC-1"]);
}

#[test]
fn a_silence_of_another_alert_silences_nothing() {
    let mut stage = Stage::of(latency());
    let verb = own_silence(&stage, "alertname", "slo", Duration::from_hours(1));
    stage.command("cleo", verb);
    fires(&mut stage, "HighLatency", "a");
    assert_eq!(stage.new_pages(), ["00:00 cleo page INC-1"]);
}
