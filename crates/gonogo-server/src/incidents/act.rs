//! What people do about an incident. Everything is written down before it is answered.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_engine::incident::Incident;
use gonogo_engine::input::Verb;
use gonogo_model::Id;
use gonogo_model::comms::PublicState;
use serde::Deserialize;

use super::customers::{Entered, UPDATE_CHARS_MAX, may_publish, writers};
use super::page::{Typed, find, missing, render};
use crate::auth::{Identity, Require, need};
use crate::runbooks::steps::TAKEN_BACK;
use crate::shell::Missing;
use crate::site::Site;
use crate::web::{Done, Frame};

/// The longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 2_000;
/// The longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 300;

/// What a button is: who, where, on which incident.
struct Act {
    site: Site,
    who: Identity,
    frame: Frame,
    incident: Incident,
}

impl Act {
    fn on(site: Site, who: Identity, frame: Frame, number: &str) -> Result<Self, Missing> {
        let view = site.view();
        let incident = find(&view, number).cloned();
        Ok(Self {
            incident: incident.ok_or_else(|| missing(frame.clone(), number))?,
            site,
            who,
            frame,
        })
    }

    async fn decide(self, verb: Verb, said: String) -> Result<Response, Missing> {
        let written = self.site.decide(self.who.actor(), verb).await;
        written.map_err(Missing::store(&self.frame))?;
        Ok(self.say(said))
    }

    fn say(&self, said: String) -> Response {
        Done::new(said, format!("/incidents/{}", self.incident.number)).respond(&self.frame)
    }

    /// The page again, with what was typed and what is wrong with it.
    async fn again(self, typed: Typed) -> Result<Response, Missing> {
        let number = self.incident.number.to_string();
        render(&self.site, &self.who, self.frame, &number, typed).await
    }

    fn is_over(&self) -> Option<Response> {
        let over = !self.incident.is_open() || self.incident.merged_into.is_some();
        over.then(|| {
            self.say(format!(
                "{} is over already. Nothing was changed.",
                self.incident.name()
            ))
        })
    }
}

/// `POST …/acknowledge`
pub async fn acknowledge(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(number): Path<String>,
) -> Result<Response, Missing> {
    let act = Act::on(site, who.0, frame, &number)?;
    if let Some(over) = act.is_over() {
        return Ok(over);
    }
    let incident = act.incident.number;
    let said = format!(
        "You have {}. Nobody else is called for it unless it grows.",
        act.incident.name()
    );
    act.decide(Verb::Acknowledge { incident }, said).await
}

/// `POST …/command`
pub async fn take_command(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(number): Path<String>,
) -> Result<Response, Missing> {
    let act = Act::on(site, who.0, frame, &number)?;
    if let Some(over) = act.is_over() {
        return Ok(over);
    }
    let incident = act.incident.number;
    let said = format!(
        "You lead {} now. Anybody else can take over.",
        act.incident.name()
    );
    act.decide(Verb::TakeCommand { incident }, said).await
}

/// A form with words.
#[derive(Deserialize)]
pub struct Words {
    #[serde(default)]
    text: String,
    #[serde(default)]
    state: String,
}

/// `POST …/note`
pub async fn note(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(number): Path<String>,
    Form(words): Form<Words>,
) -> Result<Response, Missing> {
    let act = Act::on(site, who.0, frame, &number)?;
    let text = tidy(&words.text);
    if let Some(error) = mistake(&text, NOTE_CHARS_MAX, "Write what the others should know.") {
        let typed = Typed {
            note: text,
            note_error: error,
            ..Typed::default()
        };
        return act.again(typed).await;
    }
    let incident = act.incident.number;
    act.decide(
        Verb::Note { incident, text },
        "It is on the timeline, for the team only.".into(),
    )
    .await
}

/// `POST …/publish`
pub async fn publish(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(number): Path<String>,
    Form(words): Form<Words>,
) -> Result<Response, Missing> {
    let act = Act::on(site, who.0, frame, &number)?;
    let view = act.site.view();
    let package = &view.plan.package;
    let now = act.site.clock.now().timestamp();
    let text = tidy(&words.text);
    let state = PublicState::from_word(&words.state);
    let mistake = if !may_publish(package, &act.incident, &act.who, now) {
        let names = writers(package, &act.incident);
        Some(format!(
            "This needs {names}. Nothing was published; ask one of them to publish it."
        ))
    } else if state.is_none() {
        Some("Choose where the incident stands.".into())
    } else {
        mistake(
            &text,
            UPDATE_CHARS_MAX,
            "Say what does not work and when you will write again.",
        )
        .or_else(|| placeholder(&text))
    };
    let (Some(state), None) = (state, &mistake) else {
        let update = Entered {
            state,
            text: Some(text),
            error: mistake.unwrap_or_default(),
        };
        let typed = Typed {
            update,
            ..Typed::default()
        };
        return act.again(typed).await;
    };
    let incident = act.incident.number;
    let verb = Verb::Publish {
        incident,
        state,
        text,
    };
    act.decide(
        verb,
        "Customers see it now. It cannot be taken back; a correction is a new update.".into(),
    )
    .await
}

