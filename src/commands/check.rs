//! `check`: whether what is expected holds. One account on the command line, or a suite of them in a file.
//!
//! Every expectation is judged and reported. A question that could not be asked outranks a verdict that is no: an incomplete
//! run is no verdict. A suite goes on after a failure, and fails with what its failures have in common.

mod findings;
mod junit;
mod report;
mod sites;
mod suite;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ArgAction;
use findings::Findings;
use report::{Finding, Judgement};
use sites::{Asked, Site, Source};
use suite::Check;

use super::clients::{Endpoints, at_once};
use super::drifts::{Drifts, Strays};
use super::question::{Answer, Ended, Expectation, Patience};
use super::under_way::UnderWay;
use super::veil::Veil;
use super::{Context, Ending};
use crate::account::id;
use crate::amount::grouped;
use crate::batch::{self, Turn, Weigh};
use crate::client::Trace;
use crate::config::{self, parse_jobs};
use crate::error::{Error, Kind, Result};
use crate::expression::Actual;
use crate::flags::Takes;

/// What is told of a check that a signal came before.
const INTERRUPTED: &str = "the run was ended by a signal before this was answered";

/// How many checks are under way at once, unless it is said.
const JOBS: usize = 8;

/// How often a check is asked again that has `retry_for`, at the least, and so many times in all if that is more often.
const INTERVAL: Duration = Duration::from_secs(5);
const TIMES: u32 = 10;

const EXAMPLES: &str = "\
Without --expect, the account must be found. Exit code 0: all that is expected
holds; 10: something does not. Any other: it could not be asked (`acctq help
exit-codes`), and that is no verdict. What cannot be asked outranks 10 in a
suite, too: it exits with the code that these failures share, else with 1.

A suite is TOML. `profile`, `retry_for` and `strict` may be left out:

  version = 1

  [[check]]
  name = \"the pro plan is active\"
  id = \"cacc_activestandard\"
  expect = [\"status=active\", \"metadata.plan=pro\"]

  [[check]]
  name = \"the account stays\"
  id = \"provisioned-family\"
  expect = \"!ends_at\"
  profile = \"sandbox\"   # instead of the one that -p names
  retry_for = \"30s\"     # asked again, every 5 s or 10 times, until it holds
  strict = true         # as --strict, for this check

-o json writes an object, and an array of them for a suite: name, id, api,
profile, verdict (met, unmet or error), found, expectations (each expect, holds,
actual, note), error, lookups, elapsed_ms. All keys are there; null is not
known, not set or, by its note, a secret or too long. A secret that a name or
an expectation spells out is not repeated: no report shows it.

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
    /// What must hold of it, such as status=active; repeat it for more. `acctq help expressions` tells all
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    expect: Vec<String>,
    // Of two, none is passed over in silence.
    /// A file of checks, which are all run
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "expect"], action = ArgAction::Append)]
    suite: Vec<PathBuf>,
    #[arg(
        long,
        value_name = "FILE",
        action = ArgAction::Append,
        help = "Write what came of the suite to this file, too, as JUnit XML"
    )]
    report_junit: Vec<PathBuf>,
    /// How many checks of a suite are under way at once: 1 to 256 [default: 8]
    #[arg(long, value_name = "N", value_parser = parse_jobs, allow_hyphen_values = true)]
    jobs: Option<usize>,
}

impl Args {
    fn suite(&self) -> Option<&Path> {
        self.suite.first().map(PathBuf::as_path)
    }
}

impl Takes for Args {
    const FLAGS: &'static [&'static str] = &[
        "profile", "output", "strict", "timeout", "retries", "config", "verbose",
    ];
}

