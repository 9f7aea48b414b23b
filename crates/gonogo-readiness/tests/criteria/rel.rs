//! Change and release.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;
use crate::rbk::JUST_NOW;

const API: &str = "
components:
  - {id: api, name: API, kind: service, team: shop, rollback: {trigger: 2% fail, decider: lead, budget: 5m, command: ctl back}}
checks: [{id: up, name: Up, component: api, probe: {http: {url: https://api.example.com}}}]
alerts: [{id: down, name: Down, severity: SEV1, when: {check_failing: {check: up}}}]
";

/// The base with more about its launch.
pub fn launch(more: &str, fields: &str) -> Fixture {
    Fixture::new(more).instead("director: lead}", &format!("director: lead, {fields}}}"))
}

#[test]
fn rel_01_wants_one_build_and_that_it_runs() {
    let fixture = |release: &str| launch(API, &format!("releases: [{release}]"));
    assert_eq!(
        Fixture::new(API).said("REL-01", "component/api").2,
        "what exactly goes out is not written"
    );
    let fixed = "{component: api, artifact: 'sha256:4f1c', config: v12, build: https://api.example.com/build}";
    assert_eq!(
        fixture(fixed).state("REL-01", "component/api"),
        State::Unknown
    );
    let seen = |tried: &str| {
        let rest = format!("{JUST_NOW}, tried: ['{tried}']");
        fixture(fixed).record("REL-01", "component/api", "probe", &[], &rest)
    };
    assert_eq!(
        seen("sha256:4f1c").state("REL-01", "component/api"),
        State::Pass
    );
    assert_eq!(
        seen("sha256:0000").said("REL-01", "component/api").2,
        "the record does not say that `sha256:4f1c` was tried"
    );
    let old = seen("sha256:4f1c").ask_at("REL-01", "2026-12-02T12:00:00Z");
    assert_eq!(old[0].1, State::Stale);
    let (_, state, why) =
        fixture(&fixed.replace("sha256:4f1c", "api:latest")).said("REL-01", "component/api");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("`api:latest` is a name that moves"),
        "{why}"
    );
}

#[test]
fn rel_02_wants_stages_with_gates() {
    let said = |stages: &str| launch(API, &format!("stages: [{stages}]")).said("REL-02", "package");
    let gate = "bake: 2h, abort_on: [down], decider: lead";
    let (few, all) = (
        format!("{{name: few, share: 5%, {gate}}}"),
        format!("{{name: all, share: 100%, {gate}}}"),
    );
    assert_eq!(said(&format!("{few}, {all}")).1, State::Pass);
    assert_eq!(
        said(&all).2,
        "there is one stage only, so it reaches everybody at once"
    );
    assert_eq!(
        said(&format!("{all}, {all}")).2,
        "the first stage is everybody; \"all\" reaches no more than \"all\""
    );
    assert_eq!(
        said(&format!("{{name: few, share: 5%, bake: 0}}, {all}")).2,
        "\"few\" is not given time to show anything; nothing stops \"few\"; nobody opens the gate after \"few\""
    );
    assert_eq!(
        Fixture::new(API).said("REL-02", "package").2,
        "no stage of the launch is written"
    );
}

#[test]
fn rel_03_wants_configuration_data_and_policy_in_stages() {
    let said = |few: &str, all: &str| {
        let stages = format!(
            "stages: [{{name: few, share: 5%, bake: 2h, changes: [{few}]}}, {{name: all, share: 100%, bake: 2h, changes: [{all}]}}]"
        );
        launch(API, &stages).said("REL-03", "package")
    };
    assert_eq!(
        said("config, data, policy", "config, data, policy").1,
        State::Pass
    );
    assert_eq!(
        said("code, config", "code, config, data").2,
        "data reaches everybody at once; no stage says that policy goes through it"
    );
}

#[test]
fn rel_04_wants_an_alert_that_takes_it_back() {
    let (_, state, why) = Fixture::new(API).said("REL-04", "component/api");
    assert_eq!(state, State::Fail);
    assert!(why.starts_with("no alert takes it back by itself"), "{why}");
    let wired = Fixture::new(API).instead_of_more("budget: 5m", "budget: 5m, on_alerts: [down]");
    assert_eq!(wired.state("REL-04", "component/api"), State::Unknown);
    let drilled = wired.proved("REL-04", "component/api", "drill", &["alert/down"]);
    assert_eq!(drilled.state("REL-04", "component/api"), State::Pass);
    let changed = drilled.instead_of_more("severity: SEV1", "severity: SEV2");
    assert_eq!(changed.state("REL-04", "component/api"), State::Stale);
}

#[test]
fn rel_05_wants_a_freeze_that_a_pipeline_obeys() {
    let freeze = |changes: &str| {
        launch(
            API,
            &format!(
                "freezes: [{{reason: launch, from: 2026-12-08T00:00:00Z, until: 2026-12-10T00:00:00Z, changes: [{changes}], override_by: lead}}]"
            ),
        )
    };
    let whole = freeze("code, config, flag, infrastructure");
    assert_eq!(whole.state("REL-05", "package"), State::Unknown);
    let tried = whole.proved("REL-05", "package", "probe", &[]);
    assert_eq!(tried.state("REL-05", "package"), State::Pass);
    let (_, _, why) = freeze("code, config").said("REL-05", "package");
    assert!(
        why.starts_with(
            "nothing holds flag during the launch; nothing holds infrastructure during the launch"
        ),
        "{why}"
    );
    let (_, state, why) = Fixture::new(API).said("REL-05", "package");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("no freeze covers the hour of the launch"),
        "{why}"
    );
}

#[test]
fn rel_06_rests_on_a_look_at_the_audit_trail() {
    assert_eq!(Fixture::new(API).state("REL-06", "package"), State::Unknown);
    let seen = Fixture::new(API).proved("REL-06", "package", "probe", &[]);
    assert_eq!(seen.state("REL-06", "package"), State::Pass);
    let nothing = Fixture::new("");
    assert_eq!(
        nothing.said("REL-06", "package").2,
        "the package has no deployable"
    );
}

#[test]
fn rel_07_wants_every_variant_of_a_critical_journey_tried() {
    let journey = "
journeys: [{id: boards, name: Boards, owner: lead, depends_on: [{component: names}]}]
";
    let fleet = "components:
  - {id: api, name: API, kind: service, team: shop}
  - {id: names, name: Names, kind: domain-fleet, team: shop, depends_on: [{component: api}]}
checks:
  - {id: up, name: Up, component: api, journey: boards, probe: {http: {url: https://api.example.com}}}
";
    let one = Fixture::new(&format!("{fleet}{journey}"));
    let (_, state, why) = one.said("REL-07", "journey/boards");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("no check tries it through `names`"),
        "{why}"
    );
    let both = one.file(
        "name.yaml",
        "checks: [{id: name, name: Name, component: names, probe: {tls: {host: a.example.com}}}]",
    );
    let run = |tried: &str| {
        let rest = format!("{JUST_NOW}, tried: [{tried}]");
        Fixture::new(&format!("{fleet}{journey}"))
            .file(
                "name.yaml",
                "checks: [{id: name, name: Name, component: names, probe: {tls: {host: a.example.com}}}]",
            )
            .record("REL-07", "journey/boards", "probe", &["check/up", "check/name"], &rest)
            .said("REL-07", "journey/boards")
    };
    assert_eq!(both.state("REL-07", "journey/boards"), State::Unknown);
    assert_eq!(run("up, name").1, State::Pass);
    assert_eq!(run("up").2, "the record does not say that `name` was tried");
}

#[test]
fn rel_08_wants_jobs_to_say_how_many() {
    let job = |more: &str| {
        Fixture::new(&format!(
            "components: [{{id: bill, name: Bill, kind: job, team: shop{more}}}]"
        ))
    };
    assert_eq!(
        job("").said("REL-08", "component/bill").2,
        "how many of it may run at once is not written"
    );
    assert_eq!(
        job(", concurrency: 4").state("REL-08", "component/bill"),
        State::Pass
    );
    let alone = job(", concurrency: 1");
    assert_eq!(alone.state("REL-08", "component/bill"), State::Unknown);
    let drilled = alone.proved("REL-08", "component/bill", "drill", &[]);
    assert_eq!(drilled.state("REL-08", "component/bill"), State::Pass);
}
