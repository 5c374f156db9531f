//! The command reference, written from the program itself.

use std::fmt::Write as _;

use clap::{Arg, Command};

use crate::generated::Generated;

const INTRODUCTION: &str = "\
# Commands

What the program takes, command by command; `cargo xtask cli` writes this page from the program.
`--help` after any command says the same in a terminal, and `--version` tells the version.
";

/// The reference of a program as a file.
pub(crate) fn generated(program: Command) -> Generated {
    let files = vec![("docs/reference/cli.md".to_owned(), render(program))];
    Generated { command: "cargo xtask cli", folder: None, files }
}

fn render(mut program: Command) -> String {
    program.build();
    let mut page = INTRODUCTION.to_owned();
    section(&mut page, &mut program);
    page
}

/// Writes a command and the commands below it.
fn section(page: &mut String, command: &mut Command) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let is_program = !name.contains(' ');
    let _ = write!(page, "\n## {name}\n");
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        let _ = write!(page, "\n{}.\n", about.to_string().trim_end_matches('.'));
    }
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let _ = write!(page, "\n```text\n{usage}\n```\n");
    // Options for every command are told once, with the program.
    let own = |arg: &&Arg| is_program || !arg.is_global_set();
    let told = |arg: &&Arg| !matches!(arg.get_id().as_str(), "help" | "version");
    let args: Vec<&Arg> = command.get_arguments().filter(own).filter(told).collect();
    page.push_str(&table(&args));
    if let Some(after) = command.get_after_long_help().or(command.get_after_help()) {
        let _ = write!(page, "\n```text\n{after}\n```\n");
    }
    for command in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        section(page, command);
    }
}

/// A table of options and arguments, without the columns in which no row has anything to say.
fn table(args: &[&Arg]) -> String {
    const COLUMNS: [&str; 4] = ["option", "what it does", "values", "default"];
    if args.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = args.iter().map(|arg| row(arg)).collect();
    let used = |column: &usize| rows.iter().any(|row| !row[*column].is_empty());
    let columns: Vec<usize> = (0..COLUMNS.len()).filter(used).collect();
    let line = |cells: &[String; 4]| {
        let cells = columns.iter().map(|column| match cells[*column].as_str() {
            "" => String::new(),
            cell => format!(" {}", cell.replace('|', "\\|")),
        });
        format!("|{} |\n", cells.collect::<Vec<_>>().join(" |"))
    };
    let rule = format!("|{}\n", "---|".repeat(columns.len()));
    let rows: String = rows.iter().map(line).collect();
    format!("\n{}{rule}{rows}", line(&COLUMNS.map(str::to_owned)))
}

fn row(arg: &Arg) -> [String; 4] {
    let takes_value = arg.get_num_args().is_some_and(|count| count.takes_values());
    let values = if takes_value && !arg.is_hide_possible_values_set() {
        let values = arg.get_possible_values();
        let values = values.iter().filter(|value| !value.is_hide_set()).map(|value| {
            let help = value.get_help().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("`{}`{help}", value.get_name())
        });
        values.collect::<Vec<_>>().join(", ")
    } else {
        String::new()
    };
    let defaults = arg.get_default_values().iter().filter(|_| takes_value);
    let defaults: Vec<_> = defaults.map(|value| format!("`{}`", value.to_string_lossy())).collect();
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
    [
        spelling(arg, takes_value),
        help.unwrap_or_default().replace('\n', " "),
        values,
        defaults.join(", "),
    ]
}

/// How an option or argument is written on a command line.
fn spelling(arg: &Arg, takes_value: bool) -> String {
    if arg.is_positional() {
        return format!("`{arg}`");
    }
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let names = arg.get_value_names().unwrap_or_default().iter();
    let gap = if arg.is_require_equals_set() { "=" } else { " " };
    let is_optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
    let value: String =
        names.filter(|_| takes_value).map(|name| format!("{gap}<{name}>")).collect();
    let value = if is_optional && takes_value { format!("[{value}]") } else { value };
    let spellings: Vec<_> =
        [short, long].into_iter().flatten().map(|name| format!("`{name}{value}`")).collect();
    spellings.join(", ")
}

#[cfg(test)]
mod tests {
    use clap::ArgAction;
    use clap::builder::PossibleValue;

    use super::*;
    use crate::tree::Tree;

    fn program() -> Command {
        let words = [PossibleValue::new("tweet").help("the old ones"), PossibleValue::new("post")];
        Command::new("demo")
            .about("Shows")
            .after_help("Exit codes: 0")
            .arg(
                Arg::new("quiet")
                    .long("quiet")
                    .short('q')
                    .global(true)
                    .action(ArgAction::SetTrue)
                    .help("Says a|b less"),
            )
            .subcommand(
                Command::new("list")
                    .about("Lists.")
                    .arg(Arg::new("who").value_name("WHO").required(true).help("Whom"))
                    .arg(
                        Arg::new("words")
                            .long("words")
                            .value_name("WORDS")
                            .value_parser(words)
                            .default_value("post")
                            .help("The words"),
                    ),
            )
    }

    #[test]
    fn every_command_is_told_with_all_that_it_takes() {
        assert_eq!(
            render(program()).strip_prefix(INTRODUCTION).expect("the introduction"),
            "\n## demo\n\nShows.\n\n```text\ndemo [OPTIONS] [COMMAND]\n```\n\n\
             | option | what it does |\n\
             |---|---|\n\
             | `-q`, `--quiet` | Says a\\|b less |\n\
             \n```text\nExit codes: 0\n```\n\
             \n## demo list\n\nLists.\n\n```text\ndemo list [OPTIONS] <WHO>\n```\n\n\
             | option | what it does | values | default |\n\
             |---|---|---|---|\n\
             | `<WHO>` | Whom | | |\n\
             | `--words <WORDS>` | The words | `tweet` (the old ones), `post` | `post` |\n"
        );
    }

    #[test]
    fn a_program_that_has_changed_makes_the_page_stale() {
        let written = generated(program()).files.remove(0);
        let tree = Tree::default().with_file(&written.0, &written.1);
        assert!(generated(program()).stale(&tree).is_empty());
        let changed = program().arg(Arg::new("loud").long("loud").help("Says more"));
        let told = generated(changed).stale(&tree);
        let told: Vec<_> = told.iter().map(ToString::to_string).collect();
        let line =
            1 + written.1.lines().position(|line| line.starts_with("| `-q`")).expect("a row");
        assert_eq!(
            told,
            [format!(
                "docs/reference/cli.md:{}: the file is out of date; run `cargo xtask cli`",
                line + 1
            )]
        );
    }
}
