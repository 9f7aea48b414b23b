//! Ways to a pass, or to silence, that nobody who relies on the verdict would accept.

use gonogo_model::Subject;
use gonogo_readiness::criteria::{Case, Gate, State};
use gonogo_readiness::graph::Graph;
use gonogo_readiness::recording;
use gonogo_readiness::verdict::Verdict;

use crate::fixture::{Fixture, NOW};

const API: &str = "components: [{id: api, name: API, kind: service, team: shop}]";

/// With an exception for what nobody is named for in the launch.
fn excepted(fixture: Fixture, signers: [&str; 2], criterion: &str) -> Verdict {
    let package = fixture.load();
    let digest = &package.digests[&Subject::Package];
    let exception = format!(
        "exceptions:
  - id: alone
    criterion: {criterion}
    subject: package
    reason: We are two.
    compensating_control: We watch it all day.
    control_tested_at: 2026-11-28T09:00:00Z
    owner: lead
    signed_by: {}
    countersigned_by: {}
    signed_at: 2026-11-29T09:00:00Z
    until: 2026-12-20T09:00:00Z
    covers: {{package: '{digest}'}}
",
        signers[0], signers[1]
    );
    fixture.file("evidence/except.yaml", &exception).verdict()
}

fn why_void(verdict: &Verdict) -> Vec<&str> {
    let void = verdict.void_exceptions.iter();
    void.map(|(_, why)| why.as_str()).collect()
}

#[test]
fn a_tier_beyond_the_last_is_asked_all_the_same() {
    let far = Fixture::new(&API.replace("team: shop", "team: shop, tier: 9"))
        .instead("holders: [{person: ann}]", "holders: []");
    let (_, state, why) = far.said("OWN-01", "component/api");
    assert_eq!(
        (state, &*why),
        (State::Fail, "nobody holds `lead`, which answers for it")
    );
    let verdict = far.verdict();
    let asked = verdict.criteria().find(|c| c.criterion.id == "OWN-01");
    assert_eq!(asked.unwrap().answers[0].answer.gate, Gate::Warning);
}

#[test]
fn somebody_to_be_named_or_gone_owns_nothing() {
    let people = [
        "{id: ann, name: Ann Example, placeholder: true, ",
        "{id: ann, name: Ann Example, left: 2026-11-01, ",
    ];
    for person in people {
        let gone = Fixture::new(API).instead("{id: ann, name: Ann Example, ", person);
        let (_, state, why) = gone.said("OWN-01", "component/api");
        assert_eq!(
            (state, &*why),
            (State::Fail, "nobody holds `lead`, which answers for it"),
            "{person}"
        );
    }
}

#[test]
fn an_exception_is_signed_by_people_who_were_there() {
    let fixture = || Fixture::new(API);
    let good = excepted(fixture(), ["ann", "bob"], "OWN-05");
    assert_eq!(why_void(&good), Vec::<&str>::new());
    let gone = fixture().instead(
        "name: Bob Example, ",
        "name: Bob Example, left: 2026-11-01, ",
    );
    assert_eq!(
        why_void(&excepted(gone, ["ann", "bob"], "OWN-05")),
        ["`bob`, who signed it, was nobody to sign then"]
    );
    let nobody = fixture().instead(
        "name: Bob Example, ",
        "name: Bob Example, placeholder: true, ",
    );
    assert_eq!(
        why_void(&excepted(nobody, ["ann", "bob"], "OWN-05")),
        ["`bob`, who signed it, was nobody to sign then"]
    );
    let unowned = fixture().instead("holders: [{person: ann}]", "holders: []");
    assert_eq!(
        why_void(&excepted(unowned, ["ann", "bob"], "OWN-05")),
        ["nobody holds `lead`, which owns the risk"]
    );
}

#[test]
fn what_is_excepted_is_not_shown_as_a_pass() {
    for id in ["OWN-05", "own-05"] {
        let verdict = excepted(Fixture::new(API), ["ann", "bob"], id);
        let asked = verdict.criteria().find(|c| c.criterion.id == "OWN-05");
        let asked = asked.unwrap();
        assert!(asked.is_excepted() && !asked.blocks(), "{id}");
        assert_eq!(asked.state, State::Fail, "{id}");
    }
}

