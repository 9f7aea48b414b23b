//! Every link between our own Markdown files leads somewhere.

use crate::assert_none;
use crate::source::{self, Source, root};
use std::path::Path;

#[test]
fn links_in_markdown_lead_to_files() {
    let sources = source::all();
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        broken.extend(broken_links(source));
    }
    assert_none(
        &broken,
        "Links to files that do not exist. Correct the path, which is relative to the file the \
         link stands in:",
    );
}

fn broken_links(source: &Source) -> Vec<String> {
    let path = root().join(&source.path);
    let folder = path.parent().expect("a file stands in a folder");
    let mut in_code_block = false;
    let mut broken = Vec::new();
    for line in source.lines() {
        if line.text.trim_start().starts_with("```") {
            in_code_block = !in_code_block;
        }
        if in_code_block {
            continue;
        }
        broken.extend(
            targets(line.text)
                .filter(|target| leads_nowhere(folder, target))
                .map(|target| format!("{target} in {}", line.show())),
        );
    }
    broken
}

/// What stands between `](` and `)`, outside inline code, and after `[name]:`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let inline = line
        .split('`')
        .step_by(2)
        .flat_map(|text| text.split("](").skip(1))
        .filter_map(|rest| rest.split([')', ' ']).next());
    let reference = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]: "))
        .and_then(|(_, target)| target.split_whitespace().next());
    inline.chain(reference)
}

fn leads_nowhere(folder: &Path, target: &str) -> bool {
    let target = target.trim_matches(['<', '>']);
    let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
    // A template's placeholder becomes an address only when it is sent.
    let is_placeholder = target.contains('{');
    let file = target.split('#').next().unwrap_or_default();
    if is_elsewhere || is_placeholder || file.is_empty() {
        return false;
    }
    let path = match file.strip_prefix('/') {
        Some(from_root) => root().join(from_root),
        None => folder.join(file),
    };
    !path.exists()
}

#[test]
fn a_broken_link_is_found_and_code_is_not() {
    let markdown = |text: &str| Source {
        path: "xtask/x.md".to_owned(),
        text: text.to_owned(),
    };
    let broken = broken_links(&markdown(
        "[a](src/main.rs#top) [b](gone.md) `[c](gone.md)` [d](https://example.com/x) [e](#f)\n\
         ```\n[g](gone.md)\n```\n\
         ![h](../Cargo.toml \"title\") [i]({{ url }})\n\
         [j]: gone/too.md\n",
    ));
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(broken[0].starts_with("gone.md in xtask/x.md:1: "));
    assert!(broken[1].starts_with("gone/too.md in xtask/x.md:6: "));
}
