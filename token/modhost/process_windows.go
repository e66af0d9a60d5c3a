package modhost

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/windows"
)

// inherit hands the helper its pipes, and gives it no console window.
func inherit(cmd *exec.Cmd, requests, replies *os.File) {
	cmd.Args = []string{cmd.Path}
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
	for _, f := range []*os.File{requests, replies} {
		windows.SetHandleInformation(windows.Handle(f.Fd()), windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT)
		cmd.SysProcAttr.AdditionalInheritedHandles = append(cmd.SysProcAttr.AdditionalInheritedHandles, syscall.Handle(f.Fd()))
		cmd.Args = append(cmd.Args, strconv.FormatUint(uint64(f.Fd()), 10))
	}
}

func killAll(p *os.Process) { p.Kill() }
