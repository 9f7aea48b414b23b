//! Asking an API: bounded in time and size, patient where it asks for patience, and only
//! addresses that may be asked.
//!
//! Invariant: errors name neither the URL's query nor a secret nor the body.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::Time;
use reqwest::dns::{Addrs, Name, Resolve as ResolveName, Resolving};
use reqwest::header::{ACCEPT, HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, Client, StatusCode, Url, redirect};
use serde_json::Value;

use super::trouble::{Trouble, code};
use crate::clock::Clock;
use crate::probe::{AddressPolicy, Resolve as _, Scope, SystemResolver};

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 16 << 20;
/// How often a request that failed is made again.
const RETRIES: u32 = 3;
/// How long is waited before the first of these; then twice as long each time.
const RETRY_AFTER_MS: u64 = 500;
/// A side that asks for more patience than this is left until the next run.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a request proves who asks.
pub(crate) enum Proof {
    None,
    Bearer(String),
    Basic(String, String),
}

/// A client for one side during one run.
pub(crate) struct Api<'a> {
    client: Client,
    policy: AddressPolicy,
    scope: Scope,
    proof: Proof,
    accept: &'static str,
    clock: &'a Clock,
}

/// How a service is asked.
pub(crate) struct How {
    /// May be on a private or loopback address.
    pub allow_private: bool,
    /// How a request proves who asks.
    pub proof: Proof,
    /// What is wanted.
    pub accept: &'static str,
    /// Headers to send besides.
    pub headers: HeaderMap,
    /// Root certificates to trust besides the public ones, as PEM.
    pub roots: Option<Vec<u8>>,
    /// How long one request may take.
    pub timeout: Duration,
}

/// What was answered, whatever its status.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl<'a> Api<'a> {
    pub fn new(
        clock: &'a Clock,
        allow_private: bool,
        proof: Proof,
        accept: &'static str,
    ) -> Result<Self, Trouble> {
        let how = How {
            allow_private,
            proof,
            accept,
            headers: HeaderMap::new(),
            roots: None,
            timeout: REQUEST_TIMEOUT,
        };
        Self::with(clock, how)
    }

    pub fn with(clock: &'a Clock, how: How) -> Result<Self, Trouble> {
        let scope = Scope::of(how.allow_private);
        let policy = AddressPolicy::default();
        let guard = Guard {
            resolver: Arc::new(SystemResolver::default()),
            policy: policy.clone(),
            scope,
        };
        let mut builder = Client::builder()
            .user_agent(concat!("gonogo/", env!("CARGO_PKG_VERSION")))
            .default_headers(how.headers)
            .redirect(redirect::Policy::none())
            .referer(false)
            // A proxy would resolve names where they are not judged.
            .no_proxy()
            .dns_resolver(Arc::new(guard))
            .connect_timeout(CONNECT_TIMEOUT.min(how.timeout))
            .timeout(how.timeout);
        if let Some(pem) = &how.roots {
            let unusable = |_| Trouble::new(code::NOT_CONFIGURED, "the roots to trust are not PEM");
            let roots = Certificate::from_pem_bundle(pem).map_err(unusable)?;
            builder = builder.tls_certs_merge(roots);
        }
        let client = builder
            .build()
            .map_err(|_| Trouble::new(code::UNAVAILABLE, "there is no HTTP client"))?;
        Ok(Self {
            client,
            policy,
            scope,
            proof: how.proof,
            accept: how.accept,
            clock,
        })
    }

    /// The JSON behind a URL.
    pub async fn get(&self, url: Url) -> Result<Value, Trouble> {
        self.judge(&url)?;
        let mut tried = 0;
        loop {
            let trouble = match self.once(url.clone()).await {
                Ok(value) => return Ok(value),
                Err(trouble) => trouble,
            };
            let Retry::After(wait) = trouble.retry else {
                return Err(trouble.trouble);
            };
            let backoff = Duration::from_millis(RETRY_AFTER_MS << tried);
            let wait = wait.unwrap_or(backoff);
            tried += 1;
            if tried > RETRIES || wait > PATIENCE {
                let until = self.clock.now()
                    + gonogo_model::Duration::from_millis(
                        i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 4),
                    );
                return Err(trouble.trouble.before(until));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// What a URL answers, whatever its status; asked once.
    pub async fn fetch(&self, url: Url) -> Result<Answer, Trouble> {
        self.judge(&url)?;
        self.answer(url).await.map_err(|failed| failed.trouble)
    }

    async fn once(&self, url: Url) -> Result<Value, Failed> {
        let answer = self.answer(url).await?;
        if answer.status != StatusCode::OK {
            let now = self.clock.now();
            return Err(Failed::status(answer.status, &answer.headers, now));
        }
        // What is cut off or is no JSON may come whole the next time.
        serde_json::from_slice(&answer.body)
            .map_err(|_| Failed::again(Trouble::unreadable("an answer is not whole JSON"), None))
    }

    async fn answer(&self, url: Url) -> Result<Answer, Failed> {
        let request = self.client.get(url).header(ACCEPT, self.accept);
        let request = match &self.proof {
            Proof::None => request,
            Proof::Bearer(token) => request.bearer_auth(token),
            Proof::Basic(user, password) => request.basic_auth(user, Some(password)),
        };
        let mut answer = request.send().await.map_err(|e| Failed::transport(&e))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| Failed::transport(&e))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                let detail = format!("an answer is larger than {ANSWER_BYTES_MAX} bytes");
                return Err(Failed::for_good(Trouble::new(code::TOO_MANY, detail)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: answer.status(),
            headers: answer.headers().clone(),
            body,
        })
    }

    fn judge(&self, url: &Url) -> Result<(), Trouble> {
        let refused = || {
            Trouble::new(
                code::REFUSED,
                "its address is private or not to be asked; see `allow_private`",
            )
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Trouble::new(code::NOT_CONFIGURED, "its URL is not http(s)"));
        }
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let judged = match bare.parse::<IpAddr>() {
            Ok(address) => self.policy.judge_address(address, self.scope),
            Err(_) => self.policy.judge_name(host),
        };
        judged.map_err(|_| refused())
    }
}

