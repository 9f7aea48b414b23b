//! Mail: hands a message to one mail server, over TLS, and says no more than that.
//!
//! Each mail has its own connection. A pooled one that was given up halfway would answer the
//! next mail with the replies to the last, and a rejected mail would count as accepted.
//! Invariant: without a verified TLS session nothing is sent, neither login nor message.

use std::error::Error as StdError;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Response, Severity};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::http::{chain, is_bad_certificate};
use super::message::{Measure, Message, line, shorten};
use super::secret::SecretString;
use super::settings::{
    CONNECT_TIMEOUT, SMTP_TIMEOUT, SettingsError, SmtpSettings, SmtpTls, is_loopback_host,
};
use super::{Outcome, Page, PageKind};

/// How long the goodbye may take; the mail is handed over by then.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// The most that is quoted of an answer, in characters.
const QUOTE_CHARS_MAX: usize = 200;

/// A mail server that takes our mail.
pub(crate) struct Smtp {
    host: String,
    port: u16,
    protection: Protection,
    login: Option<Credentials>,
    from: Mailbox,
    hello: ClientId,
    timeout: Duration,
}

enum Protection {
    Starttls(TlsParameters),
    Implicit(TlsParameters),
    PlainLoopback,
}

/// Why a mail was not handed over.
enum Fault {
    NoStarttls,
    Smtp(lettre::transport::smtp::Error),
}

impl Smtp {
    pub(crate) fn new(settings: SmtpSettings) -> Result<Self, SettingsError> {
        let from = settings
            .from
            .parse::<Mailbox>()
            .map_err(|_| SettingsError::new("smtp.from", "this is not a mail address"))?;
        let protection = match settings.tls {
            SmtpTls::Starttls => Protection::Starttls(tls(&settings)?),
            SmtpTls::Implicit => Protection::Implicit(tls(&settings)?),
            SmtpTls::PlainLoopback if is_loopback_host(&settings.host) => Protection::PlainLoopback,
            SmtpTls::PlainLoopback => {
                return Err(SettingsError::new(
                    "smtp.tls",
                    "mail without TLS is for a server on this machine only",
                ));
            }
        };
        let login = settings
            .login
            .map(|login| Credentials::new(login.user, login.password.expose().to_owned()));
        Ok(Self {
            host: settings.host,
            port: settings.port,
            protection,
            login,
            from,
            hello: ClientId::default(),
            timeout: settings.timeout.min(SMTP_TIMEOUT),
        })
    }

    pub(crate) async fn send(&self, to: &SecretString, page: &Page) -> Outcome {
        let to_mailbox = match mailbox(to) {
            Ok(mailbox) => mailbox,
            Err(problem) => return Outcome::failed(problem),
        };
        let hidden = to_mailbox.email.to_string();
        let (envelope, mail) = match self.mail(to_mailbox, page) {
            Ok(mail) => mail,
            Err(error) => return Outcome::failed(format!("the mail cannot be written: {error}")),
        };
        match timeout(self.timeout, self.hand_over(&envelope, &mail)).await {
            Ok(Ok(response)) if response.code().severity == Severity::PositiveCompletion => {
                Outcome::Delivered {
                    receipt: format!(
                        "handed over to {}: {}",
                        self.host,
                        quote(&response, &hidden)
                    ),
                }
            }
            // "Go on" after the end of a mail: the replies no longer belong to what was asked.
            Ok(Ok(response)) => Outcome::retry(format!(
                "{} gave an unexpected answer: {}",
                self.host,
                quote(&response, &hidden)
            )),
            Ok(Err(fault)) => self.judge(fault, &hidden),
            Err(_) => Outcome::retry(format!("{} did not answer in time", self.host)),
        }
    }

    async fn hand_over(&self, envelope: &Envelope, mail: &[u8]) -> Result<Response, Fault> {
        let mut connection = self.connect().await?;
        let response = connection.send(envelope, mail).await?;
        // The server has taken the mail; how the goodbye goes changes nothing.
        let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
        Ok(response)
    }

