// Package storetest is the suite that every implementation of the mobile CA's store passes.
package storetest
