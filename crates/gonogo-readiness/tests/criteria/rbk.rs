//! Runbooks and rollback.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

const API: &str = "components: [{id: api, name: API, kind: service, team: shop}]";
/// An hour before the moment that is judged.
pub const JUST_NOW: &str = "result: pass, observed_at: 2026-12-01T11:00:00Z, actor: bob";
const RUNBOOK: &str = "runbook/api-down";

/// A runbook about `api`, owned by Ann's role, with this under `Mitigate`.
pub fn runbook(mitigate: &str) -> String {
    let sections = [
        "Trigger",
        "Impact",
        "First 5 minutes",
        "Triage",
        "Mitigate",
        "Rollback",
        "Verify",
        "Communicate",
        "Escalate",
        "After",
    ];
    let mut text = "---\ntitle: API down\nowner: lead\ncovers: [api]\n---\n".to_string();
    for section in sections {
        let body = if section == "Mitigate" {
            mitigate
        } else {
            "What is known."
        };
        text += &format!("## {section}\n\n{body}\n\n");
    }
    text
}

pub fn with_runbook(mitigate: &str) -> Fixture {
    Fixture::new(API).file("runbooks/api-down.md", &runbook(mitigate))
}

const CHECKED: &str = "
checks: [{id: up, name: Up, component: api, probe: {http: {url: https://api.example.com}}}]
alerts:
  - {id: down, name: Down, severity: SEV1, when: {check_failing: {check: up}}}
  - {id: odd, name: Odd, severity: SEV4, urgency: ticket, when: {check_failing: {check: up}}}
failure_modes:
  - {id: falls, name: Falls, component: api, effect: None., cause: Heat., severity: 5, occurrence: 4, detection: 3}
  - {id: creaks, name: Creaks, component: api, effect: None., cause: Heat., severity: 1, occurrence: 1, detection: 1}
";

#[test]
fn rbk_01_wants_a_runbook_for_pages_and_high_risks_only() {
    let without = Fixture::new(&format!("{API}{CHECKED}"));
    assert_eq!(
        without.said("RBK-01", "alert/down").2,
        "it wakes somebody, and names no runbook"
    );
    assert_eq!(
        without.said("RBK-01", "failure-mode/falls").2,
        "its action level is high, and it names no runbook"
    );
    assert_eq!(without.ask("RBK-01").len(), 2);
    let with = with_runbook("Restart it.")
        .instead_of_more("components", &format!("{}\ncomponents", CHECKED.trim()))
        .instead_of_more("severity: SEV1", "severity: SEV1, runbook: api-down")
        .instead_of_more("severity: 5", "severity: 5, runbook: api-down");
    assert!(with.ask("RBK-01").iter().all(|(_, s, _)| *s == State::Pass));
}

#[test]
fn rbk_02_names_the_sections_that_are_missing() {
    assert_eq!(
        with_runbook("Restart.").state("RBK-02", RUNBOOK),
        State::Pass
    );
    let cut = runbook("Restart.").replace("## After\n\nWhat is known.\n", "");
    let (_, state, why) = Fixture::new(API)
        .file("runbooks/api-down.md", &cut)
        .said("RBK-02", RUNBOOK);
    assert_eq!((state, &*why), (State::Fail, "it has no `After`"));
}

#[test]
fn rbk_03_wants_somebody_else_than_the_author() {
    let fixture = || with_runbook("Restart.");
    assert_eq!(fixture().state("RBK-03", RUNBOOK), State::Unknown);
    let by = |who: &str| {
        let rest = format!("result: pass, observed_at: 2026-11-25T09:00:00Z, actor: {who}");
        fixture().record("RBK-03", RUNBOOK, "drill", &["component/api"], &rest)
    };
    assert_eq!(by("bob").state("RBK-03", RUNBOOK), State::Pass);
    // Ann holds the owning role, and nobody else is named as author.
    for (who, why) in [
        ("ann", "only `ann` followed it, who wrote it"),
        (
            "Ann Example",
            "only `Ann Example` followed it, who wrote it",
        ),
        (
            "gonogo",
            "only gonogo itself played it through: a person has to follow it",
        ),
    ] {
        let (_, state, said) = by(who).said("RBK-03", RUNBOOK);
        assert_eq!((state, &*said), (State::Unknown, why));
    }
    // The author's own record is newer, and takes nothing away from Bob's.
    let both = by("bob").record(
        "RBK-03",
        RUNBOOK,
        "drill",
        &["component/api"],
        "result: pass, observed_at: 2026-11-26T09:00:00Z, actor: ann",
    );
    assert_eq!(both.state("RBK-03", RUNBOOK), State::Pass);
    let written_by_bob = runbook("Restart.").replace("owner: lead", "owner: lead\nauthor: bob");
    let fixture = Fixture::new(API)
        .file("runbooks/api-down.md", &written_by_bob)
        .proved("RBK-03", RUNBOOK, "drill", &["component/api"]);
    assert_eq!(
        fixture.state("RBK-03", RUNBOOK),
        State::Pass,
        "ann did not write it"
    );
}

#[test]
fn rbk_03_holds_for_90_days_and_until_something_changes() {
    let followed = with_runbook("Restart.").proved("RBK-03", RUNBOOK, "drill", &["component/api"]);
    // The fixture's actor is Ann, who holds the owning role: let Bob hold it.
    let followed = followed.instead("holders: [{person: ann}]", "holders: [{person: bob}]");
    assert_eq!(followed.state("RBK-03", RUNBOOK), State::Pass);
    let late = followed.ask_at("RBK-03", "2027-02-24T12:00:00Z");
    assert_eq!(late[0].1, State::Stale, "{late:?}");
    let other = followed.instead_of_more("name: API", "name: Other");
    let (_, state, why) = other.said("RBK-03", RUNBOOK);
    assert_eq!(
        (state, &*why),
        (State::Stale, "`component/api` changed since 2026-11-25")
    );
}

#[test]
fn rbk_03_fails_with_a_step_that_failed() {
    let step = "```sh step=mutate expect=up undo=none\nctl start\n```";
    let rest = format!("{JUST_NOW}, steps: {{mitigate-1: failed}}");
    let (_, state, why) = with_runbook(step)
        .record("RBK-03", RUNBOOK, "drill", &["component/api"], &rest)
        .said("RBK-03", RUNBOOK);
    assert_eq!(
        (state, &*why),
        (
            State::Fail,
            "the step `mitigate-1` did not do what it says on 2026-12-01"
        )
    );
}

#[test]
fn rbk_04_wants_names_that_are_there_and_a_probe() {
    let dead = with_runbook("Ask the role `nobody`.");
    let (_, state, why) = dead.said("RBK-04", RUNBOOK);
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("line 24 names the role `nobody`, which is not there"),
        "{why}"
    );
    let alive = with_runbook("Ask the role `lead`.");
    assert_eq!(alive.state("RBK-04", RUNBOOK), State::Unknown);
    let tried = alive.record("RBK-04", RUNBOOK, "probe", &[], JUST_NOW);
    assert_eq!(tried.state("RBK-04", RUNBOOK), State::Pass);
    let later = tried.ask_at("RBK-04", "2026-12-09T12:00:00Z");
    assert_eq!(later[0].1, State::Stale);
}

#[test]
fn rbk_05_finds_what_destroys_and_does_not_say_so() {
    let said = |mitigate: &str| with_runbook(mitigate).said("RBK-05", RUNBOOK);
    let flagged = "```sh step=destructive confirm=type-target target=cache blast=\"one entry\" expect=gone undo=none\nrm -rf /var/cache/api\n```";
    assert_eq!(said(flagged).1, State::Pass);
    for (mitigate, why) in [
        (
            "```sh step=mutate expect=gone undo=none\nrm -rf /var/cache/api\n```",
            "the step `mitigate-1` says `rm`, and is not marked as destructive",
        ),
        (
            "```sh\nkubectl delete pod api-0\n```",
            "the block at line 24 says `kubectl delete`, and is no step",
        ),
        (
            "```sh step=destructive\nctl x\n```",
            "the step `mitigate-1` destroys, and nothing has to be confirmed before; \
             the step `mitigate-1` does not say what it hits; \
             the step `mitigate-1` does not say how much it can hit",
        ),
    ] {
        let (_, state, found) = said(mitigate);
        assert_eq!((state, &*found), (State::Fail, why));
    }
    assert_eq!(
        said("```text step=decide\nGone → delete from x\n```").1,
        State::Pass
    );
}

#[test]
fn rbk_06_wants_a_way_to_see_and_a_way_back() {
    let said = |info: &str| {
        with_runbook(&format!("```sh step=mutate {info}\nctl x\n```")).said("RBK-06", RUNBOOK)
    };
    assert_eq!(said("expect=up undo=\"ctl y\"").1, State::Pass);
    assert_eq!(
        said("expect=up undo=none confirm=second-person").1,
        State::Pass
    );
    assert_eq!(
        said("expect=up undo=\"none: gone\" approver=lead").1,
        State::Pass
    );
    assert_eq!(
        said("expect=up undo=\"none needed: it only reads\"").1,
        State::Pass
    );
    assert_eq!(
        said("").2,
        "the step `mitigate-1` does not say how to see that it worked; \
         the step `mitigate-1` does not say how it is undone"
    );
    assert_eq!(
        said("expect=up undo=none approver=nobody").2,
        "the step `mitigate-1` cannot be undone, and nobody has to agree to it"
    );
}

#[test]
fn rbk_07_is_stale_with_its_component_and_can_be_spoken_against() {
    let fixture = with_runbook("Restart.");
    assert_eq!(fixture.state("RBK-07", RUNBOOK), State::Unknown);
    let followed = fixture.record("RBK-03", RUNBOOK, "drill", &["component/api"], JUST_NOW);
    assert_eq!(followed.state("RBK-07", RUNBOOK), State::Pass);
    let other = followed.instead_of_more("name: API", "name: Other");
    assert_eq!(other.state("RBK-07", RUNBOOK), State::Stale);
    let moved = with_runbook("Restart.")
        .record("RBK-03", RUNBOOK, "drill", &["component/api"], JUST_NOW)
        .record(
            "RBK-07",
            RUNBOOK,
            "probe",
            &["component/api"],
            "result: fail, observed_at: 2026-12-01T11:30:00Z, actor: ci, note: another region",
        );
    let (_, state, why) = moved.said("RBK-07", RUNBOOK);
    assert_eq!(
        (state, &*why),
        (State::Fail, "it failed on 2026-12-01: another region")
    );
    // Followed without saying which version of the component it was.
    let unbound = with_runbook("Restart.").record("RBK-03", RUNBOOK, "drill", &[], JUST_NOW);
    assert_eq!(unbound.state("RBK-07", RUNBOOK), State::Unknown);
}

const ROLLBACK: &str = "rollback: {trigger: 2% fail, decider: lead, budget: 5m, command: ctl back, point_of_no_return: none}";

fn deployed(more: &str) -> Fixture {
    Fixture::new(&format!(
        "components:\n  - {{id: api, name: API, kind: service, team: shop{more}}}\n  - {{id: db, name: DB, kind: datastore, team: shop}}\n"
    ))
}

#[test]
fn rbk_08_wants_a_whole_rollback() {
    let whole = deployed(&format!(", {ROLLBACK}"));
    assert_eq!(whole.state("RBK-08", "component/api"), State::Pass);
    assert_eq!(whole.ask("RBK-08").len(), 1, "a datastore is not deployed");
    assert_eq!(
        deployed("").said("RBK-08", "component/api").2,
        "how it is taken back is not written"
    );
    let open_end = whole.instead_of_more(", point_of_no_return: none", "");
    assert_eq!(
        open_end.said("RBK-08", "component/api").2,
        "after what it no longer works is not written"
    );
    let nobody = open_end.instead("holders: [{person: ann}]", "holders: []");
    assert!(
        nobody
            .said("RBK-08", "component/api")
            .2
            .starts_with("nobody holds `lead`, which decides on it")
    );
}

#[test]
fn rbk_09_wants_the_rollback_tried_in_time_with_todays_configuration() {
    let feed = "  - {id: flags, name: Flags, kind: config-feed, team: shop}\n";
    let fixture = || {
        let needs = format!(", {ROLLBACK}, depends_on: [{{component: flags}}]");
        deployed(&needs).file("feed.yaml", &format!("components:\n{feed}"))
    };
    let drilled = |took: &str| {
        fixture().record(
            "RBK-09",
            "component/api",
            "drill",
            &["component/flags"],
            &format!("{JUST_NOW}{took}"),
        )
    };
    let said = |f: &Fixture| f.said("RBK-09", "component/api");
    assert_eq!(said(&fixture()).1, State::Unknown);
    assert_eq!(said(&drilled(", took: 5m")).1, State::Pass);
    let (_, state, why) = said(&drilled(", took: 5m1s"));
    assert_eq!(
        (state, &*why),
        (State::Fail, "it took 5m1s, and may take 5m")
    );
    let (_, state, why) = said(&drilled(""));
    assert_eq!(
        (state, &*why),
        (State::Unknown, "the record does not say how long it took")
    );
    let changed = drilled(", took: 1m").file(
        "feed.yaml",
        &format!("components:\n{}", feed.replace("Flags", "Other")),
    );
    assert_eq!(said(&changed).1, State::Stale);
}

#[test]
fn rbk_10_asks_whatever_needs_a_datastore() {
    let needs = ", depends_on: [{component: db}]";
    assert_eq!(
        deployed("").ask("RBK-10")[0].1,
        State::Unknown,
        "nothing needs the datastore"
    );
    let (_, state, why) = deployed(needs).said("RBK-10", "component/api");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("how its data and schema come back is not written"),
        "{why}"
    );
    let said = ROLLBACK.replace("trigger", "data: migrations only add, trigger");
    let fixture = deployed(&format!("{needs}, {said}"));
    assert_eq!(fixture.state("RBK-10", "component/api"), State::Unknown);
    let drilled = fixture.proved("RBK-10", "component/api", "drill", &["component/db"]);
    assert_eq!(drilled.state("RBK-10", "component/api"), State::Pass);
}

#[test]
fn rbk_11_wants_each_switch_tried_by_its_name() {
    let fixture = |rest: &str| {
        deployed("").instead(
            "director: lead}",
            "director: lead, features: [{name: Drafts, component: api, flag: DRAFTS, off: ctl off}]}",
        )
        .record("RBK-11", "component/api", "drill", &[], &format!("{JUST_NOW}{rest}"))
        .said("RBK-11", "component/api")
    };
    assert_eq!(fixture(", tried: [DRAFTS]").1, State::Pass);
    let (_, state, why) = fixture(", tried: [OTHER]");
    assert_eq!(
        (state, &*why),
        (
            State::Unknown,
            "the record does not say that `DRAFTS` was tried"
        )
    );
    let (_, state, why) = &deployed("").ask("RBK-11")[0];
    assert_eq!(
        (*state, &**why),
        (State::Unknown, "the package has no feature")
    );
}

#[test]
fn rbk_12_wants_a_cold_start_declared_and_tried() {
    let quiet = deployed("");
    let (_, state, why) = quiet.said("RBK-12", "component/db");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("how it starts again under load is not written"),
        "{why}"
    );
    let slow = deployed(", restart: a few at a time");
    assert_eq!(slow.state("RBK-12", "component/api"), State::Unknown);
    let tried = slow.proved("RBK-12", "component/api", "drill", &[]);
    assert_eq!(tried.state("RBK-12", "component/api"), State::Pass);
}
