// Package postgres opens the reference platform's store in a PostgreSQL database, which several servers share.
package postgres