#[test]
fn nobody_attests_after_they_left() {
    let gone = Fixture::new(API)
        .instead(
            "name: Ann Example, ",
            "name: Ann Example, left: 2026-11-01, ",
        )
        .proved("OWN-04", "team/shop", "attest", &["component/api"]);
    let (_, state, why) = gone.said("OWN-04", "team/shop");
    assert_eq!(
        (state, &*why),
        (State::Unknown, "`ann` attests it, and had left by then")
    );
}

fn vote(actor: &str, rest: &str) -> (State, String) {
    let reviewer = if actor == "ann" { "bob" } else { "ann" };
    let polled = Fixture::new(API).instead(
        "director: lead",
        "director: lead, poll: [{area: Shop, role: lead}]",
    );
    let said = format!(
        "result: pass, observed_at: 2026-11-30T09:00:00Z, actor: {actor}, reviewer: {reviewer}{rest}"
    );
    let owned = [
        "component/api",
        "package",
        "team/shop",
        "schedule/shop",
        "escalation-policy/shop",
        "person/ann",
        "person/bob",
        "role/second",
    ];
    let voted = polled.record("REH-03", "role/lead", "attest", &owned, &said);
    let (_, state, why) = voted.said("REH-03", "role/lead");
    (state, why)
}

#[test]
fn nobody_votes_for_a_role_that_they_do_not_hold() {
    assert_eq!(vote("ann", ", package_digest: aa").0, State::Pass);
    assert_eq!(
        vote("bob", ", package_digest: aa"),
        (
            State::Unknown,
            "`bob` voted, and does not hold `lead`".into()
        )
    );
}

#[test]
fn a_vote_is_about_a_package() {
    assert_eq!(
        vote("ann", ""),
        (
            State::Unknown,
            "the vote does not say which package it was about".into()
        )
    );
}

#[test]
fn a_shared_address_is_asked_for_the_most_important_entry() {
    let shared = Fixture::new(
        "components:
  - {id: edge, name: Edge, kind: service, team: shop, tier: 1}
  - {id: blog, name: Blog, kind: service, team: shop, tier: 3}
  - {id: old, name: Old, kind: service, team: shop, tier: 1, off: it is gone}
expiring:
  - {id: a-blog, name: Blog, kind: token, component: blog, renewal: by hand, owner: lead, notices_to: team@example.com}
  - {id: b-old, name: Old, kind: token, component: old, renewal: by hand, owner: lead, notices_to: team@example.com}
  - {id: z-edge, name: Edge, kind: token, component: edge, renewal: by hand, owner: lead, notices_to: team@example.com}
",
    );
    assert_eq!(shared.state("CRT-04", "expiring/z-edge"), State::Unknown);
    assert_eq!(shared.state("CRT-04", "expiring/a-blog"), State::Pass);
}

#[test]
fn no_job_is_no_excuse_for_another_singleton() {
    let excused = |absent: &str| {
        Fixture::new(&API.replace("team: shop", "team: shop, concurrency: 1")).instead(
            "operators: shop",
            &format!(
                "operators: shop\n  not_applicable: [{{criterion: REL-08, absent: {absent}, because: no}}]"
            ),
        )
    };
    assert_eq!(excused("job").state("REL-08", "package"), State::Fail);
    let (_, state, why) = excused("singleton").said("REL-08", "package");
    assert_eq!(
        (state, &*why),
        (
            State::Fail,
            "there is a job, or something that has to be alone: `component/api`"
        )
    );
    assert_eq!(
        excused("singleton").state("REL-08", "component/api"),
        State::Unknown
    );
}

const WATCHED: &str = "
components: [{id: web, name: Web, kind: service, team: shop, tier: 1}]
checks:
  - {id: page, name: Page, component: web, probe: {http: {url: 'https://shop.example.com/'}}}
alerts:
  - {id: down, name: Down, severity: SEV1, when: {check_failing: {check: page}}}
failure_modes:
  - {id: gone, name: Gone, component: web, effect: E., cause: C., severity: 5, occurrence: 1, detection: 1, detected_by: [down]}
