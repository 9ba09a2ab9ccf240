//! `auth login` and `auth logout`: a token is tried, and stored beside the configuration, or the program named that prints it.

use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use super::session::{Session, Target};
use super::{CommandStatus, Context};
use crate::account::{RESOURCES, Resource};
use crate::client::Throttle;
use crate::config::{
    self, Api, BaseUrl, Endpoint, NAME_RULE, NewSource, Origin, SANDBOX, Secret, Setting, Settings, Store, TokenSource,
    is_profile_name, shell_quoted, variable_names,
};
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;
use crate::streams;

/// The most that is read of standard input: the longest token, blanks around it, and a part of a next line.
const MAX_INPUT: u64 = 16 * 1024;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The token comes from a prompt that does not show it, or is a line of standard
input; it is tried, and stored in plain text in a file that only you can read,
beside the configuration, which names it. With -- PROGRAM, what that program
prints is tried, and the program is named: no secret is stored.

The profile is that of -p, ACCTQ_PROFILE or default_profile, and is made if it
does not exist.

Examples:
  acctq -p test auth login connect --url https://api.example.com
  acctq -p prod auth login partner --url https://billing.1password.com \\
    -- op read op://Support/partner-api/token")]
pub struct Login {
    /// The API: connect or partner; may be left out if the profile has only one
    #[arg(value_name = "API", value_parser = RESOURCES.map(|resource| resource.api), hide_possible_values = true)]
    api: Option<String>,
    /// The base URL, for a profile that has none yet
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Store the token without trying it
    #[arg(long)]
    no_verify: bool,
    /// A program that prints the token, with its arguments
    #[arg(last = true, value_name = "PROGRAM")]
    program: Vec<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  acctq -p test auth logout connect")]
pub struct Logout {
    /// The API: connect or partner; may be left out if the profile has only one
    #[arg(value_name = "API", value_parser = RESOURCES.map(|resource| resource.api), hide_possible_values = true)]
    api: Option<String>,
}

impl Takes for Login {
    const FLAGS: &'static [&'static str] = &["profile", "timeout", "retries", "config"];
}

impl Takes for Logout {
    const FLAGS: &'static [&'static str] = &["profile", "config"];
}

/// What a command is about.
struct Place<'s> {
    store: Store<'s>,
    resource: &'static Resource,
    /// What the configuration says of it.
    api: Option<&'s Api>,
}

impl<'s> Place<'s> {
    fn new(settings: &'s Settings, api: Option<&str>, command: &str) -> Result<Self> {
        settings.require_sound_file()?;
        let usage = |what: &str, hint: &str| Error::new(Kind::Usage, what).hint(hint);
        let profile = settings.profile.as_ref().ok_or_else(|| {
            usage("no profile is selected", &format!("name one, such as test: `acctq -p test auth {command} --help`"))
        })?;
        if profile.value == SANDBOX {
            return Err(usage(
                "the profile `sandbox` is built in, and needs no token",
                "choose another profile with -p",
            ));
        }
        if !is_profile_name(&profile.value) {
            return Err(usage(NAME_RULE, "choose another name"));
        }
        let apis: Vec<_> = settings.apis(&profile.value).collect();
        let resource = match (api, &apis[..]) {
            (Some(api), _) => RESOURCES.into_iter().find(|resource| resource.api == api),
            (None, [(resource, _)]) => Some(*resource),
            _ => None,
        };
        let resource = resource.ok_or_else(|| {
            let both = RESOURCES.map(|resource| format!("`acctq auth {command} {}`", resource.api)).join(" or ");
            usage(&format!("which API of the profile {}?", profile.value), &both)
        })?;
        let api = apis.iter().find(|(known, _)| known.api == resource.api).and_then(|(_, api)| api.as_ref().ok());
        let path = settings.path.as_ref().ok_or_else(|| config::no_file(None))?;
        let store = Store { config: &path.value, profile: &profile.value, api: resource.api };
        Ok(Place { store, resource, api })
    }

