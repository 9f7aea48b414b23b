//! The TLS probe against real listeners with certificates made for the purpose.

#[path = "probe_tls/beside.rs"]
mod beside;
mod probe_support;
#[path = "probe_tls/starttls.rs"]
mod starttls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use gonogo_server::probe::{
    AddressPolicy, DnsError, MAX_ADDRESSES, ProbeResult, Prober, Target, TlsTarget, Trust, Verdict,
    code,
};
use jiff::Timestamp;
use probe_support::names::Names;
use probe_support::tls::{Authority, HOST, Served, TlsServer, Wish};
use probe_support::{PATIENT, SHORT, ask, page, spec, tls_at};
use rcgen::ExtendedKeyUsagePurpose;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn ask_tls(target: TlsTarget) -> ProbeResult {
    ask(Names::none(), Target::Tls(target), PATIENT).await
}

/// Asks a listener that serves this, trusting the given root.
async fn ask_served(served: &Served, root: &Authority) -> ProbeResult {
    let server = served.serve().await;
    ask_tls(tls_at(server.address, &root.pem)).await
}

#[tokio::test]
async fn a_valid_chain_is_ok_and_its_facts_are_kept() {
    let root = Authority::root("Example Root");
    let middle = root.intermediate("Example Intermediate", -400, 20);
    let served = middle.issue(&Wish::days(-4, 2)).sending(&middle.der);
    let result = ask_served(&served, &root).await;

    assert_eq!((result.verdict, result.code), (Verdict::Ok, code::OK));
    assert_eq!(result.check, "edge");
    let facts = result.certificate.unwrap();
    assert!(facts.verified);
    assert_eq!(facts.verify_error, None);
    assert_eq!(facts.chain_len, 2);
    assert_eq!(facts.names, [HOST]);
    assert_eq!(facts.issuer, "CN=Example Intermediate");
    assert_eq!(facts.subject, format!("CN={HOST}"));
    assert_eq!(facts.lifetime.as_secs(), 6 * 86_400);
    assert_eq!(facts.earliest_chain_expiry, facts.not_after);
    let digest = Sha256::digest(&served.chain[0]);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(facts.fingerprint_sha256, digest);
    assert!(!facts.serial.is_empty());
    // Two of six days: a third is left, and that is the engine's to judge.
    let now = Timestamp::now();
    assert!((332..=333).contains(&facts.left_permille(now)));
    assert_eq!(facts.days_left(now), 1);
    assert!(
        result.detail.contains("33 % of its life"),
        "{}",
        result.detail
    );

    let phases = result.phases;
    assert!(phases.connect.is_some() && phases.tls.is_some());
    assert!(phases.total >= phases.connect.unwrap() + phases.tls.unwrap());
    assert_eq!(result.addresses.len(), 1);
}

#[tokio::test]
async fn every_fault_of_a_chain_has_its_own_code_and_keeps_the_facts() {
    let root = Authority::root("Example Root");
    let other = Authority::root("Another Root");
    let middle = root.intermediate("Example Intermediate", -400, 400);
    let stale = root.intermediate("Stale Intermediate", -400, -3);
    let early = root.intermediate("Early Intermediate", 3, 400);
    let unknown = other.intermediate("Unknown Intermediate", -400, 400);
    let client_only = Wish {
        purpose: ExtendedKeyUsagePurpose::ClientAuth,
        ..Wish::default()
    };
    let wish = Wish::default();
    let cases = [
        (root.issue(&Wish::days(-90, -3)), code::CERT_EXPIRED),
        (root.issue(&Wish::days(3, 90)), code::CERT_NOT_YET_VALID),
        (
            root.issue(&Wish::named("other.example.com")),
            code::CERT_WRONG_HOST,
        ),
        (wish.self_signed(), code::CERT_SELF_SIGNED),
        (middle.issue(&wish), code::CERT_CHAIN_INCOMPLETE),
        (
            middle.issue(&wish).sending(&stale.der),
            code::CERT_CHAIN_INCOMPLETE,
        ),
        (
            stale.issue(&wish).sending(&stale.der),
            code::CERT_CHAIN_EXPIRED,
        ),
        (
            early.issue(&wish).sending(&early.der),
            code::CERT_NOT_YET_VALID,
        ),
        (other.issue(&wish).sending(&other.der), code::CERT_UNTRUSTED),
        (
            unknown.issue(&wish).sending(&unknown.der),
            code::CERT_UNTRUSTED,
        ),
        (root.issue(&client_only), code::CERT_WRONG_PURPOSE),
    ];
    for (served, expected) in &cases {
        let result = ask_served(served, &root).await;
        assert_eq!(
            (result.verdict, result.code),
            (Verdict::Failing, *expected),
            "{}",
            result.detail
        );
        let facts = result.certificate.expect(expected);
        assert!(!facts.verified, "{expected}");
        assert_eq!(facts.verify_error, Some(*expected));
        assert_eq!(facts.chain_len, served.chain.len());
    }
}

