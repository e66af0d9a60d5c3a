package office

import (
	"crypto/rand"
	"io"
	"io/fs"
	"os"
	"strings"
)

// pipe is where LibreOffice listens: a named pipe with the system's own protection, which lets nobody else write.
type pipe struct{ folder, name string }

const pipes = `\\.\pipe\`

func pipeFolder() string          { return "" }
func pipePath(name string) string { return pipes + name }

func newPipe() (pipe, error) { return pipe{name: "sealdesk-" + rand.Text()}, nil }

// dial looks for the pipe by the end of its name, because LibreOffice puts the user's identifier before it.
func (p pipe) dial() (io.ReadWriteCloser, error) {
	all, err := os.ReadDir(pipes)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if strings.HasSuffix(e.Name(), p.name) {
			return os.OpenFile(pipes+e.Name(), os.O_RDWR, 0)
		}
	}
	return nil, fs.ErrNotExist
}
