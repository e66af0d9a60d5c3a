// Package scan shows what a phone has to do (移动 CA): the QR code with its countdown, who scanned it, the match code, and what is
// waited for; within a page, or as a dialog over it.
package scan
