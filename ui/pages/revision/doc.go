// Package revision is the page 签署时的版本: the document as one of its signers saw it, for looking at only, with what was
// done to it since.
package revision
