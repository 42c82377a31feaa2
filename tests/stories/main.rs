//! Stories: what people and machines do with a real site, one file per family.
