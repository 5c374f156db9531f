//! Signs in through a real browser, as a person does: once each way, and once with a no.

use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::program::{Program, Sandbox, build};

/// What to sign in with.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Fails where the browser's driver is missing.
    #[arg(long)]
    require: bool,
    /// The driver of the browser.
    #[arg(long, value_name = "PROGRAM", default_value = "chromedriver")]
    driver: String,
    /// Keeps a picture of each page in this folder.
    #[arg(long, value_name = "FOLDER")]
    pictures: Option<PathBuf>,
}

/// One sign-in.
struct Case {
    name: &'static str,
    /// Where the browser comes back to.
    loopback: IpAddr,
    /// Whether the app has a secret.
    confidential: bool,
    approves: bool,
}

const CASES: [Case; 3] = [
    Case {
        name: "approved, an app with a secret, back on 127.0.0.1",
        loopback: IpAddr::V4(Ipv4Addr::LOCALHOST),
        confidential: true,
        approves: true,
    },
    Case {
        name: "approved, an app without a secret, back on ::1",
        loopback: IpAddr::V6(Ipv6Addr::LOCALHOST),
        confidential: false,
        approves: true,
    },
    Case {
        name: "denied",
        loopback: IpAddr::V4(Ipv4Addr::LOCALHOST),
        confidential: true,
        approves: false,
    },
];

/// Plays every case, and says what was seen.
///
/// # Errors
/// A case went otherwise, or the driver is missing and required.
pub(crate) fn sign_in(root: &Path, options: &Options) -> Result<()> {
    let driver = match Driver::start(&options.driver) {
        Ok(driver) => driver,
        Err(why) if options.require => return Err(why),
        Err(why) => {
            println!("skipped: nobody signed in through a browser, for {why:#}");
            return Ok(());
        }
    };
    let built = build(root, &[])?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for case in &CASES {
        let home = tempfile::tempdir().context("making a folder")?;
        let program = Program { path: &built, home: home.path() };
        runtime
            .block_on(case.play(program, &driver, options.pictures.as_deref()))
            .with_context(|| case.name)?;
        println!("seen: {}", case.name);
    }
    Ok(())
}

impl Case {
    async fn play(
        &self,
        program: Program<'_>,
        driver: &Driver,
        pictures: Option<&Path>,
    ) -> Result<()> {
        let redirect_uri = self.redirect_uri()?;
        let sandbox = program.serve(&["--blocks", "3", "--redirect-uri", &redirect_uri])?;
        let mut login = self.login(program, &sandbox, &redirect_uri)?;
        let page = login.address()?;
        let client = driver.client().await?;
        let seen = self.answer(&client, &page, pictures).await;
        client.close().await?;
        seen?;
        let code = login.0.wait()?.code();
        let expected = if self.approves { 0 } else { 3 };
        ensure!(code == Some(expected), "login ended with {code:?} and not {expected}");
        self.check_accounts(program, sandbox.told("username")?)
    }

    /// A redirect URI with a port that is free.
    fn redirect_uri(&self) -> Result<String> {
        let listener = TcpListener::bind((self.loopback, 0)).context("finding a free port")?;
        Ok(format!("http://{}/callback", listener.local_addr()?))
    }

    fn login(&self, program: Program<'_>, sandbox: &Sandbox, redirect_uri: &str) -> Result<Login> {
        let mut command = program.command();
        command.args(["login", "--redirect-uri", redirect_uri, "--wait", "60"]);
        command.args(["--api-url", sandbox.told("url")?]);
        if self.confidential {
            command.args(["--client-id", sandbox.told("client_id")?]);
            command.env("BLOCKS_CLIENT_SECRET", sandbox.told("client_secret")?);
        } else {
            command.args(["--client-id", sandbox.told("public_client_id")?]);
        }
        // The browser of this test is another one than that of the person who runs it.
        command.env("BROWSER", "true").stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(Login(command.spawn().context("starting the login")?))
    }

