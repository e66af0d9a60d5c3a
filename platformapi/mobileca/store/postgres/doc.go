// Package postgres opens the mobile CA's store in a PostgreSQL database, which several servers share.
package postgres
