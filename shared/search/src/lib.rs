//! Search by any part of a name, an address or a number: folding, index rows, matches.
