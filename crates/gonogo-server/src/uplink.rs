//! Is our own way out open? Asked when something outside cannot be reached, and not otherwise.
//!
//! When our line is down everything else seems to be. One look at places that have nothing to
//! do with what is watched tells the two apart: what cannot be reached then is unknown, nobody
//! is paged for it, and the operators hear of one trouble. Invariant: without declared places,
//! or when none of them can be asked, nothing is doubted.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use gonogo_engine::Input;
use gonogo_engine::input::Trouble;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::courier::append;
use crate::probe::{
    Answered, ProbeResult, ProbeSpec, Prober, Surveyed, Target, TcpTarget, Verdict, code,
};
use crate::settings::Outside;
use crate::store::{Lane, Store};
use crate::view::View;

/// The stable code of the trouble.
pub const TROUBLE: &str = "uplink";
/// The reason code of answers that are not believed.
pub const OWN_UPLINK: &str = "own_uplink";
/// What was found out so lately is not asked again.
const FRESH: Duration = Duration::from_secs(3);
/// How long a place has to let us in.
const WITHIN: Duration = Duration::from_secs(2);
/// A lost packet is no closed way: after this pause it is asked once more.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How often it is asked whether the way is open again.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Our own way out.
#[derive(Clone)]
pub struct Uplink {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Arc<Clock>,
    outside: Outside,
    view: watch::Receiver<Arc<View>>,
    prober: Prober,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    asked_at: Option<Instant>,
    down: bool,
}

impl Uplink {
    /// The way out of the package in force.
    pub fn new(
        store: Store,
        clock: Arc<Clock>,
        outside: Outside,
        view: watch::Receiver<Arc<View>>,
    ) -> Self {
        let inner = Inner {
            store,
            clock,
            outside,
            view,
            prober: Prober::default(),
            known: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Looks whether the way is open again for as long as it is known to be closed.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        while !*stop.borrow() {
            tokio::select! {
                _ = look.tick() => {
                    // A trouble may be left from before a restart.
                    let troubled = self.inner.view.borrow().troubles.contains_key(TROUBLE);
                    if troubled || self.inner.known.lock().await.down {
                        self.is_down().await;
                    }
                }
                _ = stop.changed() => {}
            }
        }
    }

    /// Takes an answer for what it is worth: that something cannot be reached says nothing of
    /// it while our own way out is closed.
    pub async fn doubted(&self, answer: ProbeResult) -> ProbeResult {
        if answer.verdict != Verdict::Failing || !is_about_the_way(answer.code) {
            return answer;
        }
        if !self.is_down().await {
            return answer;
        }
        let detail = answer.detail.trim_end_matches('.');
        ProbeResult {
            verdict: Verdict::Unknown,
            code: OWN_UPLINK,
            detail: format!("Our own way out is closed, so this says nothing: {detail}."),
            ..answer
        }
    }

    /// The same for a customer's domain.
    pub async fn doubted_survey(&self, mut found: Surveyed) -> Surveyed {
        let in_doubt =
            |a: &Answered| a.verdict == Some(Verdict::Failing) && is_about_the_way(a.code);
        let Surveyed {
            dns,
            caa,
            site,
            edge,
            ..
        } = &mut found;
        let all = [Some(dns), Some(caa), site.as_mut(), edge.as_mut()];
        let mut doubtful: Vec<&mut Answered> =
            all.into_iter().flatten().filter(|a| in_doubt(a)).collect();
        if !doubtful.is_empty() && self.is_down().await {
            for answer in &mut doubtful {
                (answer.verdict, answer.code) = (Some(Verdict::Unknown), OWN_UPLINK);
            }
        }
        found
    }

    /// Is our own way out closed? Whoever asks meanwhile waits for the same answer.
    async fn is_down(&self) -> bool {
        let mut known = self.inner.known.lock().await;
        if known.asked_at.is_some_and(|at| at.elapsed() < FRESH) {
            return known.down;
        }
        let targets = self.targets();
        let down = if targets.is_empty() || any_lets_us_in(&self.inner.prober, &targets).await {
            false
        } else {
            tokio::time::sleep(AGAIN_AFTER).await;
            !any_lets_us_in(&self.inner.prober, &targets).await
        };
        *known = Known {
            asked_at: Some(Instant::now()),
            down,
        };
        let told = self.inner.view.borrow().troubles.contains_key(TROUBLE);
        if down != told {
            self.tell(down, targets.len()).await;
        }
        down
    }

    fn targets(&self) -> Vec<ProbeSpec> {
        let view = self.inner.view.borrow();
        let header = view.plan.package.header.as_ref();
        let declared = header.and_then(|h| h.uplink.as_ref());
        let targets = declared.into_iter().flat_map(|uplink| &uplink.targets);
        let spec = |target: &gonogo_model::launch::UplinkTarget| match self
            .inner
            .outside
            .resolve(&target.host)
        {
            Ok(host) => Some(ProbeSpec {
                check: TROUBLE.to_owned(),
                target: Target::Tcp(TcpTarget {
                    host,
                    port: target.port,
                    banner: None,
                    send: None,
                    allow_private: target.allow_private,
                }),
                every: WITHIN,
                timeout: WITHIN,
                retry: 0,
            }),
            Err(why) => {
                tracing::error!("a target of `uplink` cannot be asked: {why}");
                None
            }
        };
        targets.filter_map(spec).collect()
    }

    async fn tell(&self, down: bool, targets: usize) {
        let detail = down.then(|| {
            format!(
                "our own way out is closed: none of {targets} places lets us in. What cannot be \
                 reached is unknown until it is open again, and nobody is paged for it"
            )
        });
        let trouble = Input::Trouble(Trouble {
            code: TROUBLE.into(),
            detail,
        });
        let now = self.inner.clock.now();
        if let Err(error) = append(&self.inner.store, Lane::World, &[trouble], now).await {
            tracing::error!(%error, "that our own way out is closed could not be written down");
        }
    }
}

/// Would it look like this if our own line was cut?
fn is_about_the_way(found: &str) -> bool {
    matches!(
        found,
        code::TIMEOUT
            | code::CONNECT_REFUSED
            | code::CONNECT_FAILED
            | code::HOST_UNREACHABLE
            | code::CONNECTION_CLOSED
            | code::DNS_NOT_FOUND
            | code::DNS_NO_RECORD
            | code::DNS_SERVFAIL
    )
}

async fn any_lets_us_in(prober: &Prober, targets: &[ProbeSpec]) -> bool {
    let mut asked: FuturesUnordered<_> = targets.iter().map(|spec| prober.run(spec)).collect();
    while let Some(answer) = asked.next().await {
        match answer.verdict {
            Verdict::Ok => return true,
            // A place that must not be asked is a mistake of the package, and no closed way.
            Verdict::Unknown if is_a_mistake(answer.code) => {
                tracing::error!("a target of `uplink` cannot be asked: {}", answer.detail);
                return true;
            }
            Verdict::Failing | Verdict::Unknown => {}
        }
    }
    false
}

fn is_a_mistake(found: &str) -> bool {
    matches!(
        found,
        code::SPEC_INVALID | code::ADDRESS_FORBIDDEN | code::ADDRESS_PRIVATE
    )
}
