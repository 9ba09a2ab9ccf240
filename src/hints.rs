//! The commands in hints, which stand in backticks: each gets the `-p` and `--config` of this invocation, so that it works as it
//! stands, and scripts find them in an error's `next`.

/// The flags of this invocation that the commands of its hints take over, quoted for a shell.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    pub profile: Option<String>,
    pub config: Option<String>,
}

/// The commands that take neither flag, and those that take no profile.
const WITHOUT_FLAGS: [&str; 5] = ["completions", "help", "man", "sandbox", "schema"];
const WITHOUT_PROFILE: [&str; 2] = ["config init", "config path"];

impl Invocation {
    /// The hint with its commands as they are to be run, and these.
    pub fn complete(&self, hint: &str) -> (String, Vec<String>) {
        let mut commands = Vec::new();
        let parts = hint.split('`').enumerate().map(|(number, part)| {
            let is_code = number % 2 == 1 && part.replace(r"\'", "").matches('\'').count() % 2 == 0;
            if !is_code || !["acctq ", "chmod ", "sudo ", "ulimit "].iter().any(|name| part.starts_with(name)) {
                return part.to_owned();
            }
            let command = part.strip_prefix("acctq ").map_or(part.to_owned(), |rest| self.command(rest));
            commands.push(command.clone());
            command
        });
        (parts.collect::<Vec<_>>().join("`"), commands)
    }

    /// The command line whose arguments begin with `rest`.
    fn command(&self, rest: &str) -> String {
        let is_any = |commands: &[&str]| commands.iter().any(|command| rest.starts_with(command));
        let is_help = rest.ends_with("--help") || is_any(&WITHOUT_FLAGS);
        let profile = self.profile.as_ref().filter(|_| !is_help && !rest.contains("-p ") && !is_any(&WITHOUT_PROFILE));
        let config = self.config.as_ref().filter(|_| !is_help && !rest.contains("--config "));
        let profile = profile.map(|name| format!("-p {name} ")).unwrap_or_default();
        let config = config.map(|file| format!("--config {file} ")).unwrap_or_default();
        format!("acctq {profile}{config}{rest}")
    }
}
