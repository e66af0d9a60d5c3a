// Package backup writes what a platform holds into a folder and makes a platform of it again. The database is copied
// first, as it is at one moment, and then the files: files that contracts name are never removed, so that the copy has
// every file that its database names, while the servers go on.
package backup
