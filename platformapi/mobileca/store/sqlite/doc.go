// Package sqlite opens the mobile CA's store in one SQLite file.
package sqlite
