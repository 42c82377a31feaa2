//! Rows and pages of facts as people and scripts see them.
