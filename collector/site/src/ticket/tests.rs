//! Tickets of a site in memory.
