// Package sqlite keeps the reference platform's store in one SQLite file. SQLite has one writer, so that two changes of the
// same contract come one after the other, and the second sees what the first did.
package sqlite
