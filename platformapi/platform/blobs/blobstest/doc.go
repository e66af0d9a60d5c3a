// Package blobstest is the suite that every blobs.Store passes, and a server of the S3 protocol in memory for those who
// need one: it checks the signatures of requests.
package blobstest
