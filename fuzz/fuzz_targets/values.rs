//! Any text as the small values that come from outside: Retry-After, base URLs, proxy variables, durations, tokens.
#![no_main]

use std::time::{Duration, SystemTime};

use acctq::client::retry::{self, Decision, Outcome};
use acctq::client::{Client, Limits, Pace, Trace};
use acctq::config::{BaseUrl, Endpoint, Environment, Secret, parse_retries, parse_timeout};
use acctq::error::Kind;
use acctq::escape::{for_people, is_forbidden};
use acctq::interrupt::Interrupt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let (first, second) = text.split_once('\n').unwrap_or((text, text));
    // However long a server asks to wait: as long as it asks, or not at all, and never past the deadline.
    let asked = retry::retry_after(first, Some(second), now);
    if !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = first.parse().unwrap_or(u64::MAX);
        assert_eq!(asked, Some(Duration::from_secs(seconds)));
    }
    for remaining in [0, 1, 60, 86_400].map(Duration::from_secs) {
        let outcome = Outcome {
            transient: true,
            retry_after: asked,
        };
        let backoff = retry::backoff(1, 0.999);
        if let Decision::Retry(wait) = retry::decide(1, 2, outcome, remaining, backoff) {
            assert!(wait < remaining && wait <= Duration::from_secs(300));
            assert_eq!(wait, asked.unwrap_or_default().max(backoff));
        }
    }
    let _ = parse_retries(text);
    if let Ok(timeout) = parse_timeout(text) {
        assert!(timeout >= Duration::from_millis(1) && timeout <= Duration::from_secs(86_400));
    }
    if let Ok(url) = BaseUrl::parse(text) {
        assert!(url.is_https() || url.is_loopback(), "{url}");
        let again = BaseUrl::parse(&url.to_string()).expect("its own text");
        assert_eq!(again.origin(), url.origin());
    }
    if let Ok(token) = Secret::new(text) {
        assert_eq!(token.expose(), text);
        assert!(text.bytes().all(|b| b.is_ascii_graphic()));
    }
    // A proxy that is asked for is used or refused, and its credentials are told nowhere.
    let url = BaseUrl::parse("https://api.example.com").expect("a URL");
    let endpoint = Endpoint::built_in(url, "token-for-proxies");
    let clean = |text: &str| text.replace('\0', "");
    let env = Environment::from_pairs([
        (
            "HTTPS_PROXY",
            format!("http://canary-user:canary-password@{}", clean(first)),
        ),
        ("all_proxy", format!("{}canary", clean(second))),
        ("NO_PROXY", clean(second)),
        // No roots: that is not what is tried here, and takes the time of a thousand proxies.
        ("SSL_CERT_FILE", "/nonexistent".to_owned()),
    ]);
    let limits = Limits {
        timeout: Duration::from_secs(1),
        retries: 0,
    };
    let interrupt = Interrupt::default();
    let ignore = |_: &Trace<'_>| {};
    let pace = Pace::alone();
    if let Err(error) = Client::new(&endpoint, &env, &interrupt, limits, &pace, None, &ignore) {
        let told = for_people(&format!("{error} {error:?}")).into_owned();
        assert!(
            !told.contains("canary") && !told.contains(is_forbidden),
            "{told}"
        );
        assert!(matches!(error.kind(), Kind::Proxy | Kind::Config), "{told}");
    }
});
