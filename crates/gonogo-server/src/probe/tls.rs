//! The TLS check: every address behind a name, each on a fresh connection with SNI.
//!
//! One name often leads to several machines, and the one that was not renewed is found only
//! by asking each. Invariant: no address's trouble hides another's; each has its outcome,
//! and the worst decides.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, Error};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificate::printable;
use super::connect::{Candidate, Deadline, Host, Locator, closed, open};
use super::diagnosis::{Diagnosis, diagnose, span};
use super::outcome::{AddressOutcome, Phases, Reason, code};
use super::policy::Scope;
use super::prober::{Finding, Prober};
use super::recording::{enforce, observe};
use super::summary::summarize;
use super::trust::Roots;
use super::{CertificateFacts, StartTls, TlsExpect, TlsTarget, Verdict, starttls};

/// Addresses of one name that are asked; the rest are counted in the sentence.
pub const MAX_ADDRESSES: usize = 16;

/// Runs the check.
pub(super) async fn probe(
    prober: &Prober,
    target: &TlsTarget,
    deadline: Deadline,
) -> Result<Finding, Reason> {
    let host = Host::parse(&target.host).ok_or_else(|| not_a_host(&target.host))?;
    let asked_as = match &target.server_name {
        Some(name) => Host::parse(name).ok_or_else(|| not_a_host(name))?,
        None => host.clone(),
    };
    let name = server_name(&asked_as)?;
    let roots = prober.trust.roots(&target.trust)?;
    let started = Instant::now();
    let locator = Locator {
        resolver: prober.resolver.as_ref(),
        policy: &prober.policy,
        scope: Scope::of(target.allow_private),
        deadline,
    };
    let found = locator
        .locate(&host, target.port, target.connect_to)
        .await?;
    let dns = Some(started.elapsed());
    let total = found.len();
    let asked = found
        .into_iter()
        .take(MAX_ADDRESSES)
        .map(|candidate| ask(candidate, target, &name, &roots, deadline));
    let addresses: Vec<AddressOutcome> = join_all(asked).await;
    let mut finding = summarize(addresses, total, &asked_as.text());
    finding.phases.dns = dns;
    if let Some(facts) = &finding.certificate {
        finding.extra.remarks = facts.depth.remarks();
    }
    Ok(finding)
}

/// The name to send and to verify.
pub(super) fn server_name(host: &Host) -> Result<ServerName<'static>, Reason> {
    match host {
        Host::Address(address) => Ok(ServerName::IpAddress((*address).into())),
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| not_a_host(name)),
    }
}

fn not_a_host(text: &str) -> Reason {
    Reason::unknown(
        code::SPEC_INVALID,
        format!("{:?} is not a host name.", printable(text)),
    )
}

async fn ask(
    candidate: Candidate,
    target: &TlsTarget,
    name: &ServerName<'static>,
    roots: &Roots,
    deadline: Deadline,
) -> AddressOutcome {
    let started = Instant::now();
    let address = candidate.address;
    let mut phases = Phases::default();
    let (reason, certificate) = match candidate.refused {
        Some(refused) => (refused, None),
        None => match look(address, target.starttls, name, roots, deadline, &mut phases).await {
            Ok(diagnosis) => {
                let reason = judge(&diagnosis, address);
                let other = diagnosis.facts.as_ref();
                let other = other.and_then(|facts| unexpected(&target.expect, facts, address));
                match (reason.verdict, other) {
                    (Verdict::Ok, Some(other)) => (other, diagnosis.facts),
                    _ => (reason, diagnosis.facts),
                }
            }
            Err((reason, facts)) => (reason, facts),
        },
    };
    phases.total = started.elapsed();
    AddressOutcome {
        address,
        verdict: reason.verdict,
        code: reason.code,
        detail: reason.detail,
        took: phases.total,
        phases,
        certificate,
    }
}

/// Shakes hands, keeps the chain and hangs up.
async fn look(
    address: SocketAddr,
    starttls: Option<StartTls>,
    name: &ServerName<'static>,
    roots: &Roots,
    deadline: Deadline,
    phases: &mut Phases,
) -> Result<Diagnosis, (Reason, Option<CertificateFacts>)> {
    let started = Instant::now();
    let mut tcp = open(address, deadline).await.map_err(|e| (e, None))?;
    phases.connect = Some(started.elapsed());
    if let Some(protocol) = starttls {
        let asked = starttls::ask(&mut tcp, protocol, address, deadline).await;
        asked.map_err(|e| (e, None))?;
    }
    let started = Instant::now();
    let (config, recorder) = observe(roots);
    let connecting = TlsConnector::from(config).connect(name.clone(), tcp);
    let shaken = deadline
        .guard(connecting, || format!("shaking hands with {address}"))
        .await;
    phases.tls = Some(started.elapsed());
    let diagnosis = recorder
        .take()
        .map(|recording| diagnose(&recording, name, &roots.store, Timestamp::now()));
    match (shaken, diagnosis) {
        (Ok(Ok(_)), Some(diagnosis)) => Ok(diagnosis),
        // The handshake broke after the chain arrived. If the chain is at fault, that is the
        // finding; else what broke it is, unless the server only wants to know who we are.
        (Ok(Err(error)), Some(diagnosis))
            if diagnosis.fault.is_some() || wants_client_certificate(&error) =>
        {
            Ok(diagnosis)
        }
        (Ok(Err(error)), diagnosis) => Err((
            handshake_reason(&error, address),
            diagnosis.and_then(|diagnosis| diagnosis.facts),
        )),
        (Err(timeout), diagnosis) => {
            Err((timeout, diagnosis.and_then(|diagnosis| diagnosis.facts)))
        }
        (Ok(Ok(_)), None) => Err((
            Reason::failing(
                code::TLS_FAILED,
                format!("{address} sent no certificate in its handshake."),
            ),
            None,
        )),
    }
}

