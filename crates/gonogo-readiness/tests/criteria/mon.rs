//! Signals and alerts.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

const SHOP: &str = "
components:
  - {id: web, name: Web, kind: service, team: shop, attributes: {vendor: cloud, region: west}}
  - {id: host, name: Host, kind: vendor, team: shop, attributes: {vendor: other, region: east}}
  - id: store
    name: Store
    kind: datastore
    team: shop
    limits: [{name: connections, max: 100, alert: web-down, alert_at: 75%}]
  - {id: export, name: Export, kind: job, team: shop}
journeys:
  - {id: buy, name: Buy, owner: lead, moves: [money], depends_on: [{component: web}]}
sources:
  - {id: till, name: Till, kind: cloudevents, component: web, secrets: ['${env:TILL}'], silent_after: 2h}
flows:
  - id: paid
    name: Paid
    component: web
    journey: buy
    start: {source: till, event: [order], key: data.id}
    end: {source: till, event: [paid], key: data.id}
    deadline: 5m
  - id: export-ends
    name: The export ends
    component: export
    start: {source: till, event: [begun], key: data.id}
    end: {source: till, event: [ended], key: data.id}
    deadline: 1h
checks:
  - id: shop-page
    name: The shop opens
    component: web
    journey: buy
    probe: {http: {url: 'https://shop.example.com/', body_contains: Buy}}
    every: 30s
    timeout: 10s
    fails_after: 2
slos:
  - {id: sold, name: Sold, journey: buy, owner: lead, sli: {flow_completion: paid}, target: 99%}
alerts:
  - {id: web-down, name: Web is down, severity: SEV1, when: {check_failing: {check: shop-page}}, runbook: web-down, first_step: Look at the last deployment.}
  - {id: not-paid, name: Not paid, severity: SEV1, when: {flow_overdue: {flow: paid}}, runbook: web-down, first_step: Look at the order.}
  - {id: no-export, name: No export, severity: SEV3, urgency: ticket, when: {flow_overdue: {flow: export-ends}}, runbook: web-down}
  - {id: sold-slow, name: Sold burns, severity: SEV3, urgency: ticket, when: {slo_burn: {slo: sold, speed: slow}}, runbook: web-down}
failure_modes:
  - {id: web-gone, name: Web is gone, component: web, journeys: [buy], effect: Nobody buys., cause: A release., severity: 4, occurrence: 3, detection: 1, detected_by: [web-down], detect_within: 2m}
";

const RUNBOOK: &str =
    "---\ntitle: The web is down\nowner: lead\ncovers: [web]\n---\n# The web is down\n";

fn shop() -> Fixture {
    Fixture::new(SHOP)
        .file("runbooks/web-down.md", RUNBOOK)
        .instead(
            "operators: shop",
            "operators: shop\n  runs_on: [host]\n  dead_man: {url: 'https://beat.example.com/x'}",
        )
}

/// The same shop with something in it written another way.
fn but(of: &str, write: &str) -> Fixture {
    assert!(SHOP.contains(of), "the shop has no {of:?}");
    Fixture::new(&SHOP.replacen(of, write, 1))
        .file("runbooks/web-down.md", RUNBOOK)
        .instead(
            "operators: shop",
            "operators: shop\n  runs_on: [host]\n  dead_man: {url: 'https://beat.example.com/x'}",
        )
}

/// A record a few minutes old, for what holds for minutes only.
const FRESH: &str = "result: pass, observed_at: 2026-12-01T11:58:00Z, actor: gonogo";

#[test]
fn mon_01_wants_an_objective_with_an_owner() {
    assert_eq!(shop().state("MON-01", "journey/buy"), State::Pass);
    let (_, state, why) =
        but("journey: buy, owner: lead, sli", "journey: buy, sli").said("MON-01", "journey/buy");
    assert_eq!(
        (state, &*why),
        (State::Fail, "nobody owns its objective `sold`")
    );
    let none = but(
        "  - {id: sold, name: Sold, journey: buy,",
        "  - {id: sold, name: Sold,",
    );
    assert_eq!(none.said("MON-01", "journey/buy").2, "no SLO names it");
}

