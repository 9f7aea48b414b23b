//! The HTTP check: ask for a page as a stranger would and judge the whole answer.
//!
//! It exists to notice what a status alone hides: the error page served with 200, the
//! login page behind a redirect, the body that never ends. Invariant: headers with secrets
//! go only to the origin they were written for.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request};
use reqwest::Url;
use tokio::time::Instant;

use super::connect::{Deadline, Host, Locator, millis};
use super::exchange::{Answer, Page, Read, Trail, connect_any, exchange};
use super::expect::{judge_body, judge_status, judge_way, needs_body, sha256_hex};
use super::outcome::{Reason, code};
use super::policy::Scope;
use super::prober::{Extra, Finding, Prober};
use super::tls::{secure, server_name};
use super::trust::Roots;
use super::{HttpTarget, MAX_ADDRESSES, MAX_BODY_BYTES, Verdict};

/// Redirects followed at most, whatever the spec says.
pub const MAX_REDIRECTS: u8 = 10;

/// The largest head of an answer, status line and headers together.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

const USER_AGENT: &str = concat!("gonogo-probe/", env!("CARGO_PKG_VERSION"));

/// Headers that frame the message; a wrong one would break the request itself.
const FRAMING: [&str; 6] = [
    "connection",
    "content-length",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// One step of the way: the page that is asked for now.
struct Leg {
    url: Url,
    method: Method,
    headers: HeaderMap,
    pinned: Option<SocketAddr>,
}

/// Runs the check.
pub(super) async fn probe(
    prober: &Prober,
    target: &HttpTarget,
    deadline: Deadline,
) -> Result<Finding, Reason> {
    Ok(read_page(prober, target, deadline).await?.0)
}

/// Runs the check and hands over the answer, where the target keeps it.
pub(super) async fn read_page(
    prober: &Prober,
    target: &HttpTarget,
    deadline: Deadline,
) -> Result<(Finding, Option<Page>), Reason> {
    let leg = first_leg(target)?;
    let roots = prober.trust.roots(&target.trust)?;
    let mut trail = Trail::default();
    let outcome = travel(prober, target, leg, &roots, deadline, &mut trail).await;
    let finding = Finding {
        reason: outcome.unwrap_or_else(|reason| reason),
        phases: trail.phases,
        certificate: trail.certificate,
        addresses: trail.addresses,
        registration: None,
        extra: Extra {
            content: trail.content_hash.filter(|_| target.watch_content),
            ..Extra::default()
        },
    };
    Ok((finding, trail.page))
}

/// Follows redirects as far as allowed and judges where they end.
async fn travel(
    prober: &Prober,
    target: &HttpTarget,
    mut leg: Leg,
    roots: &Arc<Roots>,
    deadline: Deadline,
    trail: &mut Trail,
) -> Result<Reason, Reason> {
    let started = Instant::now();
    let allowed = target.follow_redirects.min(MAX_REDIRECTS);
    for hop in 0..=allowed {
        // Phases speak of the page that was judged, not of the way to it.
        *trail = Trail {
            addresses: std::mem::take(&mut trail.addresses),
            ..Trail::default()
        };
        let (answer, address, asked) = ask(prober, target, &leg, roots, deadline, trail).await?;
        let status = answer.status();
        let redirect = allowed > 0 && matches!(status, 301 | 302 | 303 | 307 | 308);
        let from = leg.url.clone();
        let judged = if redirect {
            match answer.location().map(|to| next_leg(&leg, to)) {
                Some(Ok(next)) => {
                    trail.note(
                        address,
                        &Reason::ok(format!("Answered {status}, a redirect.")),
                        asked,
                    );
                    leg = next;
                    if hop == allowed {
                        break;
                    }
                    continue;
                }
                Some(Err(reason)) => Err(reason),
                None => Err(Reason::failing(
                    code::REDIRECT_INVALID,
                    format!("Answered {status} without saying where to go."),
                )),
            }
        } else {
            judge(target, answer, &from, deadline, trail).await
        };
        let took = millis(started.elapsed());
        let dead = trail.addresses.iter().filter(|a| a.verdict != Verdict::Ok);
        let dead = match dead.count() {
            0 => String::new(),
            n => format!(" Before that, {n} of its addresses could not be asked."),
        };
        let reason = judged.map(|bytes| {
            Reason::ok(format!(
                "Answered {status} with {bytes} bytes in {took}.{dead}"
            ))
        });
        trail.note(address, reason.as_ref().unwrap_or_else(|e| e), asked);
        return reason;
    }
    Err(Reason::failing(
        code::TOO_MANY_REDIRECTS,
        format!("Still redirected after {allowed} redirects."),
    ))
}

/// An answer with its body, for those who read it themselves.
pub(super) struct Fetched {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
    /// There was more than the limit.
    pub cut: bool,
}

/// Gets a page and hands it over, whatever its status.
pub(super) async fn fetch(
    prober: &Prober,
    target: &HttpTarget,
    limit: usize,
    deadline: Deadline,
) -> Result<Fetched, Reason> {
    let mut leg = first_leg(target)?;
    let roots = prober.trust.roots(&target.trust)?;
    let mut trail = Trail::default();
    for _ in 0..=target.follow_redirects.min(MAX_REDIRECTS) {
        let (answer, ..) = ask(prober, target, &leg, &roots, deadline, &mut trail).await?;
        let status = answer.status();
        if matches!(status, 301 | 302 | 303 | 307 | 308)
            && let Some(to) = answer.location()
        {
            leg = next_leg(&leg, to)?;
            continue;
        }
        let retry_after = answer.header("retry-after").map(str::to_owned);
        let content = answer.read(Read::Keep(limit), deadline).await?;
        return Ok(Fetched {
            status,
            retry_after,
            body: content.kept,
            cut: content.cut,
        });
    }
    Err(Reason::failing(
        code::TOO_MANY_REDIRECTS,
        "Still redirected after as many redirects as are followed.",
    ))
}

async fn judge(
    target: &HttpTarget,
    answer: Answer,
    asked: &Url,
    deadline: Deadline,
    trail: &mut Trail,
) -> Result<usize, Reason> {
    judge_status(target, answer.status())?;
    judge_way(target, asked, answer.location())?;
    let limit = target.max_body_bytes.min(MAX_BODY_BYTES);
    let how = match needs_body(target) || target.keep_body {
        true => Read::Keep(limit),
        false => Read::Count(limit),
    };
    let made = answer.made();
    let began = Instant::now();
    let content = answer.read(how, deadline).await?;
    trail.phases.transfer = Some(began.elapsed());
    let length = content.length;
    if target.watch_content || target.content_sha256.is_some() {
        trail.content_hash = Some(sha256_hex(&content.kept));
    }
    let judged = judge_body(target, &content.kept, content.length, content.cut);
    if target.keep_body {
        trail.page = Some(Page::new(content, made));
    }
    judged.map(|()| length)
}

/// Asks for one page, on a fresh connection to an address that was judged.
async fn ask(
    prober: &Prober,
    target: &HttpTarget,
    leg: &Leg,
    roots: &Arc<Roots>,
    deadline: Deadline,
    trail: &mut Trail,
) -> Result<(Answer, SocketAddr, Instant), Reason> {
    let host = Host::of_url(&leg.url).ok_or_else(|| bad_spec("The URL has no host."))?;
    let port = leg.url.port_or_known_default().unwrap_or(80);
    let started = Instant::now();
    let locator = Locator {
        resolver: prober.resolver.as_ref(),
        policy: &prober.policy,
        scope: Scope::of(target.allow_private),
        deadline,
    };
    let mut candidates = locator.locate(&host, port, leg.pinned).await?;
    candidates.truncate(MAX_ADDRESSES);
    if leg.pinned.is_none() {
        trail.phases.dns = Some(started.elapsed());
    }
    let (tcp, address) = connect_any(candidates, deadline, trail).await?;
    let asked = Instant::now();
    let request = request(leg)?;
    let answered = if leg.url.scheme() == "https" {
        let name = server_name(&host)?;
        let (secured, facts) = secure(tcp, address, &name, roots, deadline).await;
        trail.phases.tls = Some(asked.elapsed());
        trail.certificate = facts;
        match secured {
            Ok(stream) => {
                let sent = Instant::now();
                let answer = exchange(stream, address, request, deadline).await;
                trail.phases.first_byte = answer.is_ok().then(|| sent.elapsed());
                answer
            }
            Err(reason) => Err(reason),
        }
    } else {
        let answer = exchange(tcp, address, request, deadline).await;
        trail.phases.first_byte = answer.is_ok().then(|| asked.elapsed());
        answer
    };
    match answered {
        Ok(answer) => Ok((answer, address, asked)),
        Err(reason) => {
            trail.note(address, &reason, asked);
            Err(reason)
        }
    }
}

fn first_leg(target: &HttpTarget) -> Result<Leg, Reason> {
    let url = Url::parse(&target.url).map_err(|_| bad_spec("The URL cannot be parsed."))?;
    check_url(&url)?;
    let method = Method::from_bytes(target.method.as_bytes())
        .map_err(|_| bad_spec("The method is not a token."))?;
    if target.accept_status.is_empty() {
        return Err(bad_spec("No status is accepted."));
    }
    if method == Method::CONNECT {
        return Err(bad_spec("The method CONNECT is not a question."));
    }
    Ok(Leg {
        url,
        method,
        headers: headers(target)?,
        pinned: target.connect_to,
    })
}

fn next_leg(leg: &Leg, location: &str) -> Result<Leg, Reason> {
    let nowhere = || {
        Reason::failing(
            code::REDIRECT_INVALID,
            "The redirect leads to an address that cannot be asked.",
        )
    };
    let url = leg.url.join(location).map_err(|_| nowhere())?;
    check_url(&url).map_err(|_| nowhere())?;
    let same_origin = url.origin() == leg.url.origin();
    Ok(Leg {
        url,
        // No body was sent, so only the method can change; HEAD stays HEAD.
        method: match leg.method {
            Method::POST => Method::GET,
            ref other => other.clone(),
        },
        headers: if same_origin {
            leg.headers.clone()
        } else {
            HeaderMap::new()
        },
        pinned: leg.pinned.filter(|_| same_origin),
    })
}

fn check_url(url: &Url) -> Result<(), Reason> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(bad_spec("The URL is neither http nor https."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad_spec(
            "The URL holds a user name or password; use a header.",
        ));
    }
    Ok(())
}

