//! The waits that no flag shortens, in their full length: here, not beside the others, since they take it.

use crate::harness::{Home, Leash};
use crate::wire::Do::{Hold, Read};
use crate::wire::Wire;

#[test]
fn a_phase_gets_ten_seconds_of_a_longer_look_up() {
    let wire = Wire::always(vec![Read, Hold]);
    let home = Home::new();
    home.profile(wire.url());
    let host = &wire.url()["http://".len()..];
    home.acctq("cacc get cacc_1 --retries 0 --timeout 50s")
        .run()
        .is(
            7,
            "",
            &format!(
                "error: {host} did not answer within 10 s (cacc_1, profile test)\n  hint: try again; no --timeout gives a phase of a look-up more than 10 s\n"
            ),
        );
    assert_eq!(wire.requests().len(), 1);
}

#[test]
fn a_token_helper_gets_half_a_minute_of_a_longer_look_up() {
    let wire = Wire::always(vec![Hold]);
    let home = Home::new();
    let leash = Leash::new(&home);
    home.config(format!(
        "default_profile = \"test\"\n[profiles.test.connect]\nbase_url = \"{}\"\n\
         token_command = [\"/bin/sh\", \"-c\", '''exec 3>'{}'; echo begun >&3; sleep 1000 & sleep 1000''']\n",
        wire.url(),
        leash.path().display()
    ));
    home.acctq("cacc get cacc_1 --timeout 50s")
        .env("PATH", "/usr/bin:/bin")
        .run()
        .is(
            4,
            "",
            "error: command `sh` did not finish within 30 s and was ended\n  hint: run it by hand to see what it says: its output is not shown here, as it may hold the token\n",
        );
    assert_eq!((leash.end().as_str(), wire.connections()), ("begun\n", 0));
}
