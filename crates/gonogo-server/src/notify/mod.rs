//! Notification channels: how a page leaves this process.
//!
//! The engine decides who is told what; the outbox decides when to try again. This folder
//! only turns one [`Page`] for one [`Address`] into bytes on the wire and answers with an
//! honest [`Outcome`]: [`Outcome::Retry`] goes to [`retry::next`], which says how long to wait
//! or that the next channel is due; [`Outcome::Failed`] goes there at once. Invariant: every send carries the effect id, so a repeat can be
//! recognised by whoever receives it, and no outcome ever contains an address or a token.

pub mod link;
pub mod message;
pub mod ntfy;
pub mod pagerduty;
pub mod retry;
pub mod secret;
pub mod settings;
pub mod slack;
pub mod smtp;
pub mod webhook;

mod http;

use std::fmt;
use std::time::Duration;

use gonogo_model::team::Channel;

use self::http::Http;
use self::link::AckLinks;
use self::secret::SecretString;
use self::settings::{Settings, SettingsError};
use self::smtp::Smtp;

const NO_MAIL_SERVER: &str = "no mail server is configured (settings: smtp)";

/// One notification, ready to be worded: what the engine decided, with every link resolved.
#[derive(Clone, Debug)]
pub struct Page {
    /// The id of the effect: the idempotency key on every channel that knows one.
    pub effect_id: String,
    /// Why this is sent.
    pub kind: PageKind,
    /// The incident it belongs to; none for a test or a ticket.
    pub incident: Option<String>,
    /// The severity as the package words it, such as `SEV1`.
    pub severity: String,
    /// One line that says what is wrong.
    pub title: String,
    /// What happened, in a few sentences.
    pub summary: String,
    /// Who is hit, and how.
    pub impact: Option<String>,
    /// The first thing to do.
    pub first_step: Option<String>,
    /// The runbook's page.
    pub runbook_url: Option<String>,
    /// The incident's page.
    pub incident_url: Option<String>,
    /// The signed link that acknowledges; a credential, so it is never printed.
    pub ack_url: Option<SecretString>,
    /// The name of the person or team addressed.
    pub to_name: String,
    /// Why this person: the policy step, the round and what went unanswered.
    pub why_you: String,
    /// Whether this is a rehearsal on live channels.
    pub exercise: bool,
    /// For [`PageKind::Resolved`]: the effect ids of the pages sent earlier to this address,
    /// which a channel that keeps its own alerts (PagerDuty) has to close one by one.
    pub closes: Vec<String>,
}

/// Why a notification is sent; it sets the wording and how loudly a channel speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// Somebody has to wake up.
    Page,
    /// An acknowledged incident grew past what the acknowledgement covered.
    Growth,
    /// A promised update is due.
    UpdateDue,
    /// A promised update is late.
    UpdateOverdue,
    /// The incident is over.
    Resolved,
    /// An end-to-end test of the channel: it rings like a page, or it proves nothing.
    Test,
    /// For working hours: never worth waking.
    Ticket,
}

/// Where one notification goes.
#[derive(Clone, Debug)]
pub struct Address {
    /// The means.
    pub channel: Channel,
    /// A mail address, a URL or a routing key, depending on the channel.
    pub to: SecretString,
    /// Webhook: signing secrets (`whsec_…`, several parted by spaces while rotating).
    /// ntfy: an access token. Unused elsewhere.
    pub credential: Option<SecretString>,
}

/// What became of one send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next system took responsibility. For mail that means "handed over", and the receipt says so.
    Delivered {
        /// What the other side answered, for the timeline.
        receipt: String,
    },
    /// It may work later.
    Retry {
        /// How long the other side asked us to wait.
        after: Option<Duration>,
        /// What went wrong, without secrets.
        error: String,
    },
    /// It will not work by repeating it: the channel is unhealthy and the next one is due.
    Failed {
        /// What went wrong, without secrets.
        error: String,
    },
}