#[test]
fn mon_02_wants_silence_noticed_and_data_now() {
    let fresh = shop().record("MON-02", "slo/sold", "probe", &["flow/paid"], FRESH);
    assert_eq!(fresh.state("MON-02", "slo/sold"), State::Pass);
    // The till may be silent for two hours.
    let at = |time| fresh.ask_at("MON-02", time)[0].1;
    assert_eq!(at("2026-12-01T13:50:00Z"), State::Pass);
    assert_eq!(at("2026-12-01T14:00:00Z"), State::Stale);
    let (_, state, why) = but(
        "{flow_overdue: {flow: paid}}",
        "{flow_failing: {flow: paid, consecutive: 3}}",
    )
    .said("MON-02", "slo/sold");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("nothing would notice if it had no data"),
        "{why}"
    );
}

#[test]
fn mon_02_is_impatient_with_checks_and_patient_with_few_events() {
    let checked = but("{flow_completion: paid}", "{check: shop-page}");
    let checked = checked.record("MON-02", "slo/sold", "probe", &["check/shop-page"], FRESH);
    let at = |time| checked.ask_at("MON-02", time)[0].1;
    assert_eq!(at("2026-12-01T12:10:00Z"), State::Pass);
    assert_eq!(at("2026-12-01T12:14:00Z"), State::Stale);
    // Without a bound on the silence, any data in the window of the SLO is data.
    let rare = but(", silent_after: 2h", "");
    let rare = rare.record("MON-02", "slo/sold", "probe", &["flow/paid"], FRESH);
    let at = |time| rare.ask_at("MON-02", time)[0].1;
    assert_eq!(at("2026-12-20T12:00:00Z"), State::Pass);
    assert_eq!(at("2026-12-30T12:00:00Z"), State::Stale);
}

#[test]
fn mon_02_does_not_take_an_alert_that_cannot_fire() {
    let silent = |till: &str| {
        let text = SHOP
            .replacen(
                "{flow_overdue: {flow: paid}}",
                "{source_silent: {source: till}}",
                1,
            )
            .replacen(", silent_after: 2h", till, 1);
        Fixture::new(&text).file("runbooks/web-down.md", RUNBOOK)
    };
    assert_eq!(
        silent(", silent_after: 2h").state("MON-02", "slo/sold"),
        State::Unknown
    );
    assert_eq!(silent("").state("MON-02", "slo/sold"), State::Fail);
}

#[test]
fn mon_03_and_04_want_a_runbook_and_a_first_step() {
    assert_eq!(shop().state("MON-03", "alert/web-down"), State::Pass);
    assert_eq!(shop().state("MON-04", "alert/web-down"), State::Pass);
    let bare = but(
        ", runbook: web-down, first_step: Look at the last deployment.}",
        "}",
    );
    assert_eq!(
        bare.said("MON-03", "alert/web-down").2,
        "no runbook says what to do"
    );
    assert!(
        bare.said("MON-04", "alert/web-down")
            .2
            .contains("does not say what to do first")
    );
}

#[test]
fn mon_05_is_a_drill_that_a_change_of_the_check_or_the_policy_voids() {
    assert_eq!(shop().state("MON-05", "alert/web-down"), State::Unknown);
    let fired = shop().proved(
        "MON-05",
        "alert/web-down",
        "drill",
        &["check/shop-page", "escalation-policy/shop"],
    );
    assert_eq!(fired.state("MON-05", "alert/web-down"), State::Pass);
    let changed = fired.file(
        "more.yaml",
        &SHOP.replacen("body_contains: Buy", "body_contains: Sell", 1),
    );
    let (_, state, why) = changed.said("MON-05", "alert/web-down");
    assert_eq!(
        (state, &*why),
        (State::Stale, "`check/shop-page` changed since 2026-11-25")
    );
}

#[test]
fn mon_06_takes_a_page_on_the_signal_for_the_fast_burn() {
    assert_eq!(shop().state("MON-06", "slo/sold"), State::Pass);
    let slow = but("speed: slow", "speed: fast");
    assert_eq!(
        slow.said("MON-06", "slo/sold").2,
        "nothing says that its budget burns slowly"
    );
    // Ends that are missing are another signal than ends that fail.
    let other = but("{flow_completion: paid}", "{flow_success: paid}");
    assert_eq!(
        other.said("MON-06", "slo/sold").2,
        "nothing pages when its budget burns fast"
    );
}

