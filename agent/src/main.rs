//! `rollcall-agent`: see `rollcall-agent help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rollcall_agent::cli::main()
}
