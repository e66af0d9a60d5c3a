// Package sestest makes electronic seals for tests that press them.
package sestest
