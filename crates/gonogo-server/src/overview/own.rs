//! gonogo's own health: whether it hears, keeps up, and gets through.

use crate::shell::hears;
use crate::shown;
use crate::site::Site;
use crate::store::{Lane, StoreError};
use crate::view::View;
use crate::web::components::State;
use crate::web::components::number::grouped;

/// From this much on, what waits is a backlog.
const WAITING_SHOWN: u64 = 1_000;

/// One key figure.
pub struct Figure {
    /// What it is.
    pub label: &'static str,
    /// The value.
    pub value: String,
    /// Its unit.
    pub unit: &'static str,
    /// How it is.
    pub state: State,
    /// A few words more.
    pub note: String,
}

/// How gonogo itself is doing.
pub struct Own {
    /// The numbers.
    pub figures: Vec<Figure>,
    /// What is wrong, in sentences.
    pub troubles: Vec<String>,
    /// The digest of the package in force.
    pub digest: String,
}

impl Own {
    /// Of this server, now.
    pub async fn of(site: &Site, view: &View) -> Result<Self, StoreError> {
        let counts = site.store.blocking(|s| s.outbox_counts()).await?;
        let letters = site.store.blocking(|s| s.dead_letter_counts()).await?;
        let letters: u64 = letters.iter().map(|c| c.open).sum();
        let waiting: u64 = Lane::ALL
            .iter()
            .map(|l| site.store.waiting(*l).inputs)
            .sum();
        let now = site.clock.now();
        let lag = now.since(view.at);
        let hears = hears(view, now);
        let heard = view.heard.map(|at| shown::since(at, now.timestamp()));
        let figures = vec![
            Figure {
                label: "Our own intake hears",
                value: heard.clone().unwrap_or_else(|| "–".into()),
                unit: if heard.is_some() { "ago" } else { "" },
                state: if hears { State::Ok } else { State::Unknown },
                note: match (&heard, hears) {
                    (_, true) => "proven by a signed event of our own".into(),
                    (Some(_), false) => "deadlines wait until it is proven again".into(),
                    (None, false) => "not proven since the start".into(),
                },
            },
            Figure {
                label: "Waiting to be decided",
                value: number(waiting),
                unit: "",
                state: if waiting > WAITING_SHOWN {
                    State::Warn
                } else {
                    State::Ok
                },
                note: match waiting {
                    0 => "every input that came is decided".into(),
                    _ => format!("the newest view is {} old", shown::length(lag)),
                },
            },
            Figure {
                label: "Messages on their way",
                value: number(counts.pending + counts.sending),
                unit: "",
                state: if counts.over_limit() {
                    State::Bad
                } else {
                    State::Ok
                },
                note: match counts.failed {
                    0 => format!("{} handed over", number(counts.delivered)),
                    n => format!(
                        "{} handed over, {} given up",
                        number(counts.delivered),
                        number(n)
                    ),
                },
            },
            Figure {
                label: "Dead letters",
                value: number(letters),
                unit: "",
                state: if letters > 0 { State::Warn } else { State::Ok },
                note: if letters > 0 {
                    "genuine, but not understood".into()
                } else {
                    "everything genuine was understood".into()
                },
            },
        ];
        Ok(Self {
            figures,
            troubles: view.troubles.values().cloned().collect(),
            digest: view
                .plan
                .package
                .digest
                .as_ref()
                .map(|d| d.short().to_owned())
                .unwrap_or_default(),
        })
    }
}

fn number(count: u64) -> String {
    grouped(i64::try_from(count).unwrap_or(i64::MAX))
}
