//! When a record counts, and when it does not any more.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

const API: &str = "components: [{id: api, name: API, kind: service, team: shop}]";

fn team(rest: &str) -> (State, String) {
    let (_, state, why) = Fixture::new(API)
        .record("OWN-04", "team/shop", "attest", &["component/api"], rest)
        .said("OWN-04", "team/shop");
    (state, why)
}

#[test]
fn a_failed_record_fails_and_says_why() {
    let (state, why) =
        team("result: fail, observed_at: 2026-11-25T09:00:00Z, actor: ann, note: they said no");
    assert_eq!(state, State::Fail);
    assert_eq!(why, "it failed on 2026-11-25: they said no");
}

#[test]
fn a_record_from_the_future_is_no_evidence() {
    let (state, why) =
        team("result: pass, observed_at: 2026-12-25T09:00:00Z, actor: ann, reviewer: bob");
    assert_eq!(
        (state, &*why),
        (State::Unknown, "the evidence is dated in the future")
    );
}

#[test]
fn a_record_past_its_own_time_to_live_is_stale() {
    let (state, why) =
        team("result: pass, observed_at: 2026-11-25T09:00:00Z, ttl: 2d, actor: ann, reviewer: bob");
    assert_eq!(
        (state, &*why),
        (State::Stale, "the record of 2026-11-25 is older than 2d")
    );
}

#[test]
fn a_change_of_what_is_covered_makes_it_stale() {
    let before = Fixture::new(API).proved("OWN-04", "team/shop", "attest", &["component/api"]);
    let after = before.file(
        "more.yaml",
        "components: [{id: api, name: API two, kind: service, team: shop}]",
    );
    let (_, state, why) = after.said("OWN-04", "team/shop");
    assert_eq!(
        (state, &*why),
        (State::Stale, "`component/api` changed since 2026-11-25")
    );
}

#[test]
fn layout_and_comments_change_nothing() {
    let before = Fixture::new(API).proved("OWN-04", "team/shop", "attest", &["component/api"]);
    let after = before.file(
        "more.yaml",
        "# moved\ncomponents:\n  - team: shop # whose\n    kind: service\n    name: API\n    id: api\n",
    );
    assert_eq!(after.state("OWN-04", "team/shop"), State::Pass);
}

#[test]
fn an_attestation_cannot_stand_for_a_drill_nor_the_other_way_round() {
    let drilled = Fixture::new(API).proved("OWN-04", "team/shop", "drill", &["component/api"]);
    let (_, state, why) = drilled.said("OWN-04", "team/shop");
    assert_eq!(
        (state, &*why),
        (
            State::Unknown,
            "there is a record by drill, and this needs an attestation"
        )
    );
}

#[test]
fn the_newest_record_counts() {
    let old = "result: pass, observed_at: 2026-11-20T09:00:00Z, actor: ann, reviewer: bob";
    let new = "result: fail, observed_at: 2026-11-21T09:00:00Z, actor: ann, note: no longer";
    for order in [[old, new], [new, old]] {
        let mut fixture = Fixture::new(API);
        for rest in order {
            fixture = fixture.record("OWN-04", "team/shop", "attest", &["component/api"], rest);
        }
        assert_eq!(fixture.state("OWN-04", "team/shop"), State::Fail);
    }
}
