//! Customers' domains: where they stand, whose trouble it is, and how little they take.

use gonogo_engine::domains::{
    Added, Caa, Dns, Domain, FleetInput, Listed, PAST_MAX, Seen, Served, Why, customer_sentence,
};
use gonogo_engine::{Engine, Input};
use gonogo_model::domains::{DomainStage, MAX_DOMAINS, MAX_RETIRED, Whose};
use gonogo_model::{Duration, Id, PackageText};

use crate::support::shop;
use crate::support::stage::Stage;

const DECLARED: &str = "
fleets:
  - id: customers
    name: Customers' domains
    component: ledger
    inventory: {file: {path: domains.txt}}
    target: {cname: [edge.example.net], addresses: [192.0.2.1]}
    edge: edge.example.net
    support: support@example.com
    issuer_check: acme-directory
checks:
  - {id: acme-directory, name: The ACME directory answers, component: ledger, every: 10m, probe: {http: {url: https://acme.example.net/directory}}}
alerts:
  - {id: domains-authority, name: The authority cannot issue, severity: SEV2, when: {domains: {fleet: customers, stand: [broken, expiring], whose: authority}}}
  - {id: domains-broken, name: Domains are broken, severity: SEV2, when: {domains: {fleet: customers, stand: [broken], whose: ours}}}
  - {id: domains-theirs, name: Customers have to act, severity: SEV4, urgency: ticket, when: {domains: {fleet: customers, stand: [broken, left, expiring], whose: theirs}}}
  - {id: domains-unknown, name: Nobody can say, severity: SEV3, urgency: ticket, when: {domains: {fleet: customers, stand: [unknown]}}}
";

fn days(count: i64) -> Duration {
    Duration::from_hours(count * 24)
}

fn package() -> PackageText {
    let mut text = shop();
    text.files.insert("domains.yaml".into(), DECLARED.into());
    text
}

struct Fleet {
    stage: Stage,
}

impl Fleet {
    fn of(count: usize) -> Self {
        let mut fleet = Self {
            stage: Stage::of(package()),
        };
        let added = (0..count).map(|n| Added {
            domain: name(n),
            at: None,
            customer: None,
        });
        let listed = Listed {
            added: added.collect(),
            ..Listed::default()
        };
        fleet.give(Some(listed), Vec::new());
        fleet
    }

    fn give(&mut self, listed: Option<Listed>, seen: Vec<(String, Seen)>) {
        let input = FleetInput {
            fleet: Id::from_static("customers"),
            at: self.stage.now,
            listed,
            unlisted: None,
            same: 0,
            seen,
        };
        self.stage.give(&Input::Fleet(Box::new(input)));
    }

    fn see(&mut self, numbers: std::ops::Range<usize>, seen: Seen) {
        let seen = numbers.map(|n| (name(n), seen)).collect();
        self.give(None, seen);
    }

    fn domain(&self, number: usize) -> &Domain {
        let state = &self.stage.engine.state().fleets[&Id::from_static("customers")];
        &state.domains[name(number).as_str()]
    }

    fn stand(&self, number: usize) -> (Option<DomainStage>, Why, Option<Whose>) {
        let domain = self.domain(number);
        (domain.stage, domain.why, domain.whose)
    }

    fn well(&self, left: Duration) -> Seen {
        let now = self.stage.now;
        Seen {
            dns: Dns::Right,
            caa: Caa::Allows,
            site: Served::Valid,
            edge: Served::Valid,
            from: Some(now + left - days(90)),
            until: Some(now + left),
        }
    }

    /// So many minutes in which the authority does not answer.
    fn authority_out(&mut self, mins: i64) {
        for _ in 0..mins / 5 {
            self.stage.fails("acme-directory");
            self.stage.mins(5);
        }
    }

    fn authority_well(&mut self, mins: i64) {
        for _ in 0..mins / 5 {
            self.stage.works("acme-directory");
            self.stage.mins(5);
        }
    }

    fn sentence(&self, number: usize) -> Option<String> {
        let plan = self.stage.engine.plan();
        let fleet = &plan.package.fleets[&Id::from_static("customers")];
        customer_sentence(fleet, &name(number), self.domain(number))
    }

    fn fires(&self, alert: &'static str) -> bool {
        let alert = &self.stage.engine.state().alerts[&Id::from_static(alert)];
        matches!(alert.stage, gonogo_engine::alerting::Stage::Firing { .. })
    }
}

fn name(number: usize) -> String {
    format!("shop-{number:05}.customer.example")
}

const OURS: Option<Whose> = Some(Whose::Ours);
const THEIRS: Option<Whose> = Some(Whose::Theirs);
const AUTHORITY: Option<Whose> = Some(Whose::Authority);

#[test]
fn a_domain_goes_through_its_life() {
    let mut fleet = Fleet::of(1);
    assert_eq!(fleet.stand(0), (None, Why::NotAsked, None));
    let nothing = Seen {
        dns: Dns::Nothing,
        site: Served::Unknown,
        ..Seen::default()
    };
    fleet.see(0..1, nothing);
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::PendingDns), Why::NoRecord, THEIRS)
    );
    assert_eq!(
        fleet.sentence(0).unwrap(),
        "shop-00000.customer.example has no address yet. At your DNS provider, please add a CNAME record for \
         shop-00000.customer.example that points to edge.example.net (or 192.0.2.1). If you need help, write to \
         support@example.com."
    );
    let right = Seen {
        dns: Dns::Right,
        caa: Caa::Allows,
        site: Served::Missing,
        edge: Served::Missing,
        ..Seen::default()
    };
    fleet.see(0..1, right);
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::Verified), Why::Waiting, None)
    );
    fleet.stage.pass(Duration::from_mins(10));
    assert_eq!(fleet.stand(0).0, Some(DomainStage::Issuing));
    let well = fleet.well(days(89));
    fleet.see(0..1, well);
    assert_eq!(fleet.stand(0), (Some(DomainStage::Active), Why::Well, None));
    assert_eq!(fleet.sentence(0), None);
    // What nobody renews ages by itself: a third, then a sixth of ninety days.
    fleet.stage.pass(days(60));
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::Renewing), Why::RenewalDue, OURS)
    );
    assert!(!fleet.fires("domains-broken"));
    fleet.stage.pass(days(15));
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::Expiring), Why::RenewalLate, OURS)
    );
    let ended = Seen {
        site: Served::Expired,
        edge: Served::Expired,
        ..right
    };
    fleet.see(0..1, ended);
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::Broken), Why::CertificateEnded, OURS)
    );
    assert!(fleet.fires("domains-broken"));
    assert!(
        fleet
            .sentence(0)
            .unwrap()
            .ends_with("you need not do anything.")
    );
    let past: Vec<DomainStage> = fleet.domain(0).past.iter().map(|p| p.stage).collect();
    assert_eq!(past.len(), PAST_MAX);
    assert_eq!(past.last(), Some(&DomainStage::Expiring));
}

