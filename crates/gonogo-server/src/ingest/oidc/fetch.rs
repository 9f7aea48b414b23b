//! Fetching the keys: kept for as long as the server of the keys allows.
//!
//! A name that is not known is a reason to look again, because keys are replaced, but strangers
//! choose the names: so they are looked up once a minute at most, and only one at a time.
//! Invariant: when the keys cannot be reached, a caller gets old ones for [`STALE`] at most and
//! then an error, never permission to go without.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AGE, CACHE_CONTROL, HeaderMap};
use reqwest::{Client, StatusCode, Url};

use super::{Keys, MAX_KEY_SET_BYTES};
use crate::clock::Clock;
use crate::probe::is_forbidden;

/// How long fetching may take. A sender waits for it, ten seconds in Pub/Sub's case.
const TIMEOUT: Duration = Duration::from_secs(4);
/// The least between two looks for a name that is not known.
pub const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// The least between two tries when the last one failed.
pub const TRY_AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// How long keys are fresh when their server does not say.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// The shortest and the longest time that its word is taken for.
const FRESH_SECS: (i64, i64) = (60, 24 * 3600);
/// How long keys that should be fetched anew are still used while they cannot be.
pub const STALE: SignedDuration = SignedDuration::from_hours(6);
/// The most addresses that keys are kept of; packages name one.
const ADDRESSES_MAX: usize = 64;

/// Keys of every address that sources name.
pub struct KeyStore {
    client: Option<Client>,
    clock: Arc<Clock>,
    slots: Mutex<BTreeMap<String, Arc<Slot>>>,
}

/// Why there are no keys, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoKeys(String);

#[derive(Default)]
struct Slot {
    known: Mutex<Known>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Option<Arc<Keys>>,
    fresh_until_ms: i64,
    tried_at_ms: Option<i64>,
    /// Why the last try failed.
    failed: Option<NoKeys>,
}

/// What to do for one request.
enum Next {
    Use(Arc<Keys>),
    Fetch,
    GiveUp(NoKeys),
}

impl KeyStore {
    /// An empty store.
    pub fn new(clock: Arc<Clock>) -> Self {
        let client = Client::builder()
            .user_agent(concat!("gonogo/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(TIMEOUT)
            .dns_resolver(Guarded)
            .build();
        Self {
            client: client.ok(),
            clock,
            slots: Mutex::default(),
        }
    }

    /// The keys of an address, among them the one of that name where there is any such.
    pub async fn get(&self, url: &str, kid: &str) -> Result<Arc<Keys>, NoKeys> {
        let slot = self.slot(url)?;
        match slot.next(kid, self.now_ms()) {
            Next::Use(keys) => return Ok(keys),
            Next::GiveUp(why) => return Err(why),
            Next::Fetch => {}
        }
        let _one_at_a_time = slot.fetching.lock().await;
        // Whoever was before us may have found it, or failed to.
        match slot.next(kid, self.now_ms()) {
            Next::Use(keys) => return Ok(keys),
            Next::GiveUp(why) => return Err(why),
            Next::Fetch => {}
        }
        let fetched = self.fetch(url).await;
        if let Err(why) = &fetched {
            tracing::warn!(%why, "the keys that tokens are verified with cannot be fetched");
        }
        slot.learn(fetched, self.now_ms());
        match slot.next(kid, self.now_ms()) {
            Next::Use(keys) => Ok(keys),
            Next::GiveUp(why) => Err(why),
            Next::Fetch => Err(NoKeys("the keys were fetched and are gone".into())),
        }
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().as_millis()
    }

    fn slot(&self, url: &str) -> Result<Arc<Slot>, NoKeys> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= ADDRESSES_MAX && !slots.contains_key(url) {
            slots.clear();
        }
        Ok(Arc::clone(slots.entry(url.to_owned()).or_default()))
    }

    async fn fetch(&self, text: &str) -> Result<(Keys, SignedDuration), NoKeys> {
        let url = address(text)?;
        let client = self.client.as_ref();
        let client = client.ok_or_else(|| NoKeys("there is no HTTP client".into()))?;
        let said = |error: reqwest::Error| {
            let what = if error.is_timeout() {
                "does not answer in time"
            } else {
                "cannot be reached"
            };
            NoKeys(format!("{} {what}", host(&url)))
        };
        let mut answer = client.get(url.clone()).send().await.map_err(said)?;
        if answer.status() != StatusCode::OK {
            return Err(NoKeys(format!(
                "{} answered {}",
                host(&url),
                answer.status().as_u16()
            )));
        }
        let fresh = freshness(answer.headers());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(said)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_KEY_SET_BYTES {
                break;
            }
        }
        let keys = Keys::parse(&body).map_err(|bad| NoKeys(format!("{}: {bad}", host(&url))))?;
        Ok((keys, fresh))
    }
}