#[tokio::test]
async fn an_impostor_with_the_roots_name_is_not_trusted() {
    let root = Authority::root("Example Root");
    let impostor = Authority::root("Example Root");
    let result = ask_served(&impostor.issue(&Wish::default()), &root).await;
    assert_eq!(result.verdict, Verdict::Failing);
    assert!(
        [code::CERT_UNTRUSTED, code::CERT_BAD_SIGNATURE].contains(&result.code),
        "{}",
        result.code
    );
}

#[tokio::test]
async fn several_faults_give_the_first_code_and_one_sentence_with_all() {
    let wish = Wish {
        names: (1..=5).map(|n| format!("shop-{n}.example.com")).collect(),
        ..Wish::days(-90, -3)
    };
    let root = Authority::root("Example Root");
    let result = ask_served(&wish.self_signed(), &root).await;
    assert_eq!(result.code, code::CERT_WRONG_HOST);
    for part in [
        "is for shop-1.example.com, shop-2.example.com, shop-3.example.com and 2 more",
        ", not for app.example.com",
        "expired 3 days ago",
        "self-signed",
    ] {
        assert!(result.detail.contains(part), "{}", result.detail);
    }
}

#[tokio::test]
async fn an_expired_certificate_that_no_path_needs_does_not_shorten_the_chain() {
    let root = Authority::root("Example Root");
    let unused = root.intermediate("Retired Intermediate", -400, -3);
    let served = root.issue(&Wish::default()).sending(&unused.der);
    let result = ask_served(&served, &root).await;
    assert_eq!(result.verdict, Verdict::Ok, "{}", result.detail);
    let facts = result.certificate.unwrap();
    assert_eq!(facts.earliest_chain_expiry, facts.not_after);
}

#[tokio::test]
async fn an_intermediate_that_ends_first_is_the_earliest_expiry() {
    let root = Authority::root("Example Root");
    let middle = root.intermediate("Example Intermediate", -400, 5);
    let served = middle.issue(&Wish::default()).sending(&middle.der);
    let result = ask_served(&served, &root).await;
    let facts = result.certificate.unwrap();
    assert!(facts.earliest_chain_expiry < facts.not_after);
    assert_eq!(facts.days_left(Timestamp::now()), 4);
}

/// Serves one certificate on 127.0.0.1 and another on 127.0.0.2, on one port.
async fn two_faces(first: &Served, second: &Served) -> (TlsServer, TlsServer) {
    let first = first.serve().await;
    let beside = SocketAddr::new([127, 0, 0, 2].into(), first.address.port());
    let second = second.serve_at(beside).await;
    (first, second)
}

#[tokio::test]
async fn the_worst_of_several_addresses_decides_and_is_named() {
    let root = Authority::root("Example Root");
    let good = root.issue(&Wish::default());
    let old = root.issue(&Wish::days(-90, -3));
    let (first, second) = two_faces(&good, &old).await;
    let mut target = tls_at(first.address, &root.pem);
    target.connect_to = None;
    target.port = first.address.port();
    let names = Names::none().with(HOST, &["127.0.0.1", "127.0.0.2"]);
    let result = ask(names, Target::Tls(target), PATIENT).await;

    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Failing, code::CERT_EXPIRED)
    );
    assert!(
        result.detail.contains("1 of 2 addresses"),
        "{}",
        result.detail
    );
    assert!(
        result.detail.contains(&second.address.to_string()),
        "{}",
        result.detail
    );
    let verdicts: Vec<Verdict> = result.addresses.iter().map(|a| a.verdict).collect();
    assert_eq!(verdicts, [Verdict::Ok, Verdict::Failing]);
    assert!(result.addresses.iter().all(|a| a.certificate.is_some()));
    assert!(result.phases.dns.is_some());
    for server in [&first, &second] {
        assert_eq!(*server.names.lock().unwrap(), [Some(HOST.to_owned())]);
    }
}

