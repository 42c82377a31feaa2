//! The source as modules: which items a name stands for, read from the files when somebody asks for them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use syn::{Attribute, Ident, Item, ItemEnum, ItemFn, ItemStruct, ItemType, UseTree};

/// Steps from a name to what it stands for: re-exports of re-exports.
const STEPS: usize = 12;

/// A file that could not be read, or is no Rust.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct Unreadable {
    path: String,
    why: String,
}

/// A module's path: crate, then names.
pub type Place = Vec<String>;

/// What a name stands for.
#[derive(Clone)]
pub enum Named {
    Struct(Rc<ItemStruct>),
    Enum(Rc<ItemEnum>),
    Alias(Rc<ItemType>),
    Function(Rc<ItemFn>),
    /// An id that a macro of this name makes.
    Id(String),
}

/// One module.
pub struct Module {
    /// Where it is.
    pub place: Place,
    /// Its own comment, the first line.
    pub about: String,
    /// Its functions, in the order of the file.
    pub functions: Vec<Rc<ItemFn>>,
    /// What its names stand for.
    items: HashMap<String, Named>,
    uses: HashMap<String, Place>,
    globs: Vec<Place>,
}

/// The modules of some crates.
pub struct Source {
    roots: Vec<(&'static str, PathBuf)>,
    read: RefCell<HashMap<Place, Option<Rc<Module>>>>,
}

impl Source {
    pub fn new<const N: usize>(roots: [(&'static str, PathBuf); N]) -> Self {
        Self { roots: roots.into(), read: RefCell::default() }
    }

    /// The modules of a folder, by name.
    pub fn folder(&self, place: &[&str]) -> Result<Vec<Rc<Module>>, Unreadable> {
        let place: Place = place.iter().map(|part| (*part).to_owned()).collect();
        let folder = self.path(&place).unwrap_or_default();
        let bad = |why: std::io::Error| Unreadable { path: folder.display().to_string(), why: why.to_string() };
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(bad)? {
            let name = entry.map_err(bad)?.file_name().to_string_lossy().into_owned();
            names.extend(name.strip_suffix(".rs").filter(|name| !matches!(*name, "mod" | "tests")).map(str::to_owned));
        }
        names.sort();
        let inside = |name: &String| -> Place { place.iter().chain([name]).cloned().collect() };
        names.iter().filter_map(|name| self.module(&inside(name)).transpose()).collect()
    }

    /// A module; `None`: there is none.
    pub fn module(&self, place: &[String]) -> Result<Option<Rc<Module>>, Unreadable> {
        if let Some(known) = self.read.borrow().get(place) {
            return Ok(known.clone());
        }
        let module = self.load(place)?.map(Rc::new);
        self.read.borrow_mut().insert(place.to_vec(), module.clone());
        Ok(module)
    }

    fn path(&self, place: &[String]) -> Option<PathBuf> {
        let (name, rest) = place.split_first()?;
        let root = &self.roots.iter().find(|(root, _)| root == name)?.1;
        Some(rest.iter().fold(root.clone(), |path, part| path.join(part)))
    }

    fn load(&self, place: &[String]) -> Result<Option<Module>, Unreadable> {
        let Some(path) = self.path(place) else { return Ok(None) };
        let files = [path.with_extension("rs"), path.join("mod.rs"), path.join("lib.rs")];
        let Some(file) = files.into_iter().find(|file| file.is_file()) else { return Ok(None) };
        let bad = |why: String| Unreadable { path: file.display().to_string(), why };
        let text = fs::read_to_string(&file).map_err(|why| bad(why.to_string()))?;
        let parsed = syn::parse_file(&text).map_err(|why| bad(why.to_string()))?;
        Ok(Some(Module::of(place.to_vec(), &text, parsed.items)))
    }

    /// What `path` stands for where it is written in `module`, and the module that has it.
    pub fn find(&self, module: &Rc<Module>, path: &[String]) -> Option<(Rc<Module>, Named)> {
        self.find_in(module, path, STEPS)
    }

    fn find_in(&self, module: &Rc<Module>, path: &[String], steps: usize) -> Option<(Rc<Module>, Named)> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        if rest.is_empty()
            && let Some(named) = module.items.get(first)
        {
            return Some((Rc::clone(module), named.clone()));
        }
        if let Some(used) = module.uses.get(first) {
            let whole: Place = used.iter().chain(rest).cloned().collect();
            return self.absolute(module, &whole, steps);
        }
        if rest.is_empty() {
            return module.globs.iter().find_map(|glob| {
                let whole: Place = glob.iter().chain([first]).cloned().collect();
                self.absolute(module, &whole, steps)
            });
        }
        self.absolute(module, path, steps)
    }

    /// What a path stands for that begins with a crate, `crate`, `self`, `super`, or a module inside.
    fn absolute(&self, module: &Rc<Module>, path: &[String], steps: usize) -> Option<(Rc<Module>, Named)> {
        let (name, way) = path.split_last()?;
        let mut place = module.place.clone();
        for (index, part) in way.iter().enumerate() {
            match part.as_str() {
                "crate" => place.truncate(1),
                "self" => {}
                "super" => drop(place.pop()),
                part if index == 0 && self.roots.iter().any(|(root, _)| *root == part) => place = vec![part.to_owned()],
                part => {
                    let here = self.module(&place).ok()??;
                    // A module that is itself re-exported or imported under this name.
                    let mut inside = place.clone();
                    inside.push(part.to_owned());
                    if self.module(&inside).ok()?.is_none() {
                        let used = here.uses.get(part)?;
                        let rest = path.get(index + 1..).unwrap_or_default();
                        let whole: Place = used.iter().chain(rest).cloned().collect();
                        return self.absolute(&here, &whole, steps.checked_sub(1)?);
                    }
                    place = inside;
                }
            }
        }
        let there = self.module(&place).ok()??;
        self.find_in(&there, std::slice::from_ref(name), steps)
    }
}

impl Module {
    fn of(place: Place, text: &str, items: Vec<Item>) -> Self {
        let about = text.lines().next().and_then(|line| line.strip_prefix("//!")).unwrap_or_default().trim().to_owned();
        let mut module = Self { place, about, functions: Vec::new(), items: HashMap::new(), uses: HashMap::new(), globs: Vec::new() };
        for item in items {
            module.take(item);
        }
        module
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Struct(item) => self.name(&item.ident.clone(), Named::Struct(Rc::new(item))),
            Item::Enum(item) => self.name(&item.ident.clone(), Named::Enum(Rc::new(item))),
            Item::Type(item) => self.name(&item.ident.clone(), Named::Alias(Rc::new(item))),
            Item::Fn(item) if !is_test(&item.attrs) => {
                let item = Rc::new(item);
                self.functions.push(Rc::clone(&item));
                self.name(&item.sig.ident.clone(), Named::Function(item));
            }
            Item::Macro(item) => {
                let made_by = item.mac.path.segments.last().map(|part| part.ident.to_string()).unwrap_or_default();
                // The first name after its comment is what it makes.
                let words = item.mac.tokens.into_iter().filter_map(|token| match token {
                    proc_macro2::TokenTree::Ident(word) => Some(word),
                    _ => None,
                });
                if let Some(word) = words.into_iter().next().filter(|_| made_by.ends_with("_id")) {
                    self.name(&word, Named::Id(made_by));
                }
            }
            Item::Use(item) => self.uses_of(&item.tree, &[]),
            _ => {}
        }
    }

    fn name(&mut self, name: &Ident, named: Named) {
        self.items.insert(name.to_string(), named);
    }

    fn uses_of(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &Ident| -> Place { before.iter().cloned().chain([name.to_string()]).collect() };
        match tree {
            UseTree::Path(path) => self.uses_of(&path.tree, &with(&path.ident)),
            UseTree::Name(name) if name.ident == "self" => drop(before.last().map(|last| self.uses.insert(last.clone(), before.to_vec()))),
            UseTree::Name(name) => drop(self.uses.insert(name.ident.to_string(), with(&name.ident))),
            UseTree::Rename(name) if name.ident == "self" => drop(self.uses.insert(name.rename.to_string(), before.to_vec())),
            UseTree::Rename(name) => drop(self.uses.insert(name.rename.to_string(), with(&name.ident))),
            UseTree::Glob(_) => self.globs.push(before.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|item| self.uses_of(item, before)),
        }
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().segments.iter().any(|part| part.ident == "test"))
}
