package blobstest

import (
	"net/http/httptest"
	"testing"

	"github.com/rclone/gofakes3"
	"github.com/rclone/gofakes3/s3mem"
)

// Key and Secret are the only ones that the server takes; Bucket is there.
const (
	Key    = "AKIDEXAMPLE"
	Secret = "wJalrXUtnFEMI/K7MDENG"
	Bucket = "contracts"
)

// Server starts a server and gives the address of its bucket for s3.Open, which finds Key and Secret in the environment of
// the test.
func Server(t testing.TB) string {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(t.Context(), Bucket); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend, gofakes3.WithV4Auth(map[string]string{Key: Secret}), gofakes3.WithoutVersioning()).Server())
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", Key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", Secret)
	return "s3://" + Bucket + "/platform?endpoint=" + server.URL + "&region=us-east-1&path-style=1"
}
