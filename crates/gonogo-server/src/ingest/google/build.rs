//! Cloud Build: `cloudbuild.` and the status in small letters, about the build's id.
//!
//! Invariant: a status that the documentation does not know is kept and noted.

use serde_json::Value;

use super::super::dead_letter::DeadLetter;
use super::super::event::{Note, parse_time};
use super::What;
use super::message::Message;

/// Every documented status.
const STATUSES: [&str; 10] = [
    "STATUS_UNKNOWN",
    "PENDING",
    "QUEUED",
    "WORKING",
    "SUCCESS",
    "FAILURE",
    "INTERNAL_ERROR",
    "TIMEOUT",
    "CANCELLED",
    "EXPIRED",
];

pub(super) fn recognise(message: &Message) -> Result<Option<What>, DeadLetter> {
    let build = message.data();
    let in_attributes = message
        .attribute("buildId")
        .zip(message.attribute("status"));
    let Some((id, status)) = in_attributes.or_else(|| in_data(build)) else {
        return Ok(None);
    };
    let time = match status {
        "WORKING" => "startTime",
        "STATUS_UNKNOWN" | "PENDING" | "QUEUED" => "createTime",
        _ => "finishTime",
    };
    let time = build[time].as_str().map(|text| parse_time(time, text));
    let known = STATUSES.contains(&status);
    Ok(Some(What {
        kind: format!("cloudbuild.{}", status.to_lowercase()),
        subject: Some(id.to_owned()),
        time: time.transpose()?,
        same: Some(vec![id.to_owned(), status.to_owned()]),
        note: (!known).then_some(Note::UnknownValue("status")),
    }))
}

/// A build without the attributes: a subscription that does not write them.
fn in_data(build: &Value) -> Option<(&str, &str)> {
    let is_build = build["projectId"].is_string()
        && build["createTime"].is_string()
        && (build["steps"].is_array() || build["logUrl"].is_string());
    let id = build["id"].as_str().filter(|_| is_build)?;
    Some((id, build["status"].as_str()?))
}
