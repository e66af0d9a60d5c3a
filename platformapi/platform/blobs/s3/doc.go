// Package s3 keeps the platform's files in a bucket that is reached by the S3 protocol, which several servers share.
package s3
