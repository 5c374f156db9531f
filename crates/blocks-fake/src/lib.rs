//! Every port in memory, and a sandbox server that behaves like X.
