//go:build unix

package cryptoki

import "github.com/ebitengine/purego"

// open loads a library and finds one function in it.
func open(path, name string) (uintptr, error) {
	library, err := purego.Dlopen(path, purego.RTLD_LAZY|purego.RTLD_LOCAL)
	if err != nil {
		return 0, err
	}
	return purego.Dlsym(library, name)
}

func invoke(f uintptr, args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(f, args...)
	return r
}
