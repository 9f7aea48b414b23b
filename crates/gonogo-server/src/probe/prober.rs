//! Runs one probe and always comes back with a result.
//!
//! It exists to hold what probes share: the resolver, the address policy and the parsed
//! roots. Invariant: a run ends within its spec's timeout, whatever the other side does.

use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::Instant;

use super::connect::Deadline;
use super::outcome::Reason;
use super::trust::TrustStore;
use super::{
    AddressOutcome, AddressPolicy, CertificateFacts, Phases, ProbeResult, ProbeSpec,
    RegistrationFacts, Resolve, SystemResolver, Target, VendorNotice, acme, dns, grpc, http,
    registration, tcp, tls, vendor,
};

/// Something that can run a spec; the scheduler needs no more than this.
pub trait Run: Send + Sync + 'static {
    /// Begins one run.
    fn begin(self: Arc<Self>, spec: Arc<ProbeSpec>) -> BoxFuture<'static, ProbeResult>;
}

/// Runs probes over the real network.
pub struct Prober {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) policy: AddressPolicy,
    pub(super) trust: TrustStore,
    /// The machine's own resolvers, for questions that its resolver cannot be asked.
    pub(super) nameservers: Option<Vec<SocketAddr>>,
    pub(super) registries: registration::Registries,
    /// Where the list of registries stands.
    pub(super) registry_list: String,
}

/// What a probe found, before it carries the check's id.
pub(super) struct Finding {
    pub reason: Reason,
    pub phases: Phases,
    pub certificate: Option<CertificateFacts>,
    pub addresses: Vec<AddressOutcome>,
    pub registration: Option<RegistrationFacts>,
    pub extra: Extra,
}

/// What some probes find besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// What a vendor says.
    pub notices: Vec<VendorNotice>,
    /// What is worth knowing and no trouble, in sentences.
    pub remarks: Vec<String>,
    /// The SHA-256 of the content, where it is watched.
    pub content: Option<String>,
}

impl Finding {
    pub fn of(reason: Reason) -> Self {
        Self {
            reason,
            phases: Phases::default(),
            certificate: None,
            addresses: Vec::new(),
            registration: None,
            extra: Extra::default(),
        }
    }
}

impl Default for Prober {
    fn default() -> Self {
        Self::new(
            Arc::new(SystemResolver::default()),
            AddressPolicy::default(),
        )
    }
}

impl Prober {
    /// A prober with its own resolver and policy.
    pub fn new(resolver: Arc<dyn Resolve>, policy: AddressPolicy) -> Self {
        Self {
            resolver,
            policy,
            trust: TrustStore::new(),
            nameservers: dns::system_nameservers(),
            registries: registration::Registries::default(),
            registry_list: registration::IANA_LIST.to_owned(),
        }
    }

    /// Takes the list of registries from elsewhere.
    #[must_use]
    pub fn with_registry_list(mut self, url: impl Into<String>) -> Self {
        self.registry_list = url.into();
        self
    }

    /// Asks once, now.
    pub async fn run(&self, spec: &ProbeSpec) -> ProbeResult {
        let started = Instant::now();
        let deadline = Deadline::after(spec.timeout());
        let finding = match &spec.target {
            Target::Tls(target) => tls::probe(self, target, deadline).await,
            Target::Http(target) => http::probe(self, target, deadline).await,
            Target::Dns(target) => dns::probe(self, target, deadline).await,
            Target::Registration(target) => registration::probe(self, target, deadline).await,
            Target::Tcp(target) => tcp::probe(self, target, deadline).await,
            Target::Grpc(target) => grpc::probe(self, target, deadline).await,
            Target::Acme(target) => acme::probe(self, target, deadline).await,
            Target::Vendor(target) => vendor::probe(self, target, deadline).await,
        };
        let finding = finding.unwrap_or_else(Finding::of);
        let took = started.elapsed();
        ProbeResult {
            check: spec.check.clone(),
            verdict: finding.reason.verdict,
            code: finding.reason.code,
            detail: finding.reason.detail,
            took,
            phases: Phases {
                total: took,
                ..finding.phases
            },
            certificate: finding.certificate,
            addresses: finding.addresses,
            registration: finding.registration,
            extra: finding.extra,
            skipped: 0,
        }
    }
}

impl Run for Prober {
    fn begin(self: Arc<Self>, spec: Arc<ProbeSpec>) -> BoxFuture<'static, ProbeResult> {
        Box::pin(async move { self.run(&spec).await })
    }
}
