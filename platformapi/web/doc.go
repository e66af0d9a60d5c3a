// Package web is what every HTTP server of this project does the same way: problems (RFC 9457), the headers that make a
// change safe to repeat (Idempotency-Key, ETag and If-Match, Content-Digest), requests checked against the OpenAPI
// document, limits on size, time and rate, and opening a SQLite store.
package web
