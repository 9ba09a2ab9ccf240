//! `check`: whether expectations hold, for one account on the command line or a suite of checks in a file.
//!
//! Every expectation is evaluated and reported. A look-up that fails outranks an unmet expectation: an incomplete run is no
//! verdict. A suite goes on after a failure, and exits with the code that its failures share.

mod junit;
mod result;
mod run;
mod suite;
mod target;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use result::CheckResult;
use run::CheckRun;
use suite::Check;
use target::CheckTarget;

use super::poll::Expectation;
use super::session::Target;
use super::violations::{Violations, Warnings};
use super::{CommandStatus, Context};
use crate::account::redact::Tokens;
use crate::account::{Redactor, id};
use crate::batch;
use crate::client::Trace;
use crate::config::{self, DEFAULT_JOBS, values};
use crate::error::{Error, Kind, Result};
use crate::flags::Takes;
use crate::process;

const EXAMPLES: &str = "\
Without --expect, the account must exist. Exit code 0: all expectations hold;
10: one does not. Any other code: the account could not be looked up (see
`acctq help exit-codes`), which is no verdict. In a suite, too, failed look-ups
outrank 10: it exits with the code that they share, else with 1.

A suite is a TOML file; `profile`, `retry_for` and `strict` are optional:

  version = 1

  [[check]]
  name = \"the pro plan is active\"
  id = \"cacc_activestandard\"
  expect = [\"status=active\", \"metadata.plan=pro\"]

  [[check]]
  name = \"the account stays\"
  id = \"provisioned-family\"
  expect = \"!ends_at\"
  profile = \"sandbox\"   # instead of the selected one
  retry_for = \"30s\"     # repeat it, every 5 s or 10 times, until it holds
  strict = true         # as --strict, for this check

-o json prints an object, and for a suite an array of them: name, id, api,
profile, verdict (met, unmet or error), found, expectations (each expect, holds,
actual, note), error, lookups, elapsed_ms. All keys are always there; null means
unknown, not set or, as the note says, secret or too long. Reports do not repeat
a secret that a name or an expectation contains.

Examples:
  acctq -p sandbox check cacc_activestandard --expect status=active
  acctq -p sandbox check ending --expect 'ends_at>now+14d' --expect 'ends_at?'
  acctq -p sandbox check gone --expect not_found
  acctq check --suite smoke.toml --report-junit report.xml";

/// `<ID> [--expect EXPR]...`, `--suite FILE`
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    override_usage = "acctq check [OPTIONS] <ID>\n       acctq check [OPTIONS] --suite <FILE>"
)]
pub struct Args {
    /// The account
    #[arg(value_name = "ID", required_unless_present = "suite")]
    id: Option<String>,
    /// Expect this to hold, such as status=active; repeatable. See `acctq help expressions`
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    expect: Vec<String>,
    /// Run all checks of this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "expect"])]
    suite: Option<PathBuf>,
    /// Write the results of the suite to this file, as XML in the format of `JUnit`
    #[arg(long, value_name = "FILE")]
    report_junit: Option<PathBuf>,
    #[arg(
        long,
        value_name = "N",
        value_parser = values::jobs(),
        allow_hyphen_values = true,
        help = format!("Run N checks of a suite at once, 1 to 256 [default: {DEFAULT_JOBS}]")
    )]
    jobs: Option<usize>,
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &["profile", "output", "strict", "timeout", "retries", "config", "verbose"];
}

/// Checks, and reports.
pub fn run(args: &Args, context: &Context<'_>) -> Result<CommandStatus> {
    let Context { flags, env, ui, shutdown } = context;
    let started = Instant::now();
    let checks: Vec<_> = load(args, context)?.into_iter().map(Arc::new).collect();
    let tokens = Tokens::default();
    let targets = CheckTarget::all(&checks, context, &tokens);
    let run = Arc::new(CheckRun {
        ui: (*ui).clone(),
        checks,
        redactor: Redactor::new(false, tokens),
        suite: args.suite.clone(),
        junit: args.report_junit.clone(),
        format: config::output_setting(&flags.for_config(), env)?.value,
        started,
        done: AtomicUsize::new(0),
        state: Mutex::default(),
    });
    let (ended, explained) = (run.clone(), run.clone());
    shutdown.on_signal(move |kind| ended.end(kind));
    shutdown.explain(move |kind| Some(explained.interrupted(kind)));
    if args.suite.is_some() {
        ui.begin_progress(env);
    }
    let trace = |trace: &Trace<'_>| ui.trace(trace);
    let lookups: Vec<_> = targets.iter().map(|target| target.lookups(&trace)).collect();
    process::raise_file_limit();
    let jobs = args.jobs.unwrap_or(DEFAULT_JOBS).min(run.checks.len());
    let mut warnings = Warnings::new(ui, args.suite.is_some());
    batch::run(
        jobs,
        run.checks.iter().take_while(|_| !shutdown.is_requested()),
        |check| Ok(target::judge(check, &lookups, &run, flags.strict)),
        |_| 0,
        |next| {
            let Some((check, judged)) = next else { return };
            let (result, violations) = judged
                .unwrap_or_else(|panic| (CheckResult::skipped(check, &run.redactor, panic), Violations::default()));
            let target = Target::account(&check.id, result.profile.as_deref());
            warnings.warn(violations, target, false);
            run.add(result);
        },
    );
    ui.end_progress();
    warnings.sum_up();
    run.finish()
}

/// The checks of the suite, or the one of the command line.
fn load(args: &Args, context: &Context<'_>) -> Result<Vec<Check>> {
    if let Some(path) = &args.suite {
        if let Some(report) = &args.report_junit {
            let config = config::config_path(&context.flags.for_config(), context.env).ok();
            let taken = [("suite", Some(path)), ("configuration", config.as_ref().map(|config| &config.value))];
            for (what, path) in taken {
                if let Some(path) = path.filter(|path| is_same_file(report, path)) {
                    let message = format!("--report-junit would overwrite the {what}, {}", path.display());
                    return Err(Error::new(Kind::Usage, message).hint("name another file for the report"));
                }
            }
        }
        return suite::read(path);
    }
    // clap's `requires` does not work for arguments that conflict with the suite.
    let for_suites = [("--report-junit", args.report_junit.is_some()), ("--jobs", args.jobs.is_some())];
    if let Some((flag, _)) = for_suites.iter().find(|(_, is_given)| *is_given) {
        return Err(Error::new(Kind::Usage, format!("{flag} needs --suite"))
            .hint("leave it out, or put the check into a suite"));
    }
    let id = id::route(args.id.as_deref().unwrap_or_default())?;
    Ok(vec![Check {
        name: None,
        line: None,
        expectations: Expectation::parse_all(&args.expect, id.resource())?,
        id,
        profile: None,
        retry_for: None,
        strict: false,
    }])
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().ok();
    whole(one).is_some_and(|path| whole(other) == Some(path))
}