";

#[test]
fn a_detection_counts_only_while_what_it_rests_on_is_the_same() {
    let risk = || Fixture::new(WATCHED);
    let alone = risk().proved("MON-05", "alert/down", "drill", &[]);
    let whole = risk().proved(
        "MON-05",
        "alert/down",
        "drill",
        &["check/page", "escalation-policy/shop"],
    );
    for (fixture, state) in [(alone, State::Unknown), (whole, State::Pass)] {
        assert_eq!(fixture.state("MON-05", "alert/down"), state);
        assert_eq!(fixture.state("RSK-03", "failure-mode/gone"), state);
    }
}

#[test]
fn a_package_without_high_risks_can_pass_their_rehearsal() {
    let low = Fixture::new(&WATCHED.replace("severity: 5", "severity: 1"));
    assert_eq!(low.state("REH-01", "package"), State::Pass);
    let none = Fixture::new(API);
    assert_eq!(none.state("REH-01", "package"), State::Unknown);
}

#[test]
fn a_payment_that_is_never_tried_again_can_pass() {
    let once = Fixture::new(
        "components: [{id: ledger, name: Ledger, kind: service, team: shop}]
journeys: [{id: pay, name: Pay, moves: [money], depends_on: [{component: ledger, retry: none}]}]",
    );
    assert_eq!(once.state("DAT-05", "journey/pay"), State::Pass);
}

#[test]
fn a_rota_is_looked_at_within_a_turn_too() {
    let leaves = Fixture::new("").instead(
        "name: Bob Example, ",
        "name: Bob Example, left: 2026-12-03, ",
    );
    let (_, state, why) = leaves.said("ONC-01", "schedule/shop");
    assert_eq!(state, State::Fail);
    assert!(why.contains("`bob`"), "{why}");
    let mid_turn = Fixture::new("")
        .instead("[lead, second]", "[lead]")
        .instead("{person: ann}", "{person: ann, until: 2026-12-03}");
    assert_eq!(
        mid_turn.said("ONC-01", "schedule/shop").2,
        "nobody holds `lead`, whose turn it is, from 2026-12-03 on"
    );
}

#[test]
fn a_rota_that_is_not_looked_at_to_its_end_is_unknown() {
    let restless = Fixture::new("")
        .instead("2026-01-05T09:00,", "2026-01-05T09:00, turn: 1h,")
        .instead("at: 2026-12-08", "at: 2029-12-08");
    let (_, state, why) = restless.said("ONC-01", "schedule/shop");
    assert_eq!(state, State::Unknown);
    assert!(why.starts_with("its turns are so short"), "{why}");
}

#[test]
fn a_role_that_is_handed_back_reaches_nobody() {
    let over = Fixture::new("").instead("{person: bob}", "{person: bob, until: 2026-11-01}");
    assert_eq!(
        over.said("ONC-02", "escalation-policy/shop").2,
        "step 1 reaches nobody who is there; step 2 reaches nobody who is there; \
         it calls nobody but `ann`"
    );
}

#[test]
fn words_without_a_rule_are_not_ready() {
    let unruled = Fixture::new(API).file("comms.yaml", "comms: {rules: []}");
    assert_eq!(
        unruled.said("SUP-03", "comms").2,
        "nothing is promised for any severity, so no words are ready for one"
    );
}

