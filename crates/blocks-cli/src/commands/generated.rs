//! What is printed from the program's and the models' own descriptions: schemas, completions,
//! manual pages.

use blocks_domain::schema;
use clap_complete::generate;
use clap_mangen::Man;

use crate::args::{CompletionsArgs, ManArgs, SchemaArgs, Words};
use crate::exit::{Exit, Failed};
use crate::output::{Output, write_out};

pub(crate) fn schema(words: Words, args: &SchemaArgs, output: Output) -> anyhow::Result<Exit> {
    let Some(name) = &args.model else {
        for name in schema::NAMES {
            output.line(name)?;
        }
        return Ok(Exit::Done);
    };
    let Some(schema) = schema::of(name, words.vocabulary()) else {
        return Err(Failed::new(Exit::Usage, format!("there is no model `{name}`"))
            .remedy(format!("There is {}.", schema::NAMES.join(", ")))
            .into());
    };
    output.line(serde_json::to_string_pretty(&schema)?)?;
    Ok(Exit::Done)
}

pub(crate) fn completions(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    generate(args.shell, &mut crate::command(), "blocks", &mut script);
    write_out(&String::from_utf8(script)?)?;
    Ok(Exit::Done)
}

pub(crate) fn man(args: &ManArgs) -> anyhow::Result<Exit> {
    let mut program = crate::command();
    program.build();
    let mut command = &program;
    for name in &args.command {
        command = command.find_subcommand(name).ok_or_else(|| {
            Failed::new(Exit::Usage, format!("there is no command `{}`", args.command.join(" ")))
                .remedy("`blocks help` lists them.")
        })?;
    }
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    write_out(&String::from_utf8(page)?)?;
    Ok(Exit::Done)
}
