//! Capacity and growth.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;
use crate::rbk::JUST_NOW;
use crate::rel::launch;

const SHOP: &str = "
components:
  - {id: api, name: API, kind: service, team: shop, tier: 1, depends_on: [{component: db}, {component: stripe}]}
  - {id: db, name: DB, kind: datastore, team: shop, tier: 2}
  - {id: stripe, name: Stripe, kind: vendor, team: shop}
journeys: [{id: pay, name: Pay, owner: lead, depends_on: [{component: api}]}]
";
const DEMAND: &str =
    "demand: {unit: orders an hour, base: 120, peak: 900, mix: cards, owner: lead, journey: pay}";
const UNDER: &[&str] = &["component/api", "component/db"];

#[test]
fn cap_01_wants_a_number_and_somebody() {
    assert_eq!(launch(SHOP, DEMAND).state("CAP-01", "package"), State::Pass);
    assert_eq!(
        Fixture::new(SHOP).said("CAP-01", "package").2,
        "what is expected to come is not written"
    );
    let odd = DEMAND
        .replace("base: 120", "base: 1000")
        .replace("mix: cards, ", "");
    assert_eq!(
        launch(SHOP, &odd).said("CAP-01", "package").2,
        "the peak of 900 is below the ordinary 1000; of what it consists is not written"
    );
}

#[test]
fn cap_02_wants_twice_the_peak_of_what_is_released() {
    let fixture = || launch(SHOP, DEMAND);
    let said = |rest: &str| {
        fixture()
            .record(
                "CAP-02",
                "journey/pay",
                "artifact",
                UNDER,
                &format!("{JUST_NOW}{rest}"),
            )
            .said("CAP-02", "journey/pay")
    };
    assert_eq!(fixture().state("CAP-02", "journey/pay"), State::Unknown);
    assert_eq!(said(", measured: 1800").1, State::Pass);
    let (_, state, why) = said(", measured: 1799");
    assert_eq!(
        (state, &*why),
        (
            State::Fail,
            "1799 orders an hour were carried, and twice the peak is 1800"
        )
    );
    assert_eq!(said("").1, State::Unknown);
    let released = format!(
        "{DEMAND}, releases: [{{component: api, artifact: 'sha256:4f1c', config: v1, build: https://api.example.com}}]"
    );
    let of_another = launch(SHOP, &released)
        .record(
            "CAP-02",
            "journey/pay",
            "artifact",
            UNDER,
            &format!("{JUST_NOW}, measured: 1800"),
        )
        .said("CAP-02", "journey/pay");
    assert_eq!(
        of_another.2,
        "the record does not say that `sha256:4f1c` was tried"
    );
    let changed = fixture()
        .record(
            "CAP-02",
            "journey/pay",
            "artifact",
            UNDER,
            &format!("{JUST_NOW}, measured: 1800"),
        )
        .instead_of_more("name: DB", "name: Other DB");
    assert_eq!(changed.state("CAP-02", "journey/pay"), State::Stale);
    // Without a journey it is about the package.
    let whole = launch(SHOP, &DEMAND.replace(", journey: pay", ""));
    assert_eq!(whole.state("CAP-02", "package"), State::Unknown);
}

#[test]
fn cap_03_wants_the_number_at_which_it_broke() {
    let said = |rest: &str| {
        launch(SHOP, DEMAND)
            .record(
                "CAP-03",
                "journey/pay",
                "artifact",
                UNDER,
                &format!("{JUST_NOW}{rest}"),
            )
            .said("CAP-03", "journey/pay")
    };
    assert_eq!(said(", measured: 3100").1, State::Pass);
    assert_eq!(
        said("").2,
        "the record does not say at what number it broke"
    );
    assert_eq!(
        said(", measured: 900").2,
        "it broke at 900, and the expected peak is 900"
    );
}

