//go:build unix && !linux

package office

import (
	"bytes"
	"context"
	"os/exec"
	"strconv"
	"time"
)

// memory is the resident memory of the group's processes, in bytes; 0 where it cannot be learned.
func (g group) memory() (total int64) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "/bin/ps", "-axo", "pgid=,rss=").Output()
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(out) {
		f := bytes.Fields(line)
		if len(f) != 2 || string(f[0]) != strconv.Itoa(g.pid) {
			continue
		}
		if kib, err := strconv.ParseInt(string(f[1]), 10, 64); err == nil {
			total += kib << 10
		}
	}
	return total
}
