//! Findings as workflow commands, which GitHub shows at the changed lines of a pull request.
//!
//! A value can never end its command or begin another: line breaks, `%`, and in properties
//! also `:` and `,`, are escaped as GitHub's toolkit does.

use gonogo_model::Diagnostic;
use gonogo_model::diagnostic::Severity;

use super::{Sources, in_repository, printable};

/// One line a finding. `prefix` is the package's directory as the repository sees it, since
/// GitHub counts paths from the repository's root.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources<'_>, prefix: &str) -> String {
    diagnostics
        .iter()
        .map(|d| line(d, sources, prefix))
        .collect()
}

fn line(found: &Diagnostic, sources: &Sources<'_>, prefix: &str) -> String {
    let command = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some((span, path)) = found.span.and_then(|s| Some((s, sources.path(s.file)?))) {
        let path = in_repository(prefix, path);
        properties.push(format!("file={}", property(&printable(&path))));
        properties.push(format!("line={}", span.line));
        properties.push(format!("col={}", span.column));
        properties.push(format!(
            "endColumn={}",
            span.column.saturating_add(span.len.max(1))
        ));
    }
    properties.push(format!("title={}", property(found.code)));
    let mut text = found.message.clone();
    for more in std::iter::once(&found.label).chain(&found.help) {
        if !more.is_empty() {
            text.push('\n');
            text.push_str(more);
        }
    }
    format!("::{command} {}::{}\n", properties.join(","), data(&text))
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
