//! The ACME check: would a certificate authority's HTTP challenge reach us?
//!
//! A certificate that cannot be renewed is seen weeks later, when it runs out; the way on
//! which it is renewed can be tried every hour. Invariant: only port 80 is asked, and a
//! redirect to another name is a finding, never followed.

use hyper::Request;
use hyper::header::HOST;
use reqwest::Url;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::connect::{Deadline, Host, Locator};
use super::exchange::{Answer, Read, Trail, connect_any, exchange};
use super::outcome::{Reason, code};
use super::policy::Scope;
use super::prober::{Finding, Prober};
use super::tls::{secure, server_name};
use super::{AcmeTarget, MAX_ADDRESSES, Trust, Verdict};

/// Redirects that authorities follow.
const MAX_REDIRECTS: usize = 10;
/// The most of an answer that is read; a key authorization has some hundred bytes.
const MAX_ANSWER_BYTES: usize = 4_096;
/// The path of every challenge (RFC 8555, section 8.3).
pub const CHALLENGE_PATH: &str = "/.well-known/acme-challenge/";

/// Runs the check.
pub(super) async fn probe(
    prober: &Prober,
    target: &AcmeTarget,
    deadline: Deadline,
) -> Result<Finding, Reason> {
    let mut trail = Trail::default();
    let outcome = travel(prober, target, deadline, &mut trail).await;
    Ok(Finding {
        phases: trail.phases,
        certificate: trail.certificate,
        addresses: trail.addresses,
        ..Finding::of(outcome.unwrap_or_else(|reason| reason))
    })
}

async fn travel(
    prober: &Prober,
    target: &AcmeTarget,
    deadline: Deadline,
    trail: &mut Trail,
) -> Result<Reason, Reason> {
    let bad = || Reason::unknown(code::SPEC_INVALID, "The host or the token is not one.");
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if target.token.is_empty() || !target.token.chars().all(fits) {
        return Err(bad());
    }
    let host = Host::parse(&target.host).ok_or_else(bad)?;
    let url = format!("http://{}{CHALLENGE_PATH}{}", target.host, target.token);
    let mut url = Url::parse(&url).map_err(|_| bad())?;
    for _ in 0..=MAX_REDIRECTS {
        let answer = ask(prober, target, &host, &url, deadline, trail).await?;
        let status = answer.status();
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return judge(target, answer, deadline).await;
        }
        let to = answer.location().and_then(|to| url.join(to).ok());
        let Some(to) = to.filter(Url::has_host) else {
            return Err(Reason::failing(
                code::REDIRECT_INVALID,
                format!(
                    "Port 80 answers the challenge with {status} and does not say where to go."
                ),
            ));
        };
        let same = Host::of_url(&to).is_some_and(|there| there == host);
        if !same {
            return Err(Reason::failing(
                code::ACME_FOREIGN_REDIRECT,
                format!(
                    "Port 80 sends the challenge to {}, so that it does not reach us.",
                    super::certificate::printable(to.host_str().unwrap_or("nowhere"))
                ),
            ));
        }
        let port = to.port_or_known_default();
        let usual = matches!(
            (to.scheme(), port),
            ("http", Some(80)) | ("https", Some(443))
        );
        if !usual && target.connect_to.is_none() {
            return Err(Reason::failing(
                code::REDIRECT_INVALID,
                "Port 80 sends the challenge to a port that authorities do not ask.",
            ));
        }
        url = to;
    }
    Err(Reason::failing(
        code::TOO_MANY_REDIRECTS,
        format!("Still redirected after {MAX_REDIRECTS} redirects."),
    ))
}

async fn judge(target: &AcmeTarget, answer: Answer, deadline: Deadline) -> Result<Reason, Reason> {
    let status = answer.status();
    if status != 200 {
        return Err(Reason::failing(
            code::status(status),
            format!("The challenge's path answers {status}: it does not lead to us."),
        ));
    }
    let content = answer.read(Read::Keep(MAX_ANSWER_BYTES), deadline).await?;
    let text = String::from_utf8_lossy(&content.kept);
    if content.cut || text.trim() != target.answer {
        return Err(Reason::failing(
            code::ACME_OTHER_ANSWER,
            "The challenge's path is answered by somebody else: the text is not ours.",
        ));
    }
    Ok(Reason::ok(format!(
        "A challenge for {} reaches us on port 80.",
        target.host
    )))
}

async fn ask(
    prober: &Prober,
    target: &AcmeTarget,
    host: &Host,
    url: &Url,
    deadline: Deadline,
    trail: &mut Trail,
) -> Result<Answer, Reason> {
    let started = Instant::now();
    let locator = Locator {
        resolver: prober.resolver.as_ref(),
        policy: &prober.policy,
        scope: Scope::of(target.allow_private),
        deadline,
    };
    let plain = url.scheme() == "http";
    let port = if plain { 80 } else { 443 };
    let pinned = target.connect_to.filter(|_| plain);
    let mut candidates = locator.locate(host, port, pinned).await?;
    candidates.truncate(MAX_ADDRESSES);
    trail.phases.dns = Some(started.elapsed());
    let (tcp, address): (TcpStream, _) = connect_any(candidates, deadline, trail).await?;
    let request = Request::get(url.path())
        .header(HOST, url.host_str().unwrap_or_default())
        .header(
            "user-agent",
            concat!("gonogo-probe/", env!("CARGO_PKG_VERSION")),
        )
        .header("connection", "close")
        .body(String::new())
        .map_err(|_| Reason::unknown(code::SPEC_INVALID, "The path cannot be asked for."))?;
    if plain {
        return exchange(tcp, address, request, deadline).await;
    }
    let roots = prober.trust.roots(&Trust::WebPki)?;
    let (secured, facts) = secure(tcp, address, &server_name(host)?, &roots, deadline).await;
    trail.certificate = facts;
    // Authorities follow to a certificate that does not verify; we do not, and so cannot say.
    let stream = secured.map_err(|reason| match reason.verdict {
        Verdict::Failing => Reason::unknown(
            reason.code,
            format!(
                "The challenge is sent to HTTPS, which cannot be looked at. {}",
                reason.detail
            ),
        ),
        _ => reason,
    })?;
    exchange(stream, address, request, deadline).await
}
