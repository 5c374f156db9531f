//! `blocks sandbox`: a server that behaves like X, for any client.

mod faults;
mod serve;

use crate::args::SandboxCommand;
use crate::embedded::lock;
use crate::exit::Exit;
use crate::home::Home;
use crate::output::Output;

pub(crate) async fn run(command: SandboxCommand, output: Output) -> anyhow::Result<Exit> {
    match command {
        SandboxCommand::Serve(args) => serve::run(&args, output).await,
        SandboxCommand::Faults(args) => faults::run(&args, output),
        SandboxCommand::Reset => reset(output).await,
    }
}

async fn reset(output: Output) -> anyhow::Result<Exit> {
    let sandbox = Home::find()?.sandbox();
    let forgets = sandbox.exists();
    if forgets {
        let _alone = lock(&sandbox, output).await?;
        sandbox.forget()?;
    }
    if output.json {
        output.json_line(&serde_json::json!({ "reset": forgets }))?;
    } else if forgets {
        output.sentence("The sandbox begins anew with the next command.")?;
    } else {
        output.sentence("There was nothing to forget.")?;
    }
    Ok(Exit::Done)
}
