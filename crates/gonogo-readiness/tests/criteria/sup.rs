//! Support and communication.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

const GRAPH: &str = "
components:
  - {id: web, name: Web, kind: service, team: shop, public: {name: Shop}, attributes: {vendor: cloud, region: west}, depends_on: [{component: net}]}
  - {id: net, name: Net, kind: network, team: shop}
  - {id: host, name: Host, kind: vendor, team: shop, attributes: {vendor: other, region: east}}
journeys: [{id: buy, name: Buy, depends_on: [{component: web}]}]
failure_modes:
  - {id: web-gone, name: Web is gone, component: web, journeys: [buy], effect: E., cause: C., severity: 4, occurrence: 3, detection: 1}
";
const COMMS: &str = "
comms:
  status_page: {name: Status, hosted_on: host}
  rules:
    - {severity: SEV1, first_update: 10m, cadence: 20m, owner: lead, backup: second, templates: [a, b, c, d]}
    - {severity: SEV2, first_update: 20m, cadence: 30m, owner: lead, backup: second, templates: [a, b, c, d]}
    - {severity: SEV3, first_update: 60m, cadence: 2h, owner: lead, backup: second, templates: [a, b, c, d]}
";
const SUPPORT: &str = "
support:
  role: lead
  routing: [{symptom: It does not open, journey: buy, queue: q, escalate_to: shop}]
  macros: [{failure_modes: [web-gone], tag: web, body: We are on it.}]
  threshold: {tickets: 5, within: 10m, page: shop}
  declare: the button
  affected_customers: the nightly list
";

fn shop() -> Fixture {
    with(GRAPH, COMMS, SUPPORT)
}

fn with(graph: &str, comms: &str, support: &str) -> Fixture {
    let mut fixture = Fixture::new(graph)
        .file("comms.yaml", comms)
        .file("support.yaml", support);
    for (name, state) in [
        ("a", "investigating"),
        ("b", "identified"),
        ("c", "monitoring"),
        ("d", "resolved"),
    ] {
        let text = format!(
            "---\nstate: {state}\ntitle: T\n---\nSince {{since}}: {{journeys}}. No data was lost. We write again by {{next_update}}.\n"
        );
        fixture = fixture.file(&format!("comms/templates/{name}.md"), &text);
    }
    fixture
}

fn swap(text: &str, of: &str, write: &str) -> String {
    assert!(text.contains(of), "there is no {of:?}");
    text.replacen(of, write, 1)
}

#[test]
fn sup_01_keeps_the_page_apart_from_what_it_tells_of() {
    let apart = shop().proved("SUP-01", "comms", "drill", &["component/host"]);
    assert_eq!(
        apart.state("SUP-01", "comms"),
        State::Pass,
        "{:?}",
        apart.ask("SUP-01")
    );
    let on_net = with(
        GRAPH,
        &swap(COMMS, "hosted_on: host", "hosted_on: net"),
        SUPPORT,
    );
    assert!(
        on_net
            .said("SUP-01", "comms")
            .2
            .starts_with("it stands on `net`")
    );
    let same = with(
        &swap(
            GRAPH,
            "{vendor: other, region: east}",
            "{vendor: cloud, region: west}",
        ),
        COMMS,
        SUPPORT,
    );
    assert!(
        same.said("SUP-01", "comms")
            .2
            .starts_with("it stands in the same region as `web`")
    );
}

#[test]
fn sup_02_maps_journeys_to_public_names() {
    assert_eq!(shop().state("SUP-02", "journey/buy"), State::Pass);
    let hidden = with(&swap(GRAPH, "public: {name: Shop}, ", ""), COMMS, SUPPORT);
    assert_eq!(
        hidden.said("SUP-02", "journey/buy").2,
        "no public component stands for it"
    );
    let noise = with(
        &swap(
            GRAPH,
            "{id: host, name: Host,",
            "{id: host, name: Host, public: {name: Host},",
        ),
        COMMS,
        SUPPORT,
    );
    assert_eq!(noise.state("SUP-02", "component/host"), State::Fail);
}

#[test]
fn sup_03_wants_words_for_each_state_that_may_be_sent() {
    assert_eq!(shop().state("SUP-03", "comms"), State::Pass);
    let lacking = with(GRAPH, &COMMS.replace("[a, b, c, d]", "[a, b, d]"), SUPPORT);
    assert!(
        lacking
            .said("SUP-03", "comms")
            .2
            .starts_with("SEV1 has no words for `monitoring`")
    );
    let promised = shop().file("comms/templates/a.md", "---\nstate: investigating\ntitle: T\n---\nSince {since}: {journeys}. It will be fixed soon. {next_update}\n");
    assert_eq!(
        promised.said("SUP-03", "template/a").2,
        "`will be fixed` promises when it will be over"
    );
    let headline = shop().file("comms/templates/a.md", "---\nstate: investigating\ntitle: Degraded performance\n---\nSince {since}: {journeys}. We write again by {next_update}.\n");
    assert_eq!(
        headline.said("SUP-03", "template/a").2,
        "`degraded performance` does not say what customers notice"
    );
    let silent = with(
        GRAPH,
        "comms: {status_page: {name: Status, hosted_on: host}}",
        SUPPORT,
    );
    assert_eq!(
        silent.said("SUP-03", "comms").2,
        "nothing is promised for any severity, so no words are ready for one"
    );
    assert_eq!(
        Fixture::new("").said("SUP-03", "comms").2,
        "nothing says how customers are told"
    );
}

