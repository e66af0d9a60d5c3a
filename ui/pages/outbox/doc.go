// Package outbox is the page 发件箱: what waits for the platform, since when and why, and what was delivered, with the
// platform's receipts.
package outbox