#[test]
fn a_customers_trouble_is_a_ticket_and_never_a_page() {
    let mut fleet = Fleet::of(4);
    let well = fleet.well(days(80));
    fleet.see(0..4, well);
    fleet.see(
        0..1,
        Seen {
            dns: Dns::Elsewhere,
            ..well
        },
    );
    fleet.see(
        1..2,
        Seen {
            dns: Dns::Bogus,
            ..well
        },
    );
    let due = fleet.well(days(10));
    fleet.see(
        2..3,
        Seen {
            caa: Caa::Forbids,
            ..due
        },
    );
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::Left), Why::PointsElsewhere, THEIRS)
    );
    assert_eq!(
        fleet.stand(1),
        (Some(DomainStage::Broken), Why::Bogus, THEIRS)
    );
    assert_eq!(
        fleet.stand(2),
        (Some(DomainStage::Expiring), Why::CaaForbids, THEIRS)
    );
    assert!(fleet.sentence(2).unwrap().contains("0 issue \"pki.goog\""));
    assert!(fleet.fires("domains-theirs"));
    assert!(!fleet.fires("domains-broken"));
}

#[test]
fn an_authority_that_cannot_issue_is_one_incident_of_its_own() {
    let mut fleet = Fleet::of(600);
    fleet.authority_well(20);
    let right = Seen {
        dns: Dns::Right,
        caa: Caa::Allows,
        site: Served::Missing,
        edge: Served::Missing,
        ..Seen::default()
    };
    fleet.see(0..600, right);
    fleet.authority_out(90);
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::Broken), Why::IssuerOut, AUTHORITY)
    );
    assert_eq!(
        fleet.sentence(0).unwrap(),
        "shop-00000.customer.example is set up correctly on your side. The certificate authority that issues \
         its certificate cannot issue any at the moment. We ask it again by ourselves until it does; you need \
         not do anything. If you need help, write to support@example.com."
    );
    assert!(fleet.fires("domains-authority") && !fleet.fires("domains-broken"));
    let state = fleet.stage.engine.state();
    assert_eq!(state.incidents.len(), 1);
    let detail = &state.alerts[&Id::from_static("domains-authority")]
        .reading
        .detail;
    assert!(
        detail.starts_with(
            "600 of 600 domains are broken or expiring, the certificate authority's, for one cause (the \
             certificate authority cannot issue): shop-00000"
        ),
        "{detail}"
    );
    // Once it can issue again there is as much time as ever; then the trouble is ours.
    fleet.authority_well(30);
    fleet.see(0..600, right);
    assert_eq!(fleet.stand(0).2, AUTHORITY);
    fleet.authority_well(60);
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::Broken), Why::NotIssued, OURS)
    );
    assert!(fleet.fires("domains-broken"));
}

