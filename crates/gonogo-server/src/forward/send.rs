//! One attempt: the bytes and headers as they came, under one delivery id.
//!
//! Signatures pass through untouched, so the product verifies as if the provider had sent it.
//! Invariant: what is said of a failure names the host and no more of the address.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use gonogo_model::forward::Forward;
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Url, redirect};

use crate::probe::AddressPolicy;
use crate::settings::Outside;

/// The header that is the same in every attempt, for the product to recognise a repeat.
pub const DELIVERY_ID: HeaderName = HeaderName::from_static("gonogo-delivery-id");
/// Which attempt it is.
pub const ATTEMPT: HeaderName = HeaderName::from_static("gonogo-delivery-attempt");
/// The most that is read of an answer before the connection is let go.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The longest wait that an endpoint can ask for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Headers of one connection only (RFC 9110, 7.6.1), and those that the next hop makes anew.
const HOP_BY_HOP: [&str; 12] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
    "expect",
];

/// An endpoint, ready to be sent to.
#[derive(Clone)]
pub struct Endpoint {
    client: Client,
    url: Url,
    headers: HeaderMap,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// 2xx.
    Acknowledged(u16),
    /// It may work later.
    Again {
        /// What was answered.
        status: Option<u16>,
        /// How long we were asked to wait.
        after: Option<Duration>,
        /// What went wrong.
        error: String,
    },
    /// It will not work by repeating it.
    Refused {
        /// What was answered.
        status: u16,
    },
    /// 410: the endpoint wants no more.
    Gone,
}

impl Endpoint {
    /// The endpoint of a source, or why there is none, without a secret in it.
    pub fn of(forward: &Forward, outside: &Outside) -> Result<Self, String> {
        let url = outside.resolve(&forward.url)?;
        let url = Url::parse(url.trim())
            .ok()
            .filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host())
            .ok_or("its address is not an http(s) URL")?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if let Ok(address) = literal {
            judge(&host, address, forward.allow_private)?;
        }
        let timeout = Duration::from_millis(forward.timeout.as_millis().unsigned_abs().max(1));
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(timeout)
            .timeout(timeout)
            .pool_max_idle_per_host(usize::from(forward.concurrency))
            .dns_resolver(Guarded {
                private: forward.allow_private,
            });
        if let Some(file) = &forward.trust {
            let path = outside.resolve(file)?;
            let pem = std::fs::read(&path).map_err(|e| format!("the roots at {path}: {e}"))?;
            let roots = Certificate::from_pem_bundle(&pem)
                .map_err(|_| format!("{path} is not a PEM bundle"))?;
            builder = builder.tls_certs_merge(roots);
        }
        let client = builder.build().map_err(|e| e.without_url().to_string())?;
        let mut headers = HeaderMap::new();
        for (name, value) in &forward.headers {
            let parsed = HeaderName::try_from(name.as_str())
                .map_err(|_| format!("`{name}` is not a header"))?;
            let mut value = HeaderValue::try_from(outside.resolve(value)?)
                .map_err(|_| format!("the value of `{name}` cannot be sent"))?;
            value.set_sensitive(true);
            headers.insert(parsed, value);
        }
        Ok(Self {
            client,
            url,
            headers,
        })
    }

    /// The address without what may be secret in it.
    pub fn host(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Sends a delivery once.
    pub async fn send(&self, id: &str, attempt: u32, kept: &str, body: Vec<u8>) -> Sent {
        let mut headers = unpacked(kept);
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert(DELIVERY_ID, id);
        }
        headers.insert(ATTEMPT, HeaderValue::from(attempt));
        let request = self.client.post(self.url.clone());
        let mut response = match request.headers(headers).body(body).send().await {
            Ok(response) => response,
            Err(error) => {
                return Sent::Again {
                    status: None,
                    after: None,
                    error: self.fault(error),
                };
            }
        };
        let status = response.status().as_u16();
        let after = retry_after(response.headers(), Timestamp::now());
        // The status is the answer; the rest is read so that the connection can be used again.
        let mut read = 0;
        while read < ANSWER_BYTES_MAX
            && let Ok(Some(chunk)) = response.chunk().await
        {
            read += chunk.len();
        }
        match status {
            200..=299 => Sent::Acknowledged(status),
            410 => Sent::Gone,
            // 3xx: an endpoint that is being moved or a sign-in that slipped in front of it.
            300..=399 | 408 | 425 | 429 | 500..=599 => Sent::Again {
                status: Some(status),
                after: after.map(|a| a.min(RETRY_AFTER_MAX)),
                error: match status {
                    300..=399 => format!("answered {status}; redirects are not followed"),
                    _ => format!("answered {status}"),
                },
            },
            _ => Sent::Refused { status },
        }
    }

    fn fault(&self, error: reqwest::Error) -> String {
        let host = self.host();
        if error.is_timeout() {
            return format!("{host} did not answer in time");
        }
        if error.is_connect() {
            return format!("{host} cannot be reached");
        }
        format!("{host} cut the connection")
    }
}