#[test]
fn cap_04_wants_spare_units_by_tier() {
    let limited = |kind: &str| format!("kind: {kind}, limits: [{{name: connections, max: 100}}]");
    let shop = SHOP
        .replace("kind: service", &limited("service"))
        .replace("kind: datastore", &limited("datastore"));
    let bare = Fixture::new(SHOP);
    assert_eq!(bare.ask("CAP-04").len(), 2, "a vendor's units are not ours");
    assert!(
        bare.said("CAP-04", "component/db")
            .2
            .starts_with("what it can take at most is not written")
    );
    let said = |component: &str, spare: u8| {
        Fixture::new(&shop)
            .record(
                "CAP-04",
                component,
                "probe",
                &[],
                &format!("{JUST_NOW}, measured: {spare}"),
            )
            .said("CAP-04", component)
    };
    assert_eq!(said("component/db", 1).1, State::Pass);
    assert_eq!(said("component/api", 2).1, State::Pass);
    let (_, state, why) = said("component/api", 1);
    assert_eq!(
        (state, &*why),
        (State::Fail, "it can lose 1, and tier 1 needs 2")
    );
}

#[test]
fn cap_05_compares_quotas_with_the_forecast() {
    let said = |limits: &str| {
        Fixture::new(&SHOP.replace("kind: vendor", &format!("kind: vendor, limits: [{limits}]")))
            .said("CAP-05", "component/stripe")
    };
    assert_eq!(
        said("{name: requests, max: 100, forecast: 100}").1,
        State::Pass
    );
    assert_eq!(
        said("{name: requests, max: 100, forecast: 101}").2,
        "101 of \"requests\" are forecast, and 100 are allowed"
    );
    assert_eq!(
        said("{name: requests, max: 100}").2,
        "how much of \"requests\" is to be expected is not written"
    );
    assert_eq!(said("").2, "which quotas it has is not written");
}

#[test]
fn cap_06_takes_a_drill_or_a_load_test() {
    let fixture =
        || Fixture::new(&SHOP.replace("kind: service", "kind: service, overload: answers 503"));
    assert!(
        Fixture::new(SHOP)
            .said("CAP-06", "component/api")
            .2
            .starts_with("what it does with too much load is not written")
    );
    for method in ["drill", "artifact"] {
        let proved = fixture().proved("CAP-06", "component/api", method, &[]);
        assert_eq!(proved.state("CAP-06", "component/api"), State::Pass);
    }
    assert_eq!(fixture().state("CAP-06", "component/api"), State::Unknown);
}

#[test]
fn cap_07_lays_jobs_over_one_another() {
    let jobs = |one: &str, other: &str| {
        format!(
            "components:
  - {{id: db, name: DB, kind: datastore, team: shop}}
  - {{id: bill, name: Bill, kind: job, team: shop, runs: '{one}', depends_on: [{{component: db}}]}}
  - {{id: export, name: Export, kind: job, team: shop, runs: '{other}', depends_on: [{{component: db}}]}}
"
        )
    };
    let with = |jobs: &str, calendar: &str| {
        let demand = format!(
            "demand: {{unit: orders, base: 1, peak: 2, owner: lead, calendar: ['{calendar}']}}"
        );
        launch(jobs, &demand)
    };
    let meet = jobs("0 2 * * *", "0 2 1 * *");
    assert_eq!(
        with(&meet, "none").said("CAP-07", "component/db").2,
        "`bill` and `export` both start at 02:00 UTC"
    );
    let known = with(&meet, "On the 1st bill and export meet, 60% of db.");
    assert!(
        known
            .ask("CAP-07")
            .iter()
            .all(|(_, s, _)| *s == State::Pass)
    );
    for apart in [
        jobs("0 2 * * *", "5 2 * * *"),
        jobs("0 2 1 * *", "0 2 2 * *"),
        jobs("* * * * *", "0 2 * * *"),
    ] {
        let said = with(&apart, "none").ask("CAP-07");
        assert!(said.iter().all(|(_, s, _)| *s == State::Pass), "{said:?}");
    }
    assert_eq!(
        with(&jobs("at two", "0 2 * * *"), "none")
            .said("CAP-07", "component/bill")
            .2,
        "`at two` is not five fields of cron"
    );
    assert_eq!(
        Fixture::new("").said("CAP-07", "package").2,
        "which peaks the calendar brings is not written"
    );
}