#[test]
fn what_the_watcher_and_the_status_page_stand_on_counts_too() {
    let stands = |host: &str| {
        Fixture::new(&format!(
            "components:
  - {{id: cloud, name: Cloud, kind: vendor, team: shop}}
  - {{id: web, name: Web, kind: service, team: shop, attributes: {{vendor: v, region: r}}, depends_on: [{{component: cloud}}]}}
  - {{id: rack, name: Rack, kind: network, team: shop{host}}}
  - {{id: host, name: Host, kind: vendor, team: shop, depends_on: [{{component: rack}}]}}
journeys: [{{id: buy, name: Buy, depends_on: [{{component: web}}]}}]
checks:
  - {{id: page, name: Page, component: web, journey: buy, probe: {{http: {{url: 'https://shop.example.com/', body_contains: Buy}}}}}}
comms: {{status_page: {{name: Status, hosted_on: host}}, rules: []}}
"
        ))
        .instead("operators: shop", "operators: shop\n  runs_on: [host]")
    };
    let apart = stands("");
    assert_eq!(apart.state("SUP-01", "comms"), State::Unknown);
    assert_eq!(apart.state("MON-07", "journey/buy"), State::Unknown);
    for host in [
        ", depends_on: [{component: cloud}]",
        ", attributes: {vendor: v, region: r}",
    ] {
        let shared = stands(host);
        assert_eq!(shared.state("SUP-01", "comms"), State::Fail, "{host}");
        assert_eq!(shared.state("MON-07", "journey/buy"), State::Fail, "{host}");
    }
}

#[test]
fn a_certificate_says_nothing_of_the_page_behind_it() {
    let tls = Fixture::new(
        "components: [{id: web, name: Web, kind: service, team: shop}]
journeys: [{id: buy, name: Buy, depends_on: [{component: web}]}]
checks: [{id: cert, name: Certificate, component: web, journey: buy, probe: {tls: {host: shop.example.com}}}]",
    );
    let (_, _, why) = tls.said("MON-07", "journey/buy");
    assert!(
        why.starts_with("no check of it looks at what it shows"),
        "{why}"
    );
}

#[test]
fn a_load_test_of_no_journey_is_of_all_that_is_deployed() {
    let whole = Fixture::new(API).instead(
        "director: lead",
        "director: lead, demand: {unit: orders, base: 10, peak: 20, owner: lead}",
    );
    let rest = "result: pass, observed_at: 2026-11-30T09:00:00Z, actor: ci, measured: 40";
    let unbound = whole.record("CAP-02", "package", "artifact", &[], rest);
    assert_eq!(unbound.state("CAP-02", "package"), State::Unknown);
    let bound = unbound.record(
        "CAP-02",
        "package",
        "artifact",
        &["component/api"],
        &rest.replace("T09", "T10"),
    );
    assert_eq!(bound.state("CAP-02", "package"), State::Pass);
}

#[test]
fn one_declared_tool_does_not_speak_for_the_others() {
    let chat = Fixture::new(
        "components: [{id: chat, name: Chat, kind: tool, team: shop, used_for: [chat, paging]}]",
    );
    let (_, state, why) = chat.said("DEP-08", "package");
    assert_eq!(
        (state, &*why),
        (
            State::Unknown,
            "nothing is declared for deploy, so nobody knows what it falls with"
        )
    );
}

#[test]
fn every_flow_of_money_is_compared() {
    let flow = |id: &str| {
        format!(
            "  - id: {id}
    name: {id}
    component: ledger
    journey: pay
    start: {{source: provider, event: [{id}.begun], key: id}}
    end: {{source: provider, event: [{id}.ended], key: id}}
    deadline: 5m
    agree: [{{start: amount, end: amount}}]
"
        )
    };
    let second = Fixture::new(&format!(
        "components: [{{id: ledger, name: Ledger, kind: service, team: shop}}]
journeys: [{{id: pay, name: Pay, moves: [money], depends_on: [{{component: ledger}}]}}]
sources: [{{id: provider, name: Provider, kind: cloudevents}}]
flows:
{}{}alerts:
  - {{id: lost, name: Lost, severity: SEV1, when: {{flow_overdue: {{flow: charge}}}}}}
  - {{id: wrong, name: Wrong, severity: SEV1, when: {{flow_mismatch: {{flow: charge}}}}}}
",
        flow("charge"),
        flow("refund")
    ));
    let (_, state, why) = second.said("DAT-04", "journey/pay");
    assert_eq!(state, State::Fail);
    for part in [
        "nobody hears when an end of `refund` does not come",
        "nobody hears when amounts of `refund` differ",
    ] {
        assert!(why.contains(part), "{why}");
    }
}