/// Checks, and reports.
pub fn run(args: &Args, context: &Context<'_>) -> Result<Ending> {
    let Context {
        flags,
        env,
        ui,
        interrupt,
        ..
    } = context;
    let began = Instant::now();
    let checks = checks(args, context)?;
    let format = config::output(&flags.for_config(), env)?.value;
    let sites = Site::all(&checks, context);
    let endpoints: Vec<_> = sites.iter().map(Site::endpoints).collect();
    let under_way = UnderWay::new((*ui).clone());
    let (suite, junit) = (args.suite().map(Path::to_owned), args.report_junit.first());
    let tokens = endpoints.iter().flatten().flat_map(Endpoints::tokens);
    let findings = Findings::new(
        (*ui).clone(),
        checks,
        Veil::new(tokens),
        suite,
        junit.cloned(),
        format,
        began,
    );
    interrupt.leave(findings.last_words(&under_way));
    if args.suite().is_some() {
        ui.begin_progress(env);
    }
    let trace = |trace: &Trace<'_>| {
        under_way.write(interrupt, || ui.trace(trace));
    };
    let watches: Vec<_> = sites.iter().map(Site::watch).collect();
    let source = Source::new(
        &findings.checks,
        &sites,
        &endpoints,
        &watches,
        context,
        findings.veil.clone(),
        &trace,
    );
    let delivery = RefCell::new(Delivery {
        findings: &findings,
        context,
        under_way: &under_way,
        drifts: Drifts::new(ui, args.suite().is_some(), "judged"),
    });
    delivery.borrow().tell(0);
    let jobs = args.jobs.unwrap_or(JOBS).min(findings.checks.len());
    // Each site keeps connections of its own.
    let sockets: usize = endpoints.iter().flatten().map(Endpoints::sockets).sum();
    batch::run(
        at_once(jobs, sockets.max(1), ui),
        source,
        |asked, turn| judge(asked, turn),
        |asked, found| delivery.borrow_mut().deliver(asked, found),
        || (),
    );
    let delivery = delivery.into_inner();
    let finish = || {
        ui.end_progress();
        delivery.drifts.sum_up();
        findings.finish(None)
    };
    // Nobody listens after a signal.
    let finished = under_way.write(interrupt, finish);
    finished.unwrap_or(Ok(Ending::Done))
}

