//! A disk that runs full: a small file system in memory, which nobody else sees.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::stage::Home;

/// Whether this system lets us mount something where nobody else sees it. Being the superuser is
/// not needed on most.
pub(super) fn is_possible() -> bool {
    let try_it = || -> Result<bool> {
        let place = tempfile::tempdir()?;
        let mut mount = apart("mount -t tmpfs none \"$0\"");
        mount.arg(place.path()).stderr(Stdio::null());
        Ok(mount.status()?.success())
    };
    try_it().unwrap_or(false)
}

/// How a program ended whose disk had only so much room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// There was enough.
    Done,
    /// It said that there was none left.
    Full,
}

/// Runs the program with the state of a home on a disk that has so many bytes of room besides, and
/// brings back to the home what it left there.
///
/// # Errors
/// The program failed in another way, or it did not say what happened, or did not tell by its
/// exit code whether there is something to go on with.
pub(super) fn run_with_room(home: &Home<'_>, bytes: u64, args: &[&str]) -> Result<End> {
    let disk = tempfile::tempdir().context("making a folder")?;
    let size = home.size()? + bytes;
    let inside = home.command(args)?;
    let mut command = apart(ON_THE_DISK);
    command.arg(format!("size={size},mode=700")).arg(disk.path()).arg(home.path());
    command.arg(inside.get_program()).args(inside.get_args());
    command.envs(inside.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("BLOCKS_HOME", disk.path());
    ended(&command.output().context("starting the program")?, disk.path())
}

/// Mounts the disk, fills it with what is at home, runs the program, and brings all of it back.
const ON_THE_DISK: &str = r#"
options=$0 disk=$1 home=$2
shift 2
mount -t tmpfs -o "$options" none "$disk" && cp -p "$home"/* "$disk" || kill $$
"$@"
code=$?
rm "$home"/* && cp -p "$disk"/* "$home" || kill $$
exit $code
"#;

/// A script of the shell whose mounts are its own.
fn apart(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null());
    command.args(["--map-root-user", "--mount", "sh", "-c", script]);
    command
}

fn ended(output: &Output, disk: &Path) -> Result<End> {
    let said = String::from_utf8_lossy(&output.stderr);
    let has_kept = said.contains("Kept so far");
    match output.status.code() {
        Some(0) => return Ok(End::Done),
        Some(7) => ensure!(has_kept, "it says to go on, and not with what: {said}"),
        Some(1) => ensure!(!has_kept, "it has kept something, and does not say to go on: {said}"),
        code => bail!("ended with {code:?}, by {:?}: {said}", output.status.signal()),
    }
    let names_the_disk = disk.to_str().is_some_and(|disk| said.contains(disk));
    let has_remedy = said.contains("Make room on the disk");
    let is_clear = said.contains("no room left") && names_the_disk && has_remedy;
    ensure!(is_clear, "it does not say that the disk is full: {said}");
    Ok(End::Full)
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use super::*;

    fn heard(code: i32, said: &str) -> Result<End> {
        let status = ExitStatus::from_raw(code << 8);
        let output = Output { status, stdout: Vec::new(), stderr: said.into() };
        ended(&output, Path::new("/disk"))
    }

    #[test]
    fn a_full_disk_must_be_told() {
        let bare = "there is no room left to write `/disk/blocks.sqlite`";
        let clear = &*format!("{bare}\n  Make room on the disk");
        let kept = format!("{clear}. Kept so far: 50 accounts");
        assert_eq!(heard(0, "").expect("done"), End::Done);
        assert_eq!(heard(1, clear).expect("told"), End::Full);
        assert_eq!(heard(7, &kept).expect("told"), End::Full);
        for (code, said) in [
            (1, "disk I/O error"),
            (1, bare),
            (1, &kept),
            (7, clear),
            (2, clear),
            (7, "Kept so far: 50"),
        ] {
            heard(code, said).expect_err(said);
        }
    }
}
