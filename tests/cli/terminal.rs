//! What a terminal changes, on a pseudo-terminal.
