//! The files that are checked, read once, so that tests can change a copy in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The texts of the project that `xtask` reads, by their paths from the root.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

/// Packages of their own, which are no pages of the book.
const EXAMPLES: &str = "docs/examples";

impl Tree {
    /// Reads the pages, the schemas, the manifests and the sandbox below `root`.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.read(root, "Cargo.toml")?;
        tree.read_folder(root, "docs", &["md", "json"])?;
        for folder in ["crates", "tests", "xtask"] {
            tree.read_manifests(root, folder)?;
        }
        // The tests that the page of the sandbox names.
        for folder in ["crates/blocks-fake/src", "crates/blocks-fake/tests"] {
            tree.read_folder(root, folder, &["rs"])?;
        }
        Ok(tree)
    }

    /// The text of a file.
    pub(crate) fn text(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(String::as_str)
    }

    /// The files of a folder and of those below it.
    pub(crate) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> {
        let inside =
            move |file: &&str| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.files.keys().map(String::as_str).filter(inside)
    }

    fn read(&mut self, root: &Path, file: &str) -> Result<()> {
        let text =
            fs::read_to_string(root.join(file)).with_context(|| format!("reading {file}"))?;
        self.files.insert(file.to_owned(), text);
        Ok(())
    }

    fn read_folder(&mut self, root: &Path, folder: &str, extensions: &[&str]) -> Result<()> {
        for (name, path) in children(root, folder)? {
            if path.is_dir() && name != EXAMPLES {
                self.read_folder(root, &name, extensions)?;
            } else if extensions.iter().any(|wanted| path.extension() == Some(wanted.as_ref())) {
                self.read(root, &name)?;
            }
        }
        Ok(())
    }

    fn read_manifests(&mut self, root: &Path, folder: &str) -> Result<()> {
        for (name, path) in children(root, folder)? {
            if path.ends_with("Cargo.toml") {
                self.read(root, &name)?;
            } else if path.join("Cargo.toml").is_file() {
                self.read(root, &format!("{name}/Cargo.toml"))?;
            }
        }
        Ok(())
    }
}

/// The entries of a folder: their paths from the root, and where they are.
fn children(root: &Path, folder: &str) -> Result<Vec<(String, PathBuf)>> {
    let entries = fs::read_dir(root.join(folder)).with_context(|| format!("reading {folder}"))?;
    let named = entries.map(|entry| {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok((format!("{folder}/{name}"), path))
    });
    named.collect()
}

#[cfg(test)]
impl Tree {
    /// A copy in which the first `old` of a file reads `new`.
    pub(crate) fn with(&self, file: &str, old: &str, new: &str) -> Self {
        let text = self.text(file).unwrap_or_else(|| panic!("{file} is not in the tree"));
        assert!(text.contains(old), "{file} does not contain {old:?}");
        self.with_file(file, &text.replacen(old, new, 1))
    }

    /// A copy with another text for a file.
    pub(crate) fn with_file(&self, file: &str, text: &str) -> Self {
        let mut copy = self.clone();
        copy.files.insert(file.to_owned(), text.to_owned());
        copy
    }

    /// A copy without a file.
    pub(crate) fn without(&self, file: &str) -> Self {
        let mut copy = self.clone();
        copy.files.remove(file).unwrap_or_else(|| panic!("{file} is not in the tree"));
        copy
    }
}
