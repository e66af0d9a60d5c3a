package modhost

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestArchitecture(t *testing.T) {
	elf := func(machine uint16) []byte {
		b := make([]byte, 64)
		copy(b, "\x7fELF\x02\x01\x01")
		binary.LittleEndian.PutUint16(b[18:], machine)
		return b
	}
	pe := func(at uint32, machine uint16) []byte {
		b := make([]byte, 512)
		copy(b, "MZ")
		binary.LittleEndian.PutUint32(b[0x3C:], at)
		if int(at)+6 <= len(b) {
			copy(b[at:], "PE\x00\x00")
			binary.LittleEndian.PutUint16(b[at+4:], machine)
		}
		return b
	}
	macho := func(cpu uint32) []byte {
		b := make([]byte, 64)
		binary.LittleEndian.PutUint32(b, 0xFEEDFACF)
		binary.LittleEndian.PutUint32(b[4:], cpu)
		return b
	}
	tests := []struct {
		name string
		head []byte
		want string
	}{
		{"ELF x86-64", elf(62), "amd64"},
		{"ELF arm64", elf(183), "arm64"},
		{"ELF LoongArch", elf(258), "loong64"},
		{"ELF of another kind", elf(8), ""},
		{"PE 32-bit", pe(0x80, 0x14C), "386"},
		{"PE 64-bit", pe(0xF0, 0x8664), "amd64"},
		{"PE whose header lies elsewhere", pe(0xFFFFFFF0, 0), ""},
		{"MZ without PE", append([]byte("MZ"), make([]byte, 510)...), ""},
		{"ELF, the large end first", append([]byte("\x7fELF\x02\x02"), make([]byte, 58)...), ""},
		{"Mach-O arm64", macho(0x0100000C), "arm64"},
		{"text", []byte("no library, but long enough to be one, if one looked only at that..."), ""},
		{"nothing", nil, ""},
	}
	for _, tt := range tests {
		if got := architectureOf(tt.head); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The running program itself is of this architecture.
func TestHostPath(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got := architecture(program); got != runtime.GOARCH {
		t.Errorf("the architecture of this program is %q, want %q", got, runtime.GOARCH)
	}
	if _, err := HostPath(program); err != ErrHostMissing {
		t.Errorf("without a helper: %v", err)
	}
	name := "tokenhost"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	host := filepath.Join(filepath.Dir(program), name)
	if err := os.WriteFile(host, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(host)
	if got, err := HostPath(program); err != nil || filepath.Base(got) != name {
		t.Errorf("got %q, %v", got, err)
	}
	if err := errors.Join(os.Remove(host), os.Mkdir(host, 0o700)); err != nil {
		t.Fatal(err)
	}
	if got, err := HostPath(program); err != ErrHostMissing {
		t.Errorf("a folder for a helper: %q, %v", got, err)
	}
	if got := architecture(filepath.Join(host, "missing.so")); got != "" {
		t.Errorf("a library that is not there is for %q", got)
	}
	foreign := filepath.Join(t.TempDir(), "foreign.dll")
	head := make([]byte, 512)
	copy(head, "\x7fELF\x01\x01\x01")
	head[18] = 3
	if err := os.WriteFile(foreign, head, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := HostPath(foreign); err != ErrHostMissing {
		t.Errorf("for a library of another architecture: %q, %v", got, err)
	}
}
