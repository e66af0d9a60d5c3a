// Package durable makes the names in a folder outlive a power cut.
package durable
