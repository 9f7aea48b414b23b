//! One HTTP request to a channel: bounded in time and size, without redirects.
//!
//! Invariant: an error made here shows the scheme and host of the address and no more of it.

use std::error::Error as StdError;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, StatusCode, Url, redirect};

use super::Outcome;
use super::message::{Measure, line, shorten};
use super::secret::{SecretString, origin, scrub};
use super::settings::{CONNECT_TIMEOUT, HttpSettings, PlainHttp, SEND_TIMEOUT, SettingsError};

/// The most that is read of an answer, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// The most that is quoted of an answer, in characters.
const QUOTE_CHARS_MAX: usize = 200;

/// The client that the channels over HTTP share.
pub(crate) struct Http {
    client: Client,
    plain_http: PlainHttp,
}

/// What came back.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub retry_after: Option<Duration>,
    pub body: String,
    origin: String,
    quote: String,
}

impl Http {
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self, SettingsError> {
        let mut builder = Client::builder()
            .user_agent(concat!("gonogo/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(settings.timeout.min(SEND_TIMEOUT));
        if let Some(pem) = &settings.extra_roots_pem {
            let roots = Certificate::from_pem_bundle(pem.as_bytes()).map_err(|_| {
                SettingsError::new(
                    "http.extra_roots_pem",
                    "this is not a PEM certificate bundle",
                )
            })?;
            builder = builder.tls_certs_merge(roots);
        }
        let client = builder
            .build()
            .map_err(|error| SettingsError::new("http", chain(&error)))?;
        Ok(Self {
            client,
            plain_http: settings.plain_http,
        })
    }

    /// Parses an address that is a secret: the error does not repeat it.
    pub(crate) fn address(&self, text: &SecretString) -> Result<Url, String> {
        let url = Url::parse(text.expose().trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or("the address is not an http(s) URL")?;
        if !self.plain_http.allows(&url) {
            return Err(format!(
                "{} is not protected by TLS, and plain HTTP is not allowed",
                origin(&url)
            ));
        }
        Ok(url)
    }

    /// Posts JSON. `secrets` are removed from whatever the answer quotes.
    pub(crate) async fn post(
        &self,
        url: &Url,
        mut headers: HeaderMap,
        json: Vec<u8>,
        secrets: &[&str],
    ) -> Result<Answer, Outcome> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let sent = self.client.post(url.clone()).headers(headers).body(json);
        let mut response = sent.send().await.map_err(|error| fault(url, error))?;
        let mut body = Vec::new();
        while body.len() < ANSWER_BYTES_MAX {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return Err(fault(url, error)),
            }
        }
        body.truncate(ANSWER_BYTES_MAX);
        let body = String::from_utf8_lossy(&body).into_owned();
        let quote = scrub(&line(&body), url, secrets);
        Ok(Answer {
            status: response.status(),
            retry_after: retry_after(response.headers(), Timestamp::now()),
            quote: shorten(&quote, QUOTE_CHARS_MAX, Measure::Chars).into_owned(),
            body,
            origin: origin(url),
        })
    }
}

impl Answer {
    /// What an answer other than the channel's success means. Too many requests and trouble
    /// on the other side pass; any other refusal would be repeated for ever.
    pub(crate) fn refusal(&self) -> Outcome {
        let error = self.describe("refused");
        match self.status.as_u16() {
            408 | 425 | 429 | 500..=599 => Outcome::Retry {
                after: self.retry_after,
                error,
            },
            300..=399 => Outcome::failed(format!("{error}; redirects are not followed")),
            _ => Outcome::failed(error),
        }
    }

    /// A success whose content is not what this channel answers: something else is listening.
    pub(crate) fn unexpected(&self) -> Outcome {
        Outcome::retry(self.describe("gave an unexpected answer"))
    }

    fn describe(&self, what: &str) -> String {
        let mut text = format!("{} {what} with {}", self.origin, self.status.as_u16());
        if !self.quote.is_empty() {
            text.push_str(": ");
            text.push_str(&self.quote);
        }
        text
    }
}

/// Whether a failed connection failed because the other side's certificate was not accepted.
pub(crate) fn is_bad_certificate(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| {
        let tls = cause.downcast_ref::<rustls::Error>();
        matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
    })
}

/// An error with its causes, each said once.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

/// An error and what lies behind it. An I/O error does not name what it wraps as its source,
/// and TLS libraries wrap more than once.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let behind = |cause: &&'a (dyn StdError + 'static)| {
        let cause: &'a (dyn StdError + 'static) = *cause;
        match cause
            .downcast_ref::<std::io::Error>()
            .and_then(|io| io.get_ref())
        {
            Some(wrapped) => Some(wrapped as &'a (dyn StdError + 'static)),
            None => cause.source(),
        }
    };
    std::iter::successors(Some(error), behind)
}

fn fault(url: &Url, error: reqwest::Error) -> Outcome {
    let error = error.without_url();
    let host = origin(url);
    if error.is_timeout() {
        return Outcome::retry(format!("{host} did not answer in time"));
    }
    let text = scrub(&chain(&error), url, &[]);
    if is_bad_certificate(&error) {
        // Waiting does not mend a certificate, and the next channel may be fine.
        return Outcome::failed(format!("{host} has no valid certificate: {text}"));
    }
    Outcome::retry(format!("{host} cannot be reached: {text}"))
}

/// `Retry-After` in either of its forms, as a time from now.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Duration::try_from(at.duration_since(now)).ok()
}
