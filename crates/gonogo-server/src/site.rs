//! What every handler shares: the view, the store, the doors in and the ways out.

use std::sync::Arc;
use std::time::Duration;

use gonogo_engine::Input;
use gonogo_engine::input::{Actor, Command, Verb};
use gonogo_model::Id;
use gonogo_model::team::{Channel, Person};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::auth::{Gate, Identity, Surroundings};
use crate::clock::Clock;
use crate::courier::append;
use crate::force::DiskState;
use crate::ingest::http::Intake;
use crate::metrics::Sent;
use crate::notify::Channels;
use crate::readiness::Readiness;
use crate::shell::shell_of;
use crate::store::{Lane, NewAudit, Store, StoreError, User};
use crate::view::View;
use crate::web::{Frame, Nav, Shell};

/// How long a page waits at the most to show what it just did.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);

/// What every handler shares; clones are cheap.
#[derive(Clone)]
pub struct Site {
    /// The journal and everything with it.
    pub store: Store,
    /// The time.
    pub clock: Arc<Clock>,
    /// What pages see.
    pub view: watch::Receiver<Arc<View>>,
    /// The door for events.
    pub intake: Intake,
    /// The ways out, and the signer of links.
    pub channels: Arc<Channels>,
    /// Whether the package on disk is in force.
    pub disk: watch::Receiver<DiskState>,
    /// Told when the package should be looked at now.
    pub reload: Arc<watch::Sender<u64>>,
    /// Where people find this server, without a slash at the end.
    pub base_url: Arc<str>,
    /// The door: who may come in.
    pub gate: Gate,
    /// What became of messages.
    pub sent: Sent,
    /// What is known about readiness, and what follows.
    pub readiness: Readiness,
    /// What chance of this installation follows from; it stays the same for good.
    pub seed: u64,
    /// Told when the server ends, so that open streams do.
    pub stopping: watch::Receiver<bool>,
}

impl Site {
    /// The newest view.
    pub fn view(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// Writes a decision down, and waits for a moment until pages show it.
    ///
    /// `Ok` means that it is durable, and at which place of the journal; the engine acts on
    /// it whatever happens next.
    pub async fn decide(&self, by: Actor, verb: Verb) -> Result<i64, StoreError> {
        let command = Input::Command(Command { by, verb });
        let seq = append(&self.store, Lane::Human, &[command], self.clock.now()).await?;
        self.shown(seq).await;
        Ok(seq)
    }

    /// Writes down who did what that is no decision of an incident; `more` has no secrets.
    pub async fn audit(
        &self,
        who: &Identity,
        action: &str,
        target: &str,
        more: serde_json::Value,
    ) -> Result<(), StoreError> {
        let row = NewAudit {
            at_ms: self.clock.now().as_millis(),
            actor: who.user_id.clone(),
            action: action.to_owned(),
            target: target.to_owned(),
            json: more.to_string(),
        };
        self.store.add_audit(row).await.map(drop)
    }

    /// Waits for a moment until pages show what stands at a place of the human lane.
    pub async fn shown(&self, seq: i64) {
        let mut view = self.view.clone();
        let shown = async {
            while self.store.applied(Lane::Human) < seq {
                if view.changed().await.is_err() {
                    return;
                }
            }
            let step = self.store.last_step();
            while view.borrow().step_no < step {
                if view.changed().await.is_err() {
                    return;
                }
            }
        };
        // Later than that it is shown by the live update.
        let _ = tokio::time::timeout(SHOWN_WITHIN, shown).await;
    }
}

/// What the door knows of the rest of the server.
pub struct Neighbourhood {
    /// The time.
    pub clock: Arc<Clock>,
    /// The package in force.
    pub view: watch::Receiver<Arc<View>>,
    /// Whether the package on disk is in force.
    pub disk: watch::Receiver<DiskState>,
}

impl Surroundings for Neighbourhood {
    fn now(&self) -> Timestamp {
        self.clock.now().timestamp()
    }

    fn package_name(&self) -> String {
        self.view.borrow().plan.package.name().to_string()
    }

    fn shell(&self, who: &Identity, frame: Frame, title: &str) -> Shell {
        let (view, disk) = (self.view.borrow().clone(), self.disk.borrow().clone());
        let now = self.clock.now();
        let shell = shell_of((&view, &disk), now, who, frame, title, Nav::Settings);
        Shell {
            live: false,
            ..shell
        }
    }

    /// An account belongs to the person of the package who has its mail address.
    fn person(&self, user: &User) -> Option<Id> {
        let address = Some(user.email.as_str()).filter(|a| !a.is_empty())?;
        let view = self.view.borrow();
        let theirs = |p: &&Person| {
            p.contacts.iter().any(|c| {
                c.channel.value == Channel::Email
                    && c.to
                        .as_plain()
                        .is_some_and(|to| to.eq_ignore_ascii_case(address))
            })
        };
        view.plan
            .package
            .people
            .values()
            .find(theirs)
            .map(|p| p.id.value.clone())
    }
}
