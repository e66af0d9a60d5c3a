// Package vendors holds the table of the libraries of key vendors: where they lie, what they can, and in what each departs
// from the standards. Package token/profile says what its fields mean and reads it.
package vendors
