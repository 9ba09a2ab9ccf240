//! What a server may do on the wire.
