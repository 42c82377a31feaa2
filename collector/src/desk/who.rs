//! Who asks: put on every request by the door it came through, before any page or interface sees it.

use rollcall_site::access::Role;
use rollcall_site::event::Actor;

/// Somebody who may ask, with what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// As the audit names them.
    pub actor: Actor,
    /// What they may do.
    pub role: Role,
}