    /// Connects, protects the connection, logs in and says goodbye.
    pub(crate) async fn greet(&self) -> Result<String, String> {
        match timeout(self.timeout, self.connect()).await {
            Ok(Ok(mut connection)) => {
                // It has served its purpose; how it ends tells nothing.
                let _ = timeout(QUIT_TIMEOUT, connection.quit()).await;
                let login = match self.login {
                    Some(_) => " and takes the login",
                    None => "",
                };
                Ok(format!("{}:{} answers{login}", self.host, self.port))
            }
            Ok(Err(fault)) => match self.judge(fault, "") {
                Outcome::Retry { error, .. } | Outcome::Failed { error } => Err(error),
                Outcome::Delivered { receipt } => Ok(receipt),
            },
            Err(_) => Err(format!("{} did not answer in time", self.host)),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Fault> {
        let wrapper = match &self.protection {
            Protection::Implicit(tls) => Some(tls.clone()),
            Protection::Starttls(_) | Protection::PlainLoopback => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.port),
            Some(CONNECT_TIMEOUT),
            &self.hello,
            wrapper,
            None,
        )
        .await?;
        if let Protection::Starttls(tls) = &self.protection {
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(Fault::NoStarttls);
            }
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(login) = &self.login {
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], login)
                .await?;
        }
        Ok(connection)
    }

    /// The mail as it goes over the wire, and for whom.
    fn mail(&self, to: Mailbox, page: &Page) -> Result<(Envelope, Vec<u8>), lettre::error::Error> {
        let message = Message::of(page);
        let domain = self.from.email.domain();
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(message.subject.clone())
            .message_id(Some(format!(
                "<{}@{domain}>",
                digest("effect", &page.effect_id)
            )))
            .raw_header(header("X-Gonogo-Effect", line(&page.effect_id)))
            // Keeps holiday notices and other robots from answering.
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(header("X-Auto-Response-Suppress", "All".to_owned()));
        if let Some(incident) = &page.incident {
            let thread = format!("<{}@{domain}>", digest("incident", incident));
            builder = builder.in_reply_to(thread.clone()).references(thread);
        }
        if matches!(
            page.kind,
            PageKind::Page | PageKind::Growth | PageKind::UpdateOverdue | PageKind::Test
        ) {
            builder = builder.raw_header(header("Importance", "high".to_owned()));
        }
        let mail = builder.multipart(
            MultiPart::alternative()
                .singlepart(part(ContentType::TEXT_PLAIN, message.text()))
                .singlepart(part(ContentType::TEXT_HTML, message.html())),
        )?;
        Ok((mail.envelope().clone(), mail.formatted()))
    }

    fn judge(&self, fault: Fault, hidden: &str) -> Outcome {
        let error = match fault {
            Fault::NoStarttls => {
                return Outcome::failed(format!(
                    "{} does not offer STARTTLS, and nothing is sent without it",
                    self.host
                ));
            }
            Fault::Smtp(error) => error,
        };
        let mut causes = line(&chain(&error));
        if !hidden.is_empty() {
            causes = causes.replace(hidden, "[redacted]");
        }
        let causes = shorten(&causes, QUOTE_CHARS_MAX, Measure::Chars);
        let text = format!("{}: {causes}", self.host);
        let certificate = is_bad_certificate(&error as &(dyn StdError + 'static));
        // Neither a refusal, nor a certificate, nor a missing capability heals by waiting.
        if error.is_permanent() || error.is_client() || certificate {
            Outcome::failed(text)
        } else {
            Outcome::retry(text)
        }
    }
}

impl From<lettre::transport::smtp::Error> for Fault {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        Self::Smtp(error)
    }
}

/// Parses a mail address; the error does not repeat it.
pub(super) fn mailbox(address: &SecretString) -> Result<Mailbox, String> {
    address
        .expose()
        .trim()
        .parse()
        .map_err(|_| "the address is not a mail address".to_owned())
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, SettingsError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.extra_roots_pem {
        let root = Certificate::from_pem(pem.as_bytes()).map_err(|_| {
            SettingsError::new(
                "smtp.extra_roots_pem",
                "this is not a PEM certificate bundle",
            )
        })?;
        builder = builder.add_root_certificate(root);
    }
    builder
        .build()
        .map_err(|error| SettingsError::new("smtp.tls", chain(&error)))
}

fn part(kind: ContentType, text: String) -> SinglePart {
    SinglePart::builder().header(kind).body(text)
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// The left part of a message id: stable, and free of whatever an id may contain.
fn digest(purpose: &str, id: &str) -> String {
    let digest = Sha256::digest(format!("{purpose}:{id}").as_bytes());
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn quote(response: &Response, hidden: &str) -> String {
    let text: Vec<&str> = response.message().collect();
    let text = line(&format!("{} {}", response.code(), text.join(" ")));
    let text = text.replace(hidden, "[redacted]");
    shorten(&text, QUOTE_CHARS_MAX, Measure::Chars).into_owned()
}
