//! What stands on a type, a field or a variant: its comment, and what serde is told of it.

use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta};

/// What serde is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    pub rename: Option<String>,
    pub rename_all: Option<String>,
    pub tag: Option<String>,
    pub content: Option<String>,
    /// `try_from`, `from` or `into`: the type in whose form it is written.
    pub form: Option<String>,
    pub has_default: bool,
    pub is_flat: bool,
    pub is_left_out: bool,
    pub may_be_left_out: bool,
    pub is_transparent: bool,
    pub is_untagged: bool,
    pub refuses_unknown: bool,
}

impl Marks {
    /// Reads what serde is told by these attributes.
    pub fn of(attributes: &[Attribute]) -> Self {
        let mut marks = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            // What is not understood changes nothing.
            let read = attribute.parse_nested_meta(|meta| {
                let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let value = match meta.value() {
                    Ok(value) => Some(value.parse::<LitStr>()?.value()),
                    Err(_) => None,
                };
                marks.take(&name, value);
                Ok(())
            });
            drop(read);
        }
        marks
    }

    fn take(&mut self, name: &str, value: Option<String>) {
        match name {
            "rename" => self.rename = value,
            "rename_all" => self.rename_all = value,
            "tag" => self.tag = value,
            "content" => self.content = value,
            "try_from" | "from" | "into" => self.form = value,
            "default" => self.has_default = true,
            "flatten" => self.is_flat = true,
            "skip" | "skip_serializing" => self.is_left_out = true,
            "skip_serializing_if" => self.may_be_left_out = true,
            "transparent" => self.is_transparent = true,
            "untagged" => self.is_untagged = true,
            "deny_unknown_fields" => self.refuses_unknown = true,
            _ => {}
        }
    }

    /// What a field is called in JSON.
    pub fn field(&self, own: &Self, name: &str) -> String {
        let name = name.strip_prefix("r#").unwrap_or(name);
        own.rename.clone().unwrap_or_else(|| match self.rename_all.as_deref() {
            Some("kebab-case") => name.replace('_', "-"),
            Some("camelCase") => camel(name),
            _ => name.to_owned(),
        })
    }

    /// What a variant is called in JSON.
    pub fn variant(&self, own: &Self, name: &str) -> String {
        own.rename.clone().unwrap_or_else(|| match self.rename_all.as_deref() {
            Some("kebab-case") => parted(name, '-'),
            Some("snake_case") => parted(name, '_'),
            Some("lowercase") => name.to_lowercase(),
            Some("UPPERCASE") => name.to_uppercase(),
            Some("camelCase") => camel(&parted(name, '_')),
            _ => name.to_owned(),
        })
    }
}

fn parted(name: &str, by: char) -> String {
    let mut text = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_uppercase() && index > 0 {
            text.push(by);
        }
        text.extend(letter.to_lowercase());
    }
    text
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut text, part| {
        let mut letters = part.chars();
        text.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        text.push_str(letters.as_str());
        text
    })
}

/// The comment of an item, without what is said of errors.
pub fn comment(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.take_while(|line| line != "# Errors").collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn what_serde_is_told_is_read() {
        let attributes: Vec<Attribute> =
            vec![parse_quote!(#[serde(default = "webhook", skip_serializing_if = "is_it")]), parse_quote!(#[serde(rename = "type")])];
        let marks = Marks::of(&attributes);
        assert!(marks.has_default && marks.may_be_left_out && !marks.is_flat);
        assert_eq!(marks.field(&marks, "kind"), "type");
    }

    #[test]
    fn names_are_as_serde_writes_them() {
        let kebab = Marks { rename_all: Some("kebab-case".to_owned()), ..Marks::default() };
        assert_eq!(kebab.variant(&Marks::default(), "OffTheNetwork"), "off-the-network");
        assert_eq!(kebab.field(&Marks::default(), "by_whom"), "by-whom");
        let upper = Marks { rename_all: Some("UPPERCASE".to_owned()), ..Marks::default() };
        assert_eq!(upper.variant(&Marks::default(), "Go"), "GO");
    }

    #[test]
    fn a_comment_ends_before_its_errors() {
        let attributes: Vec<Attribute> =
            vec![parse_quote!(#[doc = " Moves it."]), parse_quote!(#[doc = " # Errors"]), parse_quote!(#[doc = " No."])];
        assert_eq!(comment(&attributes), "Moves it.");
    }
}
