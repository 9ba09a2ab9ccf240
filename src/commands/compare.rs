//! `compare`: the same account in several profiles, field by field. What the servers sent is compared, secrets included, and redacted
//! afterwards. An account that is gone (410) is not found, as in expressions; any other failure leaves nothing to compare.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::iter;
use std::time::Instant;

use super::session::{Session, Target};
use super::violations::{self, Violations, Warnings};
use super::{CommandStatus, Context};
use crate::account::redact::REDACTED;
use crate::account::{Account, Entry, Id, Number, Redactor, Selection, id};
use crate::batch;
use crate::client::Throttle;
use crate::config::DEFAULT_JOBS;
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;
use crate::json::{self, Json, View};
use crate::output::{self, BOLD, Cell, DIFFERS, Format, PLAIN};
use crate::text::{EXCERPT, excerpt};

/// `<ID> -p NAME -p NAME...`
#[derive(Debug, clap::Args)]
#[command(after_help = include_str!("help/compare.txt").trim_end())]
pub struct Args {
    /// The account; name two profiles or more, each with -p
    #[arg(value_name = "ID")]
    id: String,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] =
        &["profile", "output", "fields", "reveal", "redact", "strict", "timeout", "retries", "config", "verbose"];
}

/// Looks the account up in every profile, and prints what they have.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, shutdown, .. } = context;
    let id = &id::route(&args.id)?;
    let (resource, target) = (id.resource(), Target::account(id, None));
    let mut seen = HashSet::new();
    let names: Vec<_> = flags.profiles.iter().map(String::as_str).filter(|name| seen.insert(*name)).collect();
    let open = |name: &&str| Session::open(context, &flags.with_profile(name).for_config());
    let sessions = names.iter().map(open).collect::<Result<Vec<_>>>()?;
    let [Session { settings, .. }, _, ..] = &sessions[..] else {
        return Err(Error::new(Kind::Usage, "`acctq compare` takes two different profiles or more")
            .hint("give each with -p; `acctq config show` lists them"));
    };
    let selection = flags.fields.as_ref();
    let selection = selection.map(|names| Selection::new(names, &[resource], flags.reveal)).transpose()?;
    let selection = selection.as_ref();
    let what = format!("comparing {target} in {}", names.join(", "));
    shutdown.doing(format!("while {what}"), target.context());

    let mut answers = Vec::new();
    let work = |(name, session): &(&&str, &Session<'_>)| {
        look_up(session, id, flags.strict).map_err(|error| about_profile(error, name, context))
    };
    let deliver = |next: Option<(_, Answer)>| answers.extend(next.map(|(_, answer)| answer));
    let look_ups = || batch::run(names.len().min(DEFAULT_JOBS), names.iter().zip(&sessions), work, |_| 0, deliver);
    ui.during(env, || what.clone(), look_ups);
    if shutdown.is_requested() {
        // The signal is told, and nothing of what it has interrupted.
        return Ok(CommandStatus::Done);
    }

    let errors = answers.iter().filter_map(|answer| answer.as_ref().err());
    let (lacking, failed): (Vec<_>, Vec<_>) =
        errors.partition(|error| matches!(error.kind(), Kind::NotFound | Kind::Gone));
    let errors = if lacking.len() == names.len() { &lacking } else { &failed };
    if let Some(kind) = Kind::merge(errors.iter().map(|error| error.kind())) {
        errors.iter().copied().for_each(|error| ui.error(error));
        return Ok(kind.into());
    }

    let found = || answers.iter().flatten();
    // The first answer that has all names of -F makes them known.
    let _ = found().any(|(account, redactor, _)| account.entries(selection, redactor).is_ok());
    let place = |name: &str| match selection {
        Some(selection) => (selection.names().position(|own| resource.own_name(own) == name).unwrap_or_default(), 0),
        None => output::position(resource, name),
    };
    let (base, mut profiles, mut members) = (context.redactor(), Vec::new(), BTreeMap::new());
    let revealing = Redactor::new(true, base.tokens().clone());
    for (column, (name, answer)) in names.iter().zip(&answers).enumerate() {
        let mut document = "null".to_owned();
        if let Ok((account, redactor, violations)) = answer {
            let entries = account.entries(selection, redactor)?;
            let shown = entries.iter().filter_map(|entry| Some((entry.name, entry.value?)));
            document = String::from_utf8(output::object(Format::Ndjson, shown, redactor)).unwrap_or_default();
            for Entry { name, value } in account.entries(selection, &revealing)? {
                members.entry((place(name), name)).or_insert_with(|| vec![None; names.len()])[column] = value;
            }
            Warnings::new(ui).warn(violations.clone(), Target::account(id, Some(name)), false);
        }
        profiles.push(format!("{}:{document}", json::to_string(name)));
    }

    let (mut differing, mut seen) = (Vec::new(), HashSet::new());
    let head = iter::once("  Field").chain(names.iter().copied()).map(|text| (text.to_owned(), BOLD));
    let mut rows: Vec<Vec<Cell>> = vec![head.collect()];
    for ((_, name), values) in members {
        let all: Option<Vec<_>> = values.iter().copied().collect();
        let differs = all.is_none_or(|all| all.iter().any(|value| !is_same(*value, all[0])));
        let shown = match selection {
            // A name may hold the secret itself.
            _ if found().any(|(_, redactor, _)| redactor.hides_text(name)) => REDACTED,
            Some(_) => name,
            None => base.shown_name(name),
        };
        let cells = answers.iter().zip(values).map(|(answer, value)| match (answer, value) {
            (Ok((account, redactor, _)), Some(value)) => {
                output::described(account, &account.entry(name, value, redactor), redactor, ui.screen().now)
            }
            (Ok(_), None) => (String::new(), PLAIN),
            (Err(error), _) => (error.kind().code().replace('_', " "), PLAIN),
        });
        let (sign, style) = if differs { ('≠', DIFFERS) } else { (' ', BOLD) };
        let label = (format!("{sign} {}", output::label(shown, resource.field(name))), style);
        rows.push(iter::once(label).chain(cells).collect());
        if differs && seen.insert(shown) {
            differing.push(shown);
        }
    }
    let output = match settings.output.value.for_other_results() {
        format if format.is_table() => output::write_cells(&rows, ui.screen().of(format)),
        format => {
            let texts =
                [json::to_string(&id.as_str()), format!("{{{}}}", profiles.join(",")), json::to_string(&differing)];
            let members = ["id", "profiles", "differing"].into_iter().zip(texts.iter().map(|text| Json::checked(text)));
            output::object(format, members, &revealing)
        }
    };
    ui.report(&output)?;
    let words = match lacking.len() {
        0 if differing.is_empty() => {
            ui.advise(&format!("{target} is alike in {}", names.join(", ")));
            return Ok(CommandStatus::Done);
        }
        0 => excerpt(&base.redact(&differing.join(", ")), EXCERPT),
        _ => "not each of them has it".to_owned(),
    };
    let message = format!("{target} differs in {}: {words}", names.join(", "));
    Err(target.describe(Error::new(Kind::Unmet, message)))
}

