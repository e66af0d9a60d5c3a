// Package pgdb opens a PostgreSQL database, which several servers share, as package sqldb's.
package pgdb