/// Parses a base URL, without a slash at its end, and appends a path.
pub(crate) fn endpoint(base: &str, path: &str) -> Result<Url, Trouble> {
    Url::parse(&format!("{}{path}", base.trim().trim_end_matches('/')))
        .map_err(|_| Trouble::new(code::NOT_CONFIGURED, "its URL is not one"))
}

impl Answer {
    /// The answer, where its status says that it is one.
    pub fn ok(self, now: Time) -> Result<Self, Trouble> {
        match self.status {
            StatusCode::OK => Ok(self),
            status => Err(Failed::status(status, &self.headers, now).trouble),
        }
    }
}

struct Failed {
    trouble: Trouble,
    retry: Retry,
}

enum Retry {
    Never,
    After(Option<Duration>),
}

impl Failed {
    fn again(trouble: Trouble, wait: Option<Duration>) -> Self {
        Self {
            trouble,
            retry: Retry::After(wait),
        }
    }

    fn for_good(trouble: Trouble) -> Self {
        Self {
            trouble,
            retry: Retry::Never,
        }
    }

    fn transport(error: &reqwest::Error) -> Self {
        let detail = if error.is_timeout() {
            "it did not answer in time"
        } else if error.is_connect() {
            "it cannot be reached"
        } else {
            "its answer broke off"
        };
        Self::again(Trouble::new(code::UNAVAILABLE, detail), None)
    }

    fn status(status: StatusCode, headers: &HeaderMap, now: Time) -> Self {
        let number = status.as_u16();
        let wait = retry_after(headers, now);
        match number {
            429 => Self::again(
                Trouble::new(code::RATE_LIMITED, "it asks for fewer requests (429)"),
                wait,
            ),
            408 | 425 | 500..=599 => {
                let detail = format!("it answered {number}");
                Self::again(Trouble::new(code::UNAVAILABLE, detail), wait)
            }
            401 | 403 => {
                let detail = format!("it refuses our key ({number})");
                Self::for_good(Trouble::new(code::REFUSED, detail))
            }
            300..=399 => {
                let detail = format!("it answered {number}; redirects are not followed");
                Self::for_good(Trouble::new(code::REFUSED, detail))
            }
            _ => {
                let detail = format!("it answered {number}");
                Self::for_good(Trouble::new(code::REFUSED, detail))
            }
        }
    }
}

/// `Retry-After` in either of its forms, as a time from now.
fn retry_after(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let wait = Time::from(at).since(now).as_millis();
    Some(Duration::from_millis(u64::try_from(wait).unwrap_or(0)))
}

/// Resolves names to those of their addresses that may be asked.
struct Guard {
    resolver: Arc<SystemResolver>,
    policy: AddressPolicy,
    scope: Scope,
}

impl ResolveName for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, policy) = (Arc::clone(&self.resolver), self.policy.clone());
        let scope = self.scope;
        Box::pin(async move {
            let host = name.as_str().to_string();
            let found = resolver.lookup(host.clone()).await?;
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|ip| policy.judge_resolved(&host, *ip, scope).is_ok())
                .map(|ip| SocketAddr::new(ip, 0))
                .collect();
            if allowed.is_empty() {
                return Err("none of its addresses may be asked".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
