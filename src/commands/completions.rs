//! `completions`: for the shell to read.

use std::collections::BTreeSet;

use clap_complete::Shell;

use super::{Context, Ending};
use crate::error::Result;
use crate::flags::Takes;

/// How each shell takes them.
const EXAMPLES: &str = "\
Examples:
  acctq completions bash >~/.local/share/bash-completion/completions/acctq
  acctq completions zsh >~/.zfunc/_acctq
  acctq completions fish >~/.config/fish/completions/acctq.fish";

/// `<SHELL>`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &[];
}

/// Prints them.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
    let Args { shell } = args;
    let (mut tree, mut out) = ((context.tree)(), Vec::new());
    clap_complete::generate(*shell, &mut tree, "acctq", &mut out);
    if let (Shell::Bash, Ok(script)) = (shell, str::from_utf8(&out)) {
        out = past_values(script, &tree).into_bytes();
    }
    context.ui.print(&out)?;
    Ok(Ending::Done)
}

/// Where the script of bash begins to look at a word for the name of a command.
const WORDS: &str = "    do\n        case \"${cmd},${i}\" in\n";

/// The script of bash, which takes the value of a flag for no command: clap's would, in `-p sandbox`.
fn past_values(script: &str, tree: &clap::Command) -> String {
    let mut flags = BTreeSet::new();
    with_values(tree, &mut flags);
    let flags = Vec::from_iter(flags).join("|");
    // bash gives the equals sign of `--profile=sandbox` as a word of its own.
    let past = format!(
        "    do
        if [[ -n \"${{flag}}\" ]]; then
            [[ \"${{i}}\" == \"=\" ]] || flag=\"\"
            continue
        fi
        case \"${{i}}\" in
            {flags})
                flag=\"${{i}}\"
                continue
                ;;
        esac
        case \"${{cmd}},${{i}}\" in
"
    );
    script.replacen(WORDS, &past, 1).replacen(
        "local i cur prev opts cmd\n",
        "local i cur prev opts cmd flag=\"\"\n",
        1,
    )
}

/// The flags that take a value, at every level.
fn with_values(command: &clap::Command, flags: &mut BTreeSet<String>) {
    for arg in command.get_opts() {
        flags.extend(arg.get_long().map(|long| format!("--{long}")));
        flags.extend(arg.get_short().map(|short| format!("-{short}")));
    }
    for below in command.get_subcommands() {
        with_values(below, flags);
    }
}
