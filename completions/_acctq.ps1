
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'acctq' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'acctq'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'acctq' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, like activation tokens')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Whether what is expected of an account holds, or of all accounts of a suite: exit 0, or 10')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'The configuration: write a template, show what is in force')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'The JSON Schema of what -o json prints')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Serve both APIs on loopback, for trying things, until interrupted')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'The completions of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the man pages into a folder')
            [CompletionResult]::new('cacc', 'cacc', [CompletionResultType]::ParameterValue, 'Connected accounts, at Connect')
            [CompletionResult]::new('partner', 'partner', [CompletionResultType]::ParameterValue, 'Partner billing accounts, at Partner')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Look up any account: cacc_… at Connect, anything else at Partner')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until an account is in the wanted state')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Help on a command or a topic: environment, exit-codes, output, config, expressions')
            break
        }
        'acctq;check' {
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'What must hold of it, such as status=active; repeat it for more. `acctq help expressions` tells all')
            [CompletionResult]::new('--suite', '--suite', [CompletionResultType]::ParameterName, 'A file of checks, which are all run')
            [CompletionResult]::new('--report-junit', '--report-junit', [CompletionResultType]::ParameterName, 'Write what came of the suite to this file, too, as JUnit XML')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many checks of a suite are under way at once: 1 to 256 [default: 8]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;config' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a commented template, for nobody else to read; never overwrites')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'The effective values, where each came from, and the profiles; tokens are not shown')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Where the configuration is looked for')
            break
        }
        'acctq;config;init' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;config;show' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;config;path' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;schema' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;sandbox' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port on 127.0.0.1; 0 takes any free one')
            [CompletionResult]::new('--accounts', '--accounts', [CompletionResultType]::ParameterName, 'How many made-up accounts Connect''s list has; each is found by its id, too')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;completions' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;man' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;cacc' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, like activation tokens')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Look up connected accounts by id')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the connected accounts of the platform')
            break
        }
        'acctq;cacc;get' {
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many look-ups are under way at once: 1 to 256')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'At most so many requests a second: 10/s, 0.5/s')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Go on behind that line of standard input, and what was given before it')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, like activation tokens')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;cacc;list' {
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Only accounts of which this holds; repeat it, and all must hold: see `acctq help expressions`')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'In the order of that field, or -FIELD in the opposite one; what an account lacks comes last')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'At most so many accounts')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, like activation tokens')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;partner' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, like activation tokens')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('account', 'account', [CompletionResultType]::ParameterValue, 'Billing accounts')
            break
        }
        'acctq;partner;account' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, like activation tokens')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Look up partner billing accounts by uid')
            break
        }
        'acctq;partner;account;get' {
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many look-ups are under way at once: 1 to 256')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'At most so many requests a second: 10/s, 0.5/s')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Go on behind that line of standard input, and what was given before it')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, like activation tokens')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;get' {
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many look-ups are under way at once: 1 to 256')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'At most so many requests a second: 10/s, 0.5/s')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Go on behind that line of standard input, and what was given before it')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, like activation tokens')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;wait' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'What to wait for, such as status=active; repeat it for more. `acctq help expressions` tells all')
            [CompletionResult]::new('--within', '--within', [CompletionResultType]::ParameterName, 'For how long to wait: 90s, 10m, 1h30m, at most 24h')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'How long to pause between look-ups, give or take a tenth')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Which profile of the configuration to use; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How results are written; with json and ndjson, errors are JSON, too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Which fields to show, in which order: names with commas between them, paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long a look-up may take, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a failed request is repeated: 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'The configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, like activation tokens')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit 9 instead of showing an answer that strays from the contract')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'What each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;help' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
