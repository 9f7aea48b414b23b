//! # secret-in-package
//!
//! ## What it does
//! Finds text that has the shape of a live credential, in any file of the package: signing
//! secrets, API keys, webhook URLs that are a secret in themselves, private keys, passwords in
//! URLs.
//!
//! ## Why is this bad?
//! A package is kept in git, printed, put into the journal and shown on pages. Whoever can read it
//! can use the secret, and taking it out later does not take it out of the history.
//!
//! ## Example
//! ```yaml
//! people:
//!   - id: anna
//!     contacts:
//!       - {channel: ntfy, to: "https://anna:correct-horse@ntfy.example.com/pages"}
//! ```
//!
//! ## Instead
//! Put the value into an environment variable or a file and write `${env:NAME}` or
//! `${file:PATH}`. Then replace the secret at its provider: it has been written down.

use gonogo_model::Diagnostic;
use gonogo_model::text::{FileNo, Span};

use super::Subject;
use crate::secret;

pub(super) const CODE: &str = secret::CODE;

pub(super) fn ask(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (file, text) in (0..).map(FileNo).zip(subject.text.files.values()) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (line, content) in (1..).zip(text.lines()) {
            for secret in secret::on_line(content) {
                let chars = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                let span = Span {
                    file,
                    line,
                    column: chars(&content[..secret.at.start]) + 1,
                    len: chars(&content[secret.at]),
                };
                found.push(
                    Diagnostic::error(CODE, span, "a secret never stands in a package")
                        .label(format!("this looks like {}", secret.what))
                        .help("write `${env:NAME}` or `${file:PATH}` in its place")
                        .help("then replace it at its provider: it has been written down"),
                );
            }
        }
    }
}
