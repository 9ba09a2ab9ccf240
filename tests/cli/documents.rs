//! Every document in the repository that the program can check: example configuration, completions.
