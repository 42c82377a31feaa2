//! The site's collector and the technician's command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    rollcall::cli::main()
}
