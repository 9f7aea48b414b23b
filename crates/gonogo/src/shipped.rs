//! The packages that ship with the program.

include!(concat!(env!("OUT_DIR"), "/packages.rs"));

/// The files of a package that ships.
pub fn package(name: &str) -> Option<&'static [(&'static str, &'static str)]> {
    PACKAGES
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, files)| *files)
}

/// The names of all of them.
pub fn names() -> impl Iterator<Item = &'static str> {
    PACKAGES.iter().map(|(name, _)| *name)
}
