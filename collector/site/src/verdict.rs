//! GO, CHECK or STOP for lending an asset, with reasons.
