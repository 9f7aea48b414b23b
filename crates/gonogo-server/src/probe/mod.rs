//! Active checks: what a user or a certificate verifier meets when it asks from outside.
//!
//! A probe asks one question on a fresh connection and answers with a verdict, a stable
//! reason code, one sentence, timings and, where TLS was spoken, the certificate as served.
//! It exists because a product's own view of itself is the last to know that nobody can
//! reach it.
//!
//! Invariant: a probe never guesses. What could not be told from here (our resolver is down,
//! we have no route, policy forbids the address) is [`Verdict::Unknown`], which is neither
//! green nor red.

mod acme;
mod certificate;
mod chain;
mod connect;
mod crew;
mod depth;
mod diagnosis;
mod dns;
mod exchange;
mod expect;
mod grpc;
mod http;
mod outcome;
mod plan;
mod policy;
mod prober;
mod recording;
mod registration;
mod resolve;
mod schedule;
mod secret;
mod slots;
mod spec;
mod starttls;
mod summary;
mod survey;
mod tcp;
mod tls;
mod trust;
mod vendor;

pub use certificate::CertificateFacts;
pub use depth::Depth;
pub use dns::{Aim, CaaQuestion, MAX_RESOLVERS};
pub use http::{MAX_HEAD_BYTES, MAX_REDIRECTS};
pub use outcome::{AddressOutcome, Phases, ProbeResult, Verdict, code};
pub use policy::{AddressPolicy, Refusal};
pub(crate) use policy::{Scope, is_forbidden};
pub use prober::{Extra, Prober, Run};
pub use registration::{MAX_RDAP_BYTES, RegistrationFacts};
pub use resolve::{DnsError, Resolve, SystemResolver};
pub use schedule::{Options, RunNow, Scheduler, Stats};
pub use secret::SecretString;
pub use spec::{
    AcmeTarget, Bound, DnsExpect, DnsTarget, Dnssec, GrpcTarget, HttpTarget, JsonRule,
    MAX_BODY_BYTES, MAX_RETRIES, MAX_TIMEOUT, MIN_EVERY, ProbeSpec, RecordType, RegistrationTarget,
    Target, TcpTarget, TlsExpect, TlsTarget, Trust,
};
pub use starttls::StartTls;
pub use survey::{Answered, Survey, Surveyed};
pub use tls::MAX_ADDRESSES;
pub use vendor::{Feed, GOOGLE_CLOUD_FEED, Level, VendorNotice, VendorTarget};
