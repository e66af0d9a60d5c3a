// Package sqlite opens the reference platform's store in one SQLite file. SQLite has one writer, so that two changes come
// one after the other.
package sqlite
