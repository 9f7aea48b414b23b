//! Rehearsal and launch.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

const RISK: &str = "
components: [{id: web, name: Web, kind: service, team: shop}]
failure_modes:
  - {id: web-gone, name: Web is gone, component: web, effect: E., cause: C., severity: 5, occurrence: 4, detection: 4}
";

#[test]
fn reh_01_wants_each_high_risk_played() {
    let risk = Fixture::new(RISK);
    assert_eq!(
        risk.state("REH-01", "failure-mode/web-gone"),
        State::Unknown
    );
    let played = risk.proved("REH-01", "failure-mode/web-gone", "drill", &[]);
    assert_eq!(played.state("REH-01", "failure-mode/web-gone"), State::Pass);
    let changed = played.file("more.yaml", &RISK.replace("cause: C.", "cause: D."));
    assert_eq!(
        changed.state("REH-01", "failure-mode/web-gone"),
        State::Stale
    );
}

const PLAN: &str = "director: lead, abort: [{when: two errors, decider: lead}], no_go: [{what: tell them, owner: second}]";
const LIST: &str = "checklist:\n  - {id: before, name: Before, at: T-1w, owner: lead}\n  - {id: after, name: After, at: T+1d, owner: second}\n";

#[test]
fn reh_02_wants_a_plan_with_an_end_and_a_no() {
    let planned = Fixture::new(LIST).instead("director: lead", PLAN);
    assert_eq!(
        planned.state("REH-02", "package"),
        State::Pass,
        "{:?}",
        planned.ask("REH-02")
    );
    assert_eq!(
        planned.state("REH-02", "checklist-item/before"),
        State::Pass
    );
    let bare = Fixture::new("");
    let why = bare.said("REH-02", "package").2;
    for part in [
        "nothing is to be done before",
        "nothing is to be done after",
        "nothing ends the launch",
        "nothing is planned for a no",
    ] {
        assert!(why.contains(part), "{why}");
    }
    let nobody = planned.instead("holders: [{person: bob}]", "holders: []");
    assert_eq!(
        nobody.said("REH-02", "checklist-item/after").2,
        "nobody holds `second`, which does it"
    );
}

#[test]
fn reh_03_counts_votes_for_one_package_only() {
    let polled = Fixture::new(RISK).instead(
        "director: lead",
        "director: lead, poll: [{area: Shop, role: lead}, {area: Money, role: second}]",
    );
    assert_eq!(polled.state("REH-03", "role/lead"), State::Unknown);
    let rest = |digest: &str| {
        format!(
            "result: pass, observed_at: 2026-11-30T09:00:00Z, actor: ann, reviewer: bob, package_digest: '{digest}'"
        )
    };
    let later = |digest: &str| {
        format!(
            "result: pass, observed_at: 2026-11-30T10:00:00Z, actor: bob, reviewer: ann, package_digest: '{digest}'"
        )
    };
    let one = polled.record(
        "REH-03",
        "role/lead",
        "attest",
        &["component/web"],
        &rest("aa"),
    );
    assert_eq!(
        one.state("REH-03", "role/lead"),
        State::Pass,
        "{:?}",
        one.ask("REH-03")
    );
    assert_eq!(
        one.state("REH-03", "role/second"),
        State::Unknown,
        "silence is a no"
    );
    let both = one.record("REH-03", "role/second", "attest", &[], &later("bb"));
    assert_eq!(both.state("REH-03", "role/second"), State::Pass);
    let (_, state, why) = both.said("REH-03", "role/lead");
    assert_eq!(
        (state, &*why),
        (
            State::Unknown,
            "it voted on another package than the last vote did"
        )
    );
}
