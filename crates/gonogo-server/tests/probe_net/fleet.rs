//! A customer's domain, asked about everything at once.

use std::net::SocketAddr;

use gonogo_server::probe::{
    AddressPolicy, Aim, CaaQuestion, Prober, Survey, Surveyed, Trust, Verdict, code,
};

use crate::nameserver::{NameServer, a, caa, cname};
use crate::probe_support::PATIENT;
use crate::probe_support::names::Names;
use crate::probe_support::tls::{Authority, Wish};

/// Asks one domain; the name leads where the resolver of the machine says, which is nowhere.
async fn survey(server: &NameServer, edge: SocketAddr, pem: &str, domain: &str) -> Surveyed {
    let survey = Survey {
        resolver: server.address,
        aim: Aim {
            names: vec!["edge.example.net".into()],
            addresses: Vec::new(),
        },
        caa: CaaQuestion {
            issuer: "pki.goog".into(),
            ..CaaQuestion::default()
        },
        port: edge.port(),
        edge: Some(edge),
        trust: Trust::Roots(pem.as_bytes().to_vec()),
        allow_private: true,
        timeout: PATIENT,
    };
    let names = Names::none().with("shop.customer.example", &["127.0.0.1"]);
    let prober = Prober::new(names.into_resolver(), AddressPolicy::default());
    prober.survey(&survey, domain).await
}

#[tokio::test]
async fn a_trouble_of_the_customers_is_told_from_one_of_ours() {
    let root = Authority::root("Root");
    let edge = root
        .issue(&Wish::named("shop.customer.example"))
        .serve()
        .await;
    let server = NameServer::with(vec![
        a("edge.example.net.", "127.0.0.1"),
        cname("shop.customer.example.", "edge.example.net."),
        cname("new.customer.example.", "edge.example.net."),
        a("moved.customer.example.", "192.0.2.9"),
        caa("new.customer.example.", "issue", "letsencrypt.org", false),
    ])
    .await;

    let well = survey(&server, edge.address, &root.pem, "shop.customer.example").await;
    assert_eq!(well.dns.verdict, Some(Verdict::Ok));
    assert_eq!(well.caa.verdict, Some(Verdict::Ok));
    assert_eq!(well.site.unwrap().code, code::OK);
    assert_eq!(well.edge.unwrap().code, code::OK);
    assert!(well.certificate.is_some());

    // Our edge has no certificate for this name, and its owner lets nobody of ours issue one.
    let new = survey(&server, edge.address, &root.pem, "new.customer.example").await;
    assert_eq!(new.dns.verdict, Some(Verdict::Ok));
    assert_eq!(new.edge.unwrap().code, code::CERT_WRONG_HOST);
    assert!(new.certificate.is_none());

    let moved = survey(&server, edge.address, &root.pem, "moved.customer.example").await;
    assert_eq!(moved.dns.code, code::DNS_POINTS_ELSEWHERE);
    assert!(moved.site.is_none(), "somebody else's site is not asked");
}
