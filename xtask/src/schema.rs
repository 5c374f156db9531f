//! The JSON Schemas of the models as files.

use blocks_domain::{Vocabulary, schema};

use crate::generated::Generated;

/// The folder that `cargo xtask schema` owns.
const FOLDER: &str = "docs/schema";

/// One folder a vocabulary, one file a model.
pub(crate) fn generated() -> Generated {
    let files = Vocabulary::ALL.into_iter().flat_map(|words| {
        schema::NAMES.into_iter().filter_map(move |name| {
            let document = schema::of(name, words)?;
            Some((format!("{FOLDER}/{words}/{name}.json"), format!("{document:#}\n")))
        })
    });
    Generated { command: "cargo xtask schema", folder: Some(FOLDER), files: files.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;

    /// The files as they should be, without a disk.
    fn fresh() -> Tree {
        let files = generated().files;
        files.iter().fold(Tree::default(), |tree, (file, text)| tree.with_file(file, text))
    }

    fn told(tree: &Tree) -> Vec<String> {
        generated().stale(tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_model_has_a_file_in_each_vocabulary() {
        let files: Vec<_> = generated().files.into_iter().map(|(file, _)| file).collect();
        assert_eq!(files.len(), 2 * schema::NAMES.len());
        assert!(files.contains(&"docs/schema/post/blocking-page.json".to_owned()));
        assert_eq!(told(&fresh()), [""; 0]);
    }

    #[test]
    fn a_stale_a_missing_and_a_forgotten_schema_are_found() {
        let file = "docs/schema/tweet/block-request.json";
        assert_eq!(
            told(&fresh().with(file, "\"title\": \"BlockRequest\"", "\"title\": \"Request\"")),
            ["docs/schema/tweet/block-request.json:14: the file is out of date; \
              run `cargo xtask schema`"]
        );
        assert_eq!(
            told(&fresh().without(file)),
            ["docs/schema/tweet/block-request.json:1: the file is missing; \
              run `cargo xtask schema`"]
        );
        assert_eq!(
            told(&fresh().with_file("docs/schema/tweet/list.json", "{}")),
            ["docs/schema/tweet/list.json:1: nothing writes this file any more; \
              run `cargo xtask schema`"]
        );
    }
}
