//go:build unix

package office

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// pipe is where LibreOffice listens: a socket in a folder that only this user may enter. LibreOffice puts its sockets
// into /tmp, or /var/tmp, under a prefix and a name; a name with a slash in it goes below a folder of ours.
type pipe struct{ folder, name string }

const socketName = "s"

// pipeFolder is the folder of LibreOffice's sockets, chosen as it does.
func pipeFolder() string {
	for _, dir := range []string{"/tmp", "/var/tmp"} {
		if unix.Access(dir, unix.W_OK) == nil {
			return dir
		}
	}
	return ""
}

func pipePath(name string) string {
	return filepath.Join(pipeFolder(), fmt.Sprintf("OSL_PIPE_%d_%s", os.Getuid(), name))
}

func newPipe() (pipe, error) {
	prefix := pipePath("sealdesk-")
	folder, err := os.MkdirTemp(filepath.Dir(prefix), filepath.Base(prefix))
	if err != nil {
		return pipe{}, err
	}
	return pipe{folder: folder, name: filepath.Base(folder)[len(filepath.Base(pipePath(""))):] + "/" + socketName}, nil
}

func (p pipe) dial() (io.ReadWriteCloser, error) {
	return net.Dial("unix", filepath.Join(p.folder, socketName))
}
