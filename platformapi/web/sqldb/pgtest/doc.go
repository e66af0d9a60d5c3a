// Package pgtest starts a PostgreSQL server for tests: of the system's programs, in a folder of its own, on a Unix socket
// only. Where there are no such programs the tests skip, unless SEALDESK_REQUIRE_POSTGRES is set.
package pgtest
