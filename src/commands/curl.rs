//! `--curl`: the request of a look-up or a list as a line of POSIX shell. Nothing is sent, no token is read and no helper started.
//!
//! The header with the token goes through a pipe from `printf`, which shells have built in: the token is on no command line.

use super::session::Target;
use super::{CommandStatus, Context};
use crate::account::redact::hide_credentials;
use crate::account::{Id, Resource};
use crate::config::{Settings, shell_quoted};
use crate::error::{Error, Kind, Result};
use crate::text::escape;

/// Prints the request for the account `id`, or for the list.
pub fn print(resource: &'static Resource, id: Option<&Id>, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, .. } = context;
    let settings = Settings::load(&flags.for_config(), env)?;
    if settings.is_sandbox() {
        return Err(Error::new(Kind::Usage, "the built-in sandbox runs only while acctq does: curl cannot reach it")
            .hint(
                "`acctq sandbox` serves the same accounts until interrupted, and prints the variables that lead there",
            ));
    }
    let target = Target { resource, id, profile: settings.profile.as_ref().map(|profile| profile.value.as_str()) };
    let endpoint = settings.endpoint(resource).map_err(|error| target.describe(error))?;
    let token = endpoint.token.in_shell(env).map_err(|error| target.describe(error))?;
    let base_url = &endpoint.base_url.value;
    let mut words = vec![format!(
        "printf 'Authorization: Bearer %s\\n' \"{token}\" | curl -q -H @- -H 'Accept: application/json' -sS --max-time {}",
        settings.timeout.value.as_secs_f64()
    )];
    if base_url.is_loopback() {
        words.push("--noproxy '*'".to_owned());
    }
    words.extend(endpoint.ca_file.iter().map(|file| format!("--cacert {}", shell_quoted(&file.value))));
    words.extend(endpoint.client_cert.iter().map(|client| {
        // What follows a colon would be the password of the key.
        let cert = client.cert_file.value.to_string_lossy().replace('\\', r"\\").replace(':', r"\:");
        format!("--cert {} --key {}", shell_quoted(&cert), shell_quoted(&client.key_file.value))
    }));
    words.push(shell_quoted(&format!("{base_url}{}", target.path())).into_owned());
    let line = words.join(" ");
    if hide_credentials(&line) != line || escape(&line) != line {
        let message = "the configuration has what looks like a credential, or a control character, where the command would show it";
        return Err(target
            .describe(Error::new(Kind::Config, message))
            .hint("put the token into a file that token_file names, and name files without control characters"));
    }
    ui.print(format!("{line}\n").as_bytes())?;
    let roots = endpoint.ca_file.as_ref().map_or("", |_| ", and trusts the CAs of ca_file alone");
    ui.note(&format!(
        "note: curl conceals nothing: it prints all that the server says, secrets and control characters included{roots}"
    ));
    Ok(CommandStatus::Done)
}