#[test]
fn sup_04_wants_somebody_else_to_stand_in() {
    assert_eq!(shop().state("SUP-04", "comms"), State::Pass);
    let same = with(
        GRAPH,
        &COMMS.replace("backup: second", "backup: lead"),
        SUPPORT,
    );
    assert!(
        same.said("SUP-04", "comms")
            .2
            .contains("`ann` stands in for themselves at SEV1")
    );
    let late = with(
        GRAPH,
        &swap(COMMS, "first_update: 10m", "first_update: 30m"),
        SUPPORT,
    );
    assert_eq!(
        late.said("SUP-04", "comms").2,
        "the first word of SEV1 comes after 30m"
    );
}

#[test]
fn sup_05_wants_an_answer_and_a_way_for_each_failure() {
    assert_eq!(shop().state("SUP-05", "support"), State::Unknown);
    assert_eq!(
        shop()
            .proved("SUP-05", "support", "drill", &[])
            .state("SUP-05", "support"),
        State::Pass
    );
    let mute = with(
        GRAPH,
        COMMS,
        &swap(SUPPORT, "failure_modes: [web-gone], ", ""),
    );
    assert!(
        mute.said("SUP-05", "support")
            .2
            .starts_with("there is no answer ready for `web-gone`")
    );
    assert_eq!(
        Fixture::new("").said("SUP-05", "support").2,
        "nothing says how support works"
    );
}

#[test]
fn sup_05_reads_the_answers_as_customers_would() {
    let said = |of: &str, write: &str| {
        let (_, state, why) =
            with(GRAPH, COMMS, &swap(SUPPORT, of, write)).said("SUP-05", "support");
        assert_eq!(state, State::Fail);
        why
    };
    assert!(
        said(
            "body: We are on it.",
            "body: Our upstream provider is down."
        )
        .starts_with("in the answer `web`, `upstream provider` puts it on somebody else")
    );
    assert!(
        said(
            "macros: [",
            "macros: [{failure_modes: [web-gone], tag: web, body: We know.}, "
        )
        .starts_with("two answers have the tag `web`")
    );
    assert!(
        said("journey: buy, ", "")
            .starts_with("what customers say about `buy` leads nowhere; what customers say about `web-gone` leads nowhere")
    );
    let nobody = shop().instead("holders: [{person: ann}]", "holders: []");
    assert!(
        nobody
            .said("SUP-05", "support")
            .2
            .starts_with("nobody holds `lead`, which answers customers")
    );
}

#[test]
fn sup_05_asks_nothing_about_what_is_switched_off() {
    let off = swap(
        GRAPH,
        "{id: web, name: Web,",
        "{id: web, off: Not sold yet., name: Web,",
    );
    let without = swap(SUPPORT, "failure_modes: [web-gone], ", "");
    let without = swap(&without, "journey: buy, ", "");
    let (_, state, why) = with(&off, COMMS, &without).said("SUP-05", "support");
    assert_eq!(
        (state, &*why),
        (State::Unknown, "no evidence yet: this needs a drill")
    );
}

#[test]
fn sup_06_is_voided_by_another_policy() {
    let tried = shop().proved("SUP-06", "support", "drill", &["escalation-policy/shop"]);
    assert_eq!(tried.state("SUP-06", "support"), State::Pass);
    let changed = tried.instead("fallback: {role: lead}", "fallback: {role: second}");
    assert_eq!(changed.state("SUP-06", "support"), State::Stale);
    let none = with(GRAPH, COMMS, &swap(SUPPORT, "tickets: 5", "tickets: 0"));
    assert_eq!(
        none.said("SUP-06", "support").2,
        "no number of tickets in no time is no threshold"
    );
}

#[test]
fn sup_06_and_07_want_a_rule_and_a_list_that_were_tried() {
    for (criterion, line, why) in [
        (
            "SUP-06",
            "  threshold: {tickets: 5, within: 10m, page: shop}\n",
            "however many tickets come, they page nobody",
        ),
        (
            "SUP-07",
            "  affected_customers: the nightly list\n",
            "how the affected customers are listed without the product is not written",
        ),
    ] {
        assert_eq!(shop().state(criterion, "support"), State::Unknown);
        assert_eq!(
            shop()
                .proved(criterion, "support", "drill", &["escalation-policy/shop"])
                .state(criterion, "support"),
            State::Pass
        );
        let without = with(GRAPH, COMMS, &swap(SUPPORT, line, ""));
        assert_eq!(without.said(criterion, "support").2, why);
    }
}
