//! Nothing happens.

use super::{Scenario, nobody};

pub(super) const SCENARIO: Scenario =
    Scenario { name: "steady", what: "everybody is there", by_road: nobody, run: |_| Box::pin(std::future::ready(Ok(()))) };
