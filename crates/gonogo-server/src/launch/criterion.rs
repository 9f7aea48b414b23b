//! `/launch/{criterion}`: one criterion with all its answers, what they rest on, and why it
//! matters.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use gonogo_readiness::criteria::Gate;

use super::{ANSWERS_MAX, Line, Mark, line, mark};
use crate::auth::Identity;
use crate::shell::{Missing, shell};
use crate::site::Site;
use crate::web::components::{Markup, markdown};
use crate::web::{Frame, Nav, Shell, page};

#[derive(Template)]
#[template(path = "launch/criterion.html")]
struct CriterionPage {
    shell: Shell,
    id: &'static str,
    title: &'static str,
    mark: Mark,
    blocks: bool,
    gate: &'static str,
    classes: String,
    holds: String,
    lines: Vec<Line>,
    more: usize,
    manual: Markup,
}

pub(super) async fn show(
    State(site): State<Site>,
    who: Identity,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Missing> {
    let view = site.view();
    let board = site.readiness.board(&site).await;
    let board = board.map_err(Missing::store(&frame))?;
    let package = &board.plan.package;
    let mut asked = board.verdict.criteria();
    let Some(asked) = asked.find(|c| c.criterion.id.eq_ignore_ascii_case(&id)) else {
        return Err(Missing::thing(
            frame,
            "criterion of that name",
            ("The board", "/launch"),
        ));
    };
    let criterion = asked.criterion;
    let mut answers: Vec<_> = asked.answers.iter().collect();
    answers.sort_by_key(|a| std::cmp::Reverse((a.blocks(), a.answer.state)));
    let classes: Vec<&str> = criterion.classes.iter().map(|c| c.word()).collect();
    // The page says the name and the title already.
    let manual = criterion.manual();
    let text = match manual.strip_prefix("# ") {
        Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
        None => &manual,
    };
    Ok(page(&CriterionPage {
        id: criterion.id,
        title: criterion.title,
        mark: mark(asked.state, asked.gate),
        blocks: asked.blocks(),
        gate: match asked.gate {
            Gate::Blocker => "blocks the launch for tiers 1 and 2",
            Gate::Warning => "warns",
        },
        classes: classes.join(" and "),
        holds: match criterion.ttl {
            Some(ttl) => crate::shown::length(ttl),
            None if criterion.is_static() => "no evidence is needed".into(),
            None => "until what it covers changes".into(),
        },
        more: answers.len().saturating_sub(ANSWERS_MAX),
        lines: answers
            .into_iter()
            .take(ANSWERS_MAX)
            .map(|a| line(package, asked, a))
            .collect(),
        manual: markdown::render(text),
        shell: shell(&site, &view, &who, frame, criterion.title, Nav::Launch),
    }))
}
