//! Holds the answers of the sandbox against the official OpenAPI files, where those are at hand.

mod accepted;
mod file;
mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use blocks_domain::BlockPair;
use blocks_fake::{Sandbox, World};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use secrecy::ExposeSecret;
use url::form_urlencoded::Serializer;

use self::file::{File, Operation};
use crate::http::{Http, Reply, Request, bearer};
use crate::openapi::OpenApi;

/// The variable that tells where the files are.
const VARIABLE: &str = "BLOCKS_SPEC_DIR";

/// What to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where the official files are [default: $BLOCKS_SPEC_DIR, then ../shared/spec].
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How many requests are made of each operation.
    #[arg(long, value_name = "N", default_value_t = 200)]
    requests: u32,
    /// Where the random requests begin; the same number gives the same requests.
    #[arg(long, value_name = "NUMBER", default_value_t = rand::random())]
    seed: u64,
    /// Fails where the files are missing.
    #[arg(long)]
    require: bool,
}

/// Makes requests as each file describes them, and prints how many were answered as it says.
///
/// # Errors
/// An answer is not as a file says and not among the accepted differences, or the files are
/// missing and required.
pub(crate) fn compare(root: &Path, options: &Options) -> Result<()> {
    let dir = folder(root, options.dir.as_deref());
    let files = OpenApi::all_in(&dir)?;
    let files = files.iter().map(File::read).collect::<Result<Vec<_>>>()?;
    if files.is_empty() {
        ensure!(!options.require, "{} holds no OpenAPI file", dir.display());
        println!("skipped: no answer was compared, for {} holds no OpenAPI file", dir.display());
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut caller = Caller::new(options.seed).await?;
        for file in &files {
            for operation in &file.operations {
                caller.call_often(file, operation, options.requests).await?;
            }
        }
        caller.conclude(options.seed)
    })
}

/// Where the official files are: what is given, what the variable says, or beside the project.
pub(crate) fn folder(root: &Path, given: Option<&Path>) -> PathBuf {
    let told = || std::env::var_os(VARIABLE).map(PathBuf::from);
    let given = given.map(Path::to_owned).or_else(told);
    given.unwrap_or_else(|| root.join("../shared/spec"))
}

/// Somebody who calls as a file describes it, and notes what is otherwise.
struct Caller {
    world: World,
    _sandbox: Sandbox,
    http: Http,
    dice: StdRng,
    page_tokens: Vec<String>,
    compared: u32,
    differences: BTreeMap<String, u32>,
    accepted: BTreeMap<&'static str, u32>,
}

impl Caller {
    async fn new(seed: u64) -> Result<Self> {
        let world = World::builder().seed(seed).blocks(1500).unavailable(20).limits(false).build();
        for number in 0..30 {
            let (stranger, owner) = (world.stranger(number), world.owner());
            world.follow(BlockPair::new(stranger, owner)?)?;
        }
        let sandbox = Sandbox::bind(world.clone(), "127.0.0.1:0").await?;
        Ok(Self {
            http: Http::to(&sandbox.url())?,
            world,
            _sandbox: sandbox,
            dice: StdRng::seed_from_u64(seed),
            page_tokens: Vec::new(),
            compared: 0,
            differences: BTreeMap::new(),
            accepted: BTreeMap::new(),
        })
    }

    async fn call_often(&mut self, file: &File, operation: &Operation, times: u32) -> Result<()> {
        self.page_tokens.clear();
        for _ in 0..times {
            let (target, reply) = self.call(operation).await?;
            let here = format!("{}: {} {}", file.name, operation.method, operation.path);
            if reply.status != 200 {
                let body = String::from_utf8_lossy(&reply.body);
                self.note(format!("{here}: {target} is answered {}: {body}", reply.status));
                continue;
            }
            let body = reply.json()?;
            for difference in operation.differences(&body) {
                let difference = format!("{here}: {difference}");
                match accepted::reason(&difference) {
                    Some(why) => *self.accepted.entry(why).or_default() += 1,
                    None => self.note(difference),
                }
            }
            let tokens = ["next_token", "previous_token"].map(|key| body["meta"][key].as_str());
            self.page_tokens.extend(tokens.into_iter().flatten().map(str::to_owned));
            self.compared += 1;
        }
        Ok(())
    }

    fn note(&mut self, difference: String) {
        *self.differences.entry(difference).or_default() += 1;
    }

    /// Makes one call, with random values for what it takes.
    async fn call(&mut self, operation: &Operation) -> Result<(String, Reply)> {
        let other = self.world.stranger(self.dice.random_range(0..100)).to_string();
        let owner = self.world.owner().to_string();
        let path = operation.path_of(|name| match name {
            "target_user_id" => other.clone(),
            _ => owner.clone(),
        });
        let pairs = operation.random_query(&mut self.dice, &self.page_tokens);
        let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut headers = vec![bearer(self.world.token().expose_secret())];
        let mut body = Vec::new();
        if operation.takes_body {
            headers.push(("content-type", "application/json".to_owned()));
            body = serde_json::json!({ "target_user_id": other }).to_string().into_bytes();
        }
        let request = Request { method: &operation.method, target: &target, headers, body };
        let reply = self.http.send(request).await?;
        Ok((target, reply))
    }

    fn conclude(self, seed: u64) -> Result<()> {
        for (why, count) in &self.accepted {
            println!("accepted {count} times: {why}");
        }
        for (difference, count) in &self.differences {
            eprintln!("{count} times: {difference}");
        }
        let kinds = self.differences.len();
        ensure!(kinds == 0, "{kinds} kinds of differences (seed {seed})");
        println!("{} answers are as the official files say (seed {seed})", self.compared);
        Ok(())
    }
}
