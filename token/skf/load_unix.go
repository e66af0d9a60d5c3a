//go:build unix

package skf

import "github.com/ebitengine/purego"

// open loads a library and gives the means to find functions in it, which are 0 where there are none.
func open(path string) (find func(name string) uintptr, err error) {
	library, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, err
	}
	return func(name string) uintptr {
		f, err := purego.Dlsym(library, name)
		if err != nil {
			return 0
		}
		return f
	}, nil
}

func invoke(f uintptr, args ...uintptr) uintptr {
	r, _, _ := purego.SyscallN(f, args...)
	return r
}