#[tokio::test]
async fn of_several_good_addresses_the_one_that_ends_first_is_reported() {
    let root = Authority::root("Example Root");
    let renewed = root.issue(&Wish::days(-1, 89));
    let forgotten = root.issue(&Wish::days(-80, 10));
    let (first, _second) = two_faces(&renewed, &forgotten).await;
    let mut target = tls_at(first.address, &root.pem);
    target.connect_to = None;
    target.port = first.address.port();
    let names = Names::none().with(HOST, &["127.0.0.1", "127.0.0.2", "127.0.0.1"]);
    let result = ask(names, Target::Tls(target), PATIENT).await;
    assert_eq!(result.verdict, Verdict::Ok);
    assert_eq!(
        result.addresses.len(),
        2,
        "the doubled address is asked once"
    );
    assert_eq!(result.certificate.unwrap().days_left(Timestamp::now()), 9);
    assert!(
        result.detail.starts_with(
            "2 of 2 addresses of app.example.com serve valid certificates, 2 different ones."
        ),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn one_dead_address_does_not_hide_the_other() {
    let root = Authority::root("Example Root");
    let server = root.issue(&Wish::default()).serve().await;
    let mut target = tls_at(server.address, &root.pem);
    target.connect_to = None;
    target.port = server.address.port();
    let names = Names::none().with(HOST, &["127.0.0.1", "127.0.0.3"]);
    let result = ask(names, Target::Tls(target), PATIENT).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Failing, code::CONNECT_REFUSED)
    );
    assert_eq!(result.addresses[0].verdict, Verdict::Ok);
}

#[tokio::test]
async fn the_number_of_addresses_is_bounded_and_the_rest_is_mentioned() {
    let root = Authority::root("Example Root");
    let served = root.issue(&Wish::default());
    let server = served.serve_at("0.0.0.0:0".parse().unwrap()).await;
    let mut target = tls_at(server.address, &root.pem);
    target.connect_to = None;
    target.port = server.address.port();
    for (count, mentioned) in [(MAX_ADDRESSES, false), (MAX_ADDRESSES + 1, true)] {
        let addresses: Vec<String> = (1..=count).map(|n| format!("127.0.0.{n}")).collect();
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let names = Names::none().with(HOST, &addresses);
        let result = ask(names, Target::Tls(target.clone()), PATIENT).await;
        assert_eq!(result.verdict, Verdict::Ok, "{}", result.detail);
        assert_eq!(result.addresses.len(), MAX_ADDRESSES);
        assert_eq!(
            result.detail.contains("Only 16 of 17 addresses"),
            mentioned,
            "{}",
            result.detail
        );
    }
}

#[tokio::test]
async fn a_pinned_address_is_asked_with_the_given_name_and_without_dns() {
    let root = Authority::root("Example Root");
    let server = root
        .issue(&Wish::named("shop.example.com"))
        .serve_tls12()
        .await;
    let mut target = tls_at(server.address, &root.pem);
    target.server_name = Some("shop.example.com".to_owned());
    let names = Names::none();
    let asked = names.asked();
    let result = ask(names, Target::Tls(target), PATIENT).await;
    assert_eq!(result.verdict, Verdict::Ok, "{}", result.detail);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(
        *server.names.lock().unwrap(),
        [Some("shop.example.com".to_owned())]
    );
}

/// A listener that does this with each connection.
async fn rude<F, Fut>(behave: F) -> SocketAddr
where
    F: Fn(tokio::net::TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(behave(tcp));
        }
    });
    address
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_told_from_a_bad_certificate() {
    let root = Authority::root("Example Root");
    let plain = rude(|mut tcp| async move {
        let mut hello = [0; 64];
        let _ = tcp.read(&mut hello).await;
        let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let result = ask_tls(tls_at(plain, &root.pem)).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Failing, code::TLS_NOT_SPOKEN)
    );
    assert_eq!(result.certificate, None);
}

