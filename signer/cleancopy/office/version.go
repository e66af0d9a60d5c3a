package office

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	versionTimeout = 20 * time.Second
	maxVersion     = 1 << 10 // bytes
)

// Version asks an installed LibreOffice, by its path as Find gives it, for its name and version.
func Version(ctx context.Context, program string) (string, error) {
	dir, err := os.MkdirTemp("", "office-version-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	// A profile of its own, for the person's may be in use or damaged.
	cmd := exec.Command(program, "-env:UserInstallation="+fileURL(filepath.Join(dir, "profile")), "--version")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	g, err := start(cmd, 0, dir)
	if err != nil {
		return "", failed(err, "")
	}
	defer g.close()
	stop := context.AfterFunc(ctx, g.end)
	defer stop()
	said, _ := io.ReadAll(io.LimitReader(out, maxVersion))
	g.end() // what it would say beyond is of no interest
	err = cmd.Wait()
	if version, _, _ := strings.Cut(string(said), "\n"); strings.TrimSpace(version) != "" {
		return strings.TrimSpace(version), nil
	}
	return "", errors.Join(errors.New("LibreOffice tells no version"), ctx.Err(), err)
}
