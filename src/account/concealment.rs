//! What of an account is not shown unless asked for: members named like a secret field, at any depth, and the secret's
//! text wherever else it stands.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memchr2;

use super::{Document, RESOURCES};
use crate::json::{Token, Tokens, decode};

/// A secret's text is looked for elsewhere from this length on; shorter ones would match by accident.
const SHORTEST: usize = 6;

/// Of so many secrets the texts are looked for elsewhere. An account has one; a document made of thousands is an attack on
/// our time, and all of them are hidden where they are named, still.
const MOST: usize = 64;

/// Decides what stays hidden of one document.
#[derive(Debug, Default)]
pub struct Concealment {
    /// The texts of the document's secrets; `None` to hide nothing.
    secrets: Option<Vec<String>>,
}

impl Concealment {
    /// For `document`; with `reveal`, nothing is hidden.
    #[must_use]
    pub fn of(document: &Document, reveal: bool) -> Self {
        let secrets = (!reveal).then(|| {
            if document.names_a_secret {
                secrets_in(&document.text)
            } else {
                Vec::new()
            }
        });
        Concealment { secrets }
    }

    /// Whether the member of that name and value is hidden as a whole.
    #[must_use]
    pub fn hides(&self, name: &str, value: &str) -> bool {
        self.hides_name(name)
            || value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'))
                .is_some_and(|raw| self.hides_raw(raw))
    }

    fn hides_name(&self, name: &str) -> bool {
        self.secrets.is_some() && (is_secret_name(name) || self.hides_text(name))
    }

    fn hides_raw(&self, raw: &str) -> bool {
        // Most documents hold no secret: nothing needs decoding then.
        self.secrets
            .as_ref()
            .is_some_and(|secrets| !secrets.is_empty())
            && self.hides_text(&decode(raw).unwrap_or_default())
    }

    /// Whether a text holds one of the secrets.
    #[must_use]
    pub fn hides_text(&self, text: &str) -> bool {
        self.secrets
            .iter()
            .flatten()
            .any(|secret| text.contains(secret.as_str()))
    }

    /// A text, or what stands for one that holds one of the secrets.
    #[must_use]
    pub fn veil(&self, text: String) -> String {
        if self.hides_text(&text) {
            return "••••••••".to_owned();
        }
        text
    }

    /// The tokens of a value, without what is hidden in it.
    #[must_use]
    pub fn visible<'a>(&'a self, value: &'a str) -> Visible<'a> {
        Visible {
            tokens: Tokens::new(value),
            concealment: self,
        }
    }
}

/// The texts of all secrets, at whatever depth they are named.
fn secrets_in(json: &str) -> Vec<String> {
    let mut secrets = Vec::new();
    let mut tokens = Tokens::new(json);
    while let Some(token) = tokens.next() {
        let Token::Key(name) = token else { continue };
        if !is_secret_name(&decode(name).unwrap_or_default()) {
            continue;
        }
        for token in Tokens::new(tokens.value()) {
            let Token::String(raw) = token else { continue };
            let text = decode(raw).unwrap_or_default();
            if text.len() >= SHORTEST && secrets.len() < MOST && !secrets.contains(&text) {
                secrets.push(text);
            }
        }
    }
    secrets.into_iter().map(Cow::into_owned).collect()
}

/// Tokens of a value without hidden members and elements.
#[derive(Debug)]
pub struct Visible<'a> {
    tokens: Tokens<'a>,
    concealment: &'a Concealment,
}

impl<'a> Iterator for Visible<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            match self.tokens.next()? {
                Token::Key(raw) => {
                    let name = decode(raw).unwrap_or_default();
                    // Only the beginning of the value is looked at: its inside has its own turn.
                    let is_hidden = self.concealment.hides_name(&name)
                        || matches!(self.tokens.clone().next(), Some(Token::String(raw)) if self.concealment.hides_raw(raw));
                    if !is_hidden {
                        return Some(Token::Key(raw));
                    }
                    self.tokens.value();
                }
                Token::String(raw) if self.concealment.hides_raw(raw) => {}
                token => return Some(token),
            }
        }
    }
}

