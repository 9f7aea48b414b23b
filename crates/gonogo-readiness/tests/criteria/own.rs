//! Ownership and people.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

const API: &str = "components: [{id: api, name: API, kind: service, team: shop}]";

#[test]
fn own_01_needs_a_role_that_somebody_holds() {
    let owned = Fixture::new(&format!(
        "{API}\njourneys: [{{id: pay, name: Pay, owner: lead, depends_on: [{{component: api}}]}}]"
    ));
    assert_eq!(owned.state("OWN-01", "component/api"), State::Pass);
    assert_eq!(owned.state("OWN-01", "journey/pay"), State::Pass);

    let nobody = Fixture::new(&format!("{API}\njourneys: [{{id: pay, name: Pay}}]")).instead(
        "{id: lead, name: Lead, holders: [{person: ann}]}",
        "{id: lead, name: Lead, holders: []}",
    );
    let (_, state, why) = nobody.said("OWN-01", "component/api");
    assert_eq!(
        (state, &*why),
        (State::Fail, "nobody holds `lead`, which answers for it")
    );
    assert_eq!(
        nobody.said("OWN-01", "journey/pay").2,
        "no role answers for it"
    );
}

#[test]
fn own_03_finds_what_hangs_on_one_person() {
    let two = Fixture::new(API);
    assert_eq!(two.state("OWN-03", "team/shop"), State::Pass);
    assert_eq!(two.state("OWN-03", "escalation-policy/shop"), State::Pass);
    let one = Fixture::new(API).instead("{person: bob}", "{person: ann}");
    assert_eq!(
        one.said("OWN-03", "team/shop"),
        (
            "team/shop".into(),
            State::Fail,
            "there is nobody in it but `ann`".into()
        )
    );
    assert_eq!(
        one.said("OWN-03", "escalation-policy/shop").2,
        "it pages nobody but `ann`"
    );
}

#[test]
fn own_03_wants_a_second_holder_where_nobody_else_may_act() {
    let decides = |holders: &str| {
        Fixture::new(&format!(
            "roles: [{{id: undoer, name: Undoer, holders: [{holders}]}}]
components:
  - id: api
    name: API
    kind: service
    team: shop
    rollback: {{trigger: errors, decider: undoer, budget: 5m, command: undo}}
"
        ))
    };
    assert_eq!(
        decides("{person: ann}").said("OWN-03", "role/undoer").2,
        "nobody but `ann` can take back a change of `api`"
    );
    let both = decides("{person: ann}, {person: bob}");
    assert_eq!(both.state("OWN-03", "role/undoer"), State::Pass);
    // Whoever answers for something is one by design, and is no such role.
    assert!(!both.ask("OWN-03").iter().any(|a| a.0 == "role/lead"));
}

#[test]
fn own_04_asks_again_when_a_team_owns_something_else() {
    let asked = Fixture::new(API);
    assert_eq!(asked.state("OWN-04", "team/shop"), State::Unknown);
    let accepted = asked.proved("OWN-04", "team/shop", "attest", &["component/api"]);
    assert_eq!(accepted.state("OWN-04", "team/shop"), State::Pass);
    let more = accepted.file(
        "other.yaml",
        "components: [{id: web, name: Web, kind: service, team: shop}]",
    );
    let (_, state, why) = more.said("OWN-04", "team/shop");
    assert_eq!(state, State::Unknown, "{why}");
    assert!(why.contains("component/web"), "{why}");
}

#[test]
fn own_02_needs_two_who_can_be_reached_and_have_answered() {
    let two = Fixture::new(API);
    assert_eq!(two.state("OWN-02", "team/shop"), State::Pass);
    assert_eq!(two.state("OWN-02", "person/ann"), State::Unknown);
    let answered = two.proved("OWN-02", "person/ann", "probe", &[]);
    assert_eq!(answered.state("OWN-02", "person/ann"), State::Pass);
    assert_eq!(answered.state("OWN-02", "person/bob"), State::Unknown);
    let late = answered.ask_at("OWN-02", "2026-12-26T12:00:00Z");
    assert_eq!((&*late[1].0, late[1].1), ("person/ann", State::Stale));
}

#[test]
fn own_02_counts_nobody_who_left_or_is_still_to_be_named() {
    for bob in ["left: 2026-11-01,", "placeholder: true,"] {
        let one = Fixture::new(API).instead("{id: bob,", &format!("{{id: bob, {bob}"));
        assert_eq!(
            one.said("OWN-02", "team/shop"),
            (
                "team/shop".into(),
                State::Fail,
                "`ann` is the only one there who can be reached".into()
            )
        );
    }
}

const STAFF: &str = "director: lead, observation: 7d, staff: [
  {position: incident-commander, role: lead, backup: second},
  {position: operations, role: ops, backup: lead},
  {position: communications, role: comms, backup: lead},
  {position: support, role: support, backup: second},
  {position: scribe, role: scribe, backup: lead},
  {position: approver, role: approver, backup: lead}]";

