//! The first word to customers follows the severity, also when that rises after the start.

use gonogo_engine::effect::Effect;
use gonogo_engine::input::{CheckResult, CheckVerdict, Input, PackageInput};
use gonogo_engine::{Engine, Time};
use gonogo_model::comms::PublicState;
use gonogo_model::{Duration, Id, PackageText};

const PACKAGE: &str = "
package: {format: 1, id: shop, name: Shop, operators: all}
people: [{id: ada, name: Ada, contacts: [{channel: ntfy, to: 'https://ntfy.example.com/ada'}]}]
roles: [{id: lead, name: Lead, holders: [{person: ada}]}]
teams: [{id: shop, name: Shop, accountable: lead, members: [lead], escalation_policy: all}]
escalation_policies: [{id: all, name: All, steps: [{notify: [{role: lead}]}], fallback: {role: lead}}]
components:
  - {id: region, name: Region, kind: vendor, team: shop}
  - {id: cart, name: Cart, kind: service, team: shop, depends_on: [{component: region}]}
  - {id: desk, name: Desk, kind: service, team: shop, depends_on: [{component: region}]}
journeys: [{id: buy, name: Buy, depends_on: [{component: cart}, {component: desk}]}]
checks:
  - {id: cart, name: Cart, component: cart, fails_after: 1, probe: {http: {url: 'https://cart.example.com'}}}
  - {id: desk, name: Desk, component: desk, fails_after: 1, probe: {http: {url: 'https://desk.example.com'}}}
alerts:
  - {id: cart-down, name: The cart is down, severity: SEV2, when: {check_failing: {check: cart}}}
  - {id: desk-down, name: The desk is down, severity: SEV1, when: {check_failing: {check: desk}}}
comms:
  rules:
    - {severity: SEV1, first_update: 10m, cadence: 20m, approval: APPROVAL, owner: lead}
    - {severity: SEV2, first_update: 20m, cadence: 30m, owner: lead}
";

struct Played {
    engine: Engine,
    start: Time,
}

impl Played {
    fn new(approval: &str) -> Self {
        let start = Time::from_millis(1_800_000_000_000);
        let mut engine = Engine::new();
        let yaml = PACKAGE.replace("APPROVAL", approval);
        let text = PackageText {
            files: [("gonogo.yaml".to_string(), yaml)].into(),
        };
        let loaded = gonogo_model::load(&text);
        assert!(loaded.is_sound(), "{:?}", loaded.diagnostics);
        let package = PackageInput {
            text,
            overlay: gonogo_model::overlay::Overlay::default(),
            seed: 1,
        };
        engine.handle(start, &Input::Package(Box::new(package)));
        Self { engine, start }
    }

    fn fails(&mut self, check: &str, minute: i64) -> Vec<PublicState> {
        let at = self.start + Duration::from_mins(minute);
        let result = CheckResult {
            check: Id::from_static(check),
            at,
            verdict: CheckVerdict::Failing,
            code: "connect_refused".into(),
            detail: "connection refused".into(),
            took: Duration::from_millis(3),
            count: 1,
            seen: Default::default(),
            certificate: None,
            registration: None,
        };
        let outcome = self.engine.handle(at, &Input::Check(result));
        let published = outcome
            .effects
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Publish(publish) => Some(publish.state),
                _ => None,
            });
        published.collect()
    }

    fn due_in_minutes(&self) -> Option<i64> {
        let incident = self.engine.state().incidents.get(&1)?;
        let due = incident.promise.as_ref()?.due;
        Some(due.since(self.start).as_secs() / 60)
    }
}

#[test]
fn a_rise_to_an_automatic_severity_publishes_at_once() {
    let mut played = Played::new("automatic");
    assert!(played.fails("cart", 0).is_empty());
    assert_eq!(played.due_in_minutes(), Some(20));
    assert_eq!(played.fails("desk", 3), [PublicState::Investigating]);
    assert_eq!(
        played.due_in_minutes(),
        Some(23),
        "the next one, by the new cadence"
    );
}

#[test]
fn a_rise_moves_the_first_update_closer_and_never_away() {
    let mut played = Played::new("person");
    played.fails("cart", 0);
    assert!(played.fails("desk", 3).is_empty());
    assert_eq!(played.due_in_minutes(), Some(13));

    let mut late = Played::new("person");
    late.fails("cart", 0);
    late.fails("desk", 14);
    assert_eq!(late.due_in_minutes(), Some(20));
}
