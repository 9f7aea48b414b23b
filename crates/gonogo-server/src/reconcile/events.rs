//! Events as the journal has them.
//!
//! The journal keeps the declared fields of every event for months, so this side survives a
//! restart and is exact. Invariant: it reads what was committed before the run began to read.

use gonogo_engine::expression::{Match, asks};
use gonogo_engine::reconciliation::{Money, Record};
use gonogo_engine::{Input, Time};
use gonogo_model::Duration;
use gonogo_model::event::Event;
use gonogo_model::reconciliation::EventsSide;

use super::side::{Asked, Read, Trouble, code};
use crate::store::{Store, StoreError};

/// A sender's clock may be so far ahead of ours.
const AHEAD: Duration = Duration::from_mins(10);

pub(super) async fn read(side: &EventsSide, store: &Store, asked: Asked) -> Result<Read, Trouble> {
    let side = side.clone();
    let since_ms = (asked.from - AHEAD).as_millis();
    let read = store.blocking(move |store| {
        let mut read = Ok(Read::default());
        store.each_event_since(since_ms, |body| {
            let Ok(so_far) = &mut read else { return false };
            if let Err(trouble) = take(&side, body, asked, so_far) {
                read = Err(trouble);
                return false;
            }
            true
        })?;
        Ok::<_, StoreError>(read)
    });
    read.await
        .map_err(|_| Trouble::new(code::UNAVAILABLE, "our own journal could not be read"))?
}

fn take(side: &EventsSide, body: &[u8], asked: Asked, read: &mut Read) -> Result<(), Trouble> {
    // What the engine skips as unreadable it skips here too.
    let Ok(Input::Event(event)) = serde_json::from_slice(body) else {
        return Ok(());
    };
    let ours = event.source == side.source.id && side.event.contains(&event.kind);
    let at = Time::from(event.time);
    if !ours || !asked.holds(at) {
        return Ok(());
    }
    match asks(&side.only, side.r#where.as_deref(), &event) {
        Match::Yes => {}
        Match::No => return Ok(()),
        Match::Undecided(_, why) => {
            return Err(Trouble::unreadable(format!(
                "of an event of type `{}` nobody can say whether it counts: {why}",
                event.kind
            )));
        }
    }
    let Some(key) = field(&event, &side.key) else {
        return Err(Trouble::unreadable(format!(
            "an event of type `{}` has no `{}`",
            event.kind, side.key
        )));
    };
    let money = match &side.amount {
        None => None,
        Some(amount) => {
            let amount = field(&event, amount).ok_or_else(|| {
                Trouble::unreadable(format!("an event of type `{}` has no amount", event.kind))
            })?;
            let currency = side.currency.as_ref().and_then(|c| field(&event, c));
            let money = Money::parse(&amount, currency.as_deref(), side.units);
            Some(money.map_err(Trouble::unreadable)?)
        }
    };
    read.push(Record {
        key,
        at,
        money,
        note: None,
    })
}

fn field(event: &Event, name: &str) -> Option<String> {
    match (event.fields.get(name), name) {
        (Some(value), _) => value.as_key(),
        (None, "id") => Some(event.id.clone()),
        (None, "subject") => event.subject.clone(),
        (None, _) => None,
    }
}