/// An account, its redactor, and how it violates the contract; or why there is none.
type Answer = Result<(Account, Redactor, Violations)>;

/// The error with its profile named; the commands of its hint are about that, too.
fn about_profile(error: Error, name: &str, Context { flags, env, .. }: &Context<'_>) -> Error {
    let error = error.with_commands(&flags.with_profile(name).ui_options(env).invocation);
    let words = format!("profile {name}");
    if error.to_string().contains(&words) { error } else { error.with_suffix(&format!(" ({words})")) }
}

/// Looks the account up in one profile.
fn look_up(session: &Session<'_>, id: &Id, strict: bool) -> Answer {
    let (started, throttle) = (Instant::now(), Throttle::single());
    let client = session.client(id.resource(), Some(id), &throttle)?;
    let found = client.look_up(id, started, None)?;
    let violations = violations::check(&found, strict, Target::account(id, client.profile()))?;
    let redactor = session.redactor().for_account(&found.account);
    Ok((found.account, redactor, violations))
}

/// Whether two values are the same: members in any order, numbers by value.
fn is_same(a: Json<'_>, b: Json<'_>) -> bool {
    match (a.view(), b.view()) {
        (View::Number(a), View::Number(b)) => a == b || Number::parse(a).is_some_and(|a| Some(a) == Number::parse(b)),
        (View::Array(a), View::Array(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| is_same(*a, *b)),
        (View::Object(a), View::Object(b)) => {
            let b: HashMap<_, _> = b.into_iter().collect();
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_same(*a, *b)))
        }
        (a, b) => a == b,
    }
}
