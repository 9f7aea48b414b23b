//! Data safety.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;
use crate::rbk::{JUST_NOW, runbook, with_runbook};

const DB: &str = "component/db";

fn store(backup: &str) -> Fixture {
    Fixture::new(&format!(
        "components:
  - {{id: db, name: DB, kind: datastore, team: shop{backup}}}
  - {{id: api, name: API, kind: service, team: shop, depends_on: [{{component: db}}]}}
checks: [{{id: fresh, name: Fresh, component: db, probe: {{http: {{url: https://db.example.com}}}}}}]
alerts: [{{id: old, name: Old, severity: SEV2, when: {{check_failing: {{check: fresh}}}}}}]
"
    ))
    .file("runbooks/api-down.md", &runbook("Restore it."))
}

const BACKUP: &str =
    ", backup: {every: 1h, keep: 30d, rpo: 2h, rto: 1h, alert: old, runbook: api-down}";

#[test]
fn dat_01_wants_a_look_and_an_alert_that_arrives() {
    assert_eq!(store("").said("DAT-01", DB).2, "it has no backup");
    let seen = |f: Fixture| f.record("DAT-01", DB, "probe", &[], JUST_NOW);
    let told = |f: Fixture| f.record("DAT-01", DB, "drill", &["alert/old"], JUST_NOW);
    assert_eq!(told(seen(store(BACKUP))).state("DAT-01", DB), State::Pass);
    // Each shows its own part.
    assert_eq!(
        seen(store(BACKUP)).said("DAT-01", DB).2,
        "there is a record by probe, and this needs a drill"
    );
    assert_eq!(
        told(store(BACKUP)).said("DAT-01", DB).2,
        "there is a record by drill, and this needs a probe"
    );
    let rare = BACKUP
        .replace("every: 1h", "every: 3h")
        .replace("alert: old, ", "");
    let (_, state, why) = store(&rare).said("DAT-01", DB);
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with(
            "it is saved every 3h, and no more than 2h may be lost; nobody hears when it fails"
        ),
        "{why}"
    );
    let old = told(seen(store(BACKUP))).ask_at("DAT-01", "2026-12-03T12:00:00Z");
    assert_eq!(old[0].1, State::Stale);
}

#[test]
fn dat_02_wants_a_restore_within_rto_and_rpo() {
    let said = |rest: &str| {
        store(BACKUP)
            .record(
                "DAT-02",
                DB,
                "drill",
                &["runbook/api-down"],
                &format!("{JUST_NOW}{rest}"),
            )
            .said("DAT-02", DB)
    };
    assert_eq!(store(BACKUP).state("DAT-02", DB), State::Unknown);
    assert_eq!(said(", took: 1h, lost: 2h").1, State::Pass);
    let (_, state, why) = said(", took: 61m, lost: 3h");
    assert_eq!(
        (state, &*why),
        (
            State::Fail,
            "it took 1h1m, and may take 1h; it lost 3h, and may lose 2h"
        )
    );
    let (_, state, why) = said("");
    assert_eq!(
        (state, &*why),
        (
            State::Unknown,
            "the record does not say how long it took; the record does not say how much was lost"
        )
    );
}

#[test]
fn dat_03_wants_a_count_before_and_two_people() {
    let runbook = "runbook/api-down";
    let said = |info: &str| {
        with_runbook(&format!(
            "Count:\n\n```sh step=check expect=3\nctl count\n```\n\n```sh step=destructive {info}\nctl wipe\n```"
        ))
        .said("DAT-03", runbook)
    };
    assert_eq!(
        said("preview=mitigate-1 confirm=second-person undo=\"ctl restore\"").1,
        State::Pass
    );
    assert_eq!(
        said("preview=mitigate-1 confirm=second-person undo=none staged=\"ten first\"").1,
        State::Pass
    );
    assert_eq!(
        said("undo=none").2,
        "the step `mitigate-2` does not show before what it will hit; \
         one person alone may do the step `mitigate-2`; \
         the step `mitigate-2` hits everything at once, for good"
    );
    assert_eq!(
        said("preview=mitigate-2 confirm=second-person undo=\"ctl restore\"").2,
        "`mitigate-2`, which `mitigate-2` names, is no check step before it"
    );
    let (_, state, why) = &with_runbook("Restart.").ask("DAT-03")[0];
    assert_eq!(
        (*state, &**why),
        (State::Unknown, "the package has no destructive-step")
    );
}

const PAY: &str = "
components: [{id: ledger, name: Ledger, kind: service, team: shop}]
journeys: [{id: pay, name: Pay, owner: lead, moves: [money], depends_on: [{component: ledger}]}]
";
const FLOW: &str = "
sources: [{id: provider, name: Provider, kind: cloudevents}]
flows:
  - id: charge
    name: Charge
    component: ledger
    journey: pay
    start: {source: provider, event: [charged], key: id}
    end: {source: provider, event: [recorded], key: id}
    deadline: 5m
    agree: [{start: amount, end: amount}]
alerts:
  - {id: lost, name: Lost, severity: SEV1, when: {flow_overdue: {flow: charge}}}
  - {id: wrong, name: Wrong, severity: SEV1, when: {flow_mismatch: {flow: charge}}}
";

#[test]
fn dat_04_wants_counts_and_sums_compared() {
    assert_eq!(
        Fixture::new(PAY).said("DAT-04", "journey/pay").2,
        "no flow follows it from its start to its end"
    );
    let whole = || Fixture::new(&format!("{PAY}{FLOW}"));
    assert_eq!(whole().state("DAT-04", "journey/pay"), State::Unknown);
    let even = whole().record(
        "DAT-04",
        "journey/pay",
        "probe",
        &["flow/charge", "alert/lost", "alert/wrong"],
        JUST_NOW,
    );
    assert_eq!(even.state("DAT-04", "journey/pay"), State::Pass);
    assert_eq!(
        even.ask_at("DAT-04", "2026-12-02T12:00:00Z")[0].1,
        State::Stale
    );
    let counts_only = whole().instead_of_more("    agree: [{start: amount, end: amount}]\n", "");
    let (_, state, why) = counts_only.said("DAT-04", "journey/pay");
    assert_eq!(state, State::Fail);
    assert!(why.starts_with("no amounts are compared"), "{why}");
    let data = counts_only.instead_of_more("moves: [money]", "moves: [data]");
    assert_eq!(data.state("DAT-04", "journey/pay"), State::Unknown);
}

#[test]
fn dat_05_wants_retries_to_do_no_harm() {
    let edge = |fields: &str| {
        Fixture::new(&PAY.replace(
            "{component: ledger}]",
            &format!("{{component: ledger{fields}}}]"),
        ))
    };
    let (_, state, why) = edge("").said("DAT-05", "journey/pay");
    assert_eq!(
        (state, &*why),
        (
            State::Unknown,
            "nothing under it says whether it is tried again"
        )
    );
    let (_, state, why) = edge(", retry: 3 times").said("DAT-05", "journey/pay");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("why trying `ledger` again does no harm is not written"),
        "{why}"
    );
    let keyed = edge(", retry: 3 times, idempotency: the charge's id is unique");
    assert_eq!(keyed.state("DAT-05", "journey/pay"), State::Unknown);
    let replayed = keyed.proved("DAT-05", "journey/pay", "drill", &[]);
    assert_eq!(replayed.state("DAT-05", "journey/pay"), State::Pass);
}
