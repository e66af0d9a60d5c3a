//go:build unix

package apart

import (
	"math"
	"syscall"
	"testing"
)

// The bounds are this process's from here on. The one on memory is as high as it may be.
func TestLimit(t *testing.T) {
	if err := limit(math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	for what, most := range map[int]uint64{syscall.RLIMIT_FSIZE: maxFile, syscall.RLIMIT_CORE: 0} {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(what, &now); err != nil || now.Cur > most || now.Max > most {
			t.Errorf("bound %d is %+v, %v", what, now, err)
		}
	}
}