    /// The token's source in the configuration, if `auth login` has not stored it; or the place of the stored one.
    fn source(&self) -> Option<Result<&Origin, &Setting<Arc<TokenSource>>>> {
        let token = self.api?.token.as_ref()?;
        let is_ours = matches!(&*token.value, TokenSource::File(path) if *path == self.store.token_path());
        Some(if is_ours { Ok(&token.origin) } else { Err(token) })
    }

    fn not_ours(&self, token: &Setting<Arc<TokenSource>>) -> Error {
        let what =
            format!("the token of {} comes from {}, which `auth login` has not stored", self.store, token.from());
        token.origin.blame(Error::new(Kind::Config, what).hint("remove that line of the configuration first"))
    }

    fn base_url(&self, url: Option<&str>) -> Result<Setting<BaseUrl>> {
        let usage = |what, hint: String| Error::new(Kind::Usage, what).hint(hint);
        let example = self.resource.example_url;
        let parse = |url| {
            BaseUrl::parse(url).map_err(|words| usage(format!("--url {words}"), format!("such as --url {example}")))
        };
        let known = self.api.and_then(|api| api.base_url.clone());
        match (known, url.map(parse).transpose()?) {
            (Some(Setting { value, origin }), Some(url)) if value != url => Err(usage(
                format!("--url differs from the base_url of {}, {value} ({origin})", self.store),
                "leave --url out, choose another profile, or change the configuration".to_owned(),
            )),
            (Some(known), _) => Ok(known),
            (None, Some(url)) => Ok(Setting::new(url, Origin::Flag("--url"))),
            (None, None) => {
                Err(usage(format!("{} has no base_url yet", self.store), format!("add it: --url {example}")))
            }
        }
    }
}

pub fn login(args: &Login, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, shutdown, tokens, .. } = context;
    let session = Session::of(context, Settings::survey(&flags.for_config(), env)?)?;
    let settings = &session.settings;
    let place = Place::new(settings, args.api.as_deref(), "login")?;
    let Place { store, resource, api } = &place;
    let winning = variable_names(resource.api).into_iter().find(|name| env.get_allowing_empty(name).is_some());
    let is_named = settings.profile.as_ref().is_some_and(|profile| matches!(profile.origin, Origin::Flag(_)));
    if let (Some(name), false) = (winning, is_named) {
        let what = format!("{name} is set, and would be used instead of a stored token");
        return Err(Error::new(Kind::Config, what).hint("unset it, or name the profile with -p, which sets it aside"));
    }
    let mut program = args.program.clone();
    if let Some(name) = program.first_mut().filter(|name| name.contains('/')) {
        *name = std::path::absolute(&*name).map_or(name.clone(), |path| path.to_string_lossy().into_owned());
    }
    match place.source() {
        Some(Err(token)) if program.is_empty() || token.value.command() != Some(&program) => {
            return Err(place.not_ours(token));
        }
        _ => {}
    }
    let base_url = place.base_url(args.url.as_deref())?;
    let source = if program.is_empty() {
        let prompt = format!("Token for {store} ({}; it is not shown): ", base_url.value.authority());
        let line = read_token(&prompt, context)?;
        let token =
            Secret::new(line.trim_ascii()).map_err(|flaw| Error::new(Kind::Auth, format!("the token {flaw}")))?;
        tokens.add(token.expose());
        NewSource::Stored(token)
    } else {
        NewSource::Command(program)
    };
    let token = match &source {
        NewSource::Stored(token) => TokenSource::Literal(token.expose().to_owned(), "what was entered".to_owned()),
        NewSource::Command(program) => settings.program(program.clone()),
    };
    let endpoint = Endpoint {
        profile: Some(store.profile.to_owned()),
        base_url,
        token: Setting::new(Arc::new(token), Origin::BuiltIn),
        ca_file: api.and_then(|api| api.ca_file.clone()),
        client_cert: api.and_then(|api| api.client_cert.clone()),
    };
    if !args.no_verify {
        let target = Target { resource, id: None, profile: Some(store.profile) };
        shutdown.doing(format!("while trying the token for {store}; nothing was stored"), target.context());
        let throttle = Throttle::single();
        let try_it = || session.client_at(&endpoint, &throttle)?.probe(resource, Instant::now());
        ui.during(env, || format!("trying the token for {store}"), try_it).map_err(|error| {
            let hint = error.hint_text().unwrap_or_default().to_owned();
            target.describe(error).hint(format!("nothing was stored; {hint}"))
        })?;
    }
    let Some(_guard) = shutdown.guard() else {
        return Err(Error::new(Kind::Interrupted, "interrupted before the token was stored"));
    };
    let works = if args.no_verify { "was not tried" } else { "works" };
    let what = match source {
        NewSource::Stored(_) => {
            format!("stands in plain text in {}, which only you can read", shell_quoted(&store.token_path()))
        }
        NewSource::Command(_) => "is stored nowhere: the program is asked for it".to_owned(),
    };
    store.save(&source, &endpoint.base_url.value.to_string())?;
    let config = shell_quoted(store.config);
    ui.note(&format!("note: the token for {store} {works}, and {what}; {config} names it"));
    Ok(CommandStatus::Done)
}

