package disk

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// basicInfo is FILE_BASIC_INFO.
type basicInfo struct {
	creation, access, write, change int64
	attributes                      uint32
	_                               uint32
}

func identityOf(f *os.File) (Identity, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return Identity{}, err
	}
	var id windows.ByHandleFileInformation
	var basic basicInfo
	var failed error
	err = raw.Control(func(h uintptr) {
		if failed = windows.GetFileInformationByHandle(windows.Handle(h), &id); failed == nil {
			failed = windows.GetFileInformationByHandleEx(windows.Handle(h), windows.FileBasicInfo, (*byte)(unsafe.Pointer(&basic)), uint32(unsafe.Sizeof(basic)))
		}
	})
	if err != nil {
		return Identity{}, err
	}
	if failed != nil {
		return Identity{}, &os.PathError{Op: "stat", Path: f.Name(), Err: failed}
	}
	return Identity{
		volume: uint64(id.VolumeSerialNumber), file: uint64(id.FileIndexHigh)<<32 | uint64(id.FileIndexLow),
		size: int64(id.FileSizeHigh)<<32 | int64(id.FileSizeLow), written: basic.write, change: basic.change,
	}, nil
}
