//! `blocks whoami`: who is signed in.

use blocks_app::WhenSpent;
use indicatif::ProgressBar;
use serde::Serialize;

use super::until_interrupted;
use crate::args::Globals;
use crate::context::{Connection, Wishes, home, who};
use crate::exit::Exit;
use crate::output::Output;

#[derive(Serialize)]
struct Who<'a> {
    account: &'a str,
    account_id: String,
    username: Option<&'a str>,
}

pub(crate) async fn run(globals: &Globals, output: Output) -> anyhow::Result<Exit> {
    let home = home(globals)?;
    let store = home.open_store()?;
    let bar = ProgressBar::hidden();
    let wishes = Wishes { globals, when_spent: WhenSpent::Wait, bar, output };
    let connection = Connection::open(wishes, &home, &store).await?;
    let asked = until_interrupted(connection.ask_who(globals, &store)).await;
    connection.close().await?;
    let Some(account) = asked.transpose()? else { return Ok(Exit::Interrupted) };
    if output.json {
        output.json_line(&Who {
            account: account.name.as_str(),
            account_id: account.user_id.to_string(),
            username: account.username.as_deref(),
        })?;
        return Ok(Exit::Done);
    }
    output.sentence(&format!(
        "{}, user {}, account `{}`",
        who(&account),
        account.user_id,
        account.name
    ))?;
    Ok(Exit::Done)
}
