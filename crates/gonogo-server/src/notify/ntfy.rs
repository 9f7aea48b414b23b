//! ntfy: the channel that wakes a person without a contract with anybody.
//!
//! A page rings at the highest priority, with the acknowledgement as the first button. The
//! effect id is the message's sequence id, so a repeat replaces the notification on the
//! phone (ntfy 2.16 or newer; older servers show it twice). Invariant: the message stays
//! under the size beyond which ntfy turns it into an attachment that nobody opens at night.

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::http::Http;
use super::message::{Measure, Message, shorten};
use super::{Address, Outcome, Page, PageKind};

/// The longest message, in bytes. ntfy makes an attachment of more than 4,096, and the push
/// services carry about 4,000 for text and buttons together; beyond that a phone has to fetch
/// the message before it can show it.
pub const MESSAGE_BYTES_MAX: usize = 2_000;

/// The longest title, in bytes: what a phone shows without opening.
pub const TITLE_BYTES_MAX: usize = 250;

/// How many buttons a message has at most.
pub const ACTIONS_MAX: usize = 3;

/// The longest topic and the longest sequence id, in characters.
const NAME_CHARS_MAX: usize = 64;

/// A topic at a server, and how to sign in there.
struct Target<'a> {
    server: Url,
    topic: String,
    token: &'a str,
    headers: HeaderMap,
}

pub(super) fn check(http: &Http, address: &Address) -> Result<(), String> {
    target(http, address).map(drop)
}

pub(super) async fn send(http: &Http, address: &Address, page: &Page) -> Outcome {
    let target = match target(http, address) {
        Ok(target) => target,
        Err(problem) => return Outcome::failed(problem),
    };
    let json = payload(page, &target.topic).to_string().into_bytes();
    let secrets = [&*target.topic, target.token];
    match http
        .post(&target.server, target.headers, json, &secrets)
        .await
    {
        Ok(answer) if answer.status == 200 => match message_id(&answer.body) {
            Some(id) => Outcome::Delivered {
                receipt: format!("accepted by ntfy as message {id}"),
            },
            None => answer.unexpected(),
        },
        Ok(answer) => answer.refusal(),
        Err(outcome) => outcome,
    }
}

fn target<'a>(http: &Http, address: &'a Address) -> Result<Target<'a>, String> {
    let url = http.address(&address.to)?;
    let (server, topic) =
        server_and_topic(&url).ok_or("an ntfy address is https://server/topic")?;
    let mut headers = HeaderMap::new();
    let token = match &address.credential {
        Some(token) => token.expose().trim(),
        None => "",
    };
    if !token.is_empty() {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| "the ntfy access token has characters that no token has")?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(Target {
        server,
        topic,
        token,
        headers,
    })
}

/// Parts `https://server/topic` into the address that takes JSON and the topic.
fn server_and_topic(url: &Url) -> Option<(Url, String)> {
    let segments: Vec<&str> = url
        .path_segments()?
        .filter(|part| !part.is_empty())
        .collect();
    let (topic, folders) = segments.split_last()?;
    if !is_name(topic) {
        return None;
    }
    let mut server = url.clone();
    server.set_query(None);
    server.set_fragment(None);
    server.set_path(&folders.join("/"));
    Some((server, (*topic).to_owned()))
}

fn payload(page: &Page, topic: &str) -> Value {
    let message = Message::of(page);
    let actions: Vec<Value> = message
        .links
        .iter()
        .take(ACTIONS_MAX)
        .map(|link| json!({ "action": "view", "label": link.label, "url": link.url }))
        .collect();
    let (priority, tag) = loudness(page.kind);
    json!({
        "topic": topic,
        "title": shorten(&message.subject, TITLE_BYTES_MAX, Measure::Bytes),
        "message": body(&message),
        "priority": priority,
        "tags": [tag],
        "click": message.incident_url,
        "actions": actions,
        "sequence_id": sequence_id(&page.effect_id),
    })
}

/// The text: every paragraph gets an equal share of what the closing lines leave.
fn body(message: &Message<'_>) -> String {
    let closing = format!("{}\n{}", message.reason, message.reference);
    let closing = shorten(&closing, MESSAGE_BYTES_MAX / 4, Measure::Bytes);
    let parts: Vec<String> = message
        .paragraphs
        .iter()
        .map(|part| format!("{}: {}", part.heading, part.text))
        .collect();
    let room = MESSAGE_BYTES_MAX - closing.len();
    let share = room / parts.len().max(1) - "\n\n".len();
    let mut text = String::new();
    for part in &parts {
        text.push_str(&shorten(part, share, Measure::Bytes));
        text.push_str("\n\n");
    }
    text + &closing
}

/// The priority (5 rings through, 3 is ordinary) and the symbol.
fn loudness(kind: PageKind) -> (u8, &'static str) {
    match kind {
        PageKind::Page | PageKind::Growth => (5, "rotating_light"),
        PageKind::Test => (5, "test_tube"),
        PageKind::UpdateOverdue => (5, "hourglass"),
        PageKind::UpdateDue => (4, "hourglass_flowing_sand"),
        PageKind::Resolved => (3, "white_check_mark"),
        PageKind::Ticket => (3, "ticket"),
    }
}

/// The effect id where ntfy takes it as it is, else its digest.
fn sequence_id(effect_id: &str) -> String {
    if is_name(effect_id) {
        return effect_id.to_owned();
    }
    let digest = Sha256::digest(effect_id.as_bytes());
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What ntfy takes as the name of a topic or of a sequence.
fn is_name(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

fn message_id(body: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(body).ok()?;
    let id = answer.get("id")?.as_str()?;
    is_name(id).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(url: &str) -> Option<(String, String)> {
        let (server, topic) = server_and_topic(&Url::parse(url).unwrap())?;
        Some((server.to_string(), topic))
    }

    #[test]
    fn an_address_is_a_server_and_a_topic() {
        let plain = parted("https://ntfy.example.com/on-call_7").unwrap();
        assert_eq!(
            plain,
            ("https://ntfy.example.com/".into(), "on-call_7".into())
        );
        let below = parted("https://example.com/push/ops/?up=1#x").unwrap();
        assert_eq!(below, ("https://example.com/push".into(), "ops".into()));
        assert_eq!(parted("https://ntfy.example.com/"), None);
        assert_eq!(parted("https://ntfy.example.com/on%20call"), None);
        let longest = "t".repeat(NAME_CHARS_MAX);
        assert!(parted(&format!("https://ntfy.example.com/{longest}")).is_some());
        assert!(parted(&format!("https://ntfy.example.com/{longest}t")).is_none());
    }

    #[test]
    fn a_sequence_id_has_the_form_that_ntfy_takes() {
        assert_eq!(sequence_id("fx-1"), "fx-1");
        for odd in ["fx/1", "", &"x".repeat(NAME_CHARS_MAX + 1)] {
            assert!(is_name(&sequence_id(odd)), "{odd}");
        }
        assert_ne!(sequence_id("fx/1"), sequence_id("fx/2"));
    }
}
