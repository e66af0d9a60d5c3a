// Package header reads and writes the headers that make a change safe to repeat and a file safe to carry: Idempotency-Key,
// ETag and If-Match, Content-Digest, Authorization.
package header
