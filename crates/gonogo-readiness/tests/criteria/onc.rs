//! On call and escalation.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

/// A rota in which the second step calls somebody else in every turn.
fn rota() -> Fixture {
    Fixture::new("").instead(
        "{notify: [{role: second}]}",
        "{notify: [{role: second}, {role: lead}]}",
    )
}

#[test]
fn onc_01_finds_when_nobody_is_there() {
    assert_eq!(
        Fixture::new("").state("ONC-01", "schedule/shop"),
        State::Pass
    );
    let of = |of: &str, write: &str| {
        let (_, state, why) = Fixture::new("")
            .instead(of, write)
            .said("ONC-01", "schedule/shop");
        assert_eq!(state, State::Fail);
        why
    };
    // Second has the weeks of 30 November, 14 and 28 December; the window ends on the 29th.
    assert_eq!(
        of(
            "holders: [{person: bob}]",
            "holders: [{person: bob, until: 2026-12-10T00:00}]"
        ),
        "nobody holds `second`, whose turn it is, from 2026-12-14 to 2026-12-21; nobody holds `second`, whose turn it is, from 2026-12-28 on"
    );
    // In the middle of a turn.
    assert_eq!(
        of(
            "holders: [{person: bob}]",
            "holders: [{person: bob, until: 2026-12-03T00:00}, {person: bob, from: 2026-12-05T00:00}]"
        ),
        "nobody holds `second`, whose turn it is, from 2026-12-03 to 2026-12-05"
    );
    assert!(
        of(
            "name: Bob Example,",
            "name: Bob Example, left: 2026-12-16T00:00,"
        )
        .starts_with(
            "`bob`, who holds `second` in its turn, is gone from 2026-12-16 to 2026-12-21"
        ),
    );
    assert!(
        of(
            "name: Bob Example,",
            "name: Bob Example, placeholder: true,"
        )
        .starts_with("`bob`, who holds `second` in its turn, is a placeholder from 2026-12-01"),
    );
    assert_eq!(
        of("starts: 2026-01-05T09:00", "starts: 2026-12-05T09:00"),
        "nobody has a turn from 2026-12-01 to 2026-12-05"
    );
}

#[test]
fn onc_01_takes_an_override_for_a_gap_and_looks_up_to_the_end_of_the_launch() {
    let away = Fixture::new("").instead(
        "holders: [{person: bob}]",
        "holders: [{person: bob, until: 2026-12-03T00:00}, {person: bob, from: 2026-12-05T00:00}]",
    );
    let covered = away.instead(
        "members: [lead, second]}",
        "members: [lead, second]}, overrides: [{role: lead, from: 2026-12-03T00:00, until: 2026-12-05T00:00}]",
    );
    assert_eq!(covered.state("ONC-01", "schedule/shop"), State::Pass);
    let leaves = "holders: [{person: bob, until: 2027-01-15T00:00}]";
    let later = Fixture::new("").instead("holders: [{person: bob}]", leaves);
    assert_eq!(later.state("ONC-01", "schedule/shop"), State::Pass);
    let watched = later.instead("director: lead", "director: lead, observation: 60d");
    assert_eq!(watched.state("ONC-01", "schedule/shop"), State::Fail);
}

#[test]
fn onc_01_says_so_where_turns_are_too_short_to_be_walked_through() {
    let short = Fixture::new("")
        .instead("09:00, members", "09:00, turn: 1h, members")
        .instead("director: lead", "director: lead, observation: 500d");
    let (_, state, why) = short.said("ONC-01", "schedule/shop");
    assert_eq!(state, State::Unknown);
    assert!(why.contains("only the first 10000 were looked at"), "{why}");
}

#[test]
fn onc_02_wants_a_second_level_that_reaches_somebody() {
    let said = |fixture: &Fixture| fixture.said("ONC-02", "escalation-policy/shop").2;
    assert_eq!(
        rota().state("ONC-02", "escalation-policy/shop"),
        State::Pass
    );
    let one = Fixture::new("").instead(", {notify: [{role: second}]}", "");
    assert!(said(&one).starts_with("it has no second level"));
    let gone = rota().instead(
        "name: Bob Example,",
        "name: Bob Example, left: 2026-12-10T00:00,",
    );
    assert_eq!(
        said(&gone),
        "step 1 reaches nobody who is there on 2026-12-14; it calls nobody but `ann` on 2026-12-10"
    );
    let slow = rota().instead(
        "{notify: [{schedule: shop}]}",
        "{notify: [{schedule: shop}], wait: 20m}",
    );
    assert_eq!(said(&slow), "step 1 waits 20m for an answer");
    let nobody = rota()
        .instead("fallback: {role: lead}", "fallback: {role: third}")
        .file("third.yaml", "roles: [{id: third, name: Third}]");
    assert_eq!(
        said(&nobody),
        "its fallback, role third, reaches nobody who is there"
    );
}

#[test]
fn onc_02_does_not_take_the_same_person_for_a_second_level() {
    let alone = Fixture::new("")
        .instead("{notify: [{role: second}]}", "{notify: [{person: bob}]}")
        .instead("fallback: {role: lead}", "fallback: {person: bob}");
    // In the weeks of `second` every step finds bob. Today is in one of them.
    assert_eq!(
        alone.said("ONC-02", "escalation-policy/shop").2,
        "it calls nobody but `bob`"
    );
}

