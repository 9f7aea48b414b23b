//! The lines that whoever sets up a job copies.

use gonogo_model::check::Check;
use gonogo_model::heartbeat::HeartbeatProbe;

/// Lines for a shell and a crontab, without the token itself.
pub fn usage(base_url: &str, check: &Check, beat: &HeartbeatProbe) -> Vec<(&'static str, String)> {
    let url = format!("{base_url}/heartbeat/{}", check.id.value);
    let auth = match beat.tokens.is_empty() {
        true => String::new(),
        false => " -H \"Authorization: Bearer $GONOGO_TOKEN\"".to_owned(),
    };
    let curl = format!("curl -fsS -m 10 --retry 5 --retry-connrefused{auth}");
    let when = beat
        .cron
        .as_ref()
        .map_or("*/5 * * * *".to_owned(), ToString::to_string);
    vec![
        ("When the job is done", format!("{curl} {url}")),
        (
            "Around the job",
            format!("{curl} {url}/start; your-job; code=$?; {curl} \"{url}/success?exit=$code\""),
        ),
        ("In a crontab", format!("{when}  your-job && {curl} {url}")),
    ]
}
