package desk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"

	"sealdesk/signer/disk"
	"sealdesk/ui/desk/papers"
)

// Folders are the places on this machine that the program keeps things in. All are made with mode 0700.
type Folders struct {
	Data  string // drafts, seals, the outbox: what must not be lost
	Cache string // what can be made again, and documents while they are open where there is no room in Memory
	// Memory is a folder that reaches no disk, for documents while they are open; empty: there is none.
	Memory string
}

// SystemFolders are the folders that the system wants for a program of this name: XDG on Linux, AppData on Windows,
// Library on macOS.
func SystemFolders(name string) (Folders, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return Folders{}, err
	}
	data, err := dataHome()
	if err != nil {
		return Folders{}, err
	}
	return Folders{Data: filepath.Join(data, name), Cache: filepath.Join(cache, name), Memory: MemoryFolder(name)}, nil
}

// MemoryFolder is the folder in the computer's memory for a program of this name; empty where the system has none.
func MemoryFolder(name string) string {
	dir := papers.InMemory(os.Getenv)
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}

// open are the folders below which the documents of this Data folder lie while they are open.
func (f Folders) open() []string {
	data, err := filepath.Abs(f.Data)
	if err != nil {
		data = f.Data
	}
	sum := sha256.Sum256([]byte(data))
	var out []string
	for _, dir := range []string{f.Memory, f.Cache} {
		if dir != "" {
			out = append(out, filepath.Join(dir, "open", hex.EncodeToString(sum[:8])))
		}
	}
	return out
}

// At are the folders of one platform of the book, named by its ID. What waits for one platform never meets another; seals and
// settings are kept in the folders above.
func (f Folders) At(id string) Folders {
	return Folders{Data: filepath.Join(f.Data, "platforms", id), Cache: f.Cache, Memory: f.Memory}
}

func dataHome() (string, error) {
	switch runtime.GOOS {
	case "windows", "darwin":
		return os.UserConfigDir()
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "share"), nil
}

// writeFile replaces path by data, whole or not at all.
func writeFile(path string, data []byte) error {
	return diskError(path, disk.Write(path, bytes.NewReader(data)))
}

// writeNew writes a file that does not exist yet; one that does is an error and stays.
func writeNew(path string, data []byte) error {
	return diskError(path, disk.WriteNew(path, bytes.NewReader(data)))
}
