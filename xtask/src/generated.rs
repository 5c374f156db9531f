//! Files that a command writes, and that a check compares.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::finding::Finding;
use crate::tree::Tree;

/// The files that one command writes.
#[derive(Debug)]
pub(crate) struct Generated {
    /// The command, such as `cargo xtask schema`.
    pub(crate) command: &'static str,
    /// A folder that holds these files and no others, if the command owns one.
    pub(crate) folder: Option<&'static str>,
    /// The files by their paths from the root, with their texts.
    pub(crate) files: Vec<(String, String)>,
}

impl Generated {
    /// Writes the files, or compares them and changes nothing.
    pub(crate) fn settle(
        &self,
        root: &Path,
        tree: &Tree,
        only_check: bool,
    ) -> Result<Vec<Finding>> {
        if only_check {
            return Ok(self.stale(tree));
        }
        for file in self.strangers(tree) {
            fs::remove_file(root.join(file)).with_context(|| format!("removing {file}"))?;
        }
        for (file, text) in &self.files {
            let path = root.join(file);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)
                    .with_context(|| format!("creating the folder of {file}"))?;
            }
            fs::write(path, text).with_context(|| format!("writing {file}"))?;
        }
        Ok(Vec::new())
    }

    /// Every file that is not as the command would write it.
    pub(crate) fn stale(&self, tree: &Tree) -> Vec<Finding> {
        let run = || format!("run `{}`", self.command);
        let differing = self.files.iter().filter_map(|(file, text)| match tree.text(file) {
            None => Some(Finding::new(file, 1, "the file is missing", run())),
            Some(found) => first_difference(text, found)
                .map(|line| Finding::new(file, line, "the file is out of date", run())),
        });
        let strangers = self
            .strangers(tree)
            .map(|file| Finding::new(file, 1, "nothing writes this file any more", run()));
        differing.chain(strangers).collect()
    }

    fn strangers<'a>(&'a self, tree: &'a Tree) -> impl Iterator<Item = &'a str> {
        let below = self.folder.into_iter().flat_map(|folder| tree.below(folder));
        below.filter(|file| self.files.iter().all(|(own, _)| own != file))
    }
}

/// The first line in which two texts differ, from 1; `None` if they are the same.
fn first_difference(wanted: &str, found: &str) -> Option<usize> {
    if wanted == found {
        return None;
    }
    let same = wanted.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tree: &Tree) -> Vec<String> {
        let generated = Generated {
            command: "cargo xtask words",
            folder: Some("docs/words"),
            files: vec![("docs/words/a.txt".into(), "one\ntwo\n".into())],
        };
        generated.stale(tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_the_very_same_files_are_up_to_date() {
        let fresh = Tree::default().with_file("docs/words/a.txt", "one\ntwo\n");
        assert_eq!(told(&fresh), [""; 0]);
        assert_eq!(
            told(&fresh.with("docs/words/a.txt", "two", "three")),
            ["docs/words/a.txt:2: the file is out of date; run `cargo xtask words`"]
        );
        assert_eq!(
            told(&fresh.with_file("docs/words/a.txt", "one\ntwo")),
            ["docs/words/a.txt:3: the file is out of date; run `cargo xtask words`"]
        );
        assert_eq!(
            told(&fresh.without("docs/words/a.txt")),
            ["docs/words/a.txt:1: the file is missing; run `cargo xtask words`"]
        );
    }

    #[test]
    fn a_file_that_nothing_writes_is_found_in_the_own_folder_alone() {
        let fresh = Tree::default().with_file("docs/words/a.txt", "one\ntwo\n");
        assert_eq!(
            told(&fresh.with_file("docs/words/b.txt", "")),
            ["docs/words/b.txt:1: nothing writes this file any more; run `cargo xtask words`"]
        );
        assert_eq!(told(&fresh.with_file("docs/wordsmith.txt", "")), [""; 0]);
    }
}
