//! What is in effect, as rows for people and scripts: `acctq config show`.

use super::Settings;
use crate::account::RESOURCES;

impl Settings {
    /// Every effective value as name, value and origin; what an API lacks is told in words.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, String, String)> {
        let mut rows = Vec::new();
        let mut row = |name: &str, value: String, origin: &str| {
            rows.push((name.to_owned(), value, origin.to_owned()));
        };
        match &self.path {
            Some(path) => {
                let state = match (self.is_read, self.is_sandbox()) {
                    (true, _) => "",
                    (false, true) => " (not opened: the sandbox needs none)",
                    (false, false) => " (does not exist)",
                };
                let shown = format!("{}{state}", path.value.display());
                row("config", shown, &path.origin.to_string());
            }
            None => row(
                "config",
                "none: there is no home directory".to_owned(),
                "built-in",
            ),
        }
        match &self.profile {
            Some(profile) => row(
                "profile",
                profile.value.clone(),
                &profile.origin.to_string(),
            ),
            None => row("profile", "none selected".to_owned(), "built-in"),
        }
        row(
            "output",
            self.output.value.to_string(),
            &self.output.origin.to_string(),
        );
        // As it is written in the file: 60s, 1.5s, 500ms.
        let timeout = format!("{:?}", self.timeout.value);
        row("timeout", timeout, &self.timeout.origin.to_string());
        row(
            "retries",
            self.retries.value.to_string(),
            &self.retries.origin.to_string(),
        );
        if self.is_sandbox() {
            for resource in RESOURCES {
                let base_url = format!("{}.base_url", resource.api);
                row(
                    &base_url,
                    "a loopback port, for the time of a call".to_owned(),
                    "built-in",
                );
            }
        }
        for (api, endpoint) in &self.endpoints {
            match endpoint {
                Ok(endpoint) => {
                    for (key, value, origin) in endpoint.rows() {
                        row(&format!("{api}.{key}"), value, &origin.to_string());
                    }
                }
                Err(lack) => row(api, format!("cannot be used: {}", lack.message()), ""),
            }
        }
        rows
    }
}
