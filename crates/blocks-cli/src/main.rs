//! The program `blocks`.

fn main() -> std::process::ExitCode {
    blocks_cli::main()
}
