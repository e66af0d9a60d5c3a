// Package sqldb is a server's SQL database, in the words that SQLite and PostgreSQL both know: opening one of either, a
// transaction that lasts when it returns and that is tried again when it lost against another, and how times and rows are
// read. What the two say differently stays here and in package pgdb, so that a store is written once.
package sqldb
