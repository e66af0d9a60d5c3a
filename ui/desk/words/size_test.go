package words

import "testing"

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1 << 10: "1 KB", 1<<10 + 1: "2 KB", 300_000: "293 KB", 1 << 20: "1.0 MB", 104_857_600: "100.0 MB", 3 << 29: "1.5 GB",
	} {
		if got := Size(n); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}
