package blobs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/blobs/blobstest"
)

func TestDir(t *testing.T) {
	root := t.TempDir()
	dir, err := blobs.OpenDir(root)
	if err != nil {
		t.Fatal(err)
	}
	staging, err := blobs.OpenStaging(filepath.Join(root, "tmp"))
	if err != nil {
		t.Fatal(err)
	}
	blobstest.Run(t, dir, staging)
	if left, err := os.ReadDir(filepath.Join(root, "tmp")); err != nil || len(left) > 1 { // one is discarded after the suite
		t.Errorf("staged files are left: %v, %v", left, err)
	}
	if err := os.RemoveAll(filepath.Join(root, "sha256")); err != nil {
		t.Fatal(err)
	}
	if err := dir.Ping(t.Context()); err == nil {
		t.Error("a folder that is gone answers")
	}
}

func TestStagingIsSwept(t *testing.T) {
	root := t.TempDir()
	staging, err := blobs.OpenStaging(root)
	if err != nil {
		t.Fatal(err)
	}
	s, err := staging.Stage(strings.NewReader("left behind"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Discard()
	for _, at := range []struct {
		age  time.Duration
		left int
	}{{0, 1}, {2 * time.Hour, 0}} {
		if err := staging.Sweep(time.Now().Add(at.age), time.Hour); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(root); err != nil || len(left) != at.left {
			t.Errorf("after %v: %v, %v", at.age, left, err)
		}
	}
}