#[test]
fn an_authority_answers_only_for_what_fell_due_while_it_was_out() {
    let mut fleet = Fleet::of(2);
    fleet.authority_well(20);
    let (late, due) = (
        fleet.well(days(10)),
        fleet.well(Duration::from_mins(30 * 24 * 60 + 30)),
    );
    fleet.see(0..1, late);
    fleet.see(1..2, due);
    fleet.authority_out(120);
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::Expiring), Why::RenewalLate, OURS),
        "there were twenty days to renew it"
    );
    assert_eq!(
        fleet.stand(1),
        (Some(DomainStage::Renewing), Why::IssuerOut, AUTHORITY)
    );
    assert_eq!(fleet.sentence(1), None, "visitors see nothing of it");
    // One that comes and goes is one outage.
    fleet.authority_well(20);
    fleet.authority_out(90);
    assert_eq!(fleet.stand(1).2, AUTHORITY);
    // Nobody can say any more whether it can issue: that excuses nobody.
    fleet.stage.pass(Duration::from_hours(8));
    assert_eq!(
        fleet.stand(1),
        (Some(DomainStage::Renewing), Why::RenewalDue, OURS)
    );
}

#[test]
fn five_hundred_domains_on_one_bad_edge_are_one_incident() {
    let mut fleet = Fleet::of(600);
    let well = fleet.well(days(80));
    fleet.see(0..600, well);
    let down = Seen {
        site: Served::Unreachable,
        edge: Served::Unreachable,
        ..well
    };
    for batch in 0..10 {
        fleet.see(batch * 50..batch * 50 + 50, down);
    }
    assert!(fleet.fires("domains-broken"));
    let state = fleet.stage.engine.state();
    assert_eq!(state.incidents.len(), 1);
    let reading = &state.alerts[&Id::from_static("domains-broken")].reading;
    assert_eq!((reading.count, reading.keys.len()), (500, 20));
    assert!(
        reading
            .detail
            .contains("500 of 600 domains are broken, ours"),
        "{}",
        reading.detail
    );
    assert!(
        reading.detail.ends_with("and 497 more"),
        "{}",
        reading.detail
    );
}

#[test]
fn what_cannot_be_told_moves_nothing_until_it_has_been_so_for_long() {
    let mut fleet = Fleet::of(2);
    let well = fleet.well(days(80));
    fleet.see(0..2, well);
    fleet.see(0..1, Seen::default());
    assert_eq!(fleet.stand(0).0, Some(DomainStage::Active));
    for _ in 0..6 {
        fleet.stage.pass(Duration::from_hours(1));
        fleet.see(1..2, well);
    }
    assert_eq!(fleet.stand(0).0, Some(DomainStage::Active));
    fleet.stage.pass(Duration::from_mins(2));
    assert_eq!(
        fleet.stand(0),
        (
            Some(DomainStage::Unknown),
            Why::Unanswered,
            Some(Whose::Unknown)
        )
    );
    assert!(fleet.fires("domains-unknown"));
    fleet.see(0..1, well);
    assert_eq!(fleet.stand(0).0, Some(DomainStage::Active));
    // Nobody asks any more: that is no recovery, and no failure either.
    fleet.stage.pass(Duration::from_hours(4));
    let reading = &fleet.stage.engine.state().alerts[&Id::from_static("domains-broken")].reading;
    assert_eq!(reading.detail, "no domain was asked for too long");
}

#[test]
fn a_name_that_leads_to_us_is_unknown_once_nobody_can_say_what_it_serves() {
    let mut fleet = Fleet::of(2);
    let well = fleet.well(days(80));
    fleet.see(0..2, well);
    let deaf = Seen {
        dns: Dns::Right,
        ..Seen::default()
    };
    fleet.see(0..1, deaf);
    assert_eq!(fleet.stand(0).0, Some(DomainStage::Active));
    assert_eq!(
        fleet.domain(0).seen.until,
        well.until,
        "the certificate ages whether or not somebody answers"
    );
    for _ in 0..7 {
        fleet.stage.pass(Duration::from_hours(1));
        fleet.see(0..1, deaf);
        fleet.see(1..2, well);
    }
    assert_eq!(
        fleet.stand(0),
        (
            Some(DomainStage::Unknown),
            Why::Unanswered,
            Some(Whose::Unknown)
        )
    );
    assert_eq!(fleet.stand(1).0, Some(DomainStage::Active));
    fleet.see(0..1, well);
    assert_eq!(fleet.stand(0).0, Some(DomainStage::Active));
}

