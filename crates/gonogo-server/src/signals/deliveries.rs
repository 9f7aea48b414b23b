//! What of a source was sent on to the product, and what became of it.
//!
//! Invariant: neither content nor headers are shown, and nothing known is never green.

use gonogo_engine::Time;
use gonogo_model::Duration;
use gonogo_model::source::Source;
use jiff::Timestamp;

use crate::shown;
use crate::site::Site;
use crate::store::{ForwardFilter, ForwardRow, ForwardState, StoreError};
use crate::view::SourceView;
use crate::web::components::State as Colour;
use crate::web::components::table::TableQuery;

/// Deliveries on one page.
const SHOWN: u32 = 50;

/// The forwarding of a source, for its page.
pub struct Forwarding {
    /// The address as the package writes it.
    pub url: String,
    /// The component behind it.
    pub to: String,
    /// How it goes.
    pub state: Colour,
    /// In words, with the numbers.
    pub said: String,
    /// Quantiles of the time from receipt to acknowledgement over the last day.
    pub latency: String,
    /// Filters by outcome: the word, the link, whether it is on.
    pub filters: Vec<(&'static str, String, bool)>,
    /// Deliveries, newest first.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub older: Option<String>,
}

/// A delivery in a list.
pub struct Row {
    /// The type of its event.
    pub event: String,
    /// The id that every attempt carries.
    pub id: String,
    /// When it was received.
    pub at: Timestamp,
    /// How it is.
    pub state: Colour,
    /// In a word.
    pub word: &'static str,
    /// What was answered or went wrong last.
    pub said: String,
    /// Attempts.
    pub attempts: u32,
    /// From receipt to its end.
    pub took: String,
}

/// The forwarding of a source, where it forwards.
pub async fn forwarding(
    site: &Site,
    source: &SourceView,
    declared: &Source,
    query: &TableQuery,
) -> Result<Option<Forwarding>, StoreError> {
    let Some(forward) = &declared.forward else {
        return Ok(None);
    };
    let wanted = query.get("outcome").and_then(ForwardState::parse);
    let filter = ForwardFilter {
        source: source.id.to_string(),
        state: wanted,
        before_id: query.get("before").and_then(|b| b.parse().ok()),
        limit: SHOWN,
    };
    let found = site.store.blocking(move |s| s.forwards(&filter)).await?;
    let here = format!("/signals/sources/{}", source.id);
    let of = |state: Option<ForwardState>| match state {
        None => here.clone(),
        Some(state) => format!("{here}?outcome={}", state.word()),
    };
    let mut filters = vec![("all", of(None), wanted.is_none())];
    filters.extend(ForwardState::ALL.map(|s| (word(s), of(Some(s)), wanted == Some(s))));
    let full = found.len() == SHOWN as usize;
    let older = found.last().filter(|_| full).map(|last| {
        let joint = if wanted.is_some() { '&' } else { '?' };
        format!("{}{joint}before={}", of(wanted), last.id)
    });
    let (state, said) = standing(source, site.clock.now());
    let day = source.forward.as_ref().map(|f| &f.day.latency);
    let latency = [500_000, 950_000, 990_000].map(|ppm| {
        let quantile = day.and_then(|h| h.quantile(ppm));
        quantile.map_or("too few".to_owned(), shown::length)
    });
    Ok(Some(Forwarding {
        url: forward.url.to_string(),
        to: forward.to.id.to_string(),
        state,
        said,
        latency: format!(
            "p50 {}, p95 {}, p99 {} over a day",
            latency[0], latency[1], latency[2]
        ),
        filters,
        rows: found.into_iter().map(row).collect(),
        older,
    }))
}

fn standing(source: &SourceView, now: Time) -> (Colour, String) {
    let Some(forward) = &source.forward else {
        return (Colour::Unknown, "nothing is known yet".into());
    };
    let Some(last) = &forward.last else {
        return (Colour::Unknown, "no report in the last minutes".into());
    };
    if let Some(why) = &last.stopped {
        let said = format!("stopped: {why}; {} wait", last.waiting);
        return (Colour::Bad, said);
    }
    let all = forward.hour.in_time + forward.hour.failed;
    let waits = match last.oldest {
        Some(oldest) => {
            let age = shown::length(now.since(oldest));
            format!("{} wait, the oldest for {age}", last.waiting)
        }
        None => "none wait".into(),
    };
    let said = format!(
        "{} of {all} acknowledged in time in the last hour; {waits}",
        forward.hour.in_time
    );
    let colour = if forward.hour.failed > 0 || last.failures_in_row > 0 {
        Colour::Warn
    } else if all == 0 {
        Colour::Unknown
    } else {
        Colour::Ok
    };
    (colour, said)
}

fn row(row: ForwardRow) -> Row {
    let state = match row.state {
        ForwardState::Pending if row.attempts == 0 => Colour::Unknown,
        ForwardState::Pending => Colour::Warn,
        ForwardState::Delivered => Colour::Ok,
        ForwardState::Dead | ForwardState::Kept => Colour::Bad,
    };
    let said = match (row.error, row.status) {
        (Some(error), _) => error,
        (None, Some(status)) => format!("answered {status}"),
        (None, None) => "not sent yet".into(),
    };
    let said = match row.overtaken {
        true => format!("{said}; a later one of its key got through first"),
        false => said,
    };
    let took = row.done_at_ms.map(|done| done - row.received_at_ms);
    Row {
        event: row.kind,
        id: row.delivery,
        at: Time::from_millis(row.received_at_ms).timestamp(),
        state,
        word: word(row.state),
        said,
        attempts: row.attempts,
        took: took.map_or(String::new(), |ms| shown::length(Duration::from_millis(ms))),
    }
}

fn word(state: ForwardState) -> &'static str {
    match state {
        ForwardState::Pending => "waiting",
        ForwardState::Delivered => "acknowledged",
        ForwardState::Dead => "given up",
        ForwardState::Kept => "not sent",
    }
}
