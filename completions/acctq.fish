# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_acctq_global_optspecs
    string join \n p/profile= o/output= F/fields= reveal strict timeout= retries= config= color= q/quiet v/verbose h/help V/version
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

complete -c acctq -n "__fish_acctq_needs_command" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_needs_command" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_needs_command" -s F -l fields -d 'Which fields to show, in which order: names with commas between them, paths like metadata.plan' -r -f -a "id\t''
connection_type\t''
onboarding_mode\t''
status\t''
platform_organization_id\t''
created_at\t''
connected_organization_id\t''
connected_tenant_id\t''
platform_customer_id\t''
pending_email\t''
pending_organization_name\t''
pending_country\t''
onboarding_completed_at\t''
revoked_at\t''
metadata\t''
customer_account_uid\t''
account_type\t''
activation_token\t''
domain\t''
deployed_members\t''
updated_at\t''
ends_at\t''"
complete -c acctq -n "__fish_acctq_needs_command" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_needs_command" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_needs_command" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_needs_command" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_needs_command" -l reveal -d 'Show secret fields, like activation tokens'
complete -c acctq -n "__fish_acctq_needs_command" -l strict -d 'Exit 9 instead of showing an answer that strays from the contract'
complete -c acctq -n "__fish_acctq_needs_command" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_needs_command" -s v -l verbose -d 'What each request did, on standard error'
complete -c acctq -n "__fish_acctq_needs_command" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_needs_command" -s V -l version -d 'Print version'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "check" -d 'Whether what is expected of an account holds, or of all accounts of a suite: exit 0, or 10'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "config" -d 'The configuration: write a template, show what is in force'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "schema" -d 'The JSON Schema of what -o json prints'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "sandbox" -d 'Serve both APIs on loopback, for trying things, until interrupted'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "completions" -d 'The completions of a shell'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "man" -d 'Write the man pages into a folder'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "cacc" -d 'Connected accounts, at Connect'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "partner" -d 'Partner billing accounts, at Partner'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "get" -d 'Look up any account: cacc_… at Connect, anything else at Partner'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "wait" -d 'Wait until an account is in the wanted state'
complete -c acctq -n "__fish_acctq_needs_command" -f -a "help" -d 'Help on a command or a topic: environment, exit-codes, output, config, expressions'
complete -c acctq -n "__fish_acctq_using_subcommand check" -l expect -d 'What must hold of it, such as status=active; repeat it for more. `acctq help expressions` tells all' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -l suite -d 'A file of checks, which are all run' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand check" -l report-junit -d 'Write what came of the suite to this file, too, as JUnit XML' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand check" -l jobs -d 'How many checks of a suite are under way at once: 1 to 256 [default: 8]' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand check" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand check" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand check" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand check" -l strict -d 'Exit 9 instead of showing an answer that strays from the contract'
complete -c acctq -n "__fish_acctq_using_subcommand check" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand check" -s v -l verbose -d 'What each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand check" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -f -a "init" -d 'Write a commented template, for nobody else to read; never overwrites'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -f -a "show" -d 'The effective values, where each came from, and the profiles; tokens are not shown'
complete -c acctq -n "__fish_acctq_using_subcommand config; and not __fish_seen_subcommand_from init show path" -f -a "path" -d 'Where the configuration is looked for'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from init" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from path" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand schema" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand schema" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand schema" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -l port -d 'The port on 127.0.0.1; 0 takes any free one' -r
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -l accounts -d 'How many made-up accounts Connect\'s list has; each is found by its id, too' -r
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand sandbox" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand completions" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand completions" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand completions" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand man" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand man" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand man" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s F -l fields -d 'Which fields to show, in which order: names with commas between them, paths like metadata.plan' -r -f -a "id\t''
connection_type\t''
onboarding_mode\t''
status\t''
platform_organization_id\t''
created_at\t''
connected_organization_id\t''
connected_tenant_id\t''
platform_customer_id\t''
pending_email\t''
pending_organization_name\t''
pending_country\t''
onboarding_completed_at\t''
revoked_at\t''
metadata\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l reveal -d 'Show secret fields, like activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -l strict -d 'Exit 9 instead of showing an answer that strays from the contract'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s v -l verbose -d 'What each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -f -a "get" -d 'Look up connected accounts by id'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and not __fish_seen_subcommand_from get list" -f -a "list" -d 'List the connected accounts of the platform'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l jobs -d 'How many look-ups are under way at once: 1 to 256' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l rate -d 'At most so many requests a second: 10/s, 0.5/s' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l skip -d 'Go on behind that line of standard input, and what was given before it' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s F -l fields -d 'Which fields to show, in which order: names with commas between them, paths like metadata.plan' -r -f -a "id\t''
connection_type\t''
onboarding_mode\t''
status\t''
platform_organization_id\t''
created_at\t''
connected_organization_id\t''
connected_tenant_id\t''
platform_customer_id\t''
pending_email\t''
pending_organization_name\t''
pending_country\t''
onboarding_completed_at\t''
revoked_at\t''
metadata\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l reveal -d 'Show secret fields, like activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -l strict -d 'Exit 9 instead of showing an answer that strays from the contract'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s v -l verbose -d 'What each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l where -d 'Only accounts of which this holds; repeat it, and all must hold: see `acctq help expressions`' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l sort -d 'In the order of that field, or -FIELD in the opposite one; what an account lacks comes last' -r -f -a "id\t''
connection_type\t''
onboarding_mode\t''
status\t''
platform_organization_id\t''
created_at\t''
connected_organization_id\t''
connected_tenant_id\t''
platform_customer_id\t''
pending_email\t''
pending_organization_name\t''
pending_country\t''
onboarding_completed_at\t''
revoked_at\t''
metadata\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l limit -d 'At most so many accounts' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s F -l fields -d 'Which fields to show, in which order: names with commas between them, paths like metadata.plan' -r -f -a "id\t''
connection_type\t''
onboarding_mode\t''
status\t''
platform_organization_id\t''
created_at\t''
connected_organization_id\t''
connected_tenant_id\t''
platform_customer_id\t''
pending_email\t''
pending_organization_name\t''
pending_country\t''
onboarding_completed_at\t''
revoked_at\t''
metadata\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l reveal -d 'Show secret fields, like activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -l strict -d 'Exit 9 instead of showing an answer that strays from the contract'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s v -l verbose -d 'What each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand cacc; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s F -l fields -d 'Which fields to show, in which order: names with commas between them, paths like metadata.plan' -r -f -a "customer_account_uid\t''
account_type\t''
activation_token\t''
domain\t''
status\t''
deployed_members\t''
created_at\t''
updated_at\t''
ends_at\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l reveal -d 'Show secret fields, like activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -l strict -d 'Exit 9 instead of showing an answer that strays from the contract'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s v -l verbose -d 'What each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and not __fish_seen_subcommand_from account" -f -a "account" -d 'Billing accounts'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s F -l fields -d 'Which fields to show, in which order: names with commas between them, paths like metadata.plan' -r -f -a "customer_account_uid\t''
account_type\t''
activation_token\t''
domain\t''
status\t''
deployed_members\t''
created_at\t''
updated_at\t''
ends_at\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l reveal -d 'Show secret fields, like activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -l strict -d 'Exit 9 instead of showing an answer that strays from the contract'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s v -l verbose -d 'What each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand partner; and __fish_seen_subcommand_from account" -f -a "get" -d 'Look up partner billing accounts by uid'
complete -c acctq -n "__fish_acctq_using_subcommand get" -l jobs -d 'How many look-ups are under way at once: 1 to 256' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l rate -d 'At most so many requests a second: 10/s, 0.5/s' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l skip -d 'Go on behind that line of standard input, and what was given before it' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand get" -s F -l fields -d 'Which fields to show, in which order: names with commas between them, paths like metadata.plan' -r -f -a "id\t''
connection_type\t''
onboarding_mode\t''
status\t''
platform_organization_id\t''
created_at\t''
connected_organization_id\t''
connected_tenant_id\t''
platform_customer_id\t''
pending_email\t''
pending_organization_name\t''
pending_country\t''
onboarding_completed_at\t''
revoked_at\t''
metadata\t''
customer_account_uid\t''
account_type\t''
activation_token\t''
domain\t''
deployed_members\t''
updated_at\t''
ends_at\t''"
complete -c acctq -n "__fish_acctq_using_subcommand get" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand get" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand get" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand get" -l reveal -d 'Show secret fields, like activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand get" -l strict -d 'Exit 9 instead of showing an answer that strays from the contract'
complete -c acctq -n "__fish_acctq_using_subcommand get" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand get" -s v -l verbose -d 'What each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand get" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l for -d 'What to wait for, such as status=active; repeat it for more. `acctq help expressions` tells all' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l within -d 'For how long to wait: 90s, 10m, 1h30m, at most 24h' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l interval -d 'How long to pause between look-ups, give or take a tenth' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s p -l profile -d 'Which profile of the configuration to use; `sandbox` is built in' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s o -l output -d 'How results are written; with json and ndjson, errors are JSON, too' -r -f -a "table\t''
json\t''
yaml\t''
ndjson\t''"
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s F -l fields -d 'Which fields to show, in which order: names with commas between them, paths like metadata.plan' -r -f -a "id\t''
connection_type\t''
onboarding_mode\t''
status\t''
platform_organization_id\t''
created_at\t''
connected_organization_id\t''
connected_tenant_id\t''
platform_customer_id\t''
pending_email\t''
pending_organization_name\t''
pending_country\t''
onboarding_completed_at\t''
revoked_at\t''
metadata\t''
customer_account_uid\t''
account_type\t''
activation_token\t''
domain\t''
deployed_members\t''
updated_at\t''
ends_at\t''"
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l timeout -d 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l retries -d 'How often a failed request is repeated: 0 to 10 [default: 2]' -r
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l config -d 'The configuration file' -r -F
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l reveal -d 'Show secret fields, like activation tokens'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -l strict -d 'Exit 9 instead of showing an answer that strays from the contract'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s v -l verbose -d 'What each request did, on standard error'
complete -c acctq -n "__fish_acctq_using_subcommand wait" -s h -l help -d 'Print help'
complete -c acctq -n "__fish_acctq_using_subcommand help" -l color -d 'When to use colour' -r -f -a "auto\t''
always\t''
never\t''"
complete -c acctq -n "__fish_acctq_using_subcommand help" -s q -l quiet -d 'Nothing on standard error but errors'
complete -c acctq -n "__fish_acctq_using_subcommand help" -s h -l help -d 'Print help'