#[test]
fn a_retired_name_stays_watched_while_it_leads_to_us() {
    let mut fleet = Fleet::of(2);
    let well = fleet.well(days(80));
    fleet.see(0..2, well);
    let listed = Listed {
        retired: vec![name(0), name(1), "never.example".into()],
        ..Listed::default()
    };
    fleet.give(Some(listed), Vec::new());
    let gone = Seen {
        dns: Dns::Nothing,
        ..Seen::default()
    };
    fleet.see(1..2, gone);
    fleet.see(0..1, well);
    assert_eq!(
        fleet.stand(0),
        (Some(DomainStage::Retired), Why::Dangling, THEIRS)
    );
    assert_eq!(
        fleet.stand(1),
        (Some(DomainStage::Retired), Why::GivenUp, None)
    );
    fleet.stage.pass(days(91));
    let state = &fleet.stage.engine.state().fleets[&Id::from_static("customers")];
    let left: Vec<&str> = state.domains.keys().map(|n| &**n).collect();
    assert_eq!(left, [name(0)]);
}

#[test]
fn retired_names_take_no_room_and_the_oldest_are_forgotten() {
    let mut fleet = Fleet::of(MAX_DOMAINS);
    let id = Id::from_static("customers");
    let retire = |from: usize, until: usize| Listed {
        retired: (from..until).map(name).collect(),
        ..Listed::default()
    };
    let added = |from: usize, until: usize| Listed {
        added: (from..until)
            .map(|n| Added {
                domain: name(n),
                at: None,
                customer: None,
            })
            .collect(),
        ..Listed::default()
    };
    // The first in the alphabet is not the first to go.
    fleet.give(Some(retire(1, 2)), Vec::new());
    fleet.stage.pass(Duration::from_mins(1));
    fleet.give(Some(retire(0, 1)), Vec::new());
    fleet.stage.pass(Duration::from_mins(1));
    fleet.give(Some(retire(2, MAX_RETIRED)), Vec::new());
    let come = added(MAX_DOMAINS, MAX_DOMAINS + MAX_RETIRED + 1);
    fleet.give(Some(come), Vec::new());
    let state = &fleet.stage.engine.state().fleets[&id];
    assert_eq!(state.domains.len(), MAX_DOMAINS + MAX_RETIRED);
    assert_eq!((state.retired(), state.forgotten), (MAX_RETIRED, 0));
    assert_eq!(state.refused, 1, "one more than there is room for");
    // One goes and another comes in the same list; the name that went first is forgotten.
    let mut both = retire(5_000, 5_001);
    both.added = added(20_000, 20_001).added;
    fleet.give(Some(both), Vec::new());
    let state = &fleet.stage.engine.state().fleets[&id];
    assert_eq!((state.retired(), state.forgotten), (MAX_RETIRED, 1));
    assert_eq!(state.refused, 0);
    let known = |n: usize| state.domains.contains_key(name(n).as_str());
    assert!(!known(1) && known(0) && known(5_000) && known(20_000));
    let told = fleet.stage.history.iter().map(|e| e.text.as_str());
    let told: Vec<&str> = told.filter(|t| t.contains("no longer watched")).collect();
    assert_eq!(
        told,
        [
            "Customers' domains: no longer watched, as only the last 2000 retired names are: \
          shop-00001.customer.example"
        ]
    );
    // A retired name comes back only where there is room.
    fleet.give(Some(added(0, 1)), Vec::new());
    let state = &fleet.stage.engine.state().fleets[&id];
    assert_eq!((state.retired(), state.refused), (MAX_RETIRED, 1));
}

#[test]
fn ten_thousand_domains_take_little_and_no_more_are_taken() {
    let mut fleet = Fleet::of(MAX_DOMAINS + 5);
    let id = Id::from_static("customers");
    let state = &fleet.stage.engine.state().fleets[&id];
    assert_eq!((state.domains.len(), state.refused), (MAX_DOMAINS, 5));
    let well = fleet.well(days(80));
    fleet.see(0..MAX_DOMAINS, well);
    let moved = Seen {
        dns: Dns::Elsewhere,
        ..well
    };
    for _ in 0..PAST_MAX {
        fleet.see(0..MAX_DOMAINS, moved);
        fleet.see(0..MAX_DOMAINS, well);
    }
    let state = &fleet.stage.engine.state().fleets[&id];
    let bytes = |name: &str, d: &Domain| {
        let past = d.past.capacity() * size_of::<gonogo_engine::domains::Past>();
        let customer = d.customer.as_ref().map_or(0, |c| c.len());
        size_of::<(Box<str>, Domain)>() + name.len() + past + customer
    };
    let sum: usize = state.domains.iter().map(|(name, d)| bytes(name, d)).sum();
    assert!(sum / MAX_DOMAINS <= 360, "{} bytes each", sum / MAX_DOMAINS);
    let snapshot = fleet.stage.engine.snapshot();
    let restored = Engine::restore(&snapshot).unwrap();
    assert_eq!(restored.state(), fleet.stage.engine.state());
}
