//! `lakehound completions`: completions for a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Cli;
use super::stdout::Stdout;
use super::stop::Stop;

const EXAMPLES: &str = "\
Examples:
  lakehound completions bash > ~/.local/share/bash-completion/completions/lakehound
  lakehound completions zsh > ~/.zfunc/_lakehound
  lakehound completions fish > ~/.config/fish/completions/lakehound.fish";

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &Args) -> Result<(), Stop> {
    // clap_complete panics when it cannot write, so it writes into memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lakehound", &mut script);
    let mut out = Stdout::lock();
    std::io::Write::write_all(&mut out, &script).map_err(|error| Stop::stdout(&error))?;
    out.finish()
}
