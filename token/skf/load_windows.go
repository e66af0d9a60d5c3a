package skf

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// open loads a library and gives the means to find functions in it, which are 0 where there are none. What the library needs
// itself is looked for in its own folder, not in the current one.
func open(path string) (find func(name string) uintptr, err error) {
	library, err := windows.LoadLibraryEx(path, 0, windows.LOAD_WITH_ALTERED_SEARCH_PATH)
	if err != nil {
		return nil, err
	}
	return func(name string) uintptr {
		f, err := windows.GetProcAddress(library, name)
		if err != nil {
			return 0
		}
		return f
	}, nil
}

// invoke calls by __stdcall on 386, as SKF libraries are called there.
func invoke(f uintptr, args ...uintptr) uintptr {
	r, _, _ := syscall.SyscallN(f, args...)
	return r
}
