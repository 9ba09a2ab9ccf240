//! Who starts us may ignore that children end, as daemons and CI runners do. dash does not, and Rust has no safe way to.

use crate::harness::{Home, Run, TOKEN};
use crate::programs::program;
use crate::wire::{Wire, json};

#[test]
fn a_token_helper_is_seen_to_end_even_so() {
    let account = r#"{"id":"cacc_1","connection_type":"standard","onboarding_mode":"full","status":"active","platform_organization_id":"org_1","created_at":"2026-01-02T03:04:05Z"}"#;
    let wire = Wire::answers(json(account));
    let home = Home::new();
    home.file("mine", TOKEN, 0o600);
    let look_up = |end: &str| {
        home.config(format!(
            "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{}\"\n\
             token_command = [\"/bin/sh\", \"-c\", \"cat ~/mine; {end}\"]\n",
            wire.url()
        ));
        let mut bash = program(&home, "bash", "bash");
        let script = format!("trap '' CHLD; exec {} cacc get cacc_1 -F id -o ndjson", env!("CARGO_BIN_EXE_acctq"));
        bash.args(["--norc", "--noprofile", "-c", &script]);
        Run::of(bash).run()
    };
    look_up("true").prints("{\"id\":\"cacc_1\"}\n");
    look_up("exit 3").fails(4, &["`sh`", "3"]);
}
