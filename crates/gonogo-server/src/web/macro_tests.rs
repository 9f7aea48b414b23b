//! The macros of `components.html`, one by one, with text that tries to break out.

use askama::Template;
use jiff::Timestamp;

use super::components::items::{Choice, Moment, Progress, Step, Tab};
use super::components::table::{PAGE_ROWS, TableQuery, Window};
use super::components::{Markup, Severity, State};

const HOSTILE: &str = "\"><script>alert('x')</script>";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn now() -> Timestamp {
    at("2026-11-03T14:02:05Z")
}

/// Renders a template and puts each element on a line of its own.
fn lines(template: &impl Template) -> String {
    let html = template.render().expect("it renders");
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains(" style="), "{html}");
    html.replace("><", ">\n<").trim().to_owned()
}

#[derive(Template)]
#[template(
    source = r#"{% import "components.html" as ui %}{{ ui::badge(state) }}{{ ui::badge(state, text) }}{{ ui::mark(state, text) }}{{ ui::dot(state) }}{{ ui::severity(severity) }}{{ ui::tag(text) }}{{ ui::name(text) }}{{ ui::name(text, text) }}{{ ui::figure(text, text, text, state, text) }}{{ ui::empty(text, text, text, text) }}"#,
    ext = "html"
)]
struct Words {
    state: State,
    severity: Severity,
    text: &'static str,
}

#[test]
fn states_and_names() {
    let words = Words {
        state: State::Unknown,
        severity: Severity::new(1, HOSTILE),
        text: HOSTILE,
    };
    insta::assert_snapshot!(lines(&words));
}

#[derive(Template)]
#[template(
    source = r#"{% import "components.html" as ui %}{{ ui::field("a", "Label", text, text) }}{{ ui::field("b", "Label", text, "", text, "email") }}{{ ui::textarea("c", "Label", text, text) }}{{ ui::select("d", "Label", choices, text) }}{{ ui::checkbox("e", "Label", true, text) }}{{ ui::post(text, text, text, "primary") }}{{ ui::post_ask(text, text, text, text) }}"#,
    ext = "html"
)]
struct Fields {
    text: &'static str,
    choices: Vec<Choice>,
}

#[test]
fn fields_show_their_mistake_and_keep_what_was_typed() {
    let fields = Fields {
        text: HOSTILE,
        choices: vec![Choice::new("x", "Other"), Choice::new(HOSTILE, HOSTILE)],
    };
    insta::assert_snapshot!(lines(&fields));
}

#[derive(Template)]
#[template(
    source = r#"{% import "components.html" as ui %}{{ ui::filter(query, "Filter") }}<table><tr>{{ ui::th(query, "name", "Name") }}{{ ui::th_num(query, "age", "Age") }}</tr></table>{{ ui::pager(query, window, "rows") }}{{ ui::tabs(tabs, "Parts") }}{{ ui::segments(tabs, "States") }}"#,
    ext = "html"
)]
struct List {
    query: TableQuery,
    window: Window,
    tabs: Vec<Tab>,
}

#[test]
fn a_list_carries_its_state_in_its_links() {
    let uri = "/domains?team=%22%3E%3Cscript%3E&q=late&sort=-name&page=2";
    let query = TableQuery::from_uri(&uri.parse().expect("a URI"));
    let list = List {
        window: query.window(2 * PAGE_ROWS + 1),
        tabs: vec![
            Tab::new("All", "/domains", "All").with_count(480),
            Tab::new(HOSTILE, HOSTILE, "All"),
        ],
        query,
    };
    insta::assert_snapshot!(lines(&list));
}

#[derive(Template)]
#[template(
    source = r#"{% import "components.html" as ui %}{{ ui::timeline(moments, now) }}{{ ui::steps(steps, "token", now) }}"#,
    ext = "html"
)]
struct Story {
    moments: Vec<Moment>,
    steps: Vec<Step>,
    now: Timestamp,
}

#[test]
fn a_timeline_and_steps() {
    let step = |number, progress| Step {
        number,
        title: HOSTILE.into(),
        body: Markup::text(HOSTILE),
        owner: HOSTILE.into(),
        proof: Some((State::Unknown, HOSTILE.into())),
        progress,
        action: HOSTILE.into(),
    };
    let (by, why) = (String::from(HOSTILE), String::from(HOSTILE));
    let when = at("2026-11-03T13:58:00Z");
    let story = Story {
        moments: vec![Moment {
            state: Some(State::Bad),
            who: HOSTILE.into(),
            detail: HOSTILE.into(),
            href: HOSTILE.into(),
            ..Moment::new(at("2026-11-02T23:59:00Z"), HOSTILE)
        }],
        steps: vec![
            step(
                1,
                Progress::Done {
                    by: by.clone(),
                    at: when,
                },
            ),
            step(2, Progress::Skipped { by, at: when, why }),
            step(3, Progress::Next),
            Step {
                action: String::new(),
                ..step(4, Progress::Open)
            },
        ],
        now: now(),
    };
    // The key of a moment is a hash, which may differ between versions of the standard library.
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r#"data-key="\d+-[0-9a-f]+""#, "data-key=\"[key]\"");
    settings.bind(|| insta::assert_snapshot!(lines(&story)));
}

#[derive(Template)]
#[template(
    source = r#"{% import "components.html" as ui %}{% call ui::heading(text, text) %}<i>mine</i>{% endcall %}{{ ui::title(text) }}{% call ui::card(text, text) %}<i>mine</i>{% endcall %}{% call ui::flush_card(text, "", text, text) %}<i>mine</i>{% endcall %}{% call ui::callout(State::Warn) %}<i>mine</i>{% endcall %}{% call ui::dialog("d", text, text) %}<i>mine</i>{% endcall %}{% call ui::fold(text) %}<i>mine</i>{% endcall %}{% call ui::table(text) %}<i>mine</i>{% endcall %}<dl>{{ ui::fact(text, text) }}{% call ui::fact_of(text) %}<i>mine</i>{% endcall %}</dl>{{ ui::copy(text) }}"#,
    ext = "html"
)]
struct Boxes {
    text: &'static str,
}

#[test]
fn boxes_hold_what_stands_between() {
    let html = lines(&Boxes { text: HOSTILE });
    assert_eq!(html.matches("<i>mine</i>").count(), 9, "{html}");
    insta::assert_snapshot!(html);
}
