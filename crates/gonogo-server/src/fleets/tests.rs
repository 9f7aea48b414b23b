//! Turns and writing down, without a network.

use gonogo_engine::domains::{Domain, Domains};
use gonogo_model::domains::MAX_DOMAINS;

use super::*;

fn fleet(every: &str) -> Fleet {
    let yaml = format!(
        "
fleets:
  - id: customers
    name: Customers' domains
    component: edge
    inventory: {{file: {{path: domains.txt}}}}
    target: {{cname: [edge.example.net]}}
    every: {every}
"
    );
    let mut text = gonogo_model::PackageText::default();
    text.files.insert("gonogo.yaml".into(), yaml);
    let loaded = gonogo_model::load(&text);
    let fleet = loaded.package.fleets.into_values().next();
    fleet.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn known(count: usize) -> Domains {
    let domain = |n| (format!("d{n}.example").into(), Domain::default());
    (0..count).map(domain).collect()
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_domains_are_spread_over_the_interval() {
    let mut round = Round::new(&fleet("1h"), 7);
    let mut all = known(MAX_DOMAINS);
    for domain in all.values_mut() {
        domain.stage = Some(gonogo_model::domains::DomainStage::Active);
    }
    round.follow(&all);
    assert!(round.due.is_empty(), "what is known waits for its turn");
    let mut most = 0;
    for _ in 0..3600 {
        tokio::time::advance(Duration::from_secs(1)).await;
        let before = round.due.len();
        round.look();
        most = most.max(round.due.len() - before);
    }
    assert_eq!(round.due.len(), MAX_DOMAINS, "each has one turn in an hour");
    assert!(most < 20, "{most} in one second");
    // A second hour adds nobody who still waits.
    for _ in 0..60 {
        tokio::time::advance(Duration::from_secs(60)).await;
        round.look();
    }
    assert_eq!(round.due.len(), MAX_DOMAINS);
}

#[tokio::test(start_paused = true)]
async fn only_what_changed_is_written_and_the_rest_is_counted() {
    let mut round = Round::new(&fleet("1h"), 7);
    let mut all = known(2);
    round.follow(&all);
    assert_eq!(round.due.len(), 2, "new domains are asked at once");
    let answered = Answered {
        verdict: Some(Verdict::Ok),
        code: code::OK,
    };
    let well = Surveyed {
        dns: answered.clone(),
        site: Some(answered),
        ..Surveyed::default()
    };
    round.take("d0.example".into(), &well, &all);
    let id = Id::from_static("f");
    assert_eq!(round.written(&id, Time::default()), None);
    tokio::time::advance(WRITTEN_AFTER).await;
    let written = round.written(&id, Time::default()).unwrap();
    assert_eq!((written.seen.len(), written.same), (1, 0));
    let domain = all.get_mut("d0.example").unwrap();
    domain.seen = written.seen[0].1;
    domain.stage = Some(gonogo_model::domains::DomainStage::Verified);
    round.take("d0.example".into(), &well, &all);
    tokio::time::advance(WRITTEN_AFTER).await;
    assert_eq!(
        round.written(&id, Time::default()),
        None,
        "the same can wait"
    );
    tokio::time::advance(Duration::from_secs(60)).await;
    let written = round.written(&id, Time::default()).unwrap();
    assert_eq!((written.seen.len(), written.same), (0, 1));
}

#[test]
fn codes_are_read_as_what_they_mean() {
    for (code, want) in [
        (code::CERT_EXPIRED, Served::Expired),
        (code::CERT_WRONG_HOST, Served::Missing),
        (code::TLS_ALERT, Served::Missing),
        (code::CERT_CHAIN_INCOMPLETE, Served::Broken),
        (code::TLS_INCOMPATIBLE, Served::Broken),
        (code::CONNECT_REFUSED, Served::Unreachable),
        (code::TIMEOUT, Served::Unreachable),
    ] {
        assert_eq!(served_badly(code), want, "{code}");
    }
}