pub fn logout(args: &Logout, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, .. } = context;
    let settings = Settings::survey(&flags.for_config(), env)?;
    let place = Place::new(&settings, args.api.as_deref(), "logout")?;
    let store = &place.store;
    match place.source() {
        Some(Ok(Origin::File { line, .. })) => {
            store.forget(*line)?;
            ui.note(&format!(
                "note: the token for {store} is forgotten here; at the server it is valid until it is revoked there"
            ));
        }
        Some(Err(token)) => return Err(place.not_ours(token)),
        _ => ui.note(&format!("note: no token is stored for {store}")),
    }
    Ok(CommandStatus::Done)
}

/// One line: from a prompt that does not show it, or from standard input where that is no terminal.
fn read_token(prompt: &str, context: &Context<'_>) -> Result<Vec<u8>> {
    if !io::stdin().is_terminal() {
        return read_line(|| false);
    }
    #[cfg(not(unix))]
    {
        let _ = (prompt, context);
        let message = "there is no prompt for tokens on this system";
        Err(Error::new(Kind::Usage, message).hint("give the token on standard input, or a program after --"))
    }
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
        /// How long the rest of a paste may take to arrive: 50 ms.
        const PASTE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        let shown = tcgetattr(io::stdin()).map_err(|error| unreadable(error.into()))?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        // What was typed before is dropped, and so is the rest of a paste, which a shell would run.
        let set = |modes: &Termios| tcsetattr(io::stdin(), OptionalActions::Flush, modes);
        let (ui, before) = (context.ui.clone(), shown.clone());
        context.shutdown.on_signal(move |_| {
            let _ = set(&before);
            ui.close();
        });
        set(&hidden).map_err(|error| unreadable(error.into()))?;
        let _ = streams::stderr().write_all(prompt.as_bytes());
        let line =
            read_line(|| poll(&mut [PollFd::new(&io::stdin(), PollFlags::IN)], Some(&PASTE)).is_ok_and(|n| n > 0));
        let _ = set(&shown);
        line
    }
}

/// Reads a line of standard input, which must be the only one: `has_more` says whether more has come.
fn read_line(has_more: impl FnOnce() -> bool) -> Result<Vec<u8>> {
    let mut reader = BufReader::new(streams::stdin().take(MAX_INPUT));
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).map_err(unreadable)?;
    if !reader.buffer().trim_ascii().is_empty() || (line.ends_with(b"\n") && has_more()) {
        let message = "there is more than one line; nothing was stored";
        return Err(Error::new(Kind::Auth, message).hint("give the token alone"));
    }
    Ok(line)
}

fn unreadable(error: io::Error) -> Error {
    Error::new(Kind::Failed, "the token could not be read").because(error)
}
