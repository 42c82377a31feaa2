//! The title of a class without its teachers' names: a class is no person's own record, and must not keep what forgetting destroys.

use super::delivery::ClassRow;
use crate::person::name_words;
use std::collections::HashSet;

/// The title of a class; its code, or its key, where the title names who teaches it.
pub(super) fn without_names(row: &ClassRow, names: &HashSet<String>) -> String {
    let is_plain = |text: &&str| !text.is_empty() && !name_words(text).any(|word| names.contains(&word));
    let named = [row.title.as_str(), row.code.as_str()].into_iter().find(is_plain);
    named.unwrap_or_else(|| row.id.as_str()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::delivery::RowStatus;
    use super::*;
    use crate::ClassId;

    #[test]
    fn a_title_names_nobody_who_teaches_it() {
        let check = |title: &str, code: &str, want: &str| {
            let (title, code) = (title.to_owned(), code.to_owned());
            let (id, status) = (ClassId::parse("c1").unwrap(), RowStatus::Active);
            let row = ClassRow { id, status, title, code, room: String::new(), school: String::new() };
            assert_eq!(without_names(&row, &name_words("Ana Ruiz-Soto Li").collect()), want);
        };
        check("Algebra 1", "", "Algebra 1");
        check("Algebra 1 (RUIZ)", "MA1-2", "MA1-2");
        check("Soto: art", "soto-art", "c1");
        check("Chinese 2 (Li)", "CH2", "CH2");
        check("", "", "c1");
    }
}
