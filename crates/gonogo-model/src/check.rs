//! Active probes: what to ask, how often, and how many answers make a verdict.

use std::collections::BTreeMap;

use crate::component::{Component, Journey};
use crate::decode::{choice, record};
use crate::duration::Duration;
use crate::id::Id;
use crate::kind::{Ref, entity};
use crate::setting::Setting;
use crate::text::Spanned;

record! {
    /// A question asked again and again.
    pub struct Check as "a check" {
        /// The name of this entry.
        pub id: Spanned<Id>,
        /// What people call it.
        pub name: String,
        /// The component it tells about.
        pub component: Ref<Component>,
        /// The journey it tells about.
        pub journey: Option<Ref<Journey>>,
        /// What is asked.
        pub probe: Probe,
        /// How often.
        pub every: Duration = Duration::from_secs(60),
        /// How long an answer may take.
        pub timeout: Duration = Duration::from_secs(10),
        /// How many bad answers in a row make it fail.
        pub fails_after: u8 = 2,
        /// How many good ones in a row make it well again.
        pub recovers_after: u8 = 2,
        /// After how long without an answer its state is unknown; three times `every`, where it is not written.
        pub unknown_after: Option<Duration>,
    }
}
entity!(Check, Check);

impl Check {
    /// After how long without an answer the state is unknown.
    pub fn stale_after(&self) -> Duration {
        self.unknown_after.unwrap_or_else(|| {
            Duration::from_millis(
                self.every.as_millis().saturating_mul(3) + self.timeout.as_millis(),
            )
        })
    }
}

choice! {
    /// What a check asks.
    pub enum Probe as "a probe" {
        /// A request and what the answer has to look like.
        Http(HttpProbe) = "http",
        /// The certificate that is really served, on every address behind the name.
        Tls(TlsProbe) = "tls",
    }
}

record! {
    /// A request over HTTP.
    pub struct HttpProbe as "an http probe" {
        /// The URL.
        pub url: Setting,
        /// The method.
        pub method: String = "GET".into(),
        /// Headers to send.
        pub headers: BTreeMap<String, Setting>,
        /// Status codes that are good; 200 to 299, where none are written.
        pub status: Vec<u16>,
        /// Text the body must have: 200 alone can be a maintenance page.
        pub body_contains: Option<String>,
        /// Text the body must not have.
        pub body_lacks: Option<String>,
        /// Fields of a JSON body and the values they must have.
        pub json: BTreeMap<String, String>,
        /// How many redirects are followed.
        pub follow_redirects: u8 = 0,
        /// A file of root certificates, for services with their own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}

record! {
    /// A TLS handshake.
    pub struct TlsProbe as "a tls probe" {
        /// The name that is asked for.
        pub host: Setting,
        /// The port.
        pub port: u16 = 443,
        /// Connect there instead of where the name points: one's own edge, with the customer's name.
        pub connect_to: Option<Setting>,
        /// A file of root certificates, for services with their own CA.
        pub trust: Option<Setting>,
        /// May be on a private or loopback address.
        pub allow_private: bool = false,
    }
}
