//! What a command whose result is one document is doing, so that a signal can say what it interrupted. A document that is being
//! written then is completed; nothing is written after it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Context;
use super::session::Target;
use crate::account::Id;
use crate::error::{Error, Kind};
use crate::signals::{Shutdown, complete, hint};
use crate::ui::Ui;

/// The work of one command.
pub struct Task {
    ui: Arc<Ui>,
    /// Held while something is written.
    writing: Mutex<()>,
    doing: Mutex<Doing>,
}

#[derive(Default)]
struct Doing {
    words: String,
    account: Option<(Id, Option<String>)>,
}

impl Task {
    /// Begins the work; a signal ends it with an error that says what it was.
    pub fn begin(context: &Context<'_>, words: &str) -> Arc<Self> {
        let task = Arc::new(Task {
            ui: context.ui.clone(),
            writing: Mutex::default(),
            doing: Mutex::new(Doing { words: words.to_owned(), account: None }),
        });
        let ended = task.clone();
        context.shutdown.on_signal(move |kind| {
            let completed = ended.clone();
            let stalled = complete(move || {
                let _writing = lock(&completed.writing);
                completed.ui.end_progress();
            });
            Some(ended.interrupted(kind).with_suffix(stalled))
        });
        task
    }

    /// Says what the command is doing now, in words that follow "interrupted"; `target` is the one account that it is about.
    pub fn describe(&self, words: String, target: Option<Target<'_>>) {
        let mut doing = lock(&self.doing);
        doing.words = words;
        if let Some(Target { id: Some(id), profile, .. }) = target {
            doing.account = Some((id.clone(), profile.map(str::to_owned)));
        }
    }

    /// Writes something; `None` if a signal has ended the command.
    pub fn write<T>(&self, shutdown: &Shutdown, write: impl FnOnce() -> T) -> Option<T> {
        let _writing = lock(&self.writing);
        (!shutdown.is_requested()).then(write)
    }

    fn interrupted(&self, kind: Kind) -> Error {
        let Doing { words, account } = &*lock(&self.doing);
        let error = Error::new(kind, format!("{} {words}", kind.code()))
            .hint(hint(kind, "run it again if you still want it"));
        match account {
            Some((id, profile)) => Target::account(id, profile.as_deref()).describe(error),
            None => error,
        }
    }
}

/// Each change is a single step, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
