package s3_test

import (
	"strings"
	"testing"

	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/blobs/blobstest"
	"sealdesk/platformapi/platform/blobs/s3"
)

func TestBucket(t *testing.T) {
	address := blobstest.Server(t)
	bucket, err := s3.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	staging, err := blobs.OpenStaging(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	blobstest.Run(t, bucket, staging)

	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	if _, err := s3.Open(t.Context(), address); err == nil || strings.Contains(err.Error(), blobstest.Secret) {
		t.Errorf("with a wrong secret: %v", err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", blobstest.Secret)
	for address, want := range map[string]string{
		strings.Replace(address, blobstest.Bucket, "other", 1): "no bucket",
		"s3:///x": "not s3://", "https://h/x": "not s3://", "s3://k:s@b": "without keys", "s3://b?acces=1": "acces",
		"s3://b?endpoint=h": "endpoint", "s3://b?endpoint=ftp://h": "endpoint", "s3://b?endpoint=https://h/path": "endpoint",
	} {
		if _, err := s3.Open(t.Context(), address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
}