/// `POST …/resolve`
pub async fn resolve(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path(number): Path<String>,
    Form(words): Form<Words>,
) -> Result<Response, Missing> {
    let act = Act::on(site, who.0, frame, &number)?;
    if let Some(over) = act.is_over() {
        return Ok(over);
    }
    let reason = tidy(&words.text);
    if let Some(error) = mistake(
        &reason,
        REASON_CHARS_MAX,
        "Say why it is over; the timeline keeps it.",
    ) {
        let typed = Typed {
            reason,
            reason_error: error,
            ..Typed::default()
        };
        return act.again(typed).await;
    }
    let said = format!(
        "{} is over. If one of its alerts goes on, it calls again.",
        act.incident.name()
    );
    let incident = act.incident.number;
    act.decide(Verb::Resolve { incident, reason }, said).await
}

/// A tick, or taking it back.
#[derive(Deserialize)]
pub struct Tick {
    #[serde(default, rename = "do")]
    what: String,
}

/// `POST …/steps/{runbook}/{step}`
pub async fn step(
    State(site): State<Site>,
    who: Require<need::Responder>,
    frame: Frame,
    Path((number, runbook, step)): Path<(String, String, String)>,
    Form(tick): Form<Tick>,
) -> Result<Response, Missing> {
    let act = Act::on(site, who.0, frame, &number)?;
    if let Some(over) = act.is_over() {
        return Ok(over);
    }
    let view = act.site.view();
    let found = Id::parse(&runbook)
        .ok()
        .and_then(|id| view.plan.package.runbooks.get(&id));
    let steps = found
        .into_iter()
        .flat_map(|r| r.sections.iter().flat_map(|s| &s.steps));
    let (Some(book), true) = (found, steps.into_iter().any(|s| s.id == step)) else {
        return Err(Missing::thing(
            act.frame,
            "step of that name",
            ("All runbooks", "/runbooks"),
        ));
    };
    let (outcome, said) = match tick.what.as_str() {
        "open" => (TAKEN_BACK, "The step is open again."),
        "skipped" => ("skipped", "Left out; the timeline has it."),
        "failed" => ("failed", "It failed; the timeline has it."),
        _ => ("ok", "Done; the timeline has it."),
    };
    let verb = Verb::StepDone {
        incident: act.incident.number,
        runbook: book.id.value.clone(),
        step: step.clone(),
        outcome: outcome.into(),
    };
    act.decide(verb, said.into()).await
}

/// Without line ends of Windows, spaces around and characters that control.
fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let kept = |c: &char| *c == '\n' || *c == '\t' || !c.is_control();
    text.chars()
        .filter(kept)
        .collect::<String>()
        .trim()
        .to_owned()
}

fn mistake(text: &str, max: usize, empty: &str) -> Option<String> {
    if text.is_empty() {
        return Some(empty.to_owned());
    }
    let long = text.chars().count();
    (long > max).then(|| format!("This has {long} characters; at most {max} fit."))
}

/// A gap of a template that nobody filled.
fn placeholder(text: &str) -> Option<String> {
    let open = text.find('{')?;
    let rest = &text[open..];
    let close = rest.find('}')?;
    let name = &rest[1..close];
    let is_gap = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_gap.then(|| format!("`{{{name}}}` is a gap that was not filled. Write what belongs there."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_tidied_and_bounded() {
        assert_eq!(tidy("  a\r\nb\u{7}\u{0}  "), "a\nb");
        assert_eq!(mistake("", 5, "Say it."), Some("Say it.".into()));
        assert_eq!(mistake("žluť!", 5, ""), None);
        assert!(
            mistake("žluť!!", 5, "")
                .unwrap()
                .contains("6 characters; at most 5")
        );
    }

    #[test]
    fn an_unfilled_gap_is_no_update() {
        assert!(placeholder("since {since}.").unwrap().contains("{since}"));
        assert_eq!(placeholder("a {JSON} and { x }"), None);
        assert_eq!(placeholder("{}"), None);
    }
}
