//! Completions, man pages, help, schema, config init/show/path.
