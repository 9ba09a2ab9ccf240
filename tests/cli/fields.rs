//! Every field of both contracts, in every state, in every format.
