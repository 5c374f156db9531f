//! Every store port in one SQLite file.
