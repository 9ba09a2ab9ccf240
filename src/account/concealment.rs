//! What of an account is not shown unless asked for: members named like a secret field, at any depth, and the secret's
//! text wherever else it stands.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memchr2;

use super::field::{Kind, text};
use super::{Account, Document, RESOURCES};
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

    /// For an account that is the one asked for. Its id, which whoever asks knows, its times, and the names and words of the
    /// contract stay, though a secret have the same text: nothing is learnt from them, and scripts rely on them.
    #[must_use]
    pub fn of_account(account: &Account, reveal: bool) -> Self {
        let mut concealment = Concealment::of(&account.document, reveal);
        if let Some(secrets) = &mut concealment.secrets {
            secrets.retain(|secret| !is_public(account, secret));
        }
        concealment
    }

    /// Whether the member of that name and value is hidden as a whole.
    #[must_use]
    pub fn hides(&self, name: &str, value: &str) -> bool {
        self.hides_name(name) || self.hides_next(Tokens::new(value))
    }

    fn hides_name(&self, name: &str) -> bool {
        self.secrets.is_some() && (is_secret_name(name) || self.hides_text(name))
    }

    /// Whether the next token is a text or a number that holds one of the secrets.
    fn hides_next(&self, mut tokens: Tokens<'_>) -> bool {
        // Most documents hold no secret: nothing needs reading then.
        self.has_texts() && tokens.next().is_some_and(|token| self.hides_token(token))
    }

    fn hides_token(&self, token: Token<'_>) -> bool {
        match token {
            Token::String(raw) if self.has_texts() => {
                self.hides_text(&decode(raw).unwrap_or_default())
            }
            Token::Scalar(raw) => self.hides_text(raw),
            _ => false,
        }
    }

    /// The texts that it hides.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().flatten().map(String::as_str)
    }

    fn has_texts(&self) -> bool {
        self.secrets().next().is_some()
    }

    /// Whether a text holds one of the secrets.
    #[must_use]
    pub fn hides_text(&self, text: &str) -> bool {
        self.secrets().any(|secret| text.contains(secret))
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

/// Whether a text is part of what the contract says, or of what the account says openly.
fn is_public(account: &Account, secret: &str) -> bool {
    let Account { resource, document } = account;
    resource.fields.iter().any(|field| {
        let says_so = || {
            let value = document.get(field.name);
            let kept_to = value.filter(|value| field.drift(Some(value)).is_none());
            kept_to
                .and_then(text)
                .is_some_and(|text| text.contains(secret))
        };
        field.name.contains(secret)
            || match field.kind {
                Kind::Enum(words) => words.iter().any(|word| word.contains(secret)),
                Kind::Time => says_so(),
                _ => field.name == resource.id_field && says_so(),
            }
    })
}

/// Whether a member's name is made of letters, as most are: no text that is worth hiding.
fn is_word(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
}

/// The texts of all secrets, at whatever depth they are named: strings, the digits of numbers, names that are no words.
fn secrets_in(json: &str) -> Vec<String> {
    let mut secrets = Vec::new();
    let mut tokens = Tokens::new(json);
    while let Some(token) = tokens.next() {
        let Token::Key(name) = token else { continue };
        if !is_secret_name(&decode(name).unwrap_or_default()) {
            continue;
        }
        for token in Tokens::new(tokens.value()) {
            let text = match token {
                Token::String(raw) => decode(raw).unwrap_or_default(),
                Token::Key(raw) => match decode(raw).unwrap_or_default() {
                    name if is_word(&name) => continue,
                    name => name,
                },
                Token::Scalar(raw) => raw.into(),
                _ => continue,
            };
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
                        || self.concealment.hides_next(self.tokens.clone());
                    if !is_hidden {
                        return Some(Token::Key(raw));
                    }
                    self.tokens.value();
                }
                token if self.concealment.hides_token(token) => {}
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
    fn what_of_a_secret_is_looked_for_elsewhere() {
        for (secret, expected) in [
            (r#""PNS-DEFG1234""#, &["PNS-DEFG1234"][..]),
            ("98765432", &["98765432"]),
            (
                r#"{"SEKRET77":1,"expires":"2030-01-01","a_b_c_d":true,"with-a-dash":null}"#,
                &["SEKRET77", "2030-01-01", "with-a-dash"],
            ),
            (
                r#"["list-item",["nested-item"]]"#,
                &["list-item", "nested-item"],
            ),
            ("\"short\"", &[]),
        ] {
            let text = format!("{{\"activation_token\":{secret},\"other\":\"not-a-secret\"}}");
            assert_eq!(secrets_in(&text), expected, "{secret}");
        }
        let document = Document::parse(r#"{"activation_token":98765432}"#.to_owned());
        let concealment = Concealment::of(&document.expect("object"), false);
        for (value, is_hidden) in [
            ("98765432", true),
            ("1987654321", true),
            ("9876543", false),
            (r#""c=98765432""#, true),
            ("null", false),
        ] {
            assert_eq!(concealment.hides("v", value), is_hidden, "{value}");
        }
    }

    #[test]
    fn what_everybody_knows_stays() {
        let members = r#""id":"cacc_12345","status":"active","created_at":"2023-01-23T15:55:58Z","pending_email":"ada@example.com""#;
        for (secret, is_public) in [
            ("cacc_12345", true),
            // A part of them is nothing new either.
            ("cacc_123", true),
            ("active", true),
            ("suspended", true),
            ("pending_country", true),
            ("2023-01-23T15:55:58Z", true),
            ("2024-01-23T15:55:58Z", false),
            ("ada@example.com", false),
            ("PNS-DEFG1234", false),
        ] {
            let text = format!("{{{members},\"activation_token\":\"{secret}\"}}");
            let account = Account {
                resource: &crate::account::CONNECTED,
                document: Document::parse(text).expect("object"),
            };
            let hides = |concealment: &Concealment| concealment.hides_text(secret);
            assert!(
                hides(&Concealment::of(&account.document, false)),
                "{secret}"
            );
            assert_eq!(
                hides(&Concealment::of_account(&account, false)),
                !is_public,
                "{secret}"
            );
            let concealment = Concealment::of_account(&account, false);
            assert!(concealment.hides("activation_token", "\"x\""), "{secret}");
        }
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
