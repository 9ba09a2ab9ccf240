//! Whether what is expected holds of an account: asked once, or until it does.
//!
//! That there is no such account (404, 410) is an answer. While something is waited for, failures that may pass are ridden
//! out; what will not get better ends the waiting, and so does a state that the account cannot leave any more.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Context;
use super::clients::about;
use super::drifts::{self, Strays};
use super::veil::{self, Spelt, Veil};
use crate::account::{Account, Id, Resource};
use crate::client::Client;
use crate::error::{Error, Kind, Result};
use crate::escape::excerpt;
use crate::expression::{Actual, Expression, Verdict};
use crate::json::{self, string};

/// How much of what is there a message shows, in characters.
const SHOWN: usize = 60;

/// The last look-up of a wait gets no more than this of its time, nor than a second, and at least [`LEAST`] if that fits.
const LAST_SHARE: u32 = 10;
const LEAST: Duration = Duration::from_millis(20);

/// How much of what is there is kept of one answer, in bytes: much may be expected of one account. What is short is always kept.
const KEPT: usize = 64 * 1024;
const SHORT: usize = 64;

/// What is expected of an account.
#[derive(Clone, Debug)]
pub enum Expectation {
    /// There is one.
    Found,
    /// The expression holds.
    Holds(Expression),
}

impl Expectation {
    /// All that these texts say; if there are none, that the account is found.
    ///
    /// # Errors
    /// `usage`: one of them is no expression.
    pub fn all(texts: &[String], resource: &Resource, context: &Context<'_>) -> Result<Vec<Self>> {
        if texts.is_empty() {
            return Ok(vec![Expectation::Found]);
        }
        let parse = |text: &String| veil::parse(text, resource, || Veil::at_hand(context, None));
        let parsed = texts.iter().map(parse);
        parsed
            .map(|parsed| parsed.map(Expectation::Holds))
            .collect()
    }

    fn evaluate(&self, account: Option<&Account>, now: Timestamp) -> Verdict {
        match self {
            Expectation::Holds(expression) => expression.evaluate(account, now),
            Expectation::Found => Verdict {
                holds: account.is_some(),
                actual: account.map_or(Actual::NotFound, |_| Actual::Found),
                note: None,
            },
        }
    }

    fn spelt(&self) -> Spelt {
        Spelt::new(match self {
            Expectation::Found => "found".to_owned(),
            Expectation::Holds(expression) => expression.to_string(),
        })
    }

    /// As a report repeats it.
    pub fn shown(&self, veil: &Veil) -> String {
        self.spelt().shown(veil)
    }
}

/// What is asked of one account, and who asks.
pub struct Question<'a> {
    pub id: Id,
    pub client: Arc<Client<'a>>,
    /// What the question is called, if it has a name.
    pub name: Option<Spelt>,
    pub expectations: Vec<Expectation>,
    /// What stands before the words of whoever asks. It grows with what is learnt of the account.
    pub veil: RefCell<Veil>,
    /// Whether an answer that strays from the contract is a failure.
    pub strict: bool,
}

/// What one look-up has told.
pub struct Answer {
    pub account: Option<Account>,
    /// Whether it was removed (410).
    pub is_gone: bool,
    /// One for each expectation.
    pub verdicts: Vec<Verdict>,
    pub strays: Strays,
}

impl Answer {
    /// Whether all that is expected holds.
    pub fn is_met(&self) -> bool {
        self.verdicts.iter().all(|verdict| verdict.holds)
    }

    /// Why there will be no other one, if so.
    fn is_final(&self) -> Option<String> {
        if self.is_gone {
            return Some("it has been removed (410) and will not come back".to_owned());
        }
        let (field, value) = self.account.as_ref()?.final_state()?;
        Some(format!("{field}={value} is for good"))
    }
}

