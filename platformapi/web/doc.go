// Package web is what every HTTP server of this project does the same way: problems (RFC 9457), requests checked against the
// OpenAPI document, limits on size, time and rate, the address that a request came from, opaque tokens, and opening a SQLite
// store. Package header has the headers that make a change safe to repeat.
package web
