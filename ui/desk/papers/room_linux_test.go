package papers_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"sealdesk/ui/desk/papers"
)

// Only a private folder in memory is one.
func TestInMemory(t *testing.T) {
	given := func(dir string) string { return papers.InMemory(func(string) string { return dir }) }
	if got := given(""); got != "" {
		t.Errorf("none: %s", got)
	}
	if got := given("run/user"); got != "" {
		t.Errorf("a relative one: %s", got)
	}
	shm, err := os.MkdirTemp("/dev/shm", "sealdesk-")
	if err != nil {
		t.Skip("no folder in memory here")
	}
	defer os.RemoveAll(shm)
	var at unix.Statfs_t
	if must(t, unix.Statfs(shm, &at)); at.Type != unix.TMPFS_MAGIC {
		t.Skip("/dev/shm is not in memory here")
	}
	if got := given(shm); got != shm {
		t.Errorf("%s: %q", shm, got)
	}
	must(t, os.Chmod(shm, 0o755))
	if got := given(shm); got != "" {
		t.Errorf("one that others may read: %q", got)
	}
	disk := t.TempDir()
	must(t, os.Chmod(disk, 0o700))
	if must(t, unix.Statfs(disk, &at)); at.Type != unix.TMPFS_MAGIC && given(disk) != "" {
		t.Errorf("one on a disk: %q", given(disk))
	}
}