impl Slot {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, kid: &str, now_ms: i64) -> Next {
        self.known().next(kid, now_ms)
    }

    fn learn(&self, fetched: Result<(Keys, SignedDuration), NoKeys>, now_ms: i64) {
        let mut known = self.known();
        known.tried_at_ms = Some(now_ms);
        match fetched {
            Ok((keys, fresh)) => {
                known.keys = Some(Arc::new(keys));
                known.fresh_until_ms = now_ms.saturating_add(millis(fresh));
                known.failed = None;
            }
            Err(why) => known.failed = Some(why),
        }
    }
}

impl Known {
    fn next(&self, kid: &str, now_ms: i64) -> Next {
        let keys = self.keys.as_ref();
        let usable = keys.filter(|_| now_ms < self.fresh_until_ms.saturating_add(millis(STALE)));
        let named = usable.filter(|keys| keys.has(kid));
        if let Some(keys) = named
            && now_ms < self.fresh_until_ms
        {
            return Next::Use(Arc::clone(keys));
        }
        let pause = if self.failed.is_some() {
            TRY_AGAIN
        } else {
            LOOK_AGAIN
        };
        let rests = self
            .tried_at_ms
            .is_some_and(|at| now_ms < at.saturating_add(millis(pause)));
        match (named, usable, &self.failed) {
            _ if !rests => Next::Fetch,
            (Some(keys), ..) => Next::Use(Arc::clone(keys)),
            (None, _, Some(why)) => Next::GiveUp(why.clone()),
            // They are as they were a moment ago: nobody signs with that name.
            (None, Some(keys), None) => Next::Use(Arc::clone(keys)),
            (None, None, None) => Next::Fetch,
        }
    }
}

/// `max-age` less the time that a cache has had it.
fn freshness(headers: &HeaderMap) -> SignedDuration {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let seconds = text(CACHE_CONTROL).and_then(|control| {
        let directives = control.split(',').map(str::trim);
        let age = directives.filter_map(|one| one.split_once('='));
        let max = age.filter(|(name, _)| name.eq_ignore_ascii_case("max-age"));
        let mut max = max.map(|(_, value)| value.trim_matches('"').parse::<i64>());
        max.next()?.ok()
    });
    let held = text(AGE)
        .and_then(|age| age.parse::<i64>().ok())
        .unwrap_or(0);
    seconds.map_or(FRESH, |seconds| {
        let left = seconds.saturating_sub(held.max(0));
        SignedDuration::from_secs(left.clamp(FRESH_SECS.0, FRESH_SECS.1))
    })
}

/// TLS, unless the keys are on this machine: who can change them on the way can sign.
fn address(text: &str) -> Result<Url, NoKeys> {
    let bad = |what: &str| NoKeys(format!("the address of the keys {what}"));
    let url = Url::parse(text).map_err(|_| bad("is no URL"))?;
    let name = url.host_str().ok_or_else(|| bad("has no host"))?;
    let literal: Option<IpAddr> = name.trim_matches(['[', ']']).parse().ok();
    let local = literal.is_some_and(|ip| ip.is_loopback()) || name == "localhost";
    if url.scheme() != "https" && !(url.scheme() == "http" && local) {
        return Err(bad("is not protected by TLS"));
    }
    if literal.is_some_and(is_forbidden) {
        return Err(bad("is one that nobody may ask"));
    }
    Ok(url)
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or("the server of the keys")
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Names that lead to a metadata service lead nowhere.
struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|a| !is_forbidden(a.ip())).collect();
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(control: &str, age: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, control.parse().unwrap());
        headers.insert(AGE, age.parse().unwrap());
        headers
    }

    #[test]
    fn keys_are_fresh_for_as_long_as_their_server_says() {
        let secs = |control, age| freshness(&headers(control, age)).as_secs();
        assert_eq!(
            secs("public, max-age=22000, must-revalidate", "2000"),
            20_000
        );
        assert_eq!(secs("Max-Age=\"600\"", "x"), 600);
        assert_eq!(secs("max-age=0", "0"), 60);
        assert_eq!(secs("max-age=9223372036854775807", "-5"), 24 * 3600);
        assert_eq!(secs("no-store", "0"), 300);
        assert_eq!(secs("max-age=soon", "0"), 300);
    }

    #[test]
    fn addresses_without_tls_or_of_metadata_are_not_asked() {
        for good in [
            super::super::GOOGLE_KEYS,
            "http://127.0.0.1:9/keys",
            "http://[::1]/k",
        ] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://keys.example.com/",
            "https://169.254.169.254/keys",
            "file:///etc/passwd",
            "keys",
            "data:,x",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
