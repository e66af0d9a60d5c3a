package faults

import (
	"golang.org/x/sys/unix"
)

// A call is one that changes files: where it names a file by a descriptor, and where by a path.
type call struct {
	nr     uintptr
	name   string
	fd     int  // argument with the descriptor of what is changed; -1 when there is none
	path   int  // argument with the path of what is changed; -1 when there is none
	writes bool // it needs room on the disk
}

// calls are those that Go and SQLite make. openat counts when it may make a file.
var calls = []call{
	{unix.SYS_WRITE, "write", 0, -1, true},
	{unix.SYS_PWRITE64, "pwrite64", 0, -1, true},
	{unix.SYS_WRITEV, "writev", 0, -1, true},
	{unix.SYS_PWRITEV, "pwritev", 0, -1, true},
	{unix.SYS_SENDFILE, "sendfile", 0, -1, true},
	{unix.SYS_COPY_FILE_RANGE, "copy_file_range", 2, -1, true},
	{unix.SYS_FALLOCATE, "fallocate", 0, -1, true},
	{unix.SYS_FTRUNCATE, "ftruncate", 0, -1, false},
	{unix.SYS_FSYNC, "fsync", 0, -1, false},
	{unix.SYS_FDATASYNC, "fdatasync", 0, -1, false},
	{unix.SYS_OPENAT, "openat", -1, 1, true},
	{unix.SYS_MKDIRAT, "mkdirat", -1, 1, true},
	{unix.SYS_LINKAT, "linkat", -1, 3, true},
	{unix.SYS_LINK, "link", -1, 1, true},
	{unix.SYS_RENAME, "rename", -1, 1, false},
	{unix.SYS_RENAMEAT, "renameat", -1, 3, false},
	{unix.SYS_RENAMEAT2, "renameat2", -1, 3, false},
	{unix.SYS_UNLINK, "unlink", -1, 0, false},
	{unix.SYS_UNLINKAT, "unlinkat", -1, 1, false},
}

const auditArch = 0xc000003e // AUDIT_ARCH_X86_64

// filter hands the calls over and lets all others pass.
func filter() []unix.SockFilter {
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		bits   = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		end    = unix.BPF_RET | unix.BPF_K
		atNR   = 0
		atArch = 4
		atFlag = 16 + 2*8 // the third argument's low half
	)
	prog := []unix.SockFilter{
		{Code: load, K: atArch}, {Code: equal, K: auditArch, Jt: 1}, {Code: end, K: unix.SECCOMP_RET_ALLOW},
		{Code: load, K: atNR},
	}
	for _, c := range calls {
		if c.nr == unix.SYS_OPENAT {
			prog = append(prog, unix.SockFilter{Code: equal, K: uint32(c.nr), Jf: 4}, unix.SockFilter{Code: load, K: atFlag},
				unix.SockFilter{Code: bits, K: unix.O_CREAT, Jf: 1}, unix.SockFilter{Code: end, K: unix.SECCOMP_RET_USER_NOTIF},
				unix.SockFilter{Code: end, K: unix.SECCOMP_RET_ALLOW})
			continue
		}
		prog = append(prog, unix.SockFilter{Code: equal, K: uint32(c.nr), Jf: 1}, unix.SockFilter{Code: end, K: unix.SECCOMP_RET_USER_NOTIF})
	}
	return append(prog, unix.SockFilter{Code: end, K: unix.SECCOMP_RET_ALLOW})
}