#[tokio::test]
async fn a_server_that_hangs_up_or_sends_an_alert_is_named_so() {
    let root = Authority::root("Example Root");
    let hangs_up = rude(|mut tcp| async move {
        let mut hello = [0; 2048];
        let _ = tcp.read(&mut hello).await;
    })
    .await;
    let alert = rude(|mut tcp| async move {
        let mut hello = [0; 2048];
        let _ = tcp.read(&mut hello).await;
        // A fatal unrecognized_name.
        let _ = tcp.write_all(&[0x15, 3, 3, 0, 2, 2, 112]).await;
        let _ = tcp.read(&mut hello).await;
    })
    .await;
    let result = ask_tls(tls_at(hangs_up, &root.pem)).await;
    assert_eq!(result.code, code::CONNECTION_CLOSED, "{}", result.detail);
    let result = ask_tls(tls_at(alert, &root.pem)).await;
    assert_eq!(result.code, code::TLS_ALERT, "{}", result.detail);
    assert!(
        result.detail.contains("UnrecognisedName"),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn a_server_that_goes_silent_in_the_handshake_costs_the_timeout_and_no_more() {
    let root = Authority::root("Example Root");
    let silent = rude(|mut tcp| async move {
        let mut rest = Vec::new();
        let _ = tcp.read_to_end(&mut rest).await;
    })
    .await;
    let target = Target::Tls(tls_at(silent, &root.pem));
    let result = ask(Names::none(), target, SHORT).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Failing, code::TIMEOUT)
    );
    assert!(result.took >= SHORT && result.took < SHORT * 10);
    assert!(
        result.detail.contains("250 ms while shaking hands"),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn garbage_in_place_of_a_certificate_is_unreadable() {
    let root = Authority::root("Example Root");
    for garbage in [&b"not a certificate"[..], &[0x30, 0x82, 0xff], &[0; 40_000]] {
        let served = root.issue(&Wish::default()).replaced(garbage);
        let result = ask_served(&served, &root).await;
        assert_eq!(
            (result.verdict, result.code),
            (Verdict::Failing, code::CERT_UNREADABLE),
            "{}",
            result.detail
        );
        assert_eq!(result.certificate, None);
    }
}

#[tokio::test]
async fn names_that_do_not_exist_are_failing_and_silent_resolvers_are_unknown() {
    let target = || Target::Tls(TlsTarget::new(HOST, 443));
    let result = ask(Names::none(), target(), PATIENT).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Failing, code::DNS_NOT_FOUND)
    );
    let down = DnsError::Unavailable("Temporary failure in name resolution".to_owned());
    let result = ask(Names::none().failing(HOST, down), target(), PATIENT).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Unknown, code::DNS_UNAVAILABLE)
    );
    let result = ask(Names::silent(), target(), SHORT).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Unknown, code::DNS_UNAVAILABLE)
    );
}

#[tokio::test]
async fn policy_is_applied_to_the_resolved_address() {
    for (address, allow_private, expected) in [
        ("169.254.169.254", true, code::ADDRESS_FORBIDDEN),
        ("fd00:ec2::254", true, code::ADDRESS_FORBIDDEN),
        ("100.100.100.200", true, code::ADDRESS_FORBIDDEN),
        ("fe80::1", true, code::ADDRESS_FORBIDDEN),
        ("127.0.0.1", false, code::ADDRESS_PRIVATE),
        ("10.0.0.1", false, code::ADDRESS_PRIVATE),
    ] {
        let mut target = TlsTarget::new(HOST, 443);
        target.allow_private = allow_private;
        let names = Names::none().with(HOST, &[address]);
        let result = ask(names, Target::Tls(target.clone()), PATIENT).await;
        assert_eq!(
            (result.verdict, result.code),
            (Verdict::Unknown, expected),
            "{address}"
        );
        // Pinning the address is no way around it.
        target.connect_to = Some(SocketAddr::new(address.parse().unwrap(), 443));
        let result = ask(Names::none(), Target::Tls(target), PATIENT).await;
        assert_eq!(
            (result.verdict, result.code),
            (Verdict::Unknown, expected),
            "{address}"
        );
    }
    let target = Target::Tls(TlsTarget::new("metadata.google.internal", 443));
    let names = Names::none();
    let asked = names.asked();
    let result = ask(names, target, PATIENT).await;
    assert_eq!(result.code, code::ADDRESS_FORBIDDEN);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_address_that_may_not_be_asked_keeps_the_whole_from_being_green() {
    let root = Authority::root("Example Root");
    let server = root.issue(&Wish::default()).serve().await;
    let mut target = tls_at(server.address, &root.pem);
    target.connect_to = None;
    target.port = server.address.port();
    let names = Names::none().with(HOST, &["127.0.0.1", "169.254.169.254"]);
    let result = ask(names, Target::Tls(target), PATIENT).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Unknown, code::ADDRESS_FORBIDDEN)
    );
    assert_eq!(result.addresses[0].verdict, Verdict::Ok);
}

