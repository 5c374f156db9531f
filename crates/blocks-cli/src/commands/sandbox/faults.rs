//! `blocks sandbox faults`.

use std::path::Path;

use anyhow::Context;
use blocks_fake::server::{Fault, KindOfFault};
use serde_json::json;

use crate::args::FaultsArgs;
use crate::exit::{Exit, Failed};
use crate::output::{Output, write_out};

pub(super) fn run(args: &FaultsArgs, output: Output) -> anyhow::Result<Exit> {
    match &args.file {
        None if output.json => output.json_line(&kinds())?,
        None => write_out(&example())?,
        Some(file) => {
            let faults = read(file)?;
            if output.json {
                let faults: Vec<_> = faults.iter().map(Fault::to_json).collect();
                output.json_line(&json!({ "faults": faults }))?;
            } else {
                let count = faults.len();
                let plural = if count == 1 { "" } else { "s" };
                output.sentence(&format!("{} is right: {count} fault{plural}.", file.display()))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// Reads a file of faults.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<Fault>> {
    let wrong = || Failed::new(Exit::Usage, format!("{} holds no faults", file.display()));
    let text = std::fs::read_to_string(file)
        .with_context(|| Failed::new(Exit::Usage, format!("cannot read {}", file.display())))?;
    Fault::read_toml(&text).with_context(wrong)
}

fn kinds() -> serde_json::Value {
    let keys = |keys: &[(&str, &str)]| -> serde_json::Value {
        keys.iter().map(|(key, takes)| ((*key).to_owned(), json!(takes))).collect()
    };
    let kind = |kind: KindOfFault| json!({ "kind": kind.name, "does": kind.does, "keys": keys(kind.keys) });
    json!({ "kinds": KindOfFault::ALL.map(kind), "keys": keys(KindOfFault::COMMON_KEYS) })
}

/// A file with a fault of each kind, which says what the keys take.
fn example() -> String {
    let mut text = comment("Faults on purpose. A call meets the first fault that strikes it.");
    text += &comment("blocks sandbox serve --faults FILE");
    text += "#\n";
    text += &comment("Every fault takes these keys besides its kind and the keys of the kind:");
    for (key, takes) in KindOfFault::COMMON_KEYS {
        text += &entry(key, takes);
    }
    for kind in KindOfFault::ALL {
        text += "\n";
        text += &comment(&format!("The call {}.", kind.does));
        for (key, takes) in kind.keys {
            text += &entry(key, takes);
        }
        text += &kind.example();
    }
    text
}

fn comment(text: &str) -> String {
    filled(text, "# ", "# ")
}

fn entry(key: &str, takes: &str) -> String {
    filled(takes, &format!("#   {key}: "), "#     ")
}

fn filled(text: &str, first: &str, further: &str) -> String {
    // Neither times nor names of headers are broken at their hyphens.
    let options = textwrap::Options::new(80)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .initial_indent(first)
        .subsequent_indent(further);
    textwrap::fill(text, options) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_file_of_faults_of_80_columns() {
        let example = example();
        let faults = Fault::read_toml(&example).expect("a file of faults");
        assert_eq!(faults.len(), KindOfFault::ALL.len());
        assert!(example.lines().all(|line| line.chars().count() <= 80), "{example}");
    }
}
