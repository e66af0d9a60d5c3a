package cryptoki

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// open loads a library and finds one function in it. What the library needs itself is looked for in its own folder, not
// in the current one.
func open(path, name string) (uintptr, error) {
	library, err := windows.LoadLibraryEx(path, 0, windows.LOAD_WITH_ALTERED_SEARCH_PATH)
	if err != nil {
		return 0, err
	}
	return windows.GetProcAddress(library, name)
}

// invoke serves __cdecl and __stdcall alike: on 386 the stack is put right afterwards.
func invoke(f uintptr, args ...uintptr) uintptr {
	r, _, _ := syscall.SyscallN(f, args...)
	return r
}
