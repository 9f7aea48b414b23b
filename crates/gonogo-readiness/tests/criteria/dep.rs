//! Architecture and dependencies.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

/// An API with one dependency on a database.
fn api(dependency: &str) -> Fixture {
    Fixture::new(&format!(
        "components:
  - {{id: api, name: API, kind: service, team: shop, depends_on: [{dependency}]}}
  - {{id: db, name: DB, kind: datastore, team: shop}}
journeys:
  - {{id: pay, name: Pay, owner: lead, depends_on: [{{component: api}}]}}
"
    ))
}

const RUNBOOK: &str = "---\ntitle: Down\nowner: lead\ncovers: [api]\n---\n## Triage\n";

const ALERTS: &str = "
checks:
  - {id: api-up, name: API is up, component: api, probe: {http: {url: https://api.example.com}}}
  - {id: db-up, name: DB is up, component: db, probe: {http: {url: https://db.example.com}}}
alerts:
  - {id: api-down, name: API is down, severity: SEV1, when: {check_failing: {check: api-up}}}
  - {id: db-down, name: DB is down, severity: SEV1, when: {check_failing: {check: db-up}}}
";

#[test]
fn dep_01_finds_groups_that_ask_for_too_much() {
    assert_eq!(
        api("{component: db}").state("DEP-01", "component/api"),
        State::Pass
    );
    let group = api("{component: db, group: replicas, needs: 2}");
    assert_eq!(
        group.said("DEP-01", "component/api"),
        (
            "component/api".into(),
            State::Fail,
            "the group `replicas` needs 2 and has 1".into()
        )
    );
}

#[test]
fn dep_01_finds_what_is_not_declared() {
    let dangling = api("{component: cache}, {component: db, runbook: gone}");
    let (_, state, why) = dangling.said_unsound("DEP-01", "component/api");
    assert_eq!(
        (state, &*why),
        (
            State::Fail,
            "there is no component `cache`, which it needs; there is no runbook `gone` for when `db` fails"
        )
    );
}

#[test]
fn dep_02_asks_whether_the_answer_is_waited_for() {
    assert_eq!(
        api("{component: db, mode: sync}").state("DEP-02", "component/api"),
        State::Pass
    );
    assert_eq!(
        api("{component: db}").said("DEP-02", "component/api").2,
        "whether it waits for `db` is not written"
    );
    assert_eq!(
        api("{component: db, kind: startup}").state("DEP-02", "component/api"),
        State::Pass
    );
}

#[test]
fn dep_03_wants_a_signal_a_bound_and_a_runbook() {
    let said = api("{component: db}").said("DEP-03", "component/api");
    assert_eq!(
        said.2,
        "no alert tells of the failure of `db`; no runbook says what to do without `db`; \
         what happens here without `db` is not written; how long it waits for `db` is not written; \
         how it tries `db` again is not written"
    );
    let whole = api(
        "{component: db, mode: sync, timeout: 2s, retry: none, when_it_fails: 503 at once, runbook: down}",
    )
    .file("runbooks/down.md", RUNBOOK)
    .file("alerts.yaml", ALERTS);
    assert_eq!(whole.state("DEP-03", "component/api"), State::Pass);
    assert_eq!(whole.state("DEP-03", "journey/pay"), State::Pass);
    let soft = api("{component: db, kind: soft}");
    assert!(!soft.ask("DEP-03").iter().any(|a| a.0 == "component/api"));
}

#[test]
fn dep_04_is_asked_again_when_the_declaration_changes() {
    let seen = api("{component: db}").proved("DEP-04", "component/api", "probe", &[]);
    assert_eq!(seen.state("DEP-04", "component/api"), State::Pass);
    let less = seen.instead_of_more("depends_on: [{component: db}]", "depends_on: []");
    assert_eq!(less.state("DEP-04", "component/api"), State::Stale);
}

#[test]
fn dep_05_names_the_circle() {
    assert_eq!(
        api("{component: db}").state("DEP-05", "package"),
        State::Pass
    );
    let circle = Fixture::new(
        "components:
  - {id: a, name: A, kind: service, team: shop, depends_on: [{component: b}]}
  - {id: b, name: B, kind: service, team: shop, depends_on: [{component: a, kind: startup}]}
",
    );
    assert_eq!(
        circle.said("DEP-05", "component/a"),
        (
            "component/a".into(),
            State::Fail,
            "it needs itself: `a` → `b` → `a`".into()
        )
    );
}

#[test]
fn dep_06_wants_single_points_that_somebody_lives_with() {
    let mode = |more: &str| {
        format!(
            "failure_modes: [{{id: down, name: Down, component: db, effect: Off., cause: Full., severity: 4, occurrence: 2, detection: 2{more}}}]"
        )
    };
    let unknown = api("{component: db}").said("DEP-06", "component/db");
    assert_eq!(
        (unknown.1, &*unknown.2),
        (
            State::Fail,
            "`pay` falls with it alone, and no failure mode says so"
        )
    );
    let known = |more: &str| {
        let fixture = api("{component: db}").file("risks.yaml", &mode(more));
        let (_, state, why) = fixture.said("DEP-06", "component/db");
        (state, why)
    };
    assert_eq!(
        known(""),
        (
            State::Fail,
            "`pay` falls with it alone, and nobody has accepted that".into()
        )
    );
    let accepted = ", accepted: {by: lead, until: 2027-01-01, reason: A standby follows}";
    assert_eq!(known(accepted).0, State::Pass);
    assert_eq!(known(&accepted.replace("2027", "2026")).0, State::Fail);
    let planned = ", actions: [{what: A standby, owner: lead, due: 2027-01-01}]";
    assert_eq!(known(planned).0, State::Pass);
    let soft = api("{component: db, kind: soft}");
    assert!(!soft.ask("DEP-06").iter().any(|a| a.0 == "component/db"));
}

/// An API on one of two replicas.
fn replicas(a: &str, b: &str) -> Fixture {
    Fixture::new(&format!(
        "components:
  - {{id: api, name: API, kind: service, team: shop, depends_on: [{{component: a, group: copies, needs: 1}}, {{component: b, group: copies, needs: 1}}]}}
  - {{id: a, name: A, kind: datastore, team: shop{a}}}
  - {{id: b, name: B, kind: datastore, team: shop{b}}}
  - {{id: disk, name: Disk, kind: network, team: shop}}
"
    ))
}

#[test]
fn dep_07_finds_redundancy_that_is_none() {
    let apart = replicas(
        ", attributes: {region: west}",
        ", attributes: {region: east}",
    );
    assert_eq!(apart.state("DEP-07", "component/api"), State::Pass);
    let together = replicas(
        ", attributes: {region: west}",
        ", attributes: {region: west}",
    );
    assert_eq!(
        together.said("DEP-07", "component/api").2,
        "of the group `copies`, `a` and `b` share `region: west`"
    );
    let on = ", depends_on: [{component: disk}]";
    assert_eq!(
        replicas(on, on).said("DEP-07", "component/api").2,
        "of the group `copies`, `a` and `b` fall with `disk`"
    );
    let changed = ", depends_on: [{component: disk, kind: control-plane}]";
    assert_eq!(
        replicas(changed, changed).said("DEP-07", "component/api").2,
        "of the group `copies`, `a` and `b` are changed through `disk`"
    );
    assert_eq!(
        api("{component: db}").said("DEP-07", "package").2,
        "the package has no redundancy"
    );
}

#[test]
fn dep_08_finds_tools_that_fall_with_what_they_mend() {
    let chat = |more: &str| {
        api("{component: db}").file(
            "tools.yaml",
            &format!(
                "components:
  - {{id: chat, name: Chat, kind: tool, team: shop, used_for: [chat], depends_on: [{{component: api}}]}}
{more}"
            ),
        )
    };
    let (_, state, why) = chat("").said("DEP-08", "component/chat");
    assert_eq!(state, State::Fail);
    assert_eq!(
        why,
        "when `api` is down, nothing is left for chat (it → `api`); \
         when `db` is down, nothing is left for chat (it → `api` → `db`)"
    );
    let second = chat("  - {id: bridge, name: Bridge, kind: tool, team: shop, used_for: [chat]}\n");
    assert_eq!(second.state("DEP-08", "component/chat"), State::Pass);
    let undeclared = api("{component: db}").said("DEP-08", "package");
    assert_eq!(undeclared.1, State::Unknown);
}

#[test]
fn dep_08_finds_repairs_that_need_what_is_down() {
    let repaired = Fixture::new(
        "components:
  - {id: db, name: DB, kind: datastore, team: shop, depends_on: [{component: console, kind: recovery}]}
  - {id: console, name: Console, kind: tool, team: shop, depends_on: [{component: db}]}
",
    );
    assert_eq!(
        repaired.said("DEP-08", "component/db").2,
        "it is mended with `console`, which is down whenever it is (`console` → `db`)"
    );
}

#[test]
fn dep_09_does_the_sum() {
    let promise = |target: &str, db: &str| {
        Fixture::new(&format!(
            "components:
  - {{id: api, name: API, kind: service, team: shop, availability: {target}, depends_on: [{{component: db}}]}}
  - {{id: db, name: DB, kind: datastore, team: shop{db}}}
"
        ))
    };
    let kept = promise("99.5%", ", availability: 99.9%");
    assert_eq!(kept.state("DEP-09", "component/api"), State::Pass);
    let above = promise("99.95%", ", availability: 99.9%").said("DEP-09", "component/api");
    assert_eq!(
        (above.1, &*above.2),
        (
            State::Fail,
            "it promises 99.95%, and what it needs allows 99.9% at most; `db` promises 99.9%"
        )
    );
    let silent = promise("99.5%", "").said("DEP-09", "component/api");
    assert_eq!(
        (silent.1, &*silent.2),
        (State::Unknown, "`db`, which it needs, promises nothing")
    );
}

#[test]
fn dep_09_says_when_there_is_nothing_to_add_up() {
    let slo = Fixture::new(
        "components: [{id: api, name: API, kind: service, team: shop}]
checks:
  - {id: up, name: Up, component: api, probe: {http: {url: https://api.example.com}}}
journeys: [{id: pay, name: Pay, owner: lead, depends_on: [{component: api}]}]
slos: [{id: pay, name: Pay, journey: pay, sli: {check: up}, target: 99.9%}]
",
    );
    let (_, state, why) = slo.said("DEP-09", "package");
    assert_eq!(
        (state, &*why),
        (
            State::Unknown,
            "nothing that an SLO stands on says what it promises"
        )
    );
}

#[test]
fn dep_10_wants_what_is_needed_to_matter_as_much() {
    let tiers = |api: u8, db: u8| {
        Fixture::new(&format!(
            "components:
  - {{id: api, name: API, kind: service, team: shop, tier: {api}, depends_on: [{{component: db}}]}}
  - {{id: db, name: DB, kind: datastore, team: shop, tier: {db}}}
"
        ))
    };
    assert_eq!(tiers(2, 1).state("DEP-10", "component/api"), State::Pass);
    assert_eq!(
        tiers(1, 2).said("DEP-10", "component/api"),
        (
            "component/api".into(),
            State::Fail,
            "it cannot do without `db`, which is of tier 2 and has to be of tier 1 or a more important one".into()
        )
    );
}

#[test]
fn dep_11_is_bound_to_everything_below_a_journey() {
    let asked = api("{component: db}");
    assert_eq!(asked.state("DEP-11", "journey/pay"), State::Unknown);
    let part = asked.proved("DEP-11", "journey/pay", "attest", &["component/api"]);
    let (_, state, why) = part.said("DEP-11", "journey/pay");
    assert_eq!(state, State::Unknown);
    assert!(why.contains("component/db"), "{why}");
    let whole = api("{component: db}").proved(
        "DEP-11",
        "journey/pay",
        "attest",
        &["component/api", "component/db"],
    );
    assert_eq!(whole.state("DEP-11", "journey/pay"), State::Pass);
}

#[test]
fn dep_12_wants_dependants_that_can_be_told() {
    assert_eq!(
        api("{component: db}").state("DEP-12", "component/db"),
        State::Pass
    );
    let silent = api("{component: db}").instead(
        "contacts: [{channel: ntfy, to: https://push.example.com/ann}]",
        "contacts: []",
    );
    assert_eq!(
        silent.said("DEP-12", "component/db").2,
        "`api` needs it, and nobody who answers for that can be told"
    );
    assert_eq!(
        silent.said("DEP-12", "component/api").2,
        "`pay` needs it, and nobody who answers for that can be told"
    );
}

#[test]
fn dep_13_wants_a_fallback_that_was_tried() {
    let written = api("{component: db, kind: soft, fallback: the last page is shown}");
    assert_eq!(written.state("DEP-13", "component/api"), State::Unknown);
    let tried = written.proved("DEP-13", "component/api", "drill", &[]);
    assert_eq!(tried.state("DEP-13", "component/api"), State::Pass);
    assert_eq!(
        tried.ask_at("DEP-13", "2027-03-01T00:00:00Z")[0].1,
        State::Stale
    );
    let bare = api("{component: db, kind: soft}").proved("DEP-13", "component/api", "drill", &[]);
    assert_eq!(
        bare.said("DEP-13", "component/api").2,
        "what is done instead of `db` is not written"
    );
    let none = api("{component: db}");
    assert_eq!(
        none.said("DEP-13", "package").2,
        "the package has no soft-dependency"
    );
}

#[test]
fn dep_14_wants_feeds_with_limits() {
    let feed = |more: &str| {
        Fixture::new(&format!(
            "components:
  - {{id: routes, name: Routes, kind: config-feed, team: shop{more}}}
  - {{id: api, name: API, kind: service, team: shop, depends_on: [{{component: routes}}]}}
"
        ))
    };
    let bounded = feed(", limits: [{name: entries, max: 100}], validation: refused when longer");
    assert_eq!(bounded.state("DEP-14", "component/routes"), State::Pass);
    assert_eq!(
        feed("").said("DEP-14", "component/routes").2,
        "how large it may be, and of what shape, is not written; \
         how it is validated before it is used is not written"
    );
}
