//! The title of a class without its teachers' names: a class is no person's own record, and must not keep what forgetting destroys.

use super::delivery::ClassRow;
use std::collections::HashSet;

/// Words of a name that are long enough to be told from others.
const SHORTEST: usize = 3;

/// The words of a name, as they are looked for in titles.
pub(super) fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= SHORTEST).map(str::to_lowercase)
}

/// The title of a class; its code, or its key, where the title names who teaches it.
pub(super) fn without_names(row: &ClassRow, names: &HashSet<String>) -> String {
    let is_plain = |text: &&str| !text.is_empty() && !words(text).any(|word| names.contains(&word));
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
            assert_eq!(without_names(&row, &words("Ana Ruiz-Soto").collect()), want);
        };
        check("Algebra 1", "", "Algebra 1");
        check("Algebra 1 (RUIZ)", "MA1-2", "MA1-2");
        check("Soto: art", "soto-art", "c1");
        check("", "", "c1");
    }
}
