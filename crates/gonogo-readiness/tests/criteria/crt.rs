//! What expires.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;
use crate::rbk::JUST_NOW;

const EDGE: &str = "
components: [{id: edge, name: Edge, kind: network, team: shop}]
checks:
  - {id: cert, name: Certificate, component: edge, probe: {tls: {host: app.example.com}}}
  - {id: up, name: Up, component: edge, probe: {http: {url: 'https://app.example.com:443/health'}}}
";
const CERT: &str = "expiring/app-cert";

fn listed(entries: &str) -> Fixture {
    Fixture::new(&format!("{EDGE}expiring:\n{entries}"))
}

fn certificate(more: &str) -> String {
    format!(
        "  - {{id: app-cert, name: App, kind: certificate, component: edge, checks: [cert], renewal: by itself, owner: lead{more}}}\n"
    )
}

fn domain(more: &str) -> String {
    format!(
        "  - {{id: example-com, name: example.com at the registrar, kind: domain, component: edge, renewal: by itself, owner: lead{more}}}\n"
    )
}

#[test]
fn crt_01_compares_what_is_asked_with_what_is_listed() {
    let whole = || {
        listed(&format!(
            "{}{}",
            certificate(""),
            domain(", expires: 2028-01-01")
        ))
    };
    for subject in ["check/cert", "check/up", CERT, "expiring/example-com"] {
        assert_eq!(whole().state("CRT-01", subject), State::Pass, "{subject}");
    }
    assert_eq!(whole().state("CRT-01", "package"), State::Unknown);
    let swept = whole().proved("CRT-01", "package", "probe", &[]);
    assert_eq!(swept.state("CRT-01", "package"), State::Pass);

    let nothing = Fixture::new(EDGE);
    assert_eq!(
        nothing.said("CRT-01", "check/up").2,
        "the certificate of `app.example.com` is in no entry; the domain of `app.example.com` is in no entry"
    );
    let vague = listed(&format!(
        "{}{}",
        certificate("").replace(", checks: [cert]", ""),
        domain("")
    ));
    assert_eq!(
        vague.said("CRT-01", CERT).2,
        "no check reads it where it is served"
    );
    assert_eq!(
        vague.said("CRT-01", "expiring/example-com").2,
        "when it expires is not written, and no check reads it"
    );
    // `example.com` is not the domain of `notexample.com`.
    let other = whole().instead_of_more("{host: app.example.com}", "{host: app.notexample.com}");
    assert_eq!(
        other.said("CRT-01", "check/cert").2,
        "the domain of `app.notexample.com` is in no entry"
    );
}

#[test]
fn crt_02_wants_the_chain_and_old_clients() {
    let said = |tried: &str| {
        listed(&certificate(""))
            .record(
                "CRT-02",
                CERT,
                "probe",
                &["check/cert"],
                &format!("{JUST_NOW}, tried: [{tried}]"),
            )
            .said("CRT-02", CERT)
    };
    assert_eq!(said("chain, old-client").1, State::Pass);
    let (_, state, why) = said("chain");
    assert_eq!(
        (state, &*why),
        (
            State::Unknown,
            "the record does not say that `old-client` was tried"
        )
    );
}

#[test]
fn crt_03_looks_at_what_is_served_and_at_dates() {
    let seen = listed(&certificate("")).record("CRT-03", CERT, "probe", &["check/cert"], JUST_NOW);
    assert_eq!(seen.state("CRT-03", CERT), State::Pass);
    let hours_ago = seen.ask_at("CRT-03", "2026-12-01T13:00:00Z");
    assert_eq!(hours_ago[0].1, State::Stale);

    // The launch is on 8 December and is watched for a week; 30 days later is 14 January.
    let said = |more: &str| listed(&domain(more)).said("CRT-03", "expiring/example-com");
    assert_eq!(said(", expires: 2027-01-15").1, State::Pass);
    assert_eq!(
        said(", expires: 2027-01-14").2,
        "it expires on 2027-01-14, less than 30 days after the launch was watched"
    );
    assert_eq!(said(", expires: 2026-11-30").2, "it expired on 2026-11-30");
    assert_eq!(
        said(", expires: 2028-01-01, renew_before: 7d").2,
        "its renewal begins only 7d before its end"
    );
    assert_eq!(said("").1, State::Unknown);
}

#[test]
fn crt_04_wants_a_teams_address_that_somebody_reads() {
    let both = |address: &str| {
        let more = format!(", notices_to: '{address}'");
        listed(&format!("{}{}", certificate(&more), domain(&more)))
    };
    let team = both("team@example.com");
    assert_eq!(team.state("CRT-04", CERT), State::Unknown);
    assert_eq!(
        team.state("CRT-04", "expiring/example-com"),
        State::Pass,
        "one address is asked for once"
    );
    let read = team.proved("CRT-04", CERT, "drill", &[]);
    assert_eq!(read.state("CRT-04", CERT), State::Pass);
    assert_eq!(
        both("https://push.example.com/ANN").said("CRT-04", CERT).2,
        "notices of its expiry go to Ann Example alone"
    );
    assert_eq!(
        listed(&certificate("")).said("CRT-04", CERT).2,
        "where notices of its expiry go is not written"
    );
}

#[test]
fn crt_05_wants_a_second_opinion_and_a_card() {
    let (_, state, why) = listed(&domain("")).said("CRT-05", "expiring/example-com");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with(
            "nothing else tells that it was renewed; which card pays for its renewal is in no entry"
        ),
        "{why}"
    );
    let by_hand = listed(&domain("").replace("by itself", "by hand in the console"));
    assert_eq!(by_hand.state("CRT-05", "expiring/example-com"), State::Pass);
    let seen = listed(&certificate(", second_check: the transparency log"));
    assert_eq!(seen.state("CRT-05", CERT), State::Unknown);
    let seen = seen.proved("CRT-05", CERT, "probe", &[]);
    assert_eq!(seen.state("CRT-05", CERT), State::Pass);
}
