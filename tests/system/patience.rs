//! The waits that no flag shortens, in their full length: here, not beside the others, since they take it.

use crate::harness::{Home, Leash};
use crate::wire::Do::{Hold, Read};
use crate::wire::Wire;

#[test]
fn a_phase_gets_ten_seconds_of_a_longer_look_up() {
    let wire = Wire::always(vec![Read, Hold]);
    let home = Home::new();
    home.profile(wire.url());
    let ended = home.acctq("cacc get cacc_1 --retries 0 --timeout 50s -o json").run();
    let error = ended.fails_with(7, "timeout");
    assert!(error["message"].as_str().unwrap().contains(" 10 s"), "{error}");
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
    let ended = home.acctq("cacc get cacc_1 --timeout 50s -o json").env("PATH", "/usr/bin:/bin").run();
    let error = ended.fails_with(4, "auth");
    assert!(error["message"].as_str().unwrap().contains(" 30.0 s"), "{error}");
    assert_eq!((leash.end().as_str(), wire.connections()), ("begun\n", 0));
}
