// Package store says what the mobile CA keeps, and in which steps: each method is one transaction. Where a rule decides, it is
// handed in, sees the rows locked, and what it made of them is kept together with the rows of the audit trail that it
// returns, or nothing is. Package tables implements it on SQLite and on PostgreSQL; storetest is the suite for both.
package store
