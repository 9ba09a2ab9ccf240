//! The completions, loaded by the shells that they are for, which then complete with them.

use crate::harness::{Home, Run};
use crate::programs::{program, repository};

/// What is typed before the tab key, and all that completes it.
#[rustfmt::skip]
const CASES: &[(&str, &str)] = &[
    ("acctq cac", "cacc"),
    ("acctq partner acc", "account"),
    ("acctq config i", "init"),
    ("acctq c", "cacc check compare completions config"),
    ("acctq cacc get --re", "--redact --retries --reveal"),
    ("acctq cacc get -o ", "csv json markdown ndjson table tsv yaml"),
];

#[test]
fn bash_completes() {
    let home = Home::new();
    // Not in fish, whose completions as clap writes them hold no arguments without a flag.
    let arguments = [("acctq schema p", "partner-account"), ("acctq completions e", "elvish")];
    for (typed, expected) in CASES.iter().copied().chain(arguments) {
        // As bash calls the function that it has been told of: command, current word, word before it.
        let script = format!(
            "source {file}\n\
             function=$(complete -p acctq | sed -n 's/.* -F \\([^ ]*\\) .*/\\1/p')\n\
             COMP_LINE={typed:?}; read -ra COMP_WORDS <<<\"$COMP_LINE\"\n\
             [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')\n\
             COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); COMP_POINT=${{#COMP_LINE}}\n\
             $function acctq \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\" | sort",
            file = repository("completions/acctq.bash"),
        );
        let mut bash = program(&home, "bash", "bash");
        bash.args(["--norc", "--noprofile", "-c", &script]);
        Run::of(bash).run().prints(&lines(expected));
    }
}

#[test]
fn fish_completes() {
    let home = Home::new();
    for (typed, expected) in CASES {
        let script = format!(
            "source {file}; complete -C {typed:?} | string split -f 1 \\t | sort",
            file = repository("completions/acctq.fish"),
        );
        let mut fish = program(&home, "fish", "fish");
        fish.args(["--no-config", "-c", &script]);
        Run::of(fish).run().prints(&lines(expected));
    }
}

/// zsh completes on a terminal only. What the user would see is the line after the tab key.
#[test]
fn zsh_completes() {
    let cases = [
        ("acctq cac", "acctq cacc"),
        ("acctq par", "acctq partner"),
        ("acctq config s", "acctq config show"),
        ("acctq schema p", "acctq schema partner-account"),
        ("acctq completions el", "acctq completions elvish"),
        ("acctq cacc get --str", "acctq cacc get --strict"),
        ("acctq cacc get -o nd", "acctq cacc get -o ndjson"),
    ];
    let home = Home::new();
    let typed: Vec<_> = cases.iter().map(|(typed, _)| format!("{typed:?}")).collect();
    let script = format!(
        r#"
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'stty -echo; PS1= PS2= RPS1=; fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -D'
zpty -w z 'told() {{ zle complete-word; print -rn -- "<LINE:$LBUFFER>"; zle kill-whole-line }}; zle -N told; bindkey "^I" told'
zpty -w z 'print "<REA""DY:$_comps[acctq]>"'
zpty -r z seen '*<READY:*>*' && print -r -- "${{${{seen##*<READY:}}%%>*}}"
for typed in {typed}; do
  zpty -w -n z "$typed"$'\t'
  zpty -r z seen '*<LINE:*>*' && print -r -- "${{${{seen##*<LINE:}}%%>*}}"
done
zpty -d z
"#,
        folder = repository("completions"),
        typed = typed.join(" "),
    );
    let mut zsh = program(&home, "zsh", "zsh");
    zsh.args(["-f", "-c", &script]).env("TERM", "vt100");
    // One word completes it, and a blank follows.
    let completed = cases.map(|(_, completed)| format!("{completed} \n"));
    let stdout = format!("_acctq\n{}", completed.concat());
    Run::of(zsh).run().prints(&stdout);
}

fn lines(words: &str) -> String {
    words.split(' ').map(|word| format!("{word}\n")).collect()
}