/// Resolves a name and keeps the addresses that may be asked.
struct Guarded {
    private: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0))
                .await?
                .filter(|a| judge(&host, a.ip(), private).is_ok())
                .collect();
            if found.is_empty() {
                return Err(format!("{host} leads to no address that may be asked").into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

fn judge(host: &str, address: IpAddr, private: bool) -> Result<(), String> {
    AddressPolicy::default()
        .judge(host, address, private)
        .map_err(|_| {
            let help = if private {
                ""
            } else {
                "; write `allow_private: true` if that is meant"
            };
            format!("{host} is an address that is not asked{help}")
        })
}

/// The headers of a delivery as they are kept: every value, byte for byte.
pub fn packed(headers: &HeaderMap) -> String {
    let listed: Vec<&str> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(str::trim)
        .collect();
    let passes = |name: &HeaderName| {
        let name = name.as_str();
        !HOP_BY_HOP.contains(&name) && !listed.iter().any(|l| l.eq_ignore_ascii_case(name))
    };
    let pairs: Vec<(&str, String)> = headers
        .iter()
        .filter(|(name, _)| passes(name))
        .map(|(name, value)| {
            let bytes = value.as_bytes().iter();
            (name.as_str(), bytes.map(|b| char::from(*b)).collect())
        })
        .collect();
    serde_json::to_string(&pairs).unwrap_or_default()
}

/// The opposite of [`packed`].
pub fn unpacked(text: &str) -> HeaderMap {
    let pairs: Vec<(String, String)> = serde_json::from_str(text).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let bytes: Option<Vec<u8>> = value.chars().map(|c| u8::try_from(c).ok()).collect();
        if let Some(bytes) = bytes
            && let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::from_bytes(&bytes))
        {
            headers.append(name, value);
        }
    }
    headers
}

/// `Retry-After` in either of its forms, as a time from now.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Duration::try_from(at.duration_since(now)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_byte_for_byte_without_those_of_the_hop() {
        let mut headers = HeaderMap::new();
        headers.insert("connection", HeaderValue::from_static("close, X-Private"));
        headers.insert("x-private", HeaderValue::from_static("1"));
        headers.insert("transfer-encoding", HeaderValue::from_static("chunked"));
        headers.insert("host", HeaderValue::from_static("gonogo.example.com"));
        headers.append("x-two", HeaderValue::from_static("a"));
        headers.append("x-two", HeaderValue::from_bytes(b"\xff\xe9").unwrap());
        headers.insert("stripe-signature", HeaderValue::from_static("t=1,v1=00"));
        let back = unpacked(&packed(&headers));
        assert_eq!(back.len(), 3, "{back:?}");
        let two: Vec<&[u8]> = back.get_all("x-two").iter().map(|v| v.as_bytes()).collect();
        assert_eq!(two, [b"a".as_slice(), b"\xff\xe9"]);
        assert_eq!(back["stripe-signature"], "t=1,v1=00");
        assert!(unpacked("nonsense").is_empty());
    }
}
