//! Names: what resolvers say, agree on, garble and keep to themselves.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use gonogo_server::probe::{
    Aim, CaaQuestion, DnsExpect, DnsTarget, Dnssec, ProbeResult, RecordType, Target, code,
};
use hickory_proto::op::{Message, ResponseCode};

use crate::nameserver::{NameServer, a, aaaa, answer, caa, cname, said, soa, txt};
use crate::probe_support::names::Names;
use crate::probe_support::{PATIENT, SHORT, ask};
use crate::{OK, failing, told, unknown};

fn target(host: &str, record: RecordType, resolvers: &[SocketAddr]) -> DnsTarget {
    DnsTarget {
        host: host.into(),
        record,
        expect: DnsExpect::default(),
        resolvers: resolvers.to_vec(),
        allow_private: true,
    }
}

async fn asked(target: DnsTarget) -> ProbeResult {
    ask(Names::none(), Target::Dns(Box::new(target)), PATIENT).await
}

/// Asks one server with an expectation.
async fn expect(
    server: &NameServer,
    host: &str,
    record: RecordType,
    expect: DnsExpect,
) -> ProbeResult {
    let mut target = target(host, record, &[server.address]);
    target.expect = expect;
    asked(target).await
}

fn values(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

#[tokio::test]
async fn records_are_compared_whatever_their_order_and_spelling() {
    let server = NameServer::with(vec![
        a("app.example.com.", "192.0.2.1"),
        a("app.example.com.", "192.0.2.2"),
        txt("app.example.com.", "v=spf1 -all"),
        cname("www.example.com.", "App.Example.com."),
    ])
    .await;
    let ok = |equals: &[&str]| DnsExpect {
        equals: values(equals),
        ..DnsExpect::default()
    };
    let both = ok(&["192.0.2.2", "192.0.2.1"]);
    let result = expect(&server, "app.example.com", RecordType::A, both.clone()).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    let result = expect(&server, "www.example.com", RecordType::A, both).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    let alias = ok(&["app.example.com."]);
    let result = expect(&server, "www.example.com", RecordType::CNAME, alias).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    let result = expect(
        &server,
        "app.example.com",
        RecordType::A,
        ok(&["192.0.2.1"]),
    )
    .await;
    assert_eq!(told(&result), failing(code::DNS_DIFFERS));
    assert_eq!(
        result.detail,
        "app.example.com has the A record 192.0.2.1 and 192.0.2.2, and should have 192.0.2.1."
    );
    let contains = DnsExpect {
        contains: values(&["v=spf1 -all"]),
        ..DnsExpect::default()
    };
    let result = expect(&server, "app.example.com", RecordType::TXT, contains).await;
    assert_eq!(told(&result), OK, "{}", result.detail);
}

#[tokio::test]
async fn a_missing_name_is_told_from_a_missing_record_and_both_from_a_mute_resolver() {
    let server = NameServer::with(vec![a("app.example.com.", "192.0.2.1")]).await;
    let plain = DnsExpect::default;
    let result = expect(&server, "no.example.com", RecordType::A, plain()).await;
    assert_eq!(
        told(&result),
        failing(code::DNS_NOT_FOUND),
        "{}",
        result.detail
    );
    let result = expect(&server, "app.example.com", RecordType::MX, plain()).await;
    assert_eq!(
        told(&result),
        failing(code::DNS_NO_RECORD),
        "{}",
        result.detail
    );
    let absent = DnsExpect {
        absent: true,
        ..plain()
    };
    let result = expect(&server, "no.example.com", RecordType::A, absent.clone()).await;
    assert_eq!(told(&result), OK);
    let result = expect(&server, "app.example.com", RecordType::A, absent).await;
    assert_eq!(
        told(&result),
        failing(code::DNS_UNEXPECTED),
        "{}",
        result.detail
    );

    for (response, code) in [
        (ResponseCode::ServFail, code::DNS_SERVFAIL),
        (ResponseCode::Refused, code::DNS_REFUSED),
        (ResponseCode::NotImp, code::DNS_UNAVAILABLE),
    ] {
        let says = move |q: &Message| vec![said(q, response).to_vec().unwrap()];
        let server = NameServer::scripted(Box::new(says), None).await;
        let result = expect(&server, "app.example.com", RecordType::A, plain()).await;
        assert_eq!(told(&result), unknown(code), "{}", result.detail);
    }
    let silent = NameServer::scripted(Box::new(|_| Vec::new()), None).await;
    let mute = target("app.example.com", RecordType::A, &[silent.address]);
    let result = ask(Names::none(), Target::Dns(Box::new(mute)), SHORT).await;
    assert_eq!(
        told(&result),
        unknown(code::DNS_UNAVAILABLE),
        "{}",
        result.detail
    );
    assert_eq!(
        silent.asked.load(Ordering::SeqCst),
        3,
        "asked again before giving up"
    );
}

#[tokio::test]
async fn bogus_is_what_answers_only_unchecked() {
    let server = NameServer::scripted(
        Box::new(|q| {
            let records = [a("app.example.com.", "192.0.2.1")];
            let answer = match q.metadata.checking_disabled {
                true => answer(q, &records),
                false => said(q, ResponseCode::ServFail),
            };
            vec![answer.to_vec().unwrap()]
        }),
        None,
    )
    .await;
    let result = expect(
        &server,
        "app.example.com",
        RecordType::A,
        DnsExpect::default(),
    )
    .await;
    assert_eq!(told(&result), failing(code::DNS_BOGUS), "{}", result.detail);
}

#[tokio::test]
async fn a_resolver_that_checks_nothing_cannot_say_that_a_zone_is_unsigned() {
    let of = |root_checked: bool, answer_checked: bool| async move {
        NameServer::scripted(
            Box::new(move |q| {
                let records = [a("app.example.com.", "192.0.2.1"), soa(".")];
                let mut answer = answer(q, &records);
                answer.metadata.authentic_data = match q.queries[0].name().is_root() {
                    true => root_checked,
                    false => answer_checked,
                };
                vec![answer.to_vec().unwrap()]
            }),
            None,
        )
        .await
    };
    let wanting = |dnssec| DnsExpect {
        dnssec: Some(dnssec),
        ..DnsExpect::default()
    };
    for (root, answer, dnssec, want) in [
        (true, true, Dnssec::Secure, OK),
        (true, false, Dnssec::Secure, failing(code::DNS_UNSIGNED)),
        (false, false, Dnssec::Secure, unknown(code::DNS_UNCHECKED)),
        (true, false, Dnssec::Insecure, OK),
        (true, true, Dnssec::Insecure, failing(code::DNS_SIGNED)),
        (false, false, Dnssec::Insecure, unknown(code::DNS_UNCHECKED)),
        (false, false, Dnssec::NotBogus, OK),
    ] {
        let server = of(root, answer).await;
        let result = expect(&server, "app.example.com", RecordType::A, wanting(dnssec)).await;
        assert_eq!(
            told(&result),
            want,
            "{root} {answer} {dnssec} {}",
            result.detail
        );
    }
}

#[tokio::test]
async fn resolvers_have_to_agree_and_who_differs_is_named() {
    let one = NameServer::with(vec![a("app.example.com.", "192.0.2.1")]).await;
    let same = NameServer::with(vec![a("app.example.com.", "192.0.2.1")]).await;
    let other = NameServer::with(vec![a("app.example.com.", "192.0.2.9")]).await;
    let none = NameServer::with(Vec::new()).await;
    let silent = NameServer::scripted(
        Box::new(|q| vec![said(q, ResponseCode::Refused).to_vec().unwrap()]),
        None,
    )
    .await;
    let of = |servers: &[&NameServer]| {
        let resolvers: Vec<SocketAddr> = servers.iter().map(|s| s.address).collect();
        asked(target("app.example.com", RecordType::A, &resolvers))
    };
    let result = of(&[&one, &same]).await;
    assert_eq!(told(&result), OK);
    assert!(
        result.detail.contains("2 resolvers agree"),
        "{}",
        result.detail
    );
    let result = of(&[&one, &same, &other]).await;
    assert_eq!(told(&result), failing(code::DNS_DISAGREE));
    assert!(
        result
            .detail
            .contains(&format!("{} says 192.0.2.9", other.address)),
        "{}",
        result.detail
    );
    let result = of(&[&one, &none]).await;
    assert_eq!(
        told(&result),
        failing(code::DNS_DISAGREE),
        "{}",
        result.detail
    );
    // One that is mute does not outvote two, and two that are mute leave it open.
    assert_eq!(told(&of(&[&one, &same, &silent]).await), OK);
    let result = of(&[&one, &silent]).await;
    assert_eq!(
        told(&result),
        unknown(code::DNS_REFUSED),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn a_zone_that_no_resolver_can_ask_fails() {
    let lame = || {
        NameServer::scripted(
            Box::new(|q| vec![said(q, ResponseCode::ServFail).to_vec().unwrap()]),
            None,
        )
    };
    let (one, two) = (lame().await, lame().await);
    let resolvers = [one.address, two.address];
    let result = asked(target("app.example.com", RecordType::A, &resolvers)).await;
    assert_eq!(
        told(&result),
        failing(code::DNS_SERVFAIL),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn a_name_leads_to_us_by_alias_or_by_address_and_no_address_is_left_behind() {
    let server = NameServer::with(vec![
        a("edge.example.net.", "192.0.2.1"),
        aaaa("edge.example.net.", "2001:db8::1"),
        cname("shop.example.com.", "edge.example.net."),
        a("apex.example.org.", "192.0.2.1"),
        a("old.example.org.", "192.0.2.1"),
        aaaa("old.example.org.", "2001:db8::bad"),
        cname("gone.example.com.", "other.example.com."),
        a("other.example.com.", "198.51.100.7"),
        cname("dangling.example.com.", "nowhere.example.com."),
    ])
    .await;
    let aim = Aim {
        names: values(&["edge.example.net."]),
        addresses: Vec::new(),
    };
    let points = |host: &'static str| {
        let aim = DnsExpect {
            points_at: Some(aim.clone()),
            ..DnsExpect::default()
        };
        expect(&server, host, RecordType::A, aim)
    };
    for host in ["shop.example.com", "apex.example.org", "edge.example.net"] {
        let result = points(host).await;
        assert_eq!(told(&result), OK, "{host}: {}", result.detail);
    }
    let result = points("old.example.org").await;
    assert_eq!(told(&result), failing(code::DNS_POINTS_ELSEWHERE));
    assert_eq!(
        result.detail,
        "old.example.org leads to 2001:db8::bad, not to edge.example.net."
    );
    let result = points("gone.example.com").await;
    assert_eq!(told(&result), failing(code::DNS_POINTS_ELSEWHERE));
    assert!(
        result.detail.contains("an alias of other.example.com"),
        "{}",
        result.detail
    );
    let result = points("dangling.example.com").await;
    assert_eq!(
        told(&result),
        failing(code::DNS_NO_RECORD),
        "{}",
        result.detail
    );
    let result = points("no.example.com").await;
    assert_eq!(
        told(&result),
        failing(code::DNS_NOT_FOUND),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn caa_is_looked_for_as_an_authority_does() {
    let server = NameServer::with(vec![
        a("plain.example.org.", "192.0.2.1"),
        caa("example.com.", "issue", "letsencrypt.org", false),
        a("www.example.com.", "192.0.2.1"),
        a("own.example.com.", "192.0.2.1"),
        caa("own.example.com.", "issue", "pki.goog", false),
        // The records of an alias's target count for the alias.
        cname("alias.example.com.", "edge.example.net."),
        caa("edge.example.net.", "issue", "pki.goog", false),
        caa("wild.example.org.", "issue", "pki.goog", false),
        caa("wild.example.org.", "issuewild", ";", false),
        caa("strange.example.org.", "issue", "pki.goog", false),
        caa("strange.example.org.", "quantum", "1", true),
    ])
    .await;
    let allowed = |host: &'static str| {
        let question = CaaQuestion {
            issuer: "pki.goog".into(),
            ..CaaQuestion::default()
        };
        let caa = DnsExpect {
            caa: Some(question),
            ..DnsExpect::default()
        };
        expect(&server, host, RecordType::A, caa)
    };
    for (host, want) in [
        ("plain.example.org", OK),
        ("www.example.com", failing(code::CAA_FORBIDS)),
        ("own.example.com", OK),
        ("alias.example.com", OK),
        ("wild.example.org", OK),
        ("*.wild.example.org", failing(code::CAA_FORBIDS)),
        ("strange.example.org", failing(code::CAA_CRITICAL_UNKNOWN)),
    ] {
        let result = allowed(host).await;
        assert_eq!(told(&result), want, "{host}: {}", result.detail);
    }
    let result = allowed("www.example.com").await;
    assert_eq!(
        result.detail,
        "The CAA records at example.com let only letsencrypt.org issue, not pki.goog."
    );
}

#[tokio::test]
async fn a_lookup_of_caa_that_fails_permits_nothing() {
    let server = NameServer::scripted(
        Box::new(|q| {
            let code = match q.queries[0].query_type() {
                RecordType::CAA => ResponseCode::ServFail,
                _ => ResponseCode::NoError,
            };
            vec![said(q, code).to_vec().unwrap()]
        }),
        None,
    )
    .await;
    let question = CaaQuestion {
        issuer: "pki.goog".into(),
        ..CaaQuestion::default()
    };
    let wanted = DnsExpect {
        caa: Some(question),
        ..DnsExpect::default()
    };
    let result = expect(&server, "app.example.com", RecordType::A, wanted).await;
    assert_eq!(
        told(&result),
        unknown(code::DNS_SERVFAIL),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn a_truncated_answer_is_asked_for_over_tcp() {
    let whole = |q: &Message| {
        let many: Vec<_> = (0..200)
            .map(|n| txt("app.example.com.", &format!("{n:0>200}")))
            .collect();
        vec![answer(q, &many).to_vec().unwrap()]
    };
    let cut = |q: &Message| {
        let mut answer = said(q, ResponseCode::NoError);
        answer.metadata.truncation = true;
        vec![answer.to_vec().unwrap()]
    };
    let server = NameServer::scripted(Box::new(cut), Some(Box::new(whole))).await;
    let result = expect(
        &server,
        "app.example.com",
        RecordType::TXT,
        DnsExpect::default(),
    )
    .await;
    assert_eq!(told(&result), OK, "{}", result.detail);
    assert!(result.detail.contains("194 more"), "{}", result.detail);
    assert_eq!(server.by_tcp.load(Ordering::SeqCst), 1);

    let endless = NameServer::scripted(Box::new(cut), Some(Box::new(cut))).await;
    let result = expect(
        &endless,
        "app.example.com",
        RecordType::TXT,
        DnsExpect::default(),
    )
    .await;
    assert_eq!(
        told(&result),
        unknown(code::DNS_GARBLED),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn what_is_no_answer_is_not_believed() {
    let records = || [a("app.example.com.", "192.0.2.66")];
    let wrong_id = move |q: &Message| {
        let mut answer = answer(q, &records());
        answer.metadata.id = answer.metadata.id.wrapping_add(1);
        answer.to_vec().unwrap()
    };
    let other_question = move |q: &Message| {
        let mut answer = answer(q, &records());
        answer.queries[0].set_query_type(RecordType::AAAA);
        answer.to_vec().unwrap()
    };
    let circle = move |q: &Message| {
        let mut bytes = answer(q, &records()).to_vec().unwrap();
        // The question's name points at itself.
        (bytes[12], bytes[13]) = (0xc0, 0x0c);
        bytes
    };
    let right = |q: &Message| {
        let records = [a("app.example.com.", "192.0.2.1")];
        answer(q, &records).to_vec().unwrap()
    };
    // The true answer comes after the false ones, and is the one that counts.
    let server = NameServer::scripted(
        Box::new(move |q| {
            let question = q.to_vec().unwrap();
            vec![
                wrong_id(q),
                other_question(q),
                circle(q),
                question,
                Vec::new(),
                vec![0; 4_000],
                right(q),
            ]
        }),
        None,
    )
    .await;
    let wanted = DnsExpect {
        equals: values(&["192.0.2.1"]),
        ..DnsExpect::default()
    };
    let result = expect(&server, "app.example.com", RecordType::A, wanted).await;
    assert_eq!(told(&result), OK, "{}", result.detail);

    let flood = NameServer::scripted(Box::new(move |q| vec![wrong_id(q); 40]), None).await;
    let result = expect(
        &flood,
        "app.example.com",
        RecordType::A,
        DnsExpect::default(),
    )
    .await;
    assert_eq!(
        told(&result),
        unknown(code::DNS_GARBLED),
        "{}",
        result.detail
    );
}

#[tokio::test]
async fn aliases_in_a_circle_fail_whoever_follows_them() {
    let server = NameServer::with(vec![
        cname("a.example.com.", "b.example.com."),
        cname("b.example.com.", "a.example.com."),
    ])
    .await;
    let result = expect(
        &server,
        "a.example.com",
        RecordType::A,
        DnsExpect::default(),
    )
    .await;
    assert_eq!(told(&result), failing(code::DNS_LOOP), "{}", result.detail);
    // A server that gives one alias at a time, each to a new name.
    let endless = NameServer::scripted(
        Box::new(|q| {
            let asked = q.queries[0].name().to_ascii();
            let mut answer = said(q, ResponseCode::NoError);
            answer.add_answer(cname(&asked, &format!("x{}", asked)));
            vec![answer.to_vec().unwrap()]
        }),
        None,
    )
    .await;
    let result = expect(
        &endless,
        "a.example.com",
        RecordType::A,
        DnsExpect::default(),
    )
    .await;
    assert_eq!(told(&result), failing(code::DNS_LOOP), "{}", result.detail);
    assert!(endless.asked.load(Ordering::SeqCst) <= 20);
}

#[tokio::test]
async fn resolvers_obey_the_address_policy() {
    let server = NameServer::with(vec![a("app.example.com.", "192.0.2.1")]).await;
    let mut private = target("app.example.com", RecordType::A, &[server.address]);
    private.allow_private = false;
    assert_eq!(told(&asked(private).await), unknown(code::ADDRESS_PRIVATE));
    let metadata = ["169.254.169.254:53".parse().unwrap()];
    let metadata = target("app.example.com", RecordType::A, &metadata);
    assert_eq!(
        told(&asked(metadata).await),
        unknown(code::ADDRESS_FORBIDDEN)
    );
    assert_eq!(server.asked.load(Ordering::SeqCst), 0);
}
