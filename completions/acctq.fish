# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_acctq_global_optspecs
    string join \n p/profile= o/output= F/fields= reveal redact curl strict timeout= retries= config= color= q/quiet v/verbose h/help V/version
end

function __fish_acctq_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_acctq_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_acctq_using_subcommand
    set -l cmd (__fish_acctq_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c acctq -n "__fish_acctq_needs_command" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_needs_command" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_needs_command" -s F -l fields -d 'Show these fields, in this order: comma-separated names, or paths like metadata.plan' -r
complete -c acctq -n "__fish_acctq_needs_command" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_needs_command" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_needs_command" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_needs_command" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_needs_command" -l reveal -d 'Show secret fields, such as activation tokens'
complete -c acctq -n "__fish_acctq_needs_command" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_needs_command" -l curl -d 'Send nothing, and print the request as a line of shell for curl'
complete -c acctq -n "__fish_acctq_needs_command" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_needs_command" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_needs_command" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_needs_command" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_needs_command" -s V -l version -d 'Print version'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "cacc" -d 'Look up and list connected accounts at Connect'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "partner" -d 'Look up billing accounts of 1Password, and the links to redeem them'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "get" -d 'Look up any account: cacc_… at Connect, anything else at Partner'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "check" -d 'Check expectations about one account, or a suite of them: exit 0 or 10'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "compare" -d 'Compare an account in several profiles, field by field: exit 0 or 10'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "wait" -d 'Wait until an account is in the wanted state'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "auth" -d 'Store the tokens of profiles, and try them'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "config" -d 'Show the configuration in effect, or write a template'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "schema" -d 'Print the JSON Schema of what -o json prints'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "sandbox" -d 'Serve both APIs on loopback with made-up accounts, until interrupted'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "completions" -d 'Print the completions of a shell'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "man" -d 'Write the man pages into a directory'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "help" -d 'Help on a command or a topic: environment, exit-codes, output, config, expressions, fields'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s F -l fields -d 'Show these fields, in this order: comma-separated names, or paths like metadata.plan' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l reveal -d 'Show secret fields, such as activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l curl -d 'Send nothing, and print the request as a line of shell for curl'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -f -a "get" -d 'Look up connected accounts by id'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -f -a "list" -d 'List the connected accounts of the platform'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l jobs -d 'Look up to N ids at once: 1 to 256' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l rate -d 'Make at most this number of requests a second: 10/s, 0.5/s' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l skip -d 'Go on after this line of standard input, without what was given before it' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l column -d 'Read the ids from this column of CSV on standard input: its name in the header, or its number from 1' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s F -l fields -d 'Show these fields, in this order: comma-separated names, or paths like metadata.plan' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l reveal -d 'Show secret fields, such as activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l curl -d 'Send nothing, and print the request as a line of shell for curl'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l where -d 'Show only accounts for which this holds; repeat it, and all must hold: see `acctq help expressions`' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l sort -d 'Sort by this field, or by -FIELD in descending order; accounts without it come last' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l limit -d 'Show at most N accounts' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l count -d 'Show how many accounts have each value of this field, instead of the accounts' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s F -l fields -d 'Show these fields, in this order: comma-separated names, or paths like metadata.plan' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l reveal -d 'Show secret fields, such as activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l curl -d 'Send nothing, and print the request as a line of shell for curl'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s F -l fields -d 'Show these fields, in this order: comma-separated names, or paths like metadata.plan' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l reveal -d 'Show secret fields, such as activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l curl -d 'Send nothing, and print the request as a line of shell for curl'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -f -a "account" -d 'Look up billing accounts, and the links to redeem them'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s F -l fields -d 'Show these fields, in this order: comma-separated names, or paths like metadata.plan' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l reveal -d 'Show secret fields, such as activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l curl -d 'Send nothing, and print the request as a line of shell for curl'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -f -a "get" -d 'Look up billing accounts by uid'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -f -a "redeem-url" -d 'Print the link with which the customer of an entitled account signs up'
complete -c acctq -n "__fish_acctq_using_subcommand get" -l jobs -d 'Look up to N ids at once: 1 to 256' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l rate -d 'Make at most this number of requests a second: 10/s, 0.5/s' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l skip -d 'Go on after this line of standard input, without what was given before it' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l column -d 'Read the ids from this column of CSV on standard input: its name in the header, or its number from 1' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand get" -s F -l fields -d 'Show these fields, in this order: comma-separated names, or paths like metadata.plan' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand get" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand get" -l reveal -d 'Show secret fields, such as activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand get" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_using_subcommand get" -l curl -d 'Send nothing, and print the request as a line of shell for curl'
complete -c acctq -n "__fish_acctq_using_subcommand get" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_using_subcommand get" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand get" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand get" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand check" -l expect -d 'Expect this to hold, such as status=active; repeatable. See `acctq help expressions`' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -l suite -d 'Run all checks of this file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand check" -l report-junit -d 'Write the results to this file, as XML in the format of `JUnit`' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand check" -l jobs -d 'Look up to N ids at once: 1 to 256' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -l rate -d 'Make at most this number of requests a second: 10/s, 0.5/s' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -l skip -d 'Go on after this line of standard input, without what was given before it' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -l column -d 'Read the ids from this column of CSV on standard input: its name in the header, or its number from 1' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand check" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand check" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand check" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_using_subcommand check" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_using_subcommand check" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand check" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand check" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand compare" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand compare" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand compare" -s F -l fields -d 'Show these fields, in this order: comma-separated names, or paths like metadata.plan' -r
complete -c acctq -n "__fish_acctq_using_subcommand compare" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand compare" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand compare" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand compare" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand compare" -l reveal -d 'Show secret fields, such as activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand compare" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_using_subcommand compare" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_using_subcommand compare" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand compare" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand compare" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l for -d 'Wait until this holds, such as status=active; repeatable. See `acctq help expressions`' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l within -d 'Give up after this time: 90s, 10m, 1h30m, at most 24h' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l interval -d 'Pause between look-ups, give or take a tenth' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s F -l fields -d 'Show these fields, in this order: comma-separated names, or paths like metadata.plan' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l reveal -d 'Show secret fields, such as activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l redact -d 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l strict -d 'Exit with 9 if an answer violates the API\'s contract, instead of showing it'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s v -l verbose -d 'Print what each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -f -a "login" -d 'Store a token for a profile, after trying it'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -f -a "status" -d 'Try the token of every profile'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and not __fish_seen_subcommand_from login status logout" -f -a "logout" -d 'Forget a token that login has stored'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from login" -l url -d 'The base URL, for a profile that has none yet' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from login" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from login" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from login" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from login" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from login" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from login" -l no-verify -d 'Store the token without trying it'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from login" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from login" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from status" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from status" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from status" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from status" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from status" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from logout" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from logout" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from logout" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from logout" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand auth; and __fish_seen_subcommand_from logout" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -f -a "init" -d 'Write a commented template that only you can read; never overwrites'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -f -a "show" -d 'Show the values in effect, where each comes from, and the profiles; never a token'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -f -a "path" -d 'Print the path of the configuration file'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from init" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -s p -l profile -d 'Use this profile of the configuration; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout -d 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -l retries -d 'Repeat a failed request up to N times, 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from path" -l config -d 'Read this configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand schema" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand schema" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand schema" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -l port -d 'Listen on this port of 127.0.0.1; 0 takes a free one' -r
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -l accounts -d 'Serve this number of made-up accounts in Connect\'s list' -r
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -s o -l output -d 'Write results in this format; with json and ndjson, errors are JSON too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''
csv\t''
tsv\t''
markdown\t''"
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand completions" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand completions" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand completions" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand man" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand man" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand man" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand help" -l color -d 'Use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand help" -s q -l quiet -d 'Print nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand help" -s h -l help -d 'Print help'
