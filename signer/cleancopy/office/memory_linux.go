package office

import (
	"bytes"
	"fmt"
	"os"
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
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil || depth == 0 {
		return total
	}
	for _, c := range bytes.Fields(children) {
		if child, err := strconv.Atoi(string(c)); err == nil {
			total += residentOf(child, depth-1)
		}
	}
	return total
}