#[test]
fn onc_03_adds_up_the_waits() {
    let said = |fixture: &Fixture| fixture.said("ONC-03", "escalation-policy/shop").2;
    assert_eq!(said(&rota()), "");
    let slow = rota().instead(
        "fallback: {role: lead}",
        "fallback: {role: lead}\n    answer_within: 4m",
    );
    assert_eq!(
        said(&slow),
        "`ann` is called only after 5m, and 4m is wanted"
    );
    // In the weeks of `second` both steps find bob, and ann only hears after three rounds.
    assert_eq!(
        said(&Fixture::new("")),
        "`ann` is called only after 30m, and 15m is wanted"
    );
}

#[test]
fn onc_03_passes_over_steps_that_find_nobody_new() {
    let steps = "steps: [{notify: [{schedule: shop}]}, {notify: [{role: second}, {role: lead}]}]";
    let with = |steps: &str| {
        rota()
            .instead(
                "steps: [{notify: [{schedule: shop}]}, {notify: [{role: second}, {role: lead}]}]",
                steps,
            )
            .instead(
                "fallback: {role: lead}",
                "fallback: {role: lead}\n    answer_within: 5m",
            )
            .said("ONC-03", "escalation-policy/shop")
            .2
    };
    assert_eq!(with(steps), "");
    assert_eq!(
        with(
            "steps: [{notify: [{role: second}]}, {notify: [{person: bob}], wait: 15m}, {notify: [{role: lead}]}]"
        ),
        "",
        "the second step would call bob again, and ann is left"
    );
}

#[test]
fn onc_03_holds_the_worst_alerts_to_half_an_hour() {
    let worst = "
components: [{id: web, name: Web, kind: service, team: shop}]
checks: [{id: page, name: Page, component: web, probe: {http: {url: 'https://shop.example.com/'}}}]
alerts: [{id: down, name: Down, severity: SEV1, when: {check_failing: {check: page}}}]
";
    let lax = Fixture::new(worst)
        .instead(
            "{notify: [{role: second}]}",
            "{notify: [{role: second}, {role: lead}]}",
        )
        .instead(
            "fallback: {role: lead}",
            "fallback: {role: lead}\n    answer_within: 2h",
        );
    assert_eq!(
        lax.said("ONC-03", "escalation-policy/shop").2,
        "it may take 2h for a SEV1"
    );
    let mild = lax.instead_of_more("SEV1", "SEV2");
    assert_eq!(mild.state("ONC-03", "escalation-policy/shop"), State::Pass);
}

#[test]
fn onc_04_asks_about_runbooks_that_need_access() {
    let web = "components: [{id: web, name: Web, kind: service, team: shop}]";
    let runbook = "---\ntitle: R\nowner: lead\ncovers: [web]\naccess: [psql]\n---\n# R\n";
    let untried = || Fixture::new(web).file("runbooks/r.md", runbook);
    assert_eq!(untried().state("ONC-04", "runbook/r"), State::Unknown);
    let roles = &["role/lead", "role/second"];
    let tried = untried().proved("ONC-04", "runbook/r", "drill", roles);
    assert_eq!(tried.state("ONC-04", "runbook/r"), State::Pass);
    let new = tried
        .instead(
            "holders: [{person: bob}]",
            "holders: [{person: bob}, {person: cyd}]",
        )
        .file("cyd.yaml", "people: [{id: cyd, name: Cyd Example}]");
    assert_eq!(new.state("ONC-04", "runbook/r"), State::Stale);
    let by = |actor: &str, method: &str| {
        let rest = format!("result: pass, observed_at: 2026-11-25T09:00:00Z, actor: {actor}");
        untried()
            .file("cyd.yaml", "people: [{id: cyd, name: Cyd Example}]")
            .record("ONC-04", "runbook/r", method, roles, &rest)
            .said("ONC-04", "runbook/r")
    };
    assert_eq!(
        by("cyd", "drill").2,
        "`cyd` tried it, and is never called for what it covers"
    );
    assert_eq!(by("access-probe", "probe").1, State::Pass);
    let old = "result: pass, observed_at: 2026-08-01T09:00:00Z, actor: ann";
    let old = untried().record("ONC-04", "runbook/r", "drill", roles, old);
    assert_eq!(old.state("ONC-04", "runbook/r"), State::Stale);
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
    let same = coordinated("alternate_room: Chat");
    assert_eq!(
        same.said("ONC-05", "package").2,
        "where people meet when that is down is the same room"
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
            .starts_with("which account they ask for first is not written; what to do when its portal is down is not written")
    );
    let whole = portal.replace(
        "portal: '",
        "account: number 7, when_portal_is_down: telephone, portal: '",
    );
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
    let led = |fixture: Fixture, who: &str| {
        let rest =
            format!("result: pass, observed_at: 2026-11-25T09:00:00Z, actor: ann, tried: [{who}]");
        fixture
            .record("ONC-07", "package", "drill", &["role/lead"], &rest)
            .said("ONC-07", "package")
    };
    let three = || {
        coordinated("commander: lead")
            .instead(
                "holders: [{person: ann}]",
                "holders: [{person: ann}, {person: bob}, {person: cyd}]",
            )
            .file("cyd.yaml", "people: [{id: cyd, name: Cyd Example}]")
    };
    assert_eq!(three().state("ONC-07", "package"), State::Unknown);
    assert_eq!(led(three(), "ann, bob, cyd").1, State::Pass);
    assert_eq!(
        led(three(), "ann, ann, eve").2,
        "the record names 1 of them who led"
    );
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
