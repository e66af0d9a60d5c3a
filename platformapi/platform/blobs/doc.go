// Package blobs keeps files under the SHA-256 of their bytes, in a folder or (package s3) in a bucket. A file is received
// into a staging folder first, where it can be looked at, and kept before the row that names its digest is written, so
// that such a row always finds the whole file, whenever the power went.
package blobs
