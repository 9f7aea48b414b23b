//! Slack incoming webhooks: Block Kit, with plain text for the notification itself.
//!
//! Links stand in the text and not on buttons: Slack reports a click on any button to the
//! app and shows a warning when nobody answers, even for a plain link. Invariant: the whole
//! message stays under [`TOTAL_CHARS_MAX`], and `text` is always set.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::http::Http;
use super::message::{Link, Measure, Message, shorten};
use super::{Address, Outcome, Page};

/// The longest text of a section block, in characters after escaping.
pub const SECTION_CHARS_MAX: usize = 3_000;

/// The longest text of a header block, in characters.
pub const HEADER_CHARS_MAX: usize = 150;

/// The longest JSON sent, in characters. Slack refuses about 13,200 characters of blocks as
/// `msg_blocks_too_long`, which it does not document; this keeps clear of it.
pub const TOTAL_CHARS_MAX: usize = 12_000;

/// The longest link shown, in characters: three of them fit into one section.
const LINK_CHARS_MAX: usize = 900;

/// The section lengths tried until the whole is short enough.
const SECTION_STEPS: [usize; 4] = [SECTION_CHARS_MAX, 1_500, 750, 300];

pub(super) async fn send(http: &Http, address: &Address, page: &Page) -> Outcome {
    let url = match http.address(&address.to) {
        Ok(url) => url,
        Err(problem) => return Outcome::failed(problem),
    };
    let json = payload(page).into_bytes();
    match http.post(&url, HeaderMap::new(), json, &[]).await {
        // A proxy or a sign-in page answers 200 as well; Slack's own answer is the word `ok`.
        Ok(answer) if answer.status == 200 && answer.body.trim() == "ok" => Outcome::Delivered {
            receipt: "accepted by Slack".to_owned(),
        },
        Ok(answer) if answer.status.is_success() => answer.unexpected(),
        Ok(answer) => answer.refusal(),
        Err(outcome) => outcome,
    }
}

/// The JSON for a page, within every limit.
fn payload(page: &Page) -> String {
    let message = Message::of(page);
    let mut text = String::new();
    for section_max in SECTION_STEPS {
        text = with_sections_of(&message, section_max).to_string();
        if text.chars().count() <= TOTAL_CHARS_MAX {
            break;
        }
    }
    text
}

fn with_sections_of(message: &Message<'_>, section_max: usize) -> Value {
    let header = shorten(&message.subject, HEADER_CHARS_MAX, Measure::Chars);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": header, "emoji": false },
    })];
    for paragraph in &message.paragraphs {
        let heading = format!("*{}*\n", paragraph.heading);
        let room = section_max - heading.len();
        let text = escape(&shorten(&paragraph.text, room, Measure::Escaped));
        blocks.push(section(format!("{heading}{text}")));
    }
    blocks.push(section(links(&message.links)));
    let reason = format!("{}\n{}", message.reason, message.reference);
    let reason = escape(&shorten(&reason, section_max, Measure::Escaped));
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "mrkdwn", "text": reason }],
    }));
    json!({
        "text": escape(&message.subject),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn section(text: String) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

fn links(links: &[Link<'_>]) -> String {
    let shown: Vec<String> = links
        .iter()
        .map(|link| {
            let url = escape(link.url);
            if url.chars().count() > LINK_CHARS_MAX {
                format!("{} (this link is too long for Slack)", link.label)
            } else {
                format!("*<{url}|{}>*", link.label)
            }
        })
        .collect();
    shown.join("   ")
}

/// The three characters that mean something to Slack.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
