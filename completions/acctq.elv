
use builtin;
use str;

set edit:completion:arg-completer[acctq] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'acctq'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'acctq'= {
            cand -p 'Which profile of the configuration to use; `sandbox` is built in'
            cand --profile 'Which profile of the configuration to use; `sandbox` is built in'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand -F 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --fields 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --timeout 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]'
            cand --retries 'How often a failed request is repeated: 0 to 10 [default: 2]'
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand --reveal 'Show secret fields, like activation tokens'
            cand --strict 'Exit 9 instead of showing an answer that strays from the contract'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -v 'What each request did, on standard error'
            cand --verbose 'What each request did, on standard error'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand config 'The configuration: write a template, show what is in force'
            cand schema 'The JSON Schema of what -o json prints'
            cand sandbox 'Serve both APIs on loopback, for trying things, until interrupted'
            cand completions 'The completions of a shell'
            cand man 'Write the man pages into a folder'
            cand help 'Help on a command or a topic: environment, exit-codes, output, config, expressions'
            cand cacc 'Connected accounts, at Connect'
            cand partner 'Partner billing accounts, at Partner'
            cand get 'Look up any account: cacc_… at Connect, anything else at Partner'
        }
        &'acctq;config'= {
            cand -p 'Which profile of the configuration to use; `sandbox` is built in'
            cand --profile 'Which profile of the configuration to use; `sandbox` is built in'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand --timeout 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]'
            cand --retries 'How often a failed request is repeated: 0 to 10 [default: 2]'
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -h 'Print help'
            cand --help 'Print help'
            cand init 'Write a commented template, for nobody else to read; never overwrites'
            cand show 'The effective values, where each came from, and the profiles; tokens are not shown'
            cand path 'Where the configuration is looked for'
        }
        &'acctq;config;init'= {
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;config;show'= {
            cand -p 'Which profile of the configuration to use; `sandbox` is built in'
            cand --profile 'Which profile of the configuration to use; `sandbox` is built in'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand --timeout 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]'
            cand --retries 'How often a failed request is repeated: 0 to 10 [default: 2]'
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;config;path'= {
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;schema'= {
            cand --color 'When to use colour'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;sandbox'= {
            cand --port 'The port on 127.0.0.1; 0 takes any free one'
            cand --accounts 'How many made-up accounts Connect''s list has; each is found by its id, too'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand --color 'When to use colour'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;completions'= {
            cand --color 'When to use colour'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;man'= {
            cand --color 'When to use colour'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;help'= {
            cand --color 'When to use colour'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;cacc'= {
            cand -p 'Which profile of the configuration to use; `sandbox` is built in'
            cand --profile 'Which profile of the configuration to use; `sandbox` is built in'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand -F 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --fields 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --timeout 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]'
            cand --retries 'How often a failed request is repeated: 0 to 10 [default: 2]'
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand --reveal 'Show secret fields, like activation tokens'
            cand --strict 'Exit 9 instead of showing an answer that strays from the contract'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -v 'What each request did, on standard error'
            cand --verbose 'What each request did, on standard error'
            cand -h 'Print help'
            cand --help 'Print help'
            cand get 'Look up connected accounts by id'
        }
        &'acctq;cacc;get'= {
            cand -p 'Which profile of the configuration to use; `sandbox` is built in'
            cand --profile 'Which profile of the configuration to use; `sandbox` is built in'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand -F 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --fields 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --timeout 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]'
            cand --retries 'How often a failed request is repeated: 0 to 10 [default: 2]'
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand --reveal 'Show secret fields, like activation tokens'
            cand --strict 'Exit 9 instead of showing an answer that strays from the contract'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -v 'What each request did, on standard error'
            cand --verbose 'What each request did, on standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;partner'= {
            cand -p 'Which profile of the configuration to use; `sandbox` is built in'
            cand --profile 'Which profile of the configuration to use; `sandbox` is built in'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand -F 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --fields 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --timeout 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]'
            cand --retries 'How often a failed request is repeated: 0 to 10 [default: 2]'
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand --reveal 'Show secret fields, like activation tokens'
            cand --strict 'Exit 9 instead of showing an answer that strays from the contract'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -v 'What each request did, on standard error'
            cand --verbose 'What each request did, on standard error'
            cand -h 'Print help'
            cand --help 'Print help'
            cand account 'Billing accounts'
        }
        &'acctq;partner;account'= {
            cand -p 'Which profile of the configuration to use; `sandbox` is built in'
            cand --profile 'Which profile of the configuration to use; `sandbox` is built in'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand -F 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --fields 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --timeout 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]'
            cand --retries 'How often a failed request is repeated: 0 to 10 [default: 2]'
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand --reveal 'Show secret fields, like activation tokens'
            cand --strict 'Exit 9 instead of showing an answer that strays from the contract'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -v 'What each request did, on standard error'
            cand --verbose 'What each request did, on standard error'
            cand -h 'Print help'
            cand --help 'Print help'
            cand get 'Look up partner billing accounts by uid'
        }
        &'acctq;partner;account;get'= {
            cand -p 'Which profile of the configuration to use; `sandbox` is built in'
            cand --profile 'Which profile of the configuration to use; `sandbox` is built in'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand -F 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --fields 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --timeout 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]'
            cand --retries 'How often a failed request is repeated: 0 to 10 [default: 2]'
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand --reveal 'Show secret fields, like activation tokens'
            cand --strict 'Exit 9 instead of showing an answer that strays from the contract'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -v 'What each request did, on standard error'
            cand --verbose 'What each request did, on standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'acctq;get'= {
            cand -p 'Which profile of the configuration to use; `sandbox` is built in'
            cand --profile 'Which profile of the configuration to use; `sandbox` is built in'
            cand -o 'How results are written; with json and ndjson, errors are JSON, too'
            cand --output 'How results are written; with json and ndjson, errors are JSON, too'
            cand -F 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --fields 'Which fields to show, in which order: names with commas between them, paths like metadata.plan'
            cand --timeout 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]'
            cand --retries 'How often a failed request is repeated: 0 to 10 [default: 2]'
            cand --config 'The configuration file'
            cand --color 'When to use colour'
            cand --reveal 'Show secret fields, like activation tokens'
            cand --strict 'Exit 9 instead of showing an answer that strays from the contract'
            cand -q 'Nothing on standard error but errors'
            cand --quiet 'Nothing on standard error but errors'
            cand -v 'What each request did, on standard error'
            cand --verbose 'What each request did, on standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
    ]
    $completions[$command]
}
