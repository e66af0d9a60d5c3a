package office

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// memory is the resident memory of the group's processes, in bytes.
func (g group) memory() int64 { return residentOf(g.pid, 8) }

func residentOf(pid, depth int) (total int64) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if fields := bytes.Fields(statm); err == nil && len(fields) > 1 {
		pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
		total = pages * int64(os.Getpagesize())
	}
	if depth == 0 {
		return total
	}
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return total
	}
	for _, task := range tasks {
		children, err := os.ReadFile(task)
		if err != nil {
			continue // it has just ended
		}
		for _, c := range bytes.Fields(children) {
			if child, err := strconv.Atoi(string(c)); err == nil {
				total += residentOf(child, depth-1)
			}
		}
	}
	return total
}
