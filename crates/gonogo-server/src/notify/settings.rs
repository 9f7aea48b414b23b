//! How this server reaches its channels: the mail server, the HTTP client, base addresses.
//!
//! What belongs to one receiver stands in an [`Address`](super::Address); what belongs to
//! the installation stands here. Invariant: there is no setting that sends mail
//! credentials in the clear to a host other than this machine.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;

use super::secret::SecretString;

/// The longest one send over HTTP may take, connection and answer included.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(15);

/// The longest that opening a connection may take within a send.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest handing over a mail may take: mail servers look into a message before they answer.
pub const SMTP_TIMEOUT: Duration = Duration::from_secs(30);

/// PagerDuty's address in the US service region; the EU one is `https://events.eu.pagerduty.com`.
pub const PAGERDUTY_URL: &str = "https://events.pagerduty.com";

/// The settings of all channels.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The mail server, where mail is used.
    pub smtp: Option<SmtpSettings>,
    /// The HTTP client of all other channels.
    pub http: HttpSettings,
    /// PagerDuty's base address.
    pub pagerduty_url: String,
}

/// One mail server that takes our mail for delivery.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// Its name, as its certificate must state it.
    pub host: String,
    /// 587 for STARTTLS, 465 for implicit TLS.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// The account, where the server wants one.
    pub login: Option<SmtpLogin>,
    /// The sender, such as `gonogo <pager@example.com>`.
    pub from: String,
    /// Certificate authorities to trust besides those of the system, in PEM.
    pub extra_roots_pem: Option<String>,
    /// The longest that handing over one mail may take, at most [`SMTP_TIMEOUT`].
    pub timeout: Duration,
}

/// An account at the mail server.
#[derive(Clone, Debug)]
pub struct SmtpLogin {
    /// The user name.
    pub user: String,
    /// Its password.
    pub password: SecretString,
}

/// How a connection to the mail server is protected.
///
/// There is no opportunistic mode: whoever can drop one line of the greeting could read
/// the acknowledgement links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// STARTTLS, and nothing is sent if the server does not offer it.
    Starttls,
    /// TLS from the first byte (port 465).
    Implicit,
    /// No protection; accepted for a server on this machine only.
    PlainLoopback,
}

/// The HTTP client that webhook, Slack, ntfy and PagerDuty share.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The longest one request may take, at most [`SEND_TIMEOUT`].
    pub timeout: Duration,
    /// Certificate authorities to trust besides those of the system, in PEM.
    pub extra_roots_pem: Option<String>,
    /// Whether `http://` addresses are accepted.
    pub plain_http: PlainHttp,
}

/// Where an unprotected `http://` address is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    /// On this machine only.
    LoopbackOnly,
    /// Anywhere: for networks that are protected by other means.
    Anywhere,
}

/// A setting that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct SettingsError {
    /// The setting, as a dotted name.
    pub setting: &'static str,
    /// What is wrong with it, in one sentence without secrets.
    pub problem: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            smtp: None,
            http: HttpSettings::default(),
            pagerduty_url: PAGERDUTY_URL.to_owned(),
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            timeout: SEND_TIMEOUT,
            extra_roots_pem: None,
            plain_http: PlainHttp::LoopbackOnly,
        }
    }
}

impl SmtpSettings {
    /// The usual server: STARTTLS on port 587, without login.
    pub fn new(host: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 587,
            tls: SmtpTls::Starttls,
            login: None,
            from: from.into(),
            extra_roots_pem: None,
            timeout: SMTP_TIMEOUT,
        }
    }
}

impl PlainHttp {
    /// Whether `url` may be used.
    pub(crate) fn allows(self, url: &Url) -> bool {
        url.scheme() == "https"
            || match self {
                Self::LoopbackOnly => is_loopback(url),
                Self::Anywhere => true,
            }
    }
}

impl SettingsError {
    pub(crate) fn new(setting: &'static str, problem: impl Into<String>) -> Self {
        Self {
            setting,
            problem: problem.into(),
        }
    }
}

/// Parses a base address, which is the installation's and no secret; its path ends in `/`.
pub(crate) fn base_url(
    setting: &'static str,
    text: &str,
    plain_http: PlainHttp,
) -> Result<Url, SettingsError> {
    let mut url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| SettingsError::new(setting, "this is not an http(s) URL"))?;
    if !plain_http.allows(&url) {
        return Err(SettingsError::new(setting, "plain HTTP is not allowed"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// Whether a URL points at this machine.
fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_host)
}

/// Whether a host name or literal address means this machine.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => bare.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in ["localhost.example.com", "10.0.0.1", "[2001:db8::1]", ""] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }

    #[test]
    fn a_base_address_is_http() {
        let parse = |text| base_url("pagerduty", text, PlainHttp::LoopbackOnly);
        assert_eq!(parse("https://example.com/pd").unwrap().path(), "/pd/");
        assert!(parse(PAGERDUTY_URL).is_ok() && parse("http://[::1]:1/").is_ok());
        let refused = parse("events.pagerduty.com").unwrap_err();
        assert_eq!(refused.to_string(), "pagerduty: this is not an http(s) URL");
        let refused = parse("http://example.com").unwrap_err();
        assert_eq!(refused.to_string(), "pagerduty: plain HTTP is not allowed");
        assert!(base_url("x", "http://example.com", PlainHttp::Anywhere).is_ok());
    }
}