    /// Reads the consent page, presses a button, and reads the page at the end.
    async fn answer(&self, client: &Client, page: &str, pictures: Option<&Path>) -> Result<()> {
        client.goto(page).await?;
        let allows = client.find(Locator::Id("allows")).await?.text().await?;
        ensure!(allows.contains("block.read"), "the page does not say what is allowed: {allows}");
        picture(client, pictures, &format!("{}, asked", self.name)).await?;
        let button = if self.approves { "approve" } else { "deny" };
        client.find(Locator::Id(button)).await?.click().await?;
        let heading = client
            .wait()
            .at_most(Duration::from_secs(30))
            .for_element(Locator::XPath("//h1[contains(., 'igned in')]"))
            .await?
            .text()
            .await?;
        picture(client, pictures, &format!("{}, answered", self.name)).await?;
        let expected = if self.approves { "✓ Signed in" } else { "✗ Not signed in" };
        ensure!(heading == expected, "the browser shows `{heading}` and not `{expected}`");
        Ok(())
    }

    /// Who is signed in afterwards, as the program tells it.
    fn check_accounts(&self, program: Program<'_>, username: &str) -> Result<()> {
        let output = program.command().args(["accounts", "--json"]).output()?;
        ensure!(output.status.success(), "`blocks accounts` failed");
        let lines = String::from_utf8(output.stdout)?;
        let accounts: Vec<Value> =
            lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        if !self.approves {
            ensure!(accounts.is_empty(), "there is an account after a no: {accounts:?}");
            return Ok(());
        }
        let [account] = &accounts[..] else {
            anyhow::bail!("there are {} accounts after one sign-in", accounts.len());
        };
        ensure!(account["username"] == username, "somebody else is signed in: {account}");
        ensure!(account["sign_in"]["refreshable"] == true, "it does not stay signed in: {account}");
        Ok(())
    }
}

async fn picture(client: &Client, folder: Option<&Path>, name: &str) -> Result<()> {
    let Some(folder) = folder else { return Ok(()) };
    std::fs::create_dir_all(folder)?;
    let file = folder.join(format!("{}.png", name.replace([' ', ',', ':'], "-")));
    std::fs::write(&file, client.screenshot().await?)
        .with_context(|| format!("writing {}", file.display()))
}

/// `blocks login` under way; it ends when dropped.
struct Login(Child);

impl Login {
    /// The address that it asks the person to open.
    fn address(&mut self) -> Result<String> {
        let stderr = self.0.stderr.take().context("the login has no stderr")?;
        let mut lines = BufReader::new(stderr).lines();
        let mut said = Vec::new();
        for line in lines.by_ref() {
            let line = line?;
            if line.trim().starts_with("http") {
                // Whatever else it says is read, so that it is never kept from saying it.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(line.trim().to_owned());
            }
            said.push(line);
        }
        anyhow::bail!("the login shows no address: {said:?}")
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running driver of the browser; it ends when dropped.
struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    fn start(program: &str) -> Result<Self> {
        let mut process = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("`{program}` cannot be run"))?;
        let stdout = process.stdout.take().context("the driver has no output")?;
        let mut driver = Self { process, url: String::new() };
        let mut lines = BufReader::new(stdout).lines();
        for line in lines.by_ref() {
            let line = line?;
            let port = line.strip_suffix('.').and_then(|line| line.rsplit_once("on port "));
            if let Some((_, port)) = port {
                driver.url = format!("http://localhost:{port}");
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(driver);
            }
        }
        anyhow::bail!("`{program}` does not say which port it listens on")
    }

    /// A browser without a window, with no past.
    async fn client(&self) -> Result<Client> {
        let mut args = vec!["--headless=new", "--window-size=800,700", "--disable-gpu"];
        if is_root() {
            // Chromium refuses its own sandbox to the superuser.
            args.push("--no-sandbox");
        }
        let Value::Object(wishes) = json!({ "goog:chromeOptions": { "args": args } }) else {
            anyhow::bail!("the wishes are no object");
        };
        ClientBuilder::new(HttpConnector::new())
            .capabilities(wishes)
            .connect(&self.url)
            .await
            .context("the driver opens no browser")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether this process runs as the superuser; where /proc does not tell, it does not.
fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0"))
}