#[test]
fn what_is_put_off_for_years_is_not_treated() {
    let risk = |more: &str| {
        Fixture::new(&WATCHED.replace(
            "detected_by: [down]",
            &format!("detected_by: [down], {more}"),
        ))
        .said("RSK-04", "failure-mode/gone")
    };
    for (more, why) in [
        (
            "accepted: {by: lead, until: 2099-01-01, reason: It is rare.}",
            "it is accepted until 2099-01-01, which is more than a year away",
        ),
        (
            "actions: [{what: A second region, owner: lead, due: 2099-01-01}]",
            "\"A second region\" is due on 2099-01-01 only, which is more than a year away",
        ),
    ] {
        let (_, state, said) = risk(more);
        assert_eq!((state, &*said), (State::Fail, why));
    }
    let soon = "accepted: {by: lead, until: 2027-01-01, reason: It is rare.}";
    assert_eq!(risk(soon).1, State::Pass);
}

#[test]
fn somebody_to_be_named_is_no_second_person() {
    let pair = |second: &str| {
        Fixture::new(&API.replace(
            "team: shop",
            "team: shop, rollback: {trigger: T., command: C., budget: 5m, decider: second}",
        ))
        .instead(
            "holders: [{person: bob}]",
            "holders: [{person: bob}, {person: new}]",
        )
        .file(
            "new.yaml",
            &format!("people: [{{id: new, name: New Example{second}}}]"),
        )
        .said("OWN-03", "role/second")
    };
    assert_eq!(pair("").1, State::Pass);
    let (_, state, why) = pair(", placeholder: true");
    assert_eq!(state, State::Fail);
    assert!(why.starts_with("nobody but `bob` can"), "{why}");
}

#[test]
fn a_word_that_would_never_count_is_not_kept() {
    let polled = Fixture::new(API).instead(
        "director: lead",
        "director: lead, poll: [{area: Shop, role: lead}]",
    );
    let package = polled.load();
    let graph = Graph::new(&package);
    let now: jiff::Timestamp = NOW.parse().unwrap();
    let case = Case::new(&package, polled.text(), &graph, &[], now);
    let vote = |actor: &str, reviewer: &str| {
        let said = format!(
            "result: pass, observed_at: 2026-12-01T11:00:00Z, actor: {actor}, reviewer: {reviewer}"
        );
        let written = Fixture::new(API).record("REH-03", "role/lead", "attest", &[], &said);
        let record = written.load().evidence[0].clone();
        recording::bind(record, &case, &[]).map_err(|refusal| refusal.why)
    };
    assert!(vote("ann", "bob").is_ok());
    assert_eq!(
        vote("bob", "ann").unwrap_err(),
        "it would not count: `bob` voted, and does not hold `lead`"
    );
}

#[test]
fn a_switched_off_foundation_does_not_take_the_board_along() {
    let off = |id: &str| {
        Fixture::new(
            &"components:
  - {id: web, name: Web, kind: service, team: shop}
  - {id: ledger, name: Ledger, kind: service, team: shop}
journeys:
  - {id: look, name: Look, depends_on: [{component: web}]}
  - {id: pay, name: Pay, depends_on: [{component: web}, {component: ledger}]}
"
            .replace(
                &format!("{{id: {id}, "),
                &format!("{{id: {id}, off: not yet, "),
            ),
        )
        .ask("MON-01")
    };
    assert!(
        off("ledger")
            .iter()
            .all(|(subject, ..)| subject != "package")
    );
    let (_, state, why) = off("web").remove(0);
    assert_eq!(state, State::Unknown);
    assert!(
        why.starts_with("every critical journey is switched off"),
        "{why}"
    );
}

#[test]
fn only_following_a_runbook_says_that_nothing_changed_since() {
    let read = |method: &str| {
        Fixture::new(API)
            .file(
                "runbooks/api-down.md",
                "---\ntitle: The API is down\nowner: lead\ncovers: [api]\n---\n# The API is down\n",
            )
            .record(
                "RBK-03",
                "runbook/api-down",
                method,
                &["component/api"],
                "result: pass, observed_at: 2026-11-30T09:00:00Z, actor: bob",
            )
            .state("RBK-07", "runbook/api-down")
    };
    assert_eq!(read("drill"), State::Pass);
    assert_eq!(read("probe"), State::Unknown);
}
