// Package tables keeps the mobile CA's store in SQL tables, in the words that SQLite and PostgreSQL both know; packages
// sqlite and postgres open the databases. A thing is a row with its id, the columns that it is looked for by, and all of
// it as JSON (kind). Rows are locked before a rule sees them, always in the order device, application, pairing, request, key,
// certificate, organisation, audit trail, so that transactions do not wait for each other. Only that there is news for a device
// is written behind its pairings and requests: who meets the device's removal there is undone by PostgreSQL, and run again.
package tables
