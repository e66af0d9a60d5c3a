package office

import (
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// group is a job object: the process with all that it starts. The system ends it when the last handle closes, as it
// does when our process dies. What is in leave stays behind then.
type group struct{ job windows.Handle }

func start(cmd *exec.Cmd, memory int64, _ ...string) (group, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return group{}, err
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	if memory > 0 {
		// Behind the bound that is watched: what is beyond it is not granted.
		limits.BasicLimitInformation.LimitFlags |= windows.JOB_OBJECT_LIMIT_JOB_MEMORY
		limits.JobMemoryLimit = uintptr(min(uint64(2*memory), uint64(^uintptr(0))))
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err != nil {
		_ = windows.CloseHandle(job)
		return group{}, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
	if err := cmd.Start(); err != nil {
		_ = windows.CloseHandle(job)
		return group{}, err
	}
	const access = windows.PROCESS_SET_QUOTA | windows.PROCESS_TERMINATE
	if h, err := windows.OpenProcess(access, false, uint32(cmd.Process.Pid)); err == nil {
		// A process that has ended already cannot join; it needs no end either.
		_ = windows.AssignProcessToJobObject(job, h)
		_ = windows.CloseHandle(h)
	}
	return group{job: job}, nil
}

// memory is the most that the group has held at once, in bytes.
func (g group) memory() int64 {
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	err := windows.QueryInformationJobObject(g.job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)), nil)
	if err != nil {
		return 0
	}
	return int64(limits.PeakJobMemoryUsed)
}

// end kills the group.
func (g group) end() { _ = windows.TerminateJobObject(g.job, 1) }

// close leaves nothing of the group running.
func (g group) close() {
	g.end()
	_ = windows.CloseHandle(g.job)
}
