//! Audit logs, and what those of Cloud Run say about a deployment.
//!
//! A revision that does not come up is a system event, `cloudrun.revision.failed`; a request to
//! change a service is `cloudrun.service.updated`, `.refused`, or `.conflict` where somebody
//! else changed it at the same moment, which is no failed deployment. Every other audit log
//! keeps Eventarc's type. Invariant: the same entry has the same type through a sink and
//! through Eventarc.

use serde_json::Value;

use super::super::dead_letter::DeadLetter;
use super::super::event::parse_time;
use super::What;

/// Eventarc's type of an audit log.
const WRITTEN: &str = "google.cloud.audit.log.v1.written";

/// The status code of a change that met another one.
const ABORTED: i64 = 10;

/// Methods that change a service.
const CHANGES: [&str; 3] = ["ReplaceService", "CreateService", "UpdateService"];

/// What precedes the state in a message of Cloud Run's.
const CHANGED_TO: &str = "Ready condition status changed to ";

/// An entry of an audit log; `None` for anything else.
pub(super) fn recognise(entry: &Value) -> Result<Option<What>, DeadLetter> {
    let log = entry["logName"].as_str().unwrap_or_default();
    let payload = &entry["protoPayload"];
    let is_audit = payload["serviceName"].is_string() && payload["methodName"].is_string();
    if !is_audit || !log.contains("cloudaudit.googleapis.com") {
        return Ok(None);
    }
    let of_run = payload["serviceName"] == "run.googleapis.com";
    let kind = of_run.then(|| match log.ends_with("system_event") {
        true => state(payload),
        false => change(payload),
    });
    let subject = entry["resource"]["labels"]["service_name"]
        .as_str()
        .filter(|name| of_run && !name.is_empty())
        .or_else(|| payload["resourceName"].as_str());
    let time = entry["timestamp"].as_str();
    let time = time.map(|text| parse_time("timestamp", text));
    Ok(Some(What {
        kind: kind.flatten().unwrap_or_else(|| WRITTEN.to_owned()),
        subject: subject.filter(|name| !name.is_empty()).map(str::to_owned),
        time: time.transpose()?,
        same: entry["insertId"]
            .as_str()
            .map(|id| vec![log.to_owned(), id.to_owned()]),
        note: None,
    }))
}

/// "Ready condition status changed to False for Revision x with message: …"
fn state(payload: &Value) -> Option<String> {
    let said = payload["status"]["message"].as_str()?;
    let (_, said) = said.split_once(CHANGED_TO)?;
    let (state, rest) = said.split_once(' ')?;
    let state = match state {
        "True" => "ready",
        "False" => "failed",
        _ => "pending",
    };
    let what = rest.strip_prefix("for ")?.split(' ').next()?;
    let what = match what {
        "Service" => "service",
        "Job" => "job",
        "Execution" => "execution",
        _ => "revision",
    };
    Some(format!("cloudrun.{what}.{state}"))
}

fn change(payload: &Value) -> Option<String> {
    let method = payload["methodName"].as_str()?.rsplit('.').next()?;
    if !CHANGES.contains(&method) {
        return None;
    }
    let outcome = match payload["status"]["code"].as_i64() {
        None | Some(0) => "updated",
        Some(ABORTED) => "conflict",
        Some(_) => "refused",
    };
    Some(format!("cloudrun.service.{outcome}"))
}
