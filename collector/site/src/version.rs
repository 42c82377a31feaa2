//! Versions compared by the packaging's own rules, and ranges of them.