impl Question<'_> {
    /// Asks once, by `until` if that comes before the time of a look-up is over; `claim` is that of [`Client::fetch`].
    ///
    /// # Errors
    /// Of the look-up, but for an account that does not exist; with `strict`, `bad_response` for one that strays.
    pub fn ask(
        &self,
        began: Instant,
        until: Option<Instant>,
        claim: &dyn Fn(usize) -> Duration,
    ) -> Result<Answer> {
        let fetched = match until {
            Some(until) => self.client.fetch_by(&self.id, began, until, claim),
            None => self.client.fetch(&self.id, began, claim),
        };
        let mut is_gone = false;
        let found = match fetched {
            Ok(found) => Some(found),
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Gone) => {
                is_gone = error.kind() == Kind::Gone;
                None
            }
            Err(error) => return Err(error),
        };
        if let Some(found) = &found {
            let mut veil = self.veil.borrow_mut();
            veil.conceal(&found.account, || self.spelt());
        }
        let strays = found.as_ref().map(|found| drifts::strays(&found.account));
        let strays = strays.unwrap_or_default();
        if let (Some(found), true, false) = (&found, self.strict, strays.is_empty()) {
            let suite = self.name.as_ref().map_or("", |_| " and `strict = true`");
            let hint = format!("without --strict{suite} it is judged as it came, with a warning");
            let error = drifts::refusal(&strays, &self.id).hint(hint);
            return Err(about(error, &self.id, self.client.profile()).with(|facts| {
                facts.attempts = Some(found.attempts);
                facts.elapsed = Some(found.elapsed);
            }));
        }
        let account = found.map(|found| found.account);
        let now = Timestamp::now();
        let mut room = KEPT;
        let verdicts = self.expectations.iter();
        let verdicts = verdicts.map(|expectation| {
            let mut verdict = expectation.evaluate(account.as_ref(), now);
            keep(&mut verdict, &mut room);
            verdict
        });
        Ok(Answer {
            verdicts: verdicts.collect(),
            account,
            is_gone,
            strays,
        })
    }

    /// Asks until all that is expected holds, or will not any more, or the time is over. Before each look-up `admitted` says
    /// how long others have held it, which is nobody's own time; `seen` is told what came of it.
    ///
    /// # Errors
    /// A failure that will not pass by itself, or one of `admitted` or `seen`.
    pub fn poll(
        &self,
        mut patience: Patience,
        claim: &dyn Fn(usize) -> Duration,
        admitted: impl Fn() -> Result<Duration>,
        mut seen: impl FnMut(Result<&Answer, &Error>) -> Result<()>,
    ) -> Result<Ended> {
        let mut known = None;
        let mut failed = None;
        let mut is_token_accepted = false;
        loop {
            patience.until += admitted()?;
            let began = Instant::now();
            match self.ask(began, Some(patience.until), claim) {
                Ok(answer) => {
                    seen(Ok(&answer))?;
                    if answer.is_met() {
                        return Ok(Ended::Met(answer));
                    }
                    if let Some(reason) = answer.is_final() {
                        return Ok(Ended::Settled(answer, reason));
                    }
                    let Some(pause) = patience.pause(None, began.elapsed()) else {
                        return Ok(Ended::StillNot(answer));
                    };
                    known = Some(answer);
                    failed = None;
                    is_token_accepted = true;
                    thread::sleep(pause);
                }
                // Tokens may end before the waiting does: one that was accepted is read anew.
                Err(error) if is_token_accepted && is_rejection(&error) => {
                    is_token_accepted = false;
                    self.client.forget_token();
                }
                // What was seen before says more than that our own time is over.
                Err(failure) if patience.cuts_short(&failure) => {
                    return Ok(match (failed, known) {
                        (None, Some(answer)) => Ended::StillNot(answer),
                        (failed, known) => Ended::Unknown {
                            failure: failed.unwrap_or(failure),
                            known,
                        },
                    });
                }
                Err(failure) if failure.is_retryable() => {
                    seen(Err(&failure))?;
                    let asked = failure.facts().retry_after;
                    let Some(pause) = patience.pause(asked, began.elapsed()) else {
                        return Ok(Ended::Unknown { failure, known });
                    };
                    failed = Some(failure);
                    thread::sleep(pause);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// All that whoever asks has spelt out.
    fn spelt(&self) -> Vec<Spelt> {
        let expected = self.expectations.iter().map(Expectation::spelt);
        self.name.iter().cloned().chain(expected).collect()
    }

    /// What is there of all that is asked for, in a few words: `status is pending, ends_at is not set`
    pub fn standing(&self, answer: &Answer) -> String {
        if answer.account.is_none() {
            return "not found".to_owned();
        }
        let veil = self.veil.borrow();
        let mut parts: Vec<String> = Vec::new();
        for (expectation, verdict) in self.expectations.iter().zip(&answer.verdicts) {
            let part = match expectation {
                Expectation::Holds(expression) if !expression.wants_absence() => {
                    format!(
                        "{} is {}",
                        veil.over(&expression.subject()),
                        excerpt(&is(verdict), SHOWN)
                    )
                }
                _ => "found".to_owned(),
            };
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts.join(", ")
    }

    /// What is expected, in a few words: `status=active, ends_at?`
    pub fn goal(&self) -> String {
        let veil = self.veil.borrow();
        let goals = self.expectations.iter().map(|goal| goal.shown(&veil));
        goals.collect::<Vec<_>>().join(", ")
    }
}

/// `the connected account cacc_… (profile test)`
pub fn subject(id: &Id, profile: Option<&str>) -> String {
    let (noun, id) = (id.resource().noun, id.as_str());
    match profile {
        Some(profile) => format!("the {noun} {id} (profile {profile})"),
        None => format!("the {noun} {id}"),
    }
}

/// What does not hold, for a message: `status=active, but it is pending; !revoked_at, but it is 2024-06-30T23:59:59Z`
pub fn shortcomings(expectations: &[Expectation], verdicts: &[Verdict], veil: &Veil) -> String {
    let pairs = expectations.iter().zip(verdicts);
    let unmet = pairs.filter(|(_, verdict)| !verdict.holds);
    let told = unmet.map(|(expectation, verdict)| {
        let is = excerpt(&is(verdict), SHOWN);
        match expectation {
            Expectation::Found => format!("it is {is}"),
            Expectation::Holds(_) => format!("{}, but it is {is}", expectation.shown(veil)),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// What is there, and what is odd about it.
pub fn is(verdict: &Verdict) -> String {
    match verdict.note {
        Some(note) => format!("{} ({note})", verdict.actual),
        None => verdict.actual.to_string(),
    }
}

/// What was expected and what is there: `null` for a value that is not set, is a secret or was not asked for.
pub fn as_json(expected: &Expectation, verdict: Option<&Verdict>, veil: &Veil) -> String {
    let expected = string(&expected.shown(veil));
    let Some(verdict) = verdict else {
        return format!("{{\"expect\":{expected},\"holds\":null,\"actual\":null,\"note\":null}}");
    };
    let (actual, mut note) = match &verdict.actual {
        Actual::Value(value) if fits(value) => (value.as_str(), verdict.note),
        Actual::Value(_) => ("null", Some("nested too deeply to be shown")),
        Actual::Concealed => ("null", verdict.note.or(Some("set, to a secret"))),
        Actual::TooLong => ("null", Some("too long to be shown")),
        Actual::NotFound | Actual::Found | Actual::Unset => ("null", verdict.note),
    };
    // What is secret as a whole leaves nothing.
    let actual = if actual.is_empty() { "null" } else { actual };
    let note = note.take().map_or("null".to_owned(), string);
    format!(
        "{{\"expect\":{expected},\"holds\":{},\"actual\":{actual},\"note\":{note}}}",
        verdict.holds
    )
}

/// Whether it may stand where it does in a report, which is JSON that every reader reads.
fn fits(value: &str) -> bool {
    value.is_empty() || json::check(&format!("[[[[{value}]]]]")).is_ok()
}

/// Keeps what is there in no more memory than it needs, if there is room for it; else that it is too long is all that is kept.
pub fn keep(verdict: &mut Verdict, room: &mut usize) {
    if let Actual::Value(text) = &mut verdict.actual {
        text.shrink_to_fit();
        if text.len() > SHORT {
            match room.checked_sub(text.len()) {
                Some(left) => *room = left,
                None => verdict.actual = Actual::TooLong,
            }
        }
    }
}

/// Whether the server does not accept the token (any more).
fn is_rejection(error: &Error) -> bool {
    error.kind() == Kind::Auth && error.facts().status.is_some()
}

/// How asking again and again ended.
pub enum Ended {
    /// All that is expected holds.
    Met(Answer),
    /// It does not, and will not any more, for this reason.
    Settled(Answer, String),
    /// It does not, and the time is over.
    StillNot(Answer),
    /// The time is over, the last look-up failed; before, this was known.
    Unknown {
        failure: Error,
        known: Option<Answer>,
    },
}

/// For how long something is waited for, and how often it is asked.
pub struct Patience {
    until: Instant,
    interval: Duration,
    /// The most that the last look-up has for itself.
    last: Duration,
}

impl Patience {
    /// From `began` on.
    pub fn new(began: Instant, within: Duration, interval: Duration) -> Self {
        Patience {
            until: began + within,
            interval,
            last: (within / LAST_SHARE).min(Duration::from_secs(1)),
        }
    }

    /// Whether it failed because the time is over, before there was an answer or the token for it.
    fn cuts_short(&self, failure: &Error) -> bool {
        let is_late = matches!(failure.kind(), Kind::Timeout | Kind::Auth);
        is_late && failure.facts().status.is_none() && Instant::now() >= self.until
    }

    /// How long to wait before the next look-up: the interval, a tenth more or less of it so that many who wait do not ask
    /// together, and at least what a server asks for. The last look-up comes shortly before the end, with twice the time that
    /// the one before it took. `None` if there is no time for another one.
    fn pause(&self, asked: Option<Duration>, took: Duration) -> Option<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        let jittered = self.interval.mul_f64(0.9 + 0.2 * fastrand::f64());
        let last = (2 * took).max(LEAST).min(self.last);
        fitting(left, last, jittered, asked.unwrap_or_default())
    }
}

/// `interval`, but at least `asked` and so that `last` of the time that is `left` remains; `None` if that cannot be.
fn fitting(
    left: Duration,
    last: Duration,
    interval: Duration,
    asked: Duration,
) -> Option<Duration> {
    let is_possible = left > last && asked < left;
    is_possible.then(|| interval.min(left.saturating_sub(last)).max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_until_the_end_as_far_as_an_answer_can_come() {
        let (now, ms) = (Instant::now(), Duration::from_millis);
        let patience = |left| Patience {
            until: now + left,
            ..Patience::new(now, ms(10_000), ms(50))
        };
        assert!(patience(ms(900)).pause(None, ms(1)).is_some());
        assert_eq!(patience(ms(900)).pause(None, ms(450)), None);
        // A slow one does not keep others from being asked: it gets a second at the most.
        assert!(patience(ms(1_500)).pause(None, ms(5_000)).is_some());
        assert_eq!(patience(ms(15)).pause(None, ms(0)), None);
    }

    #[test]
    fn pauses_keep_to_the_interval_the_server_and_the_end() {
        for (left, last, interval, asked, expected) in [
            (600, 1, 5, 0, Some(5)),
            (600, 1, 5, 60, Some(60)),
            (600, 1, 60, 5, Some(60)),
            // The last one.
            (4, 1, 5, 0, Some(3)),
            (1, 1, 5, 0, None),
            (0, 0, 5, 0, None),
            // What the server asks for does not fit, or just does.
            (600, 1, 5, 600, None),
            (600, 1, 5, u64::MAX, None),
            (600, 1, 5, 599, Some(599)),
        ] {
            let seconds = Duration::from_secs;
            let pause = fitting(
                seconds(left),
                seconds(last),
                seconds(interval),
                seconds(asked),
            );
            assert_eq!(pause, expected.map(seconds), "{left} {interval} {asked}");
        }
    }
}