#[test]
fn mon_07_looks_at_content_from_somewhere_else() {
    let seen = shop().record(
        "MON-07",
        "journey/buy",
        "probe",
        &["check/shop-page"],
        FRESH,
    );
    assert_eq!(
        seen.state("MON-07", "journey/buy"),
        State::Pass,
        "{:?}",
        seen.ask("MON-07")
    );
    let blind = but(", body_contains: Buy", "");
    assert_eq!(
        blind.said("MON-07", "journey/buy").2,
        "no check of it looks at what it shows"
    );
    let inside = but(
        "body_contains: Buy}",
        "body_contains: Buy, allow_private: true}",
    );
    assert_eq!(
        inside.said("MON-07", "journey/buy").2,
        "no check of it looks at what it shows"
    );
    let handshake = but(
        "http: {url: 'https://shop.example.com/', body_contains: Buy}",
        "tls: {host: shop.example.com}",
    );
    assert_eq!(handshake.state("MON-07", "journey/buy"), State::Fail);
    let same = but(
        "{vendor: other, region: east}",
        "{vendor: cloud, region: west}",
    );
    assert!(
        same.said("MON-07", "journey/buy")
            .2
            .contains("the same region as `web`")
    );
}

#[test]
fn mon_08_wants_the_absence_of_a_run_noticed() {
    assert!(
        shop()
            .said("MON-08", "component/export")
            .2
            .starts_with("no evidence yet")
    );
    let unseen = but(
        "{flow_overdue: {flow: export-ends}}",
        "{flow_failing: {flow: export-ends, consecutive: 1}}",
    );
    assert!(
        unseen
            .said("MON-08", "component/export")
            .2
            .starts_with("nothing fires when it does not run")
    );
}

#[test]
fn mon_08_does_not_trust_a_job_to_say_that_it_never_began() {
    // The till tells of the start, and is no part of the job.
    let ran = shop().proved("MON-08", "component/export", "probe", &[]);
    assert_eq!(ran.state("MON-08", "component/export"), State::Pass);
    assert_eq!(
        ran.ask_at("MON-08", "2026-12-03T09:00:00Z")[0].1,
        State::Stale,
        "a week ago is too long"
    );
    let by_itself = but("component: web, secrets", "component: export, secrets");
    let (_, state, why) = by_itself.said("MON-08", "component/export");
    assert_eq!(state, State::Fail);
    assert!(
        why.starts_with("nothing fires when it does not run"),
        "{why}"
    );
    let silence = by_itself.instead_of_more(
        "{flow_overdue: {flow: export-ends}}",
        "{source_silent: {source: till}}",
    );
    assert_eq!(silence.state("MON-08", "component/export"), State::Unknown);
}

#[test]
fn mon_09_waits_as_long_as_silence_is_normal() {
    let seen = |fixture: Fixture| {
        fixture.record("MON-09", "journey/buy", "probe", &["alert/not-paid"], FRESH)
    };
    let daily = seen(shop());
    assert_eq!(
        daily.ask_at("MON-09", "2026-12-03T09:00:00Z")[0].1,
        State::Stale
    );
    let rare = seen(but("silent_after: 2h", "silent_after: 5d"));
    assert_eq!(
        rare.ask_at("MON-09", "2026-12-03T09:00:00Z")[0].1,
        State::Pass
    );
}

#[test]
fn mon_09_counts_the_money() {
    assert_eq!(shop().state("MON-09", "journey/buy"), State::Unknown);
    let seen = shop().record("MON-09", "journey/buy", "probe", &["alert/not-paid"], FRESH);
    assert_eq!(seen.state("MON-09", "journey/buy"), State::Pass);
    let uncounted = but("    journey: buy\n    start", "    start");
    assert_eq!(
        uncounted.said("MON-09", "journey/buy").2,
        "no alert counts what it moves"
    );
}

#[test]
fn mon_10_is_known_for_five_minutes() {
    let beaten = shop().record("MON-10", "package", "probe", &[], FRESH);
    assert_eq!(beaten.state("MON-10", "package"), State::Pass);
    assert_eq!(
        beaten.ask_at("MON-10", "2026-12-01T12:04:00Z")[0].1,
        State::Stale
    );
    assert_eq!(Fixture::new("").state("MON-10", "package"), State::Fail);
}