/// Those of the suite, or the one of the command line.
fn checks(args: &Args, context: &Context<'_>) -> Result<Vec<Check>> {
    let is_twice = |flag: &str, given: &[PathBuf], hint: &str| match given {
        [_, other, ..] => {
            let message = format!(
                "{flag} is given twice, the second time with {}",
                other.display()
            );
            Err(Error::new(Kind::Usage, message).hint(hint))
        }
        _ => Ok(()),
    };
    let hint = "put all checks into one suite, or call acctq for each";
    is_twice("--suite", &args.suite, hint)?;
    is_twice(
        "--report-junit",
        &args.report_junit,
        "it is written once; copy it",
    )?;
    if let Some(path) = args.suite() {
        if let Some(report) = args.report_junit.first() {
            let config = config::path(&context.flags.for_config(), context.env);
            let config = config.ok().map(|config| config.value);
            for (what, taken) in [
                ("suite itself", Some(path)),
                ("configuration file in use", config.as_deref()),
            ] {
                if let Some(taken) = taken.filter(|taken| is_same_file(report, taken)) {
                    let message = format!("--report-junit names the {what}, {}", taken.display());
                    return Err(Error::new(Kind::Usage, message)
                        .hint("name another file: the report takes the place of what is there"));
                }
            }
        }
        return suite::read(path, context);
    }
    // clap's `requires` does not hold beside what conflicts with the suite.
    let of_suites = [
        ("--report-junit", !args.report_junit.is_empty()),
        ("--jobs", args.jobs.is_some()),
    ];
    if let Some((flag, _)) = of_suites.iter().find(|(_, is_given)| *is_given) {
        let message = format!("{flag} has no meaning without --suite");
        return Err(
            Error::new(Kind::Usage, message).hint("leave it out, or put the check into a suite")
        );
    }
    let id = id::route(args.id.as_deref().unwrap_or_default())?;
    Ok(vec![Check {
        name: None,
        line: None,
        expectations: Expectation::all(&args.expect, id.resource(), context)?,
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

/// What was found out about one check.
struct Found {
    result: Result<(Judgement, Strays)>,
    lookups: u32,
    elapsed: Duration,
}

impl Weigh for Found {
    fn weight(&self) -> usize {
        let Ok((judgement, _)) = &self.result else {
            return 0;
        };
        let shown = judgement.verdicts.iter().map(|verdict| &verdict.actual);
        shown
            .map(|actual| match actual {
                Actual::Value(text) => text.capacity(),
                _ => 0,
            })
            .sum()
    }
}

/// Asks one question, again and again if it may be.
fn judge(asked: &Asked<'_>, turn: &Turn<'_>) -> Result<Found> {
    let question = asked.question.as_ref().map_err(Clone::clone)?;
    let start = || {
        let now = Instant::now();
        now.checked_sub(asked.spent).unwrap_or(now)
    };
    let began = start();
    let claim = |bytes| turn.claim(bytes);
    let lookups = Cell::new(0);
    let result = match asked.check.retry_for {
        None => {
            asked.admitted()?;
            lookups.set(1);
            question.ask(start(), None, &claim)
        }
        Some(within) => {
            let patience = Patience::new(began, within, (within / TIMES).min(INTERVAL));
            let admitted = || {
                let held = Instant::now();
                asked.admitted()?;
                lookups.set(lookups.get() + 1);
                Ok(held.elapsed())
            };
            match question.poll(patience, &claim, admitted, |_| Ok(())) {
                Ok(Ended::Met(answer) | Ended::Settled(answer, _) | Ended::StillNot(answer)) => {
                    Ok(answer)
                }
                Ok(Ended::Unknown { failure, .. }) | Err(failure) => Err(failure),
            }
        }
    };
    asked.answered(&result);
    let judged = |answer: Answer| {
        let judgement = Judgement {
            found: answer.account.is_some(),
            verdicts: answer.verdicts,
        };
        (judgement, answer.strays)
    };
    Ok(Found {
        result: result.map(judged),
        lookups: lookups.get(),
        elapsed: began.elapsed(),
    })
}

/// What becomes of the answers, in the order of the checks.
struct Delivery<'a> {
    findings: &'a Findings,
    context: &'a Context<'a>,
    under_way: &'a UnderWay,
    drifts: Drifts<'a>,
}

impl<'a> Delivery<'a> {
    /// Takes the answer of one check, and tells its failure.
    fn deliver(&mut self, asked: Asked<'a>, found: Result<Found>) {
        let found = found.unwrap_or_else(|error| Found {
            result: Err(error),
            lookups: 0,
            elapsed: asked.spent,
        });
        let veil = match asked.question {
            Ok(question) => question.veil.into_inner(),
            Err(_) => self.findings.veil.clone(),
        };
        let (result, strays) = match found.result {
            Ok((judgement, strays)) => (Ok(judgement), strays),
            Err(error) => {
                let error = self.findings.about(asked.check, &veil, error);
                (Err(error), Strays::new())
            }
        };
        let (ui, drifts) = (self.context.ui, &mut self.drifts);
        let (findings, under_way) = (self.findings, self.under_way);
        let added = under_way.write(self.context.interrupt, || {
            drifts.warn(strays, &asked.check.id, asked.profile.as_deref());
            if let (Err(error), true) = (&result, findings.suite.is_some()) {
                ui.failure(error);
            }
            findings.add(Finding {
                check: asked.check.clone(),
                veil,
                profile: asked.profile,
                result,
                lookups: found.lookups,
                elapsed: found.elapsed,
            })
        });
        if let Some(done) = added {
            self.tell(done);
        }
    }

    /// Says how far it has come.
    fn tell(&self, done: usize) {
        let Findings { checks, suite, .. } = self.findings;
        let (done, total) = (grouped(done), grouped(checks.len()));
        let words = match (suite, &checks[..]) {
            (None, [check]) => format!("while checking {}", check.id.as_str()),
            _ => format!("after {done} of {total} checks"),
        };
        self.under_way.tell(words, None);
        // Only a suite shows how far it has come.
        let ui = self.context.ui;
        ui.progress(|| format!("{done} of {total} checks done"));
    }
}