fn headers(target: &HttpTarget) -> Result<HeaderMap, Reason> {
    let mut headers = HeaderMap::new();
    for (place, (name, value)) in target.headers.iter().enumerate() {
        // Neither name nor value is repeated: a mistyped header may hold the secret in
        // either half.
        let bad = || bad_spec(&format!("Request header {} is not allowed.", place + 1));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| bad())?;
        if FRAMING.contains(&name.as_str()) {
            return Err(bad());
        }
        value.set_sensitive(true);
        headers.try_append(name, value).map_err(|_| bad())?;
    }
    Ok(headers)
}

fn request(leg: &Leg) -> Result<Request<String>, Reason> {
    let url = &leg.url;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = Request::builder()
        .method(leg.method.clone())
        .uri(path)
        .header("user-agent", USER_AGENT)
        .header("accept", "*/*")
        .header("connection", "close")
        .body(String::new())
        .map_err(|_| bad_spec("The URL cannot be asked for."))?;
    let host = url.host_str().unwrap_or_default();
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let host = HeaderValue::from_str(&host).map_err(|_| bad_spec("The URL has no host."))?;
    let all = request.headers_mut();
    all.insert(HOST, host);
    for name in leg.headers.keys() {
        all.remove(name);
    }
    for (name, value) in &leg.headers {
        all.append(name.clone(), value.clone());
    }
    Ok(request)
}

fn bad_spec(why: &str) -> Reason {
    Reason::unknown(code::SPEC_INVALID, why)
}
