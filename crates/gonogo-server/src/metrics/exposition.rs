//! The text format that Prometheus reads, version 0.0.4.
//!
//! Invariant: every sample stands under the `HELP` and `TYPE` of its metric, and no value of a
//! label can break out of its quotes.

use std::fmt::{Display, Write as _};

/// The content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Metrics, being written.
#[derive(Debug, Default)]
pub struct Exposition {
    text: String,
}

/// What a metric counts: up only, or up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Only grows, until the server starts again.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// The samples of one metric, being written.
#[derive(Debug)]
pub struct Samples<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Exposition {
    /// Begins a metric. Its help is one line.
    pub fn metric(&mut self, name: &'static str, kind: Type, help: &str) -> Samples<'_> {
        let kind = match kind {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
        };
        // Writing to text cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        let text = &mut self.text;
        Samples { text, name }
    }

    /// Everything that was written.
    pub fn finish(self) -> String {
        self.text
    }
}

impl Samples<'_> {
    /// Adds a sample.
    pub fn put(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.text.push_str(self.name);
        for (place, (label, value)) in labels.iter().enumerate() {
            self.text.push(if place == 0 { '{' } else { ',' });
            let _ = write!(self.text, "{label}=\"{}\"", escaped(value));
        }
        if !labels.is_empty() {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
        self
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stand_under_their_metric() {
        let mut out = Exposition::default();
        out.metric("a_total", Type::Counter, "How many.")
            .put(&[], 7)
            .put(&[("b", "x\"y\\z\nw"), ("c", "ä")], 1.5);
        assert_eq!(
            out.finish(),
            "# HELP a_total How many.\n# TYPE a_total counter\na_total 7\n\
             a_total{b=\"x\\\"y\\\\z\\nw\",c=\"ä\"} 1.5\n"
        );
    }
}
