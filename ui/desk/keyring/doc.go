// Package keyring is the system's keyring of the person who is logged in: the Secret Service on Linux, Keychain on macOS,
// Credential Manager on Windows. A server or a hall's terminal may have none; that is found out without starting one.
package keyring
