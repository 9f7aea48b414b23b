//! The wording, as mail shows it.

use gonogo_server::notify::message::{
    LINK_CHARS_MAX, Measure, Message, TITLE_CHARS_MAX, block, line, shorten,
};
use gonogo_server::notify::{Page, PageKind};

use crate::{page, page_of};

#[test]
fn a_page_says_what_to_do_and_why_you() {
    insta::assert_snapshot!(Message::of(&page()).text(), @r"
    What happened
      14 charges succeeded at Stripe in the last 10 minutes and none reached the ledger.

    Impact
      Customers paid and have no plan.

    First step
      Open the runbook, step 1: stop the recorder.

    Acknowledge: https://gonogo.example.com/ack/eyJwIjoiYWNrIn0.c2lnbmF0dXJl
    Incident: https://gonogo.example.com/incidents/inc-2026-0007
    Runbook: https://gonogo.example.com/runbooks/charges

    To Ada Example: step 2 of policy platform, round 1: nobody acknowledged in 5 min
    Incident inc-2026-0007, notification fx-4f2a
    ");
}

#[test]
fn an_exercise_is_marked_everywhere() {
    let page = Page {
        exercise: true,
        ..page()
    };
    let message = Message::of(&page);
    assert_eq!(message.subject, "[EXERCISE] SEV1: Charges are not recorded");
    assert!(
        message.text().starts_with("Exercise\n"),
        "{}",
        message.text()
    );
    assert!(message.html().contains("[EXERCISE]"));
}

#[test]
fn the_subject_tells_the_kinds_apart() {
    let subjects: Vec<String> = [
        PageKind::Page,
        PageKind::Growth,
        PageKind::UpdateDue,
        PageKind::UpdateOverdue,
        PageKind::Resolved,
        PageKind::Test,
        PageKind::Ticket,
    ]
    .map(|kind| Message::of(&page_of(kind)).subject)
    .to_vec();
    insta::assert_snapshot!(subjects.join("\n"), @r"
    SEV1: Charges are not recorded
    SEV1 grew: Charges are not recorded
    SEV1 update due: Charges are not recorded
    SEV1 update overdue: Charges are not recorded
    SEV1 resolved: Charges are not recorded
    Test page: Charges are not recorded
    SEV1 ticket: Charges are not recorded
    ");
}

#[test]
fn what_is_not_known_is_not_shown() {
    let page = Page {
        impact: None,
        first_step: Some(" \n".to_owned()),
        runbook_url: None,
        ack_url: None,
        ..page()
    };
    let text = Message::of(&page).text();
    for word in ["Impact", "First step", "Runbook", "Acknowledge"] {
        assert!(!text.contains(word), "{text}");
    }
}

#[test]
fn a_link_that_cannot_be_shown_is_named() {
    let too_long = format!("https://example.com/{}", "x".repeat(LINK_CHARS_MAX));
    for url in [
        "javascript:alert(1)",
        "runbooks/charges",
        "https://example.com/a b",
        &too_long,
    ] {
        let page = Page {
            runbook_url: Some(url.to_owned()),
            ..page()
        };
        let message = Message::of(&page);
        assert!(!message.html().contains(url));
        assert!(
            message
                .text()
                .contains("No usable web address was given for: Runbook.")
        );
        assert_eq!(message.links.len(), 2);
    }
}

#[test]
fn html_shows_text_as_text() {
    let page = Page {
        summary: "<img src=x onerror=alert(1)>\nsecond line".to_owned(),
        incident_url: Some("https://example.com/?a=1&b='2'".to_owned()),
        ..page()
    };
    let html = Message::of(&page).html();
    assert!(
        html.contains("&lt;img src=x onerror=alert(1)&gt;<br>second line"),
        "{html}"
    );
    assert!(
        html.contains("href=\"https://example.com/?a=1&amp;b=&#39;2&#39;\""),
        "{html}"
    );
}

#[test]
fn a_cut_says_how_much_is_missing_and_keeps_the_limit() {
    let text = "ü".repeat(1_000);
    for measure in [Measure::Chars, Measure::Bytes, Measure::Escaped] {
        let exact = measure.of(&text);
        assert_eq!(shorten(&text, exact, measure), text);
        for limit in [exact - 1, 500, 60, 40, 39, 5, 0] {
            let cut = shorten(&text, limit, measure);
            assert!(measure.of(&cut) <= limit, "{measure:?} {limit}: {cut}");
        }
    }
    let cut = shorten(&text, 100, Measure::Chars);
    let kept = cut.chars().filter(|c| *c == 'ü').count();
    assert!(
        cut.ends_with(&format!("[{} of 1000 characters left out]", 1_000 - kept)),
        "{cut}"
    );
}

#[test]
fn a_title_of_any_length_makes_a_short_subject() {
    for len in [TITLE_CHARS_MAX, TITLE_CHARS_MAX + 1, 100_000] {
        let page = Page {
            title: "x".repeat(len),
            ..page()
        };
        let subject = Message::of(&page).subject;
        assert!(
            subject.chars().count() <= TITLE_CHARS_MAX + "SEV1: ".len(),
            "{len}"
        );
        assert_eq!(subject.contains("left out"), len > TITLE_CHARS_MAX);
    }
}

#[test]
fn control_characters_do_not_survive() {
    assert_eq!(line(" a\r\nb\tc\u{0}\u{202e}d\u{2028}e "), "a b c d e");
    assert_eq!(block("a\r\nb\rc\td\u{1b}[31m\u{2066}e\n"), "a\nb\nc d[31me");
}
