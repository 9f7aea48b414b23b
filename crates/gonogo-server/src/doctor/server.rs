//! The server: whether it can listen, and whether it is found where messages say.

use std::io::ErrorKind;
use std::time::Duration;

use reqwest::{StatusCode, Url};
use tokio::net::TcpListener;

use super::{Found, Installation, State};

/// How long a server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Whether the address can be listened on, or a gonogo does already.
pub(super) async fn port(on: &Installation, runs: bool) -> Vec<Found> {
    let about = "port";
    let at = on.listen;
    let error = match TcpListener::bind(at).await {
        Ok(_) => return vec![Found::ok(about, format!("{at} is free"))],
        Err(error) => error,
    };
    let found = match error.kind() {
        ErrorKind::AddrInUse if runs => {
            Found::ok(about, format!("{at} is taken, and a server runs"))
        }
        ErrorKind::AddrInUse => Found::problem(
            about,
            format!("{at} is taken by another program"),
            format!(
                "take another with --listen, or find who has it: ss -ltnp 'sport = {}'",
                at.port()
            ),
        ),
        ErrorKind::PermissionDenied => Found::problem(
            about,
            format!("{at} may not be listened on: ports below 1024 are the system's"),
            "listen on 8080 with a proxy in front, or give the unit CAP_NET_BIND_SERVICE",
        ),
        ErrorKind::AddrNotAvailable => Found::problem(
            about,
            format!("{} is no address of this machine", at.ip()),
            "listen on 0.0.0.0 or on an address that `ip address` shows",
        ),
        _ => Found::new(about, State::Problem, format!("{at}: {error}")),
    };
    vec![found]
}

/// Whether the links in messages lead anywhere.
pub(super) async fn address(on: &Installation, runs: bool) -> Vec<Found> {
    let about = "address";
    let Some(base_url) = &on.base_url else {
        return vec![Found::warning(
            about,
            "links in messages lead to this machine alone, which no phone can open",
            "give --base-url https://gonogo.example.com, where people find it",
        )];
    };
    let Some(url) = readiness(base_url) else {
        let said = format!("--base-url is no address: {base_url}");
        return vec![Found::problem(
            about,
            said,
            "write it like https://gonogo.example.com",
        )];
    };
    let mut found = Vec::new();
    let is_loopback = crate::notify::settings::is_loopback_host(url.host_str().unwrap_or_default());
    if url.scheme() == "http" && !is_loopback {
        found.push(Found::warning(
            "tls",
            format!("{base_url} is not protected: passwords and links can be read on the way"),
            "put a proxy with TLS in front, and give its https address",
        ));
    }
    found.push(match answer(url, is_loopback).await {
        Ok(StatusCode::OK) => Found::ok(about, format!("{base_url} is ready")),
        Ok(StatusCode::SERVICE_UNAVAILABLE) => Found::warning(
            about,
            format!("{base_url} answers, and is not ready"),
            "`gonogo status` says what is the matter; right after a start it takes a few seconds",
        ),
        Ok(status) => Found::problem(
            about,
            format!(
                "{base_url} answers {}, which is not gonogo",
                status.as_u16()
            ),
            "let the proxy pass everything on to gonogo",
        ),
        Err(why) if runs => Found::problem(
            about,
            format!("{base_url} does not answer: {why}"),
            "look at the proxy, the name and the certificate; links in messages lead there",
        ),
        Err(_) => {
            let said = format!("no server runs, so {base_url} could not be tried");
            Found::new(about, State::Unknown, said)
        }
    });
    found
}

async fn answer(url: Url, is_loopback: bool) -> Result<StatusCode, String> {
    let mut client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER_WITHIN);
    if is_loopback {
        client = client.no_proxy();
    }
    let client = client.build().map_err(|e| e.to_string())?;
    let answer = client.get(url).send().await;
    let answer = answer.map_err(|e| super::people::innermost(&e.without_url()))?;
    Ok(answer.status())
}

fn readiness(base_url: &str) -> Option<Url> {
    let url = Url::parse(&format!("{}/readyz", base_url.trim_end_matches('/'))).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}
