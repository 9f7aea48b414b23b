//! Cloud Deploy: `clouddeploy.` with the topic and the action, about the resource.
//!
//! Its messages have no body; attributes say everything. Four topics may feed one
//! subscription's endpoint, so the topic is told by the action. Invariant: an action that the
//! documentation does not know is kept and noted.

use super::super::event::Note;
use super::What;
use super::message::Message;

/// Topic and actions, as documented.
const ACTIONS: [(&str, &[&str]); 4] = [
    ("resource", &["Create", "Update", "Delete"]),
    (
        "operation",
        &["Start", "Succeed", "Failure", "Terminated", "Cancelled"],
    ),
    ("approval", &["Approved", "Rejected"]),
    ("advance", &["Advanced"]),
];

/// An action of two topics: somebody has to approve, or to advance.
const REQUIRED: &str = "Required";

pub(super) fn recognise(message: &Message) -> Option<What> {
    let of = |name| message.attribute(name);
    let action = of("Action")?;
    let rollout = of("Rollout");
    let subject = of("Resource").or(rollout)?;
    of("Location").or_else(|| of("ProjectNumber"))?;
    let documented = ACTIONS
        .iter()
        .find(|(_, actions)| actions.contains(&action));
    let (topic, note) = match documented {
        Some((topic, _)) => (*topic, None),
        None if action == REQUIRED => match rollout.or_else(|| of("manualApproval")) {
            Some(_) => ("approval", None),
            None => ("advance", None),
        },
        None => ("event", Some(Note::UnknownValue("Action"))),
    };
    Some(What {
        kind: format!("clouddeploy.{topic}.{action}"),
        subject: Some(subject.to_owned()),
        time: None,
        same: None,
        note,
    })
}
