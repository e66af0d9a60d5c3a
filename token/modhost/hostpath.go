package modhost

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// HostPath finds the helper that suits a library: beside the running program, tokenhost for libraries of its own architecture
// and those that tell none, and tokenhost-386 and the like for others.
func HostPath(library string) (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", ErrHostMissing
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return "", ErrHostMissing
	}
	name := "tokenhost"
	if a := architecture(library); a != "" && a != runtime.GOARCH {
		name += "-" + a
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	host := filepath.Join(filepath.Dir(program), name)
	if info, err := os.Stat(host); err != nil || !info.Mode().IsRegular() {
		return "", ErrHostMissing
	}
	return host, nil
}

// architecture reads from the head of a library what processor it is for, in Go's words; it is empty where the library is for
// several or does not tell.
func architecture(library string) string {
	f, err := os.Open(library)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head)
	return architectureOf(head[:n])
}

func architectureOf(head []byte) string {
	if len(head) < 64 {
		return ""
	}
	little := binary.LittleEndian
	switch {
	case string(head[:4]) == "\x7fELF" && head[5] == 1: // e_machine
		return map[uint16]string{3: "386", 62: "amd64", 183: "arm64", 258: "loong64"}[little.Uint16(head[18:])]
	case string(head[:2]) == "MZ": // IMAGE_FILE_HEADER.Machine, after the signature that e_lfanew points to
		at := uint64(little.Uint32(head[0x3C:]))
		if at+6 > uint64(len(head)) || string(head[at:at+4]) != "PE\x00\x00" {
			return ""
		}
		return map[uint16]string{0x14C: "386", 0x8664: "amd64", 0xAA64: "arm64"}[little.Uint16(head[at+4:])]
	case little.Uint32(head) == 0xFEEDFACF: // cputype; files for several processors begin otherwise
		return map[uint32]string{0x01000007: "amd64", 0x0100000C: "arm64"}[little.Uint32(head[4:])]
	}
	return ""
}
