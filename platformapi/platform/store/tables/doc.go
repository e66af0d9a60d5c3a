// Package tables keeps the reference platform's store in SQL tables, in the words that SQLite and PostgreSQL both know;
// packages sqlite and postgres open the databases and say what they say differently. A contract's row is locked before it
// is judged, so that of two changes of the same contract the second sees what the first did.
package tables
