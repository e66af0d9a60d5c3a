// Package trail keeps a chain of package audit in the tables audit and audit_head of a server's database.
package trail
