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

#[test]
fn reh_01_has_nothing_to_play_where_no_risk_is_high() {
    let mild = Fixture::new(&RISK.replace(
        "severity: 5, occurrence: 4, detection: 4",
        "severity: 1, occurrence: 1, detection: 1",
    ));
    assert_eq!(
        mild.ask("REH-01"),
        [("package".into(), State::Pass, String::new())]
    );
    assert_eq!(
        Fixture::new("").state("REH-01", "package"),
        State::Unknown,
        "an empty register knows of no risk"
    );
}

const PLAN: &str = "director: lead, abort: [{when: 2 errors, decider: lead}], no_go: [{what: tell them, owner: second}]";
const LIST: &str = "checklist:\n  - {id: before, name: Before, at: T-1w, owner: lead, how: Look.}\n  - {id: after, name: After, at: T+1d, owner: second, proves: [OWN-04]}\n";

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
fn reh_02_reads_each_part_of_the_plan() {
    let said = |of: &str, write: &str, subject: &str| {
        assert!(format!("{PLAN}{LIST}").contains(of), "{of:?}");
        let plan = PLAN.replacen(of, write, 1);
        Fixture::new(&LIST.replacen(of, write, 1))
            .instead("director: lead", &plan)
            .file("third.yaml", "roles: [{id: third, name: Third}]")
            .said("REH-02", subject)
            .2
    };
    for (of, write, subject, why) in [
        (
            "when: 2 errors",
            "when: it looks bad",
            "package",
            "\"it looks bad\" has no number and no alert",
        ),
        (
            "decider: lead",
            "decider: third",
            "package",
            "nobody holds `third`, which decides to abort",
        ),
        (
            "what: tell them, owner: second",
            "what: tell them, owner: third",
            "package",
            "nobody holds `third`, which has to do \"tell them\" after a no",
        ),
        (
            ", how: Look.",
            "",
            "checklist-item/before",
            "nothing says when it is done",
        ),
        (
            "OWN-04",
            "OWN-99",
            "checklist-item/after",
            "it proves `OWN-99`, and there is no such criterion",
        ),
        (
            "director: lead,",
            "director: lead, observation: 2h,",
            "package",
            "it is watched for 2h only",
        ),
        (
            "director: lead,",
            "director: lead, poll: [{area: All, role: lead, criteria: [OWN, DEP, RSK, MON, ONC, RBK, REL, CAP, DAT, CRT, EXT, SUP]}],",
            "package",
            "nobody in the poll answers for `REH`",
        ),
        (
            "director: lead,",
            "director: lead, poll: [{area: All, role: lead, criteria: [OWN, DEP, RSK, MON, ONC, RBK, REL, CAP, DAT, CRT, EXT, SUP, REH, XYZ]}],",
            "package",
            "a position of the poll answers for `XYZ`, which is no area",
        ),
    ] {
        assert_eq!(said(of, write, subject), why, "{write}");
    }
}

/// A package with two positions: one answers for the rota, the other for the risks.
fn polled() -> Fixture {
    Fixture::new(RISK).instead(
        "director: lead",
        "director: lead, poll: [{area: Rota, role: lead, criteria: [ONC]}, {area: Risks, role: second, criteria: [RSK]}]",
    )
}

const ROTA: &[&str] = &["package", "schedule/shop", "escalation-policy/shop"];
const RISKS: &[&str] = &["package", "failure-mode/web-gone"];

fn vote(fixture: Fixture, role: &str, by: &str, covers: &[&str], rest: &str) -> Fixture {
    let other = if by == "ann" { "bob" } else { "ann" };
    let rest = format!("observed_at: 2026-11-30T09:00:00Z, actor: {by}, reviewer: {other}, {rest}");
    fixture.record("REH-03", role, "attest", covers, &rest)
}

const GO: &str = "result: pass, package_digest: 'aa'";

#[test]
fn reh_03_silence_is_a_no_and_so_is_a_no() {
    assert_eq!(polled().state("REH-03", "role/lead"), State::Unknown);
    let one = vote(polled(), "role/lead", "ann", ROTA, GO);
    assert_eq!(
        one.state("REH-03", "role/lead"),
        State::Pass,
        "{:?}",
        one.ask("REH-03")
    );
    assert_eq!(one.state("REH-03", "role/second"), State::Unknown);
    let hold = "result: fail, package_digest: 'aa', note: hold until the load test";
    let hold = vote(one, "role/second", "bob", RISKS, hold);
    assert_eq!(
        hold.said("REH-03", "role/second").2,
        "it failed on 2026-11-30: hold until the load test"
    );
    assert_eq!(
        Fixture::new("").said("REH-03", "package").2,
        "nobody is asked"
    );
}

#[test]
fn reh_03_a_change_voids_the_votes_that_cover_it_and_no_others() {
    let both = vote(polled(), "role/lead", "ann", ROTA, GO);
    let both = vote(both, "role/second", "bob", RISKS, GO);
    assert_eq!(
        both.state("REH-03", "role/second"),
        State::Pass,
        "{:?}",
        both.ask("REH-03")
    );
    let changed = both.instead_of_more("cause: C.", "cause: D.");
    assert_eq!(
        changed.said("REH-03", "role/second").2,
        "`failure-mode/web-gone` changed since 2026-11-30"
    );
    assert_eq!(changed.state("REH-03", "role/second"), State::Stale);
    assert_eq!(changed.state("REH-03", "role/lead"), State::Pass);
    // A new vote is about a later package, and leaves those before it in force.
    let again = "result: pass, package_digest: 'bb'";
    let again = vote(changed, "role/second", "bob", RISKS, again);
    assert_eq!(again.state("REH-03", "role/lead"), State::Pass);
}

#[test]
fn reh_03_counts_the_word_of_whoever_holds_the_role_about_a_package_for_three_days() {
    let other = vote(polled(), "role/lead", "bob", ROTA, GO);
    assert_eq!(
        other.said("REH-03", "role/lead").2,
        "`bob` voted, and does not hold `lead`"
    );
    let vague = vote(polled(), "role/lead", "ann", ROTA, "result: pass");
    assert_eq!(
        vague.said("REH-03", "role/lead").2,
        "the vote does not say which package it was about"
    );
    let one = vote(polled(), "role/lead", "ann", ROTA, GO);
    assert_eq!(
        one.ask_at("REH-03", "2026-12-04T09:00:00Z")[0].1,
        State::Stale
    );
}

#[test]
fn reh_03_without_areas_a_vote_covers_what_the_role_answers_for() {
    let polled = Fixture::new(RISK).instead(
        "director: lead",
        "director: second, poll: [{area: Shop, role: lead}]",
    );
    let owned = ["component/web", "failure-mode/web-gone", "team/shop"];
    let one = vote(polled, "role/lead", "ann", &owned, GO);
    assert_eq!(
        one.state("REH-03", "role/lead"),
        State::Pass,
        "{:?}",
        one.ask("REH-03")
    );
    let changed = one.instead_of_more("name: Web,", "name: Website,");
    assert_eq!(changed.state("REH-03", "role/lead"), State::Stale);
}