fn staffed(people: &str) -> Fixture {
    let mut more = String::from(
        "people: [{id: cy, name: Cy Example}, {id: di, name: Di Example}, {id: ed, name: Ed Example}, {id: flo, name: Flo Example}]\nroles:\n",
    );
    more += people;
    Fixture::new(&more).instead("director: lead", STAFF)
}

const SIX: &str = "
  - {id: ops, name: Operations, holders: [{person: bob}]}
  - {id: comms, name: Communications, holders: [{person: cy}]}
  - {id: support, name: Support, holders: [{person: di}]}
  - {id: scribe, name: Scribe, holders: [{person: ed}]}
  - {id: approver, name: Approver, holders: [{person: flo}]}
";

#[test]
fn own_05_needs_every_position_for_the_whole_window() {
    let all = staffed(SIX);
    for (subject, state, why) in all.ask("OWN-05") {
        assert_eq!(state, State::Pass, "{subject}: {why}");
    }
    let nothing = Fixture::new("");
    let (_, state, why) = nothing.said("OWN-05", "package");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("nobody is the launch's `incident-commander`; "),
        "{why}"
    );

    let short = staffed(&SIX.replace("{person: ed}", "{person: ed, until: 2026-12-10T00:00}"));
    assert_eq!(
        short.said("OWN-05", "role/scribe").2,
        "nobody holds it as `scribe` on 2026-12-10"
    );
    let after = staffed(&SIX.replace("{person: ed}", "{person: ed, until: 2026-12-16T00:00}"));
    assert_eq!(after.state("OWN-05", "role/scribe"), State::Pass);
}

#[test]
fn own_05_names_who_is_in_two_places() {
    let double = staffed(&SIX.replace("{person: ed}", "{person: bob}"));
    assert_eq!(
        double.said("OWN-05", "role/scribe").2,
        "`bob` is `operations` and `scribe` at once"
    );
    let own_backup = staffed(&SIX.replace("{person: ed}", "{person: ann}"));
    let (_, _, why) = own_backup.said("OWN-05", "role/lead");
    assert_eq!(why, "`ann` would stand in as `scribe` for themselves");
}

#[test]
fn own_06_asks_only_of_journeys_that_move_something() {
    let journeys = |pay: &str| {
        Fixture::new(&format!(
            "journeys: [{{id: look, name: Look}}, {{id: pay, name: Pay, moves: [money]{pay}}}]"
        ))
    };
    let named = journeys(", business_owner: second");
    assert_eq!(named.ask("OWN-06").len(), 1);
    assert_eq!(named.state("OWN-06", "journey/pay"), State::Pass);
    assert_eq!(
        journeys("").said("OWN-06", "journey/pay").2,
        "nobody in the business answers for what it moves"
    );
}

#[test]
fn own_07_finds_who_leaves_before_the_launch_is_watched_to_its_end() {
    let stays = Fixture::new("").proved("OWN-07", "person/bob", "probe", &[]);
    assert_eq!(stays.state("OWN-07", "person/bob"), State::Pass);
    assert_eq!(stays.state("OWN-07", "person/ann"), State::Unknown);
    let unnamed = Fixture::new("").instead("{id: bob,", "{id: bob, placeholder: true,");
    assert_eq!(
        unnamed.said("OWN-07", "person/bob").2,
        "who this is, is not known yet"
    );
    let leaves = Fixture::new("").instead("{id: bob,", "{id: bob, left: 2026-12-10,");
    assert_eq!(
        leaves.said("OWN-07", "person/bob").2,
        "the role `second` relies on them, and they are gone from 2026-12-10"
    );
    let handed_over = Fixture::new("")
        .instead("{id: bob,", "{id: bob, left: 2026-12-10,")
        .instead(
            "{person: bob}",
            "{person: bob, until: 2026-12-10}, {person: ann}",
        );
    assert!(
        !handed_over
            .ask("OWN-07")
            .iter()
            .any(|a| a.0 == "person/bob")
    );
}

#[test]
fn own_07_wants_roles_in_runbooks() {
    let runbook = |ask: &str| {
        let text = format!("---\ntitle: Down\nowner: lead\n---\n## Triage\n\nAsk {ask}.\n");
        Fixture::new("").file("runbooks/down.md", &text)
    };
    assert_eq!(
        runbook("the lead").state("OWN-07", "runbook/down"),
        State::Pass
    );
    assert_eq!(
        runbook("Bob Example").said("OWN-07", "runbook/down").2,
        "it names `bob` instead of a role"
    );
}

#[test]
fn own_08_wants_a_team_after_the_observation() {
    let launch = |on: &str| {
        Fixture::new("").instead(
            "director: lead",
            &format!("director: lead, observation: 7d, handover: {{to: shop, on: {on}}}"),
        )
    };
    assert_eq!(launch("2027-01-11").state("OWN-08", "package"), State::Pass);
    assert_eq!(
        launch("2026-12-10").said("OWN-08", "package").2,
        "`shop` takes over on 2026-12-10, while the launch is still watched"
    );
    assert_eq!(Fixture::new("").state("OWN-08", "package"), State::Fail);
}
