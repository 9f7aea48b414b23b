//! On call and escalation.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

#[test]
fn onc_01_finds_the_first_day_without_anybody() {
    assert_eq!(
        Fixture::new("").state("ONC-01", "schedule/shop"),
        State::Pass
    );
    let leaves = Fixture::new("").instead(
        "holders: [{person: bob}]",
        "holders: [{person: bob, until: 2026-12-10T00:00}]",
    );
    let (_, state, why) = leaves.said("ONC-01", "schedule/shop");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("nobody holds `second`, whose turn it is on 2026-12-1"),
        "{why}"
    );
    let late = Fixture::new("").instead("starts: 2026-01-05T09:00", "starts: 2027-01-05T09:00");
    assert_eq!(
        late.said("ONC-01", "schedule/shop").2,
        "nobody has a turn on 2026-12-01"
    );
}

#[test]
fn onc_02_wants_a_second_level_that_reaches_somebody() {
    assert_eq!(
        Fixture::new("").state("ONC-02", "escalation-policy/shop"),
        State::Pass
    );
    let one = Fixture::new("").instead(", {notify: [{role: second}]}", "");
    assert_eq!(
        one.said("ONC-02", "escalation-policy/shop").2,
        "it has no second level"
    );
    let gone = Fixture::new("").instead(
        "{id: bob, name: Bob Example,",
        "{id: bob, name: Bob Example, left: 2026-11-01T00:00,",
    );
    assert_eq!(
        gone.said("ONC-02", "escalation-policy/shop").2,
        "step 2 reaches nobody who is there"
    );
    let slow = Fixture::new("").instead(
        "{notify: [{schedule: shop}]}",
        "{notify: [{schedule: shop}], wait: 20m}",
    );
    assert_eq!(
        slow.said("ONC-02", "escalation-policy/shop").2,
        "step 1 waits 20m for an answer"
    );
}

#[test]
fn onc_03_adds_up_the_waits() {
    assert_eq!(
        Fixture::new("").state("ONC-03", "escalation-policy/shop"),
        State::Pass
    );
    let slow = Fixture::new("").instead(
        "fallback: {role: lead}",
        "fallback: {role: lead}\n    answer_within: 4m",
    );
    assert_eq!(
        slow.said("ONC-03", "escalation-policy/shop").2,
        "the last step is reached after 5m, and 4m is wanted"
    );
}

#[test]
fn onc_04_asks_about_runbooks_that_need_access() {
    let runbook = "---\ntitle: R\nowner: lead\naccess: [psql]\n---\n# R\n";
    let untried = Fixture::new("").file("runbooks/r.md", runbook);
    assert_eq!(untried.state("ONC-04", "runbook/r"), State::Unknown);
    assert_eq!(
        untried
            .proved("ONC-04", "runbook/r", "drill", &[])
            .state("ONC-04", "runbook/r"),
        State::Pass
    );
}

fn coordinated(with: &str) -> Fixture {
    Fixture::new("").instead(
        "operators: shop",
        &format!("operators: shop\n  coordination: {{room: chat, {with}}}"),
    )
}

#[test]
fn onc_05_wants_a_second_room_that_was_tried() {
    assert_eq!(
        Fixture::new("").said("ONC-05", "package").2,
        "where people meet is not written"
    );
    let one = coordinated("longest_shift: 8h");
    assert_eq!(
        one.said("ONC-05", "package").2,
        "where people meet when that is down is not written"
    );
    let two = coordinated("alternate_room: telephone");
    assert_eq!(two.state("ONC-05", "package"), State::Unknown);
    assert_eq!(
        two.proved("ONC-05", "package", "drill", &[])
            .state("ONC-05", "package"),
        State::Pass
    );
}

#[test]
fn onc_06_wants_a_way_around_the_portal() {
    let bare = "components: [{id: bank, name: Bank, kind: vendor, team: shop}]";
    assert_eq!(
        Fixture::new(bare).said("ONC-06", "component/bank").2,
        "how somebody there is reached is not written"
    );
    let portal = "components: [{id: bank, name: Bank, kind: vendor, team: shop, support: {level: standard, portal: 'https://bank.example.com'}}]";
    assert!(
        Fixture::new(portal)
            .said("ONC-06", "component/bank")
            .2
            .starts_with("what to do when its portal is down")
    );
    let whole = portal.replace("portal: '", "when_portal_is_down: telephone, portal: '");
    let tried = Fixture::new(&whole).proved("ONC-06", "component/bank", "drill", &[]);
    assert_eq!(tried.state("ONC-06", "component/bank"), State::Pass);
}

#[test]
fn onc_07_counts_people_and_not_roles() {
    let one = coordinated("commander: lead");
    assert!(
        one.said("ONC-07", "package")
            .2
            .starts_with("one person can lead an incident")
    );
    let three = coordinated("commander: lead")
        .instead(
            "holders: [{person: ann}]",
            "holders: [{person: ann}, {person: bob}, {person: cyd}]",
        )
        .file("cyd.yaml", "people: [{id: cyd, name: Cyd Example}]");
    assert_eq!(three.state("ONC-07", "package"), State::Unknown);
    let led = three.proved("ONC-07", "package", "drill", &["role/lead"]);
    assert_eq!(led.state("ONC-07", "package"), State::Pass);
}

#[test]
fn onc_08_wants_an_end_of_the_shift() {
    assert_eq!(
        coordinated("longest_shift: 8h").state("ONC-08", "package"),
        State::Pass
    );
    assert_eq!(
        coordinated("longest_shift: 20h")
            .said("ONC-08", "package")
            .2,
        "somebody may lead for 20h"
    );
    assert_eq!(Fixture::new("").state("ONC-08", "package"), State::Fail);
}