/// What a secret's name has, whatever stands between and around it.
struct Needle {
    /// The letters of a secret field's name.
    letters: String,
    /// The one of them that the fewest fields' names have, in either case: without it no name is the secret's, and most
    /// names are told by that.
    rarest: (u8, u8),
}

static NEEDLES: LazyLock<Vec<Needle>> = LazyLock::new(|| {
    let fields = || RESOURCES.iter().flat_map(|resource| resource.fields);
    let needle = |letters: String| {
        let names_with = |letter: &u8| {
            fields()
                .filter(|f| f.name.as_bytes().contains(letter))
                .count()
        };
        let rarest = letters.bytes().min_by_key(names_with).unwrap_or_default();
        Needle {
            letters,
            rarest: (rarest, rarest.to_ascii_uppercase()),
        }
    };
    let secret = fields().filter(|field| field.secret);
    secret
        .map(|field| needle(letters(field.name).collect()))
        .collect()
});

/// Whether a member of that name is taken for a secret: its letters and digits, in either case, contain those of a secret
/// field of any resource (`activationToken`, `old_activation_token`).
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    NEEDLES.iter().any(|needle| {
        let Needle {
            letters: wanted,
            rarest: (lower, upper),
        } = needle;
        name.len() >= wanted.len()
            && memchr2(*lower, *upper, name.as_bytes()).is_some()
            && name.char_indices().any(|(start, _)| {
                let mut letters = letters(&name[start..]);
                wanted.chars().all(|letter| letters.next() == Some(letter))
            })
    })
}

fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, reveal: bool) -> String {
        let document = Document::parse(format!(
            "{{\"activation_token\":\"PNS-DEFG1234\",\"x\":{text}}}"
        ))
        .expect("object");
        let concealment = Concealment::of(&document, reveal);
        let value = document.get("x").expect("x");
        format!("{:?}", concealment.visible(value).collect::<Vec<_>>())
    }

    #[test]
    fn names_like_a_secret_field() {
        for name in [
            "activation_token",
            "activationToken",
            "ACTIVATION-TOKEN",
            "old_activation_token",
            "ac_activation_token",
            "activationactivation token",
            "a\u{200b}ctivation\u{2013}tok\u{200d}en2",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "activation",
            "token",
            "activated_token_count",
            "activation_of_token",
            "activati\u{f6}n_token",
            "activation_\u{e9}token",
            "",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn hidden_at_any_depth_by_name_and_by_text() {
        for text in [
            r#"{"a":{"activation_token":"other-canary"}}"#,
            r#"[{"activation\u005ftoken":{"deep":"other-canary"}}]"#,
            r#"{"link":"https://x/?c=PNS-DEFG1234"}"#,
            r#"["PNS-DEFG\u0031234"]"#,
            r#"{"PNS-DEFG1234":1}"#,
        ] {
            let hidden = shown(text, false);
            assert!(
                !hidden.contains("canary") && !hidden.contains("PNS"),
                "{hidden}"
            );
            let whole = shown(text, true);
            assert!(whole.contains("canary") || whole.contains("PNS"), "{whole}");
        }
        assert!(shown(r#"{"a":1,"activation_token":2,"b":3}"#, false).contains("Scalar(\"3\")"));
    }

    #[test]
    fn elsewhere_short_texts_and_those_of_an_attack_are_not_looked_for() {
        let many: Vec<_> = (0..=MOST).map(|i| format!("secret-{i:02}")).collect();
        for (secrets, elsewhere, is_hidden) in [
            (vec!["short"], "short", false),
            (vec!["longer"], "a longer text", true),
            (vec!["longer", "longer", "another"], "another", true),
            (many.iter().map(String::as_str).collect(), "secret-63", true),
            (
                many.iter().map(String::as_str).collect(),
                "secret-64",
                false,
            ),
        ] {
            let text = format!(
                "{{\"activation_token\":{secrets:?},\"x\":[{elsewhere:?},\"{elsewhere}.\"]}}"
            );
            let document = Document::parse(text).expect("object");
            let concealment = Concealment::of(&document, false);
            let x: Vec<_> = concealment.visible(document.get("x").expect("x")).collect();
            assert_eq!(x.len(), if is_hidden { 2 } else { 4 }, "{elsewhere}");
            assert!(concealment.hides(
                "activation_token",
                document.get("activation_token").expect("named")
            ));
        }
    }
}
