//! What a package is written out as, for other tools and for when no tool is left.

pub mod handbook;