#[test]
fn mon_11_wants_a_word_before_the_limit() {
    assert_eq!(shop().state("MON-11", "component/store"), State::Pass);
    let late = but("alert_at: 75%", "alert_at: 95%");
    assert_eq!(
        late.said("MON-11", "component/store").2,
        "`connections` is told of only at 95%"
    );
    let none = but(", alert: web-down, alert_at: 75%", "");
    assert!(
        none.said("MON-11", "component/store")
            .2
            .starts_with("nothing says that `connections` is near")
    );
}

#[test]
fn mon_12_and_14_rest_on_what_was_counted() {
    assert_eq!(shop().state("MON-12", "schedule/shop"), State::Unknown);
    let counted = |measured: &str| {
        let rest =
            format!("result: pass, observed_at: 2026-11-25T09:00:00Z, actor: gonogo{measured}");
        let (_, state, why) = shop()
            .record("MON-12", "schedule/shop", "probe", &[], &rest)
            .said("MON-12", "schedule/shop");
        (state, why)
    };
    assert_eq!(counted(", measured: 2"), (State::Pass, String::new()));
    assert_eq!(
        counted(", measured: 3"),
        (State::Fail, "3 pages a shift".into())
    );
    assert_eq!(counted("").0, State::Unknown);
    assert_eq!(shop().state("MON-14", "package"), State::Unknown);
    assert_eq!(
        shop()
            .proved("MON-14", "package", "probe", &[])
            .state("MON-14", "package"),
        State::Pass
    );
}

#[test]
fn mon_13_adds_up_the_worst_case() {
    // Every 30 s, two failures, and the last answer takes 10 s: 70 s.
    assert_eq!(shop().state("MON-13", "failure-mode/web-gone"), State::Pass);
    let slow = but("detect_within: 2m", "detect_within: 60s");
    assert_eq!(
        slow.said("MON-13", "failure-mode/web-gone").2,
        "`web-down` can take 1m10s, and 1m is wanted"
    );
    let none = but(", detect_within: 2m", "");
    assert_eq!(
        none.said("MON-13", "failure-mode/web-gone").2,
        "how soon it has to be noticed is not written"
    );
}

#[test]
fn mon_13_counts_what_each_sort_of_alert_waits_for() {
    let mode = "detected_by: [web-down], detect_within: 2m";
    let taking = |when: &str, wanted: &str| {
        let text = SHOP
            .replacen(
                mode,
                &format!("detected_by: [not-paid], detect_within: {wanted}"),
                1,
            )
            .replacen("{flow_overdue: {flow: paid}}", when, 1);
        let fixture = Fixture::new(&text).file("runbooks/web-down.md", RUNBOOK);
        fixture.said("MON-13", "failure-mode/web-gone").2
    };
    for (when, takes) in [
        ("{flow_overdue: {flow: paid}}", "5m"),
        ("{flow_mismatch: {flow: paid}}", "5m"),
        ("{flow_failing: {flow: paid, consecutive: 3}}", "5m"),
        ("{flow_failing: {flow: paid, below: 80%}}", "1h5m"),
        ("{flow_slow: {flow: paid, above: 1m, window: 15m}}", "20m"),
        ("{source_silent: {source: till}}", "2h"),
        ("{slo_burn: {slo: sold, speed: fast}}", "1h"),
    ] {
        let why = format!("`not-paid` can take {takes}, and 1s is wanted");
        assert_eq!(taking(when, "1s"), why, "{when}");
        assert_eq!(taking(when, takes), "", "{when}");
    }
    assert_eq!(
        taking("{flow_failing: {flow: paid}}", "1d"),
        "`not-paid` can never fire, because nothing bounds what it waits for"
    );
}

#[test]
fn mon_13_adds_the_question_about_a_missing_end_and_the_hold() {
    let asked = SHOP
        .replacen(
            "    deadline: 5m",
            "    deadline: 5m\n    confirm: {http: {url: 'https://till.example.com/{key}'}}",
            1,
        )
        .replacen(
            "{flow_overdue: {flow: paid}}",
            "{flow_overdue: {flow: paid}}, hold: 1m",
            1,
        )
        .replacen("detected_by: [web-down]", "detected_by: [not-paid]", 1);
    let fixture = Fixture::new(&asked).file("runbooks/web-down.md", RUNBOOK);
    assert_eq!(
        fixture.said("MON-13", "failure-mode/web-gone").2,
        "`not-paid` can take 6m30s, and 2m is wanted"
    );
}
