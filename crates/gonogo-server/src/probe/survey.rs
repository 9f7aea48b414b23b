//! Everything that is asked about one customer's domain, in one go.
//!
//! It asks the name as everybody does, and our own edge with that name, so that a trouble of
//! the customer's is told from one of ours. Invariant: what was not answered is said to be
//! unknown, part by part.

use std::net::SocketAddr;

use jiff::Timestamp;

use super::connect::Deadline;
use super::dns::{Aim, Asking, CaaQuestion};
use super::outcome::{Verdict, code};
use super::prober::Prober;
use super::{ProbeResult, ProbeSpec, Target, TlsTarget, Trust};

/// What to ask about the domains of a fleet.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Whom to ask about names.
    pub resolver: SocketAddr,
    /// Where names should lead.
    pub aim: Aim,
    /// Who should be let issue.
    pub caa: CaaQuestion,
    /// The port of TLS.
    pub port: u16,
    /// Our own edge.
    pub edge: Option<SocketAddr>,
    /// Who may vouch for certificates.
    pub trust: Trust,
    /// Whether loopback and private addresses may be asked.
    pub allow_private: bool,
    /// How long one question may take.
    pub timeout: std::time::Duration,
}

/// What was found out about a domain, as reason codes.
#[derive(Clone, Debug, Default)]
pub struct Surveyed {
    /// Where it leads.
    pub dns: Answered,
    /// May our issuer issue?
    pub caa: Answered,
    /// The name, as everybody reaches it; `None` where it was not asked.
    pub site: Option<Answered>,
    /// Our edge; `None` where there is none.
    pub edge: Option<Answered>,
    /// The certificate for this name: from and until.
    pub certificate: Option<(Timestamp, Timestamp)>,
}

/// The answer to one question.
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// Good, bad or unknown.
    pub verdict: Option<Verdict>,
    /// The reason code.
    pub code: &'static str,
}

impl Prober {
    /// The resolver of the machine.
    pub fn nameserver(&self) -> Option<SocketAddr> {
        self.nameservers.as_ref()?.first().copied()
    }

    /// Asks everything about a domain.
    pub async fn survey(&self, survey: &Survey, domain: &str) -> Surveyed {
        let asking = Asking {
            resolver: survey.resolver,
            deadline: Deadline::after(survey.timeout),
        };
        let (dns, caa) = tokio::join!(
            asking.points_at(domain, &survey.aim),
            asking.caa(domain, &survey.caa)
        );
        let answered = |outcome: Result<String, super::outcome::Reason>| match outcome {
            Ok(_) => Answered {
                verdict: Some(Verdict::Ok),
                code: code::OK,
            },
            Err(reason) => Answered {
                verdict: Some(reason.verdict),
                code: reason.code,
            },
        };
        let (dns, caa) = (answered(dns), answered(caa));
        // Somebody else's site is none of our business.
        let leads_here = dns.verdict != Some(Verdict::Failing);
        let site = async {
            match leads_here {
                true => Some(self.shake(survey, domain, None).await),
                false => None,
            }
        };
        let edge = async {
            match survey.edge {
                Some(edge) => Some(self.shake(survey, domain, Some(edge)).await),
                None => None,
            }
        };
        let (site, edge) = tokio::join!(site, edge);
        let shown = [&edge, &site].into_iter().flatten();
        let certificate = shown
            .filter(|r| r.verdict == Verdict::Ok || r.code == code::CERT_EXPIRED)
            .find_map(|r| r.certificate.as_ref())
            .map(|c| (c.not_before, c.earliest_chain_expiry.min(c.not_after)));
        let brief = |result: ProbeResult| Answered {
            verdict: Some(result.verdict),
            code: result.code,
        };
        Surveyed {
            dns,
            caa,
            site: site.map(brief),
            edge: edge.map(brief),
            certificate,
        }
    }

    async fn shake(&self, survey: &Survey, domain: &str, at: Option<SocketAddr>) -> ProbeResult {
        let mut target = TlsTarget::new(domain, survey.port);
        target.connect_to = at;
        target.trust = survey.trust.clone();
        target.allow_private = survey.allow_private;
        self.run(&ProbeSpec {
            check: domain.to_owned(),
            target: Target::Tls(target),
            every: survey.timeout,
            retry: 0,
            timeout: survey.timeout,
        })
        .await
    }

    /// Gets a JSON document, or any text, for those who read it themselves.
    pub async fn document(
        &self,
        target: &super::HttpTarget,
        limit: usize,
        timeout: std::time::Duration,
    ) -> Result<Vec<u8>, String> {
        let deadline = Deadline::after(timeout);
        let fetched = super::http::fetch(self, target, limit, deadline).await;
        let fetched = fetched.map_err(|reason| reason.detail)?;
        if fetched.cut {
            return Err(format!("the answer is longer than {limit} bytes"));
        }
        match fetched.status {
            200 => Ok(fetched.body),
            other => Err(format!("the endpoint answered {other}")),
        }
    }
}
