
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
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Send nothing, and print the request as a line of shell for curl')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('cacc', 'cacc', [CompletionResultType]::ParameterValue, 'Look up and list connected accounts at Connect')
            [CompletionResult]::new('partner', 'partner', [CompletionResultType]::ParameterValue, 'Look up billing accounts of 1Password, and the links to redeem them')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Look up any account: cacc_… at Connect, anything else at Partner')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check expectations about one account, or a suite of them: exit 0 or 10')
            [CompletionResult]::new('compare', 'compare', [CompletionResultType]::ParameterValue, 'Compare an account in several profiles, field by field: exit 0 or 10')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until an account is in the wanted state')
            [CompletionResult]::new('auth', 'auth', [CompletionResultType]::ParameterValue, 'Store the tokens of profiles, and try them')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Show the configuration in effect, or write a template')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of what -o json prints')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Serve both APIs on loopback with made-up accounts, until interrupted')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completions of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Write the man pages into a directory')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Help on a command or a topic: environment, exit-codes, output, config, expressions, fields')
            break
        }
        'acctq;cacc' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Send nothing, and print the request as a line of shell for curl')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Look up connected accounts by id')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the connected accounts of the platform')
            break
        }
        'acctq;cacc;get' {
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Look up to N ids at once: 1 to 256')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Make at most this number of requests a second: 10/s, 0.5/s')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Go on after this line of standard input, without what was given before it')
            [CompletionResult]::new('--column', '--column', [CompletionResultType]::ParameterName, 'Read the ids from this column of CSV on standard input: its name in the header, or its number from 1')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Send nothing, and print the request as a line of shell for curl')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;cacc;list' {
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Show only accounts for which this holds; repeat it, and all must hold: see `acctq help expressions`')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'Sort by this field, or by -FIELD in descending order; accounts without it come last')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Show at most N accounts')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Show how many accounts have each value of this field, instead of the accounts')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Send nothing, and print the request as a line of shell for curl')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;partner' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Send nothing, and print the request as a line of shell for curl')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('account', 'account', [CompletionResultType]::ParameterValue, 'Look up billing accounts, and the links to redeem them')
            break
        }
        'acctq;partner;account' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Send nothing, and print the request as a line of shell for curl')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Look up billing accounts by uid')
            [CompletionResult]::new('redeem-url', 'redeem-url', [CompletionResultType]::ParameterValue, 'Print the link with which the customer of an entitled account signs up')
            break
        }
        'acctq;partner;account;get' {
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Look up to N ids at once: 1 to 256')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Make at most this number of requests a second: 10/s, 0.5/s')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Go on after this line of standard input, without what was given before it')
            [CompletionResult]::new('--column', '--column', [CompletionResultType]::ParameterName, 'Read the ids from this column of CSV on standard input: its name in the header, or its number from 1')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Send nothing, and print the request as a line of shell for curl')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;partner;account;redeem-url' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;get' {
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Look up to N ids at once: 1 to 256')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Make at most this number of requests a second: 10/s, 0.5/s')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Go on after this line of standard input, without what was given before it')
            [CompletionResult]::new('--column', '--column', [CompletionResultType]::ParameterName, 'Read the ids from this column of CSV on standard input: its name in the header, or its number from 1')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Send nothing, and print the request as a line of shell for curl')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;check' {
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'Expect this to hold, such as status=active; repeatable. See `acctq help expressions`')
            [CompletionResult]::new('--suite', '--suite', [CompletionResultType]::ParameterName, 'Run all checks of this file')
            [CompletionResult]::new('--report-junit', '--report-junit', [CompletionResultType]::ParameterName, 'Write the results to this file, as XML in the format of `JUnit`')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Look up to N ids at once: 1 to 256')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Make at most this number of requests a second: 10/s, 0.5/s')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Go on after this line of standard input, without what was given before it')
            [CompletionResult]::new('--column', '--column', [CompletionResultType]::ParameterName, 'Read the ids from this column of CSV on standard input: its name in the header, or its number from 1')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;compare' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;wait' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'Wait until this holds, such as status=active; repeatable. See `acctq help expressions`')
            [CompletionResult]::new('--within', '--within', [CompletionResultType]::ParameterName, 'Give up after this time: 90s, 10m, 1h30m, at most 24h')
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Pause between look-ups, give or take a tenth')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order: comma-separated names, or paths like metadata.plan')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--reveal', '--reveal', [CompletionResultType]::ParameterName, 'Show secret fields, such as activation tokens')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'For tickets: show ids, types, states, times and counts, and [redacted] for everything else')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Exit with 9 if an answer violates the API''s contract, instead of showing it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print what each request did, on standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;auth' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Store a token for a profile, after trying it')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Try the token of every profile')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Forget a token that login has stored')
            break
        }
        'acctq;auth;login' {
            [CompletionResult]::new('--url', '--url', [CompletionResultType]::ParameterName, 'The base URL, for a profile that has none yet')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('--no-verify', '--no-verify', [CompletionResultType]::ParameterName, 'Store the token without trying it')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;auth;status' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;auth;logout' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;config' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a commented template that only you can read; never overwrites')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the values in effect, where each comes from, and the profiles; never a token')
            [CompletionResult]::new('path', 'path', [CompletionResultType]::ParameterValue, 'Print the path of the configuration file')
            break
        }
        'acctq;config;init' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;config;show' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile of the configuration; `sandbox` is built in')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up a look-up after this time, retries included: 500ms, 30s, 2m [default: 60s]')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'Repeat a failed request up to N times, 0 to 10 [default: 2]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;config;path' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read this configuration file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;schema' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;sandbox' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Listen on this port of 127.0.0.1; 0 takes a free one')
            [CompletionResult]::new('--accounts', '--accounts', [CompletionResultType]::ParameterName, 'Serve this number of made-up accounts in Connect''s list')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write results in this format; with json and ndjson, errors are JSON too')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;completions' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;man' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'acctq;help' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing on standard error but errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
