//! What a signal finds under way, for commands whose result is one document at their end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::account::Id;
use crate::error::{Error, Facts};
use crate::interrupt::{Interrupt, LastWords};
use crate::ui::Ui;

/// How far a command has come. Nothing is written after a signal, and what is being written then is completed.
pub struct UnderWay {
    ui: Arc<Ui>,
    writing: Mutex<()>,
    story: Mutex<Story>,
}

#[derive(Default)]
struct Story {
    /// Follows "interrupted".
    words: String,
    facts: Facts,
}

impl UnderWay {
    /// Of a command that has done nothing yet.
    pub fn new(ui: Arc<Ui>) -> Arc<Self> {
        Arc::new(UnderWay {
            ui,
            writing: Mutex::default(),
            story: Mutex::default(),
        })
    }

    /// What it is doing now, in words that follow "interrupted"; about an account of a profile, if it is one alone.
    pub fn tell(&self, words: String, about: Option<(&Id, Option<&str>)>) {
        let mut story = lock(&self.story);
        story.words = words;
        if let Some((id, profile)) = about {
            story.facts.id = Some(id.as_str().to_owned());
            story.facts.api = Some(id.resource().api);
            story.facts.profile = profile.map(str::to_owned);
        }
    }

    /// Writes something, unless a signal has ended it.
    pub fn write<T>(&self, interrupt: &Interrupt, write: impl FnOnce() -> T) -> Option<T> {
        let _writing = lock(&self.writing);
        (!interrupt.is_over()).then(write)
    }

    /// Does something while nobody writes.
    pub fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let _writing = lock(&self.writing);
        work()
    }

    /// What is left to do if a signal ends it.
    pub fn last_words(self: &Arc<Self>) -> LastWords {
        let (completed, told) = (self.clone(), self.clone());
        LastWords {
            complete: Box::new(move |_| completed.alone(|| completed.ui.end_progress())),
            say: Box::new(move |kind| {
                let Story { words, facts } = &*lock(&told.story);
                let message = format!("{} {words}", kind.code());
                let error = Error::new(kind, message).hint("run it again if you still want it");
                Some(error.with(|all| *all = facts.clone()))
            }),
        }
    }
}

/// Each change is a single step: a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
