//! Mail: a real server, and one that follows a script where the real one never refuses.

use std::time::Duration;

use gonogo_model::team::Channel;
use gonogo_server::notify::link::AckLinks;
use gonogo_server::notify::settings::{Settings, SmtpLogin, SmtpSettings, SmtpTls};
use gonogo_server::notify::{Address, Channels, Outcome, Page, PageKind};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::mail_server::{MailServer, Protection, certificate};
use crate::{ACK_URL, channels, channels_for_mail, failed, page, page_of, receipt, retry};

const TO: &str = "ada@example.com";

fn settings(port: u16, tls: SmtpTls) -> SmtpSettings {
    SmtpSettings {
        port,
        tls,
        ..SmtpSettings::new("localhost", "gonogo <pager@example.com>")
    }
}

fn trusting(server: &MailServer, tls: SmtpTls) -> SmtpSettings {
    SmtpSettings {
        extra_roots_pem: Some(server.authority_pem.clone()),
        ..settings(server.port, tls)
    }
}

async fn send(channels: &Channels, page: &Page) -> Outcome {
    let address = Address::new(Channel::Email, TO);
    channels.send(&address, page).await
}

#[tokio::test]
async fn a_mail_arrives_over_starttls_with_both_parts() {
    let server = MailServer::start(Protection::Starttls);
    let channels = channels_for_mail(trusting(&server, SmtpTls::Starttls));
    let receipt = receipt(send(&channels, &page()).await);
    assert_eq!(receipt, "handed over to localhost: 250 OK");

    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.header("Subject"), "SEV1: Charges are not recorded");
    assert_eq!(mail.header("From"), "gonogo <pager@example.com>");
    assert_eq!(mail.header("To"), TO);
    assert_eq!(mail.header("X-Gonogo-Effect"), "fx-4f2a");
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.header("Importance"), "high");
    assert!(
        mail.header("Content-Type")
            .starts_with("multipart/alternative")
    );
    let text = mail.part("text/plain");
    assert!(text.contains(&format!("Acknowledge: {ACK_URL}")), "{text}");
    assert!(text.contains("step 2 of policy platform"), "{text}");
    let html = mail.part("text/html");
    assert!(
        html.contains(&format!("<a href=\"{ACK_URL}\">Acknowledge</a>")),
        "{html}"
    );
}

