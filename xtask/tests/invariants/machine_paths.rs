//! Nothing in the repository knows the machine that it was written on.

use crate::assert_none;
use crate::source;

/// Written in halves so that this file does not name them itself.
const FOLDERS: [&str; 3] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
];

#[test]
fn no_file_names_a_folder_of_somebodys_machine() {
    let sources = source::all();
    let violations: Vec<String> = sources
        .iter()
        .flat_map(source::Source::lines)
        .filter(|line| {
            FOLDERS
                .iter()
                .any(|folder| starts_a_path(line.text, folder))
        })
        .map(|line| line.show())
        .collect();
    assert_none(
        &violations,
        "A path of one machine. Use a relative path, a temporary folder, or /var/lib/gonogo in \
         examples:",
    );
}

/// Whether `folder` begins an absolute path; in `pages/home/` or `example.com/home/` it does not.
fn starts_a_path(text: &str, folder: &str) -> bool {
    text.match_indices(folder).any(|(at, _)| {
        !text[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || "._-/}*".contains(before))
    })
}

#[test]
fn only_absolute_paths_count() {
    let folder = FOLDERS[2];
    assert!(starts_a_path(&format!("cd {folder}ada"), folder));
    assert!(starts_a_path(&format!("\"{folder}\""), folder));
    assert!(!starts_a_path(
        &format!("https://example.com{folder}"),
        folder
    ));
    assert!(!starts_a_path(
        &format!("templates{folder}page.html"),
        folder
    ));
}
