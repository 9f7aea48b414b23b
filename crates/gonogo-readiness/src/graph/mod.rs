//! The dependency graph of a package, and what follows from it.
