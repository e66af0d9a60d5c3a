// Package blobs keeps files in a folder under the digest of their bytes. A file has its name only after its bytes and its
// folder were synced, so that a row which names a digest always finds the whole file, whenever the power went.
package blobs
