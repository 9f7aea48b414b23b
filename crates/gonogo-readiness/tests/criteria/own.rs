//! Ownership and people.

use gonogo_readiness::criteria::State;

use crate::fixture::Fixture;

const API: &str = "components: [{id: api, name: API, kind: service, team: shop}]";

#[test]
fn own_01_needs_a_role_that_somebody_holds() {
    let owned = Fixture::new(&format!(
        "{API}\njourneys: [{{id: pay, name: Pay, owner: lead, depends_on: [{{component: api}}]}}]"
    ));
    assert_eq!(owned.state("OWN-01", "component/api"), State::Pass);
    assert_eq!(owned.state("OWN-01", "journey/pay"), State::Pass);

    let nobody = Fixture::new(&format!("{API}\njourneys: [{{id: pay, name: Pay}}]")).instead(
        "{id: lead, name: Lead, holders: [{person: ann}]}",
        "{id: lead, name: Lead, holders: []}",
    );
    let (_, state, why) = nobody.said("OWN-01", "component/api");
    assert_eq!(
        (state, &*why),
        (State::Fail, "nobody holds `lead`, which answers for it")
    );
    assert_eq!(
        nobody.said("OWN-01", "journey/pay").2,
        "no role answers for it"
    );
}

#[test]
fn own_04_asks_again_when_a_team_owns_something_else() {
    let asked = Fixture::new(API);
    assert_eq!(asked.state("OWN-04", "team/shop"), State::Unknown);
    let accepted = asked.proved("OWN-04", "team/shop", "attest", &["component/api"]);
    assert_eq!(accepted.state("OWN-04", "team/shop"), State::Pass);
    let more = accepted.file(
        "other.yaml",
        "components: [{id: web, name: Web, kind: service, team: shop}]",
    );
    let (_, state, why) = more.said("OWN-04", "team/shop");
    assert_eq!(state, State::Unknown, "{why}");
    assert!(why.contains("component/web"), "{why}");
}
