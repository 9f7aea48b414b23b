//! What a record says was tried, by name.

use gonogo_model::evidence::Evidence;

use super::State;

/// Which of the wanted names a record does not say that it tried.
pub(super) fn not_tried<'w>(
    record: &Evidence,
    wanted: impl IntoIterator<Item = &'w str>,
) -> Option<(State, String)> {
    let tried = |name: &str| record.tried.iter().any(|t| t.trim() == name.trim());
    let missing: Vec<&str> = wanted.into_iter().filter(|name| !tried(name)).collect();
    (!missing.is_empty()).then(|| {
        let names = gonogo_model::decode::list_of(&missing);
        let why = format!("the record does not say that {names} was tried");
        (State::Unknown, why)
    })
}