/// Everything needed to send: the HTTP client, the mail transport and the signer of links.
pub struct Channels {
    http: Http,
    smtp: Option<Smtp>,
    pagerduty_url: reqwest::Url,
    links: AckLinks,
}

impl Channels {
    /// Prepares the channels; nothing is connected yet.
    pub fn new(settings: Settings, links: AckLinks) -> Result<Self, SettingsError> {
        let pagerduty_url = settings::base_url(
            "pagerduty_url",
            &settings.pagerduty_url,
            settings.http.plain_http,
        )?;
        Ok(Self {
            http: Http::new(&settings.http)?,
            smtp: settings.smtp.map(Smtp::new).transpose()?,
            pagerduty_url,
            links,
        })
    }

    /// Sends one page to one address, once. It returns within
    /// [`settings::SEND_TIMEOUT`], for mail [`settings::SMTP_TIMEOUT`].
    pub async fn send(&self, address: &Address, page: &Page) -> Outcome {
        match address.channel {
            Channel::Email => match &self.smtp {
                Some(smtp) => smtp.send(&address.to, page).await,
                None => Outcome::failed(NO_MAIL_SERVER),
            },
            Channel::Webhook => webhook::send(&self.http, address, page).await,
            Channel::Slack => slack::send(&self.http, address, page).await,
            Channel::Ntfy => ntfy::send(&self.http, address, page).await,
            Channel::Pagerduty => {
                pagerduty::send(&self.http, &self.pagerduty_url, address, page).await
            }
        }
    }

    /// Whether an address has the form its channel needs. Nothing is sent, so a mistake shows
    /// when the server starts and not at three in the morning.
    pub fn check(&self, address: &Address) -> Result<(), String> {
        match address.channel {
            Channel::Email if self.smtp.is_none() => Err(NO_MAIL_SERVER.to_owned()),
            Channel::Email => smtp::mailbox(&address.to).map(drop),
            Channel::Webhook => webhook::check(&self.http, address),
            Channel::Slack => self.http.address(&address.to).map(drop),
            Channel::Ntfy => ntfy::check(&self.http, address),
            Channel::Pagerduty => pagerduty::check(address),
        }
    }

    /// Goes as far with the mail server as one can without sending a mail: connection, TLS,
    /// login. Nothing where no mail server is configured.
    pub async fn greet_mail_server(&self) -> Option<Result<String, String>> {
        Some(self.smtp.as_ref()?.greet().await)
    }

    /// The signer and verifier of acknowledgement links.
    pub fn links(&self) -> &AckLinks {
        &self.links
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channels").finish_non_exhaustive()
    }
}

impl Outcome {
    pub(crate) fn retry(error: impl Into<String>) -> Self {
        Self::Retry {
            after: None,
            error: error.into(),
        }
    }

    pub(crate) fn failed(error: impl Into<String>) -> Self {
        Self::Failed {
            error: error.into(),
        }
    }
}

impl Address {
    /// An address without a credential of its own.
    pub fn new(channel: Channel, to: impl Into<SecretString>) -> Self {
        Self {
            channel,
            to: to.into(),
            credential: None,
        }
    }

    /// The same address with a signing secret or an access token.
    pub fn with_credential(mut self, credential: impl Into<SecretString>) -> Self {
        self.credential = Some(credential.into());
        self
    }
}

/// Whether a send in doubt that is repeated may show up twice at the receiver.
pub fn may_show_a_repeat(channel: Channel) -> bool {
    matches!(channel, Channel::Email | Channel::Slack)
}

impl PageKind {
    /// The word used in payloads, tables and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Growth => "growth",
            Self::UpdateDue => "update_due",
            Self::UpdateOverdue => "update_overdue",
            Self::Resolved => "resolved",
            Self::Test => "test",
            Self::Ticket => "ticket",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_address_and_no_token() {
        let address = Address::new(Channel::Slack, "https://hooks.example.com/T0/B0/xyzzy")
            .with_credential("whsec_plugh");
        let shown = format!("{address:?}");
        assert!(
            !shown.contains("xyzzy") && !shown.contains("plugh"),
            "{shown}"
        );
    }
}