#[tokio::test]
async fn an_administrator_may_allow_a_name_but_not_what_is_pinned_under_it() {
    let root = Authority::root("Example Root");
    let server = root.issue(&Wish::default()).serve().await;
    let mut target = tls_at(server.address, &root.pem);
    target.allow_private = false;
    target.port = server.address.port();
    for (exception, pinned, expected) in [
        (HOST, None, Verdict::Ok),
        (HOST, Some(server.address), Verdict::Unknown),
        ("127.0.0.1", Some(server.address), Verdict::Ok),
    ] {
        target.connect_to = pinned;
        let names = Names::none().with(HOST, &["127.0.0.1"]);
        let prober = Prober::new(names.into_resolver(), AddressPolicy::allowing([exception]));
        let target = Target::Tls(target.clone());
        let result = prober.run(&spec(target, PATIENT)).await;
        assert_eq!(result.verdict, expected, "{}", result.detail);
    }
}

#[tokio::test]
async fn an_address_as_host_is_verified_by_address() {
    let root = Authority::root("Example Root");
    for (name, expected) in [("127.0.0.1", code::OK), (HOST, code::CERT_WRONG_HOST)] {
        let server = root.issue(&Wish::named(name)).serve().await;
        let mut target = tls_at(server.address, &root.pem);
        target.host = "127.0.0.1".to_owned();
        target.port = server.address.port();
        target.connect_to = None;
        let result = ask_tls(target).await;
        assert_eq!(result.code, expected, "{}", result.detail);
        assert_eq!(result.certificate.unwrap().names, [name]);
        assert_eq!(
            *server.names.lock().unwrap(),
            [None],
            "no SNI for addresses"
        );
    }
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_has_shown_its_own() {
    let root = Authority::root("Example Root");
    let served = root.issue(&Wish::default());
    for versions in [&[&rustls::version::TLS12], &[&rustls::version::TLS13]] {
        let acceptor = served.acceptor_for_clients_of(&root, versions);
        let server = TlsServer::start("127.0.0.1:0".parse().unwrap(), acceptor).await;
        let result = ask_tls(tls_at(server.address, &root.pem)).await;
        assert_eq!(result.verdict, Verdict::Ok, "{}", result.detail);
        assert!(result.certificate.unwrap().verified);
    }
}

#[tokio::test]
async fn specs_that_cannot_be_run_are_unknown() {
    for host in ["", "a b", "https://example.com", "user@example.com"] {
        let result = ask_tls(TlsTarget::new(host, 443)).await;
        assert_eq!(
            (result.verdict, result.code),
            (Verdict::Unknown, code::SPEC_INVALID),
            "{host}"
        );
    }
    let mut target = TlsTarget::new(HOST, 443);
    target.trust = Trust::Roots(b"no PEM".to_vec());
    let result = ask_tls(target).await;
    assert_eq!(
        (result.verdict, result.code),
        (Verdict::Unknown, code::TRUST_UNREADABLE)
    );
}

#[tokio::test]
async fn looking_at_a_bad_chain_weakens_nothing_else() {
    let root = Authority::root("Example Root");
    let served = Wish::default().self_signed();
    let server = served.serve().await;
    let prober = Prober::new(Names::none().into_resolver(), AddressPolicy::default());
    let looked = prober
        .run(&spec(
            Target::Tls(tls_at(server.address, &root.pem)),
            PATIENT,
        ))
        .await;
    assert_eq!(looked.code, code::CERT_SELF_SIGNED);

    // The same prober and trust, now to talk: it must not.
    let mut target = page(server.address, "/");
    target.url = format!("https://{HOST}/");
    target.connect_to = Some(server.address);
    target.trust = Trust::Roots(root.pem.clone().into_bytes());
    target.headers = vec![("authorization".to_owned(), "Bearer very-secret".into())];
    let talked = prober.run(&spec(Target::Http(target), PATIENT)).await;
    assert_eq!(
        (talked.verdict, talked.code),
        (Verdict::Failing, code::CERT_SELF_SIGNED)
    );
    assert!(talked.certificate.is_some());
    assert!(!format!("{talked:?}").contains("very-secret"));
    assert!(server.received.lock().unwrap().is_empty());

    // A client outside of probes is as strict as ever.
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(roots)
    .with_no_client_auth();
    let tcp = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    let name = HOST.try_into().unwrap();
    let connected = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await;
    assert!(connected.is_err());
}
