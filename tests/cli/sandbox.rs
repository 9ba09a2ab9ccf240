//! Every row of the sandbox's table, and its manners.
