// Package storetest is the suite that the store passes on every database.
package storetest
