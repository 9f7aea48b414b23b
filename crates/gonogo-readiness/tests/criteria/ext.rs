//! Vendors and security.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

fn vendor(vendor: &str, edge: &str) -> Fixture {
    Fixture::new(&format!(
        "components:
  - {{id: fraud, name: Fraud check, kind: vendor, team: shop{vendor}}}
  - {{id: api, name: API, kind: service, team: shop, depends_on: [{edge}]}}
"
    ))
}

#[test]
fn ext_01_wants_feeds_that_are_read() {
    let fed = vendor(", status_feed: https://status.example.com/feed", "");
    assert_eq!(fed.state("EXT-01", "component/fraud"), State::Unknown);
    let read = fed.record(
        "EXT-01",
        "component/fraud",
        "probe",
        &[],
        "result: pass, observed_at: 2026-12-01T11:30:00Z, actor: gonogo",
    );
    assert_eq!(read.state("EXT-01", "component/fraud"), State::Pass);
    assert_eq!(
        read.ask_at("EXT-01", "2026-12-01T13:00:00Z")[0].1,
        State::Stale
    );
    assert_eq!(
        vendor("", "").said("EXT-01", "component/fraud").2,
        "where it says how it is doing is not written"
    );
    assert_eq!(
        Fixture::new("").said("EXT-01", "package").2,
        "the package has no vendor"
    );
}

#[test]
fn ext_02_wants_to_know_whether_one_goes_on() {
    let said = vendor("", "{component: fraud, fails: open}");
    assert_eq!(said.state("EXT-02", "component/api"), State::Pass);
    assert_eq!(
        vendor("", "{component: fraud}").said("EXT-02", "component/api"),
        (
            "component/api".into(),
            State::Fail,
            "whether it goes on or stops without `fraud` is not written".into()
        )
    );
    assert_eq!(
        vendor("", "").said("EXT-02", "component/fraud").2,
        "nothing says that it needs it"
    );
    let by_people = vendor(", used_for: [chat]", "").ask("EXT-02");
    assert!(by_people.iter().all(|a| a.0 != "component/fraud"));
}

#[test]
fn ext_03_is_bound_to_what_is_deployed() {
    let none = vendor("", "");
    assert_eq!(none.state("EXT-03", "package"), State::Unknown);
    let reviewed = none.proved("EXT-03", "package", "artifact", &["component/api"]);
    assert_eq!(reviewed.state("EXT-03", "package"), State::Pass);
    let more = reviewed.file(
        "other.yaml",
        "components: [{id: web, name: Web, kind: service, team: shop}]",
    );
    assert_eq!(more.state("EXT-03", "package"), State::Unknown);
}

const RUNBOOK: &str = "---\ntitle: T\nowner: lead\n---\n## First\n\nCall the lead.\n";

fn coordinated(fields: &str) -> Fixture {
    Fixture::new(
        "components: [{id: api, name: API, kind: service, team: shop}]
checks:
  - {id: up, name: Up, component: api, probe: {http: {url: https://api.example.com}}}
alerts:
  - {id: down, name: Down, severity: SEV1, when: {check_failing: {check: up}}, runbook: outage}
",
    )
    .file("runbooks/outage.md", RUNBOOK)
    .file("runbooks/glass.md", RUNBOOK)
    .file("runbooks/attack.md", RUNBOOK)
    .instead(
        "operators: shop",
        &format!("operators: shop\n  coordination: {{room: here{fields}}}"),
    )
}

#[test]
fn ext_04_wants_the_glass_broken_once() {
    let named = coordinated(", break_glass: glass");
    assert_eq!(named.state("EXT-04", "runbook/glass"), State::Unknown);
    let tried = named.proved("EXT-04", "runbook/glass", "drill", &[]);
    assert_eq!(tried.state("EXT-04", "runbook/glass"), State::Pass);
    let rewritten = tried.file("runbooks/glass.md", &RUNBOOK.replace("lead.", "second."));
    assert_eq!(rewritten.state("EXT-04", "runbook/glass"), State::Stale);
    assert_eq!(
        coordinated("").said("EXT-04", "package").2,
        "how to get in when sign-in is down is not written"
    );
}

#[test]
fn ext_05_wants_another_way_for_attacks() {
    let own = coordinated(", break_glass: glass, security: attack");
    assert_eq!(own.state("EXT-05", "runbook/attack"), State::Pass);
    assert_eq!(
        coordinated(", security: outage")
            .said("EXT-05", "runbook/outage")
            .2,
        "it is also what `down` says to follow in an outage"
    );
    assert_eq!(coordinated("").state("EXT-05", "package"), State::Fail);
}