#[tokio::test]
async fn a_mail_arrives_over_implicit_tls() {
    let server = MailServer::start(Protection::Implicit);
    let channels = channels_for_mail(trusting(&server, SmtpTls::Implicit));
    receipt(send(&channels, &page()).await);
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn mails_of_an_incident_are_one_thread_and_a_repeat_has_the_same_id() {
    let server = MailServer::start(Protection::Starttls);
    let channels = channels_for_mail(trusting(&server, SmtpTls::Starttls));
    let resolved = Page {
        effect_id: "fx-9c31".to_owned(),
        ..page_of(PageKind::Resolved)
    };
    for page in [&page(), &page(), &resolved] {
        receipt(send(&channels, page).await);
    }
    let mails = server.mails();
    let ids = |name: &str| -> Vec<String> {
        let mut ids: Vec<_> = mails
            .iter()
            .map(|mail| mail.header(name).to_owned())
            .collect();
        ids.sort();
        ids.dedup();
        ids
    };
    assert_eq!(mails.len(), 3);
    assert_eq!(ids("Message-ID").len(), 2);
    assert_eq!(ids("In-Reply-To").len(), 1);
    assert_eq!(ids("References"), ids("In-Reply-To"));
}

#[tokio::test]
async fn a_ticket_without_an_incident_is_a_quiet_mail_of_its_own() {
    let server = MailServer::start(Protection::Starttls);
    let channels = channels_for_mail(trusting(&server, SmtpTls::Starttls));
    let ticket = Page {
        incident: None,
        incident_url: None,
        ack_url: None,
        ..page_of(PageKind::Ticket)
    };
    receipt(send(&channels, &ticket).await);
    let mail = &server.mails()[0];
    let names: Vec<&str> = mail.headers.iter().map(|(name, _)| &**name).collect();
    for absent in ["In-Reply-To", "References", "Importance"] {
        assert!(!names.contains(&absent), "{names:?}");
    }
    assert!(
        mail.part("text/plain")
            .ends_with("\nNotification fx-4f2a\n")
    );
}

#[tokio::test]
async fn a_long_line_and_a_dot_arrive_whole() {
    let server = MailServer::start(Protection::Starttls);
    let channels = channels_for_mail(trusting(&server, SmtpTls::Starttls));
    let long = "Größe ".repeat(500);
    let page = Page {
        summary: format!("{long}\n.\nafter the dot"),
        ..page()
    };
    receipt(send(&channels, &page).await);
    let mails = server.mails();
    let text = mails[0].part("text/plain");
    assert!(
        text.contains(long.trim()) && text.contains("after the dot"),
        "{text}"
    );
}

#[tokio::test]
async fn a_line_break_in_the_title_adds_no_header() {
    let server = MailServer::start(Protection::Starttls);
    let channels = channels_for_mail(trusting(&server, SmtpTls::Starttls));
    let injected = "down\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script> Ünïcode";
    let page = Page {
        title: injected.to_owned(),
        effect_id: "fx-1\r\nX-Evil: 1".to_owned(),
        incident: Some("inc\r\nX-Evil: 1".to_owned()),
        ..page()
    };
    receipt(send(&channels, &page).await);
    let mail = &server.mails()[0];
    let subject = "SEV1: down Bcc: eve@example.com <script>alert(1)</script> Ünïcode";
    assert_eq!(mail.header("Subject"), subject);
    let names: Vec<&str> = mail.headers.iter().map(|(name, _)| &**name).collect();
    assert!(
        !names.contains(&"Bcc") && !names.contains(&"X-Evil"),
        "{names:?}"
    );
    assert_eq!(mail.header("X-RcptTo"), TO);
    assert!(!mail.part("text/html").contains("<script>"));
}

#[tokio::test]
async fn an_unknown_authority_is_refused_and_nothing_is_sent() {
    let server = MailServer::start(Protection::Starttls);
    let (stranger_pem, _, _) = certificate();
    let channels = channels_for_mail(SmtpSettings {
        extra_roots_pem: Some(stranger_pem),
        ..settings(server.port, SmtpTls::Starttls)
    });
    let error = failed(send(&channels, &page()).await);
    assert!(error.contains("certificate"), "{error}");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let server = MailServer::start(Protection::Starttls);
    let channels = channels_for_mail(SmtpSettings {
        host: "127.0.0.1".to_owned(),
        ..trusting(&server, SmtpTls::Starttls)
    });
    let error = failed(send(&channels, &page()).await);
    assert!(error.contains("certificate"), "{error}");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let server = MailServer::start(Protection::None);
    let channels = channels_for_mail(SmtpSettings {
        login: Some(login()),
        ..settings(server.port, SmtpTls::Starttls)
    });
    let error = failed(send(&channels, &page()).await);
    assert_eq!(
        error,
        "localhost does not offer STARTTLS, and nothing is sent without it"
    );
    assert!(server.mails().is_empty());
}

#[test]
fn mail_without_tls_is_for_this_machine_only() {
    let smtp = SmtpSettings {
        host: "mail.example.com".to_owned(),
        ..settings(25, SmtpTls::PlainLoopback)
    };
    let refused = Channels::new(
        Settings {
            smtp: Some(smtp),
            ..Settings::default()
        },
        AckLinks::new(&[[7u8; 32]]).unwrap(),
    );
    let error = refused.unwrap_err().to_string();
    assert_eq!(
        error,
        "smtp.tls: mail without TLS is for a server on this machine only"
    );
}

#[tokio::test]
async fn a_refusal_for_good_and_one_for_now_are_told_apart() {
    let unknown = scripted(&[("RCPT", "550 5.1.1 <ada@example.com>: user unknown")]).await;
    let error = failed(send(&channels_for_mail(plain(unknown)), &page()).await);
    assert!(
        error.contains("550") && error.contains("user unknown"),
        "{error}"
    );
    assert!(!error.contains(TO), "{error}");

    for script in [
        ("RCPT", "450 4.2.0 greylisted"),
        ("MAIL", "421 4.7.0 busy"),
        (".", "451 4.3.0 try later"),
    ] {
        let port = scripted(&[script]).await;
        let (after, error) = retry(send(&channels_for_mail(plain(port)), &page()).await);
        assert!(after.is_none() && error.contains(&script.1[..3]), "{error}");
    }
}

#[tokio::test]
async fn go_on_is_no_receipt() {
    let port = scripted(&[(".", "354 go on")]).await;
    let (_, error) = retry(send(&channels_for_mail(plain(port)), &page()).await);
    assert_eq!(error, "localhost gave an unexpected answer: 354 go on");
}

#[tokio::test]
async fn a_wrong_password_is_final_and_is_not_repeated_in_the_error() {
    let port = scripted(&[
        ("EHLO", "250-localhost\r\n250 AUTH PLAIN LOGIN"),
        ("AUTH", "535 5.7.8 bad credentials"),
    ])
    .await;
    let channels = channels_for_mail(SmtpSettings {
        login: Some(login()),
        ..plain(port)
    });
    let error = failed(send(&channels, &page()).await);
    assert!(error.contains("535") && !error.contains("xyzzy"), "{error}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_and_tried_again() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let channels = channels_for_mail(SmtpSettings {
        timeout: Duration::from_millis(200),
        ..plain(listener.local_addr().unwrap().port())
    });
    let (_, error) = retry(send(&channels, &page()).await);
    assert_eq!(error, "localhost did not answer in time");
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_again() {
    let port = crate::mail_server::free_port();
    let (_, error) = retry(send(&channels_for_mail(plain(port)), &page()).await);
    assert!(error.starts_with("localhost: "), "{error}");
}

#[tokio::test]
async fn without_a_mail_server_mail_fails_at_once() {
    let error = failed(send(&channels(), &page()).await);
    assert_eq!(error, "no mail server is configured (settings: smtp)");
}

#[tokio::test]
async fn what_is_no_mail_address_is_not_repeated() {
    let channels = channels_for_mail(plain(1));
    let address = Address::new(
        Channel::Email,
        "ada@example.com\r\nRCPT TO:<eve@example.com>",
    );
    let error = failed(channels.send(&address, &page()).await);
    assert_eq!(error, "the address is not a mail address");
}

fn plain(port: u16) -> SmtpSettings {
    settings(port, SmtpTls::PlainLoopback)
}

fn login() -> SmtpLogin {
    SmtpLogin {
        user: "pager".to_owned(),
        password: "xyzzy".into(),
    }
}

/// A server that accepts everything but the commands in `script`, which get their own reply.
async fn scripted(script: &[(&'static str, &'static str)]) -> u16 {
    let script = script.to_vec();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let mut in_data = false;
            write.write_all(b"220 localhost\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                if in_data && line != "." {
                    continue;
                }
                in_data = line == "DATA";
                let usual = if in_data { "354 go on" } else { "250 OK" };
                let special = script.iter().find(|(command, _)| line.starts_with(command));
                let reply = special.map_or(usual, |(_, reply)| reply);
                if write
                    .write_all(format!("{reply}\r\n").as_bytes())
                    .await
                    .is_err()
                {
                    break;
                }
            }
        }
    });
    port
}