/// A connection to talk over, made only if the chain verifies. The facts are kept either way.
pub(super) async fn secure(
    tcp: TcpStream,
    address: SocketAddr,
    name: &ServerName<'static>,
    roots: &Arc<Roots>,
    deadline: Deadline,
) -> (
    Result<Box<TlsStream<TcpStream>>, Reason>,
    Option<CertificateFacts>,
) {
    secure_speaking(tcp, address, name, roots, &[], deadline).await
}

/// The same, offering protocols by ALPN.
pub(super) async fn secure_speaking(
    tcp: TcpStream,
    address: SocketAddr,
    name: &ServerName<'static>,
    roots: &Arc<Roots>,
    protocols: &[&str],
    deadline: Deadline,
) -> (
    Result<Box<TlsStream<TcpStream>>, Reason>,
    Option<CertificateFacts>,
) {
    let (mut config, recorder) = enforce(roots);
    if !protocols.is_empty() {
        let offered = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        Arc::make_mut(&mut config).alpn_protocols = offered;
    }
    let connecting = TlsConnector::from(config).connect(name.clone(), tcp);
    let shaken = deadline
        .guard(connecting, || format!("shaking hands with {address}"))
        .await;
    let diagnosis = recorder
        .take()
        .map(|recording| diagnose(&recording, name, &roots.store, Timestamp::now()));
    let outcome = match (shaken, &diagnosis) {
        (Ok(Ok(stream)), _) => Ok(Box::new(stream)),
        (Ok(Err(_)), Some(diagnosis)) if diagnosis.fault.is_some() => {
            Err(judge(diagnosis, address))
        }
        (Ok(Err(error)), _) => Err(handshake_reason(&error, address)),
        (Err(timeout), _) => Err(timeout),
    };
    (outcome, diagnosis.and_then(|diagnosis| diagnosis.facts))
}

fn judge(diagnosis: &Diagnosis, address: SocketAddr) -> Reason {
    if let Some(fault) = &diagnosis.fault {
        return Reason::failing(
            fault.code,
            format!("The certificate of {address} {}.", fault.clause),
        );
    }
    match &diagnosis.facts {
        Some(facts) => Reason::ok(format!(
            "The certificate of {address} is valid for another {}.",
            life(facts)
        )),
        None => Reason::failing(
            code::CERT_UNREADABLE,
            format!("The certificate of {address} cannot be parsed."),
        ),
    }
}

/// Is it another certificate than the one that has to be served?
fn unexpected(expect: &TlsExpect, facts: &CertificateFacts, address: SocketAddr) -> Option<Reason> {
    let served = facts.serial.trim_start_matches('0');
    if let Some(wanted) = expect.serial.as_deref().filter(|wanted| *wanted != served) {
        return Some(Reason::failing(
            code::CERT_NOT_THE_NEWEST,
            format!(
                "{address} serves the certificate {served}; the newest issued is {}.",
                printable(wanted)
            ),
        ));
    }
    let wanted = expect.fingerprint.as_deref();
    if wanted.is_some_and(|wanted| wanted != facts.fingerprint_sha256) {
        return Some(Reason::failing(
            code::CERT_NOT_THE_NEWEST,
            format!(
                "{address} serves {served}, which is not the certificate that was issued last."
            ),
        ));
    }
    let issuer = expect.issuer.as_deref();
    issuer
        .filter(|wanted| !facts.issuer.contains(*wanted))
        .map(|wanted| {
            Reason::failing(
                code::CERT_OTHER_ISSUER,
                format!(
                    "The certificate of {address} is issued by {:?}; expected {:?}.",
                    facts.issuer,
                    printable(wanted)
                ),
            )
        })
}

/// The life left: "58 days (64 % of its life)".
fn life(facts: &CertificateFacts) -> String {
    let now = Timestamp::now();
    let percent = facts.left_permille(now) / 10;
    format!("{} ({percent} % of its life)", span(facts.left(now)))
}

fn tls_error(error: &std::io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// A server that asks for a client certificate answers so once ours is missing. In TLS 1.3
/// this comes after the handshake, in TLS 1.2 within.
fn wants_client_certificate(error: &std::io::Error) -> bool {
    use AlertDescription as Alert;
    matches!(
        tls_error(error),
        Some(Error::AlertReceived(
            Alert::CertificateRequired
                | Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::CertificateUnknown
                | Alert::HandshakeFailure
        ))
    )
}

fn handshake_reason(error: &std::io::Error, address: SocketAddr) -> Reason {
    match tls_error(error) {
        None => closed(address, "during the TLS handshake"),
        Some(Error::InvalidMessage(_)) => Reason::failing(
            code::TLS_NOT_SPOKEN,
            format!("{address} does not answer in TLS."),
        ),
        Some(Error::AlertReceived(AlertDescription::ProtocolVersion))
        | Some(Error::PeerIncompatible(_)) => Reason::failing(
            code::TLS_INCOMPATIBLE,
            format!("{address} offers no protocol version or cipher of TLS 1.2 or 1.3 in common."),
        ),
        Some(Error::AlertReceived(alert)) => Reason::failing(
            code::TLS_ALERT,
            format!("{address} ended the TLS handshake with the alert {alert:?}."),
        ),
        Some(_) => Reason::failing(
            code::TLS_FAILED,
            format!("The TLS handshake with {address} failed."),
        ),
    }
}
