//! The risk register.

use gonogo_model::Id;
use gonogo_readiness::criteria::{Case, State};
use gonogo_readiness::graph::Graph;
use gonogo_readiness::register::{self, Acceptance, Level, Register, Treatment};

use crate::fixture::{Fixture, NOW};

const AROUND: &str = "
components:
  - {id: ledger, name: Ledger, kind: service, team: shop}
journeys:
  - {id: pay, name: Pay, owner: lead, moves: [money], depends_on: [{component: ledger}]}
sources:
  - {id: provider, name: Provider, kind: cloudevents}
flows:
  - id: charge
    name: Charge
    component: ledger
    start: {source: provider, event: [charged], key: id}
    end: {source: provider, event: [recorded], key: id}
    deadline: 5m
checks:
  - {id: up, name: Up, component: ledger, probe: {http: {url: https://ledger.example.com}}}
alerts:
  - {id: lost, name: Lost, severity: SEV1, when: {flow_overdue: {flow: charge}}}
  - {id: down, name: Down, severity: SEV1, when: {check_failing: {check: up}}}
";

/// One failure mode: charges get lost.
fn risk(fields: &str) -> Fixture {
    Fixture::new(&format!(
        "{AROUND}failure_modes:
  - {{id: lost, name: Lost, component: ledger, journeys: [pay], effect: Paid for nothing., cause: A webhook is dropped.{fields}}}
"
    ))
}

const WHOLE: &str = ", silent: true, severity: 5, occurrence: 1, detection: 1, prevention: Stored first., detected_by: [lost], owner: lead, review_by: 2027-01-15";

const MODE: &str = "failure-mode/lost";

#[test]
fn rsk_01_wants_no_empty_cell() {
    assert_eq!(risk(WHOLE).state("RSK-01", "journey/pay"), State::Pass);
    let bare = Fixture::new(AROUND);
    assert_eq!(
        bare.said("RSK-01", "journey/pay").2,
        "`ledger`, which it needs, has no failure mode"
    );
    let other = risk(WHOLE)
        .instead_of_more("journeys: [pay], effect", "journeys: [look], effect")
        .file(
            "other.yaml",
            "journeys: [{id: look, name: Look, critical: false, owner: lead, depends_on: [{component: ledger}]}]",
        );
    assert_eq!(
        other.said("RSK-01", "journey/pay").2,
        "no failure mode of `ledger` names it; `lost` names other journeys"
    );
    assert_eq!(
        other.ask("RSK-01").len(),
        1,
        "it is asked of critical journeys"
    );
}

#[test]
fn rsk_02_wants_a_whole_row() {
    assert_eq!(risk(WHOLE).state("RSK-02", MODE), State::Pass);
    let bare = risk(", severity: 6, occurrence: 1, detection: 1");
    assert_eq!(
        bare.said("RSK-02", MODE).2,
        "its severity is 6, and the scale is from 1 to 5; what keeps it from happening is not written; \
         nothing would notice it; nobody owns it; when it is looked at again is not written"
    );
    for (day, why) in [
        ("2026-11-30", "its review was due on 2026-11-30"),
        ("2027-06-01", "it is looked at again only on 2027-06-01"),
    ] {
        let other = risk(&WHOLE.replace("2027-01-15", day));
        assert_eq!(other.said("RSK-02", MODE).2, why);
    }
    assert_eq!(Fixture::new("").state("RSK-02", "package"), State::Unknown);
}

#[test]
fn rsk_03_wants_alerts_that_have_fired() {
    let never = risk(WHOLE);
    let (_, state, why) = never.said("RSK-03", MODE);
    assert_eq!(state, State::Unknown);
    assert!(
        why.starts_with("`lost` has not been seen to fire: "),
        "{why}"
    );
    let (_, state, why) = risk(&WHOLE.replace("[lost]", "[]")).said("RSK-03", MODE);
    assert_eq!((state, &*why), (State::Fail, "nothing would notice it"));
}

#[test]
fn rsk_04_wants_high_risks_treated() {
    let nothing = risk(WHOLE);
    assert_eq!(
        nothing.said("RSK-04", MODE),
        (
            MODE.into(),
            State::Fail,
            "it is high until one of its alerts has been seen to fire, and nothing is planned about it".into()
        )
    );
    let with = |more: &str| risk(&format!("{WHOLE}{more}")).said("RSK-04", MODE);
    let planned = with(", actions: [{what: Replay, owner: lead, due: 2026-12-05}]");
    assert_eq!(planned.1, State::Pass);
    assert_eq!(
        with(", actions: [{what: Replay, owner: lead, due: 2026-11-05}]").2,
        "\"Replay\" was due on 2026-11-05"
    );
    assert_eq!(
        with(", actions: [{what: Replay, owner: lead, due: 2026-11-05, done: true}]").2,
        "all that was planned is done, and it is still high"
    );
    assert_eq!(
        with(", accepted: {by: lead, until: 2026-12-31, reason: Rare}").1,
        State::Pass
    );
    assert_eq!(
        with(", accepted: {by: lead, until: 2026-11-30, reason: Rare}").2,
        "it is high until one of its alerts has been seen to fire, and nothing is planned about it; \
         its acceptance by `lead` ended on 2026-11-30"
    );
    let often = risk(&WHOLE.replace("occurrence: 1", "occurrence: 4"));
    assert_eq!(
        often.said("RSK-04", MODE).2,
        "it is high, and nothing is planned about it"
    );
    let low = risk(&WHOLE.replace("severity: 5", "severity: 1"));
    assert_eq!(low.state("RSK-04", "package"), State::Pass);
}

#[test]
fn rsk_04_takes_no_acceptance_by_nobody() {
    let accepted = ", accepted: {by: second, until: 2026-12-31, reason: Rare}";
    let unowned = risk(&format!("{WHOLE}{accepted}")).instead(
        "{id: second, name: Second, holders: [{person: bob}]}",
        "{id: second, name: Second}",
    );
    let (_, state, why) = unowned.said("RSK-04", MODE);
    assert_eq!(state, State::Fail);
    assert!(
        why.ends_with("nobody holds `second`, which accepted it"),
        "{why}"
    );
}

#[test]
fn rsk_05_believes_no_rating_without_a_drill() {
    let (_, state, why) = risk(WHOLE).said("RSK-05", MODE);
    assert_eq!(state, State::Unknown);
    assert_eq!(
        why,
        "its detection is rated 1 and counts as 5: none of its alerts has been seen to fire"
    );
    let late = risk(&WHOLE.replace("detection: 1", "detection: 4"));
    assert_eq!(late.state("RSK-05", MODE), State::Pass);
    let blind = risk(&WHOLE.replace("[lost]", "[]"));
    assert_eq!(blind.state("RSK-05", MODE), State::Fail);
}

#[test]
fn rsk_06_is_asked_again_when_a_rating_changes() {
    let counted = risk(WHOLE).proved("RSK-06", MODE, "probe", &[]);
    assert_eq!(counted.state("RSK-06", MODE), State::Pass);
    let changed = counted.instead_of_more("occurrence: 1", "occurrence: 2");
    assert_eq!(changed.state("RSK-06", MODE), State::Stale);
}

#[test]
fn rsk_07_wants_silent_failures_that_something_compares() {
    assert_eq!(risk(WHOLE).state("RSK-07", "journey/pay"), State::Pass);
    let loud = risk(&WHOLE.replace("silent: true", "silent: false"));
    assert_eq!(
        loud.said("RSK-07", "journey/pay").2,
        "no failure mode says how it could be wrong without an error"
    );
    let probed = risk(&WHOLE.replace("[lost]", "[down]"));
    assert_eq!(
        probed.said("RSK-07", "journey/pay").2,
        "no alert compares what should have happened with what did"
    );
}

#[test]
fn rsk_08_wants_what_was_said_to_have_come_to_something() {
    let held = |items: &str| {
        risk(WHOLE).instead(
            "director: lead",
            &format!("director: lead, premortem: [{items}]"),
        )
    };
    let kept = held("{what: Rotated, became: [lost]}, {what: A meteor, dismissed: So be it.}")
        .proved("RSK-08", "package", "attest", &[]);
    assert_eq!(kept.state("RSK-08", "package"), State::Pass);
    let open = held("{what: Rotated}").proved("RSK-08", "package", "attest", &[]);
    assert_eq!(
        open.said("RSK-08", "package").2,
        "nothing came of \"Rotated\""
    );
    let never = risk(WHOLE).said("RSK-08", "package");
    assert_eq!(never.1, State::Fail);
}

#[test]
fn the_register_shows_the_most_urgent_first_and_what_is_not_covered() {
    let more = "failure_modes:
  - {id: an-itch, name: Itch, component: ledger, journeys: [pay], effect: E, cause: C, severity: 1, occurrence: 5, detection: 5}
components: [{id: disk, name: Disk, kind: datastore, team: shop}]
";
    let fixture = risk(WHOLE).file("other.yaml", more).instead_of_more(
        "team: shop}",
        "team: shop, depends_on: [{component: disk}]}",
    );
    let package = fixture.load();
    let graph = Graph::new(&package);
    let case = Case::new(&package, fixture.text(), &graph, &[], NOW.parse().unwrap());
    let register = Register::of(&case);
    let rows: Vec<_> = register
        .rows
        .iter()
        .map(|r| (r.mode.id.value.as_str(), r.level))
        .collect();
    assert_eq!(rows, [("lost", Level::High), ("an-itch", Level::Low)]);
    let gaps: Vec<_> = register
        .matrix
        .gaps()
        .map(|cell| cell.component.id.value.as_str())
        .collect();
    assert_eq!(gaps, ["disk"]);
}

#[test]
fn the_register_credits_only_detections_that_fired() {
    let look = |fixture: &Fixture| {
        let package = fixture.load();
        let graph = Graph::new(&package);
        let case = Case::new(&package, fixture.text(), &graph, &[], NOW.parse().unwrap());
        let mode = &package.failure_modes[&Id::parse("lost").unwrap()];
        let row = register::row(&case, mode);
        (
            row.level,
            row.level_as_rated,
            row.credited_detection,
            row.detection_fired,
            row.acceptance,
            row.treatment,
        )
    };
    let claimed = risk(WHOLE);
    assert_eq!(
        look(&claimed),
        (
            Level::High,
            Level::Medium,
            5,
            false,
            Acceptance::None,
            Treatment::Nothing
        )
    );
    if gonogo_readiness::criteria::find(register::FIRED).is_some() {
        let rests_on = &["flow/charge", "escalation-policy/shop"];
        let fired = claimed.proved(register::FIRED, "alert/lost", "drill", rests_on);
        assert_eq!(
            look(&fired),
            (
                Level::Medium,
                Level::Medium,
                1,
                true,
                Acceptance::None,
                Treatment::Nothing
            )
        );
    }
}
