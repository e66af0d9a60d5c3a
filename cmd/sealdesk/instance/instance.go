package instance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"sealdesk/platformapi/outbox/turn"
)

// Bounds of what one start may hand to another.
const (
	maxMessage = 64 << 10 // bytes
	maxFiles   = 32
	maxWaiting = 16              // requests that the window has not taken yet
	patience   = 2 * time.Second // for one message, and its answer
)

// A Request is what a start was asked to open. Without files and a link it only wants the window to come to the front.
type Request struct {
	Files []string `json:"files,omitempty"` // absolute paths
	Link  string   `json:"link,omitempty"`
}

// ErrOther: another program of this person has the folder open, and takes requests. A caller hands it what it has and ends.
var ErrOther = errors.New("instance: another one is running")

// A First is the instance that has the folder.
type First struct {
	turn     *turn.Turn
	listener net.Listener
	requests chan Request
	ended    chan struct{}
}

// Folder is where the sockets of this person's instances are: the runtime folder of the session where there is one, else cache.
func Folder(getenv func(string) string, cache string) string {
	if dir := getenv("XDG_RUNTIME_DIR"); runtime.GOOS == "linux" && filepath.IsAbs(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return filepath.Join(dir, "sealdesk")
		}
	}
	return filepath.Join(cache, "run")
}

// name is short whatever the folder of data is called, for a socket's path may have about 100 bytes.
func name(folder, data string) string {
	sum := sha256.Sum256([]byte(data))
	return filepath.Join(folder, hex.EncodeToString(sum[:6]))
}

// Claim makes this the first instance for the folder data. Errors: ErrOther; those of the system where nobody can be first.
func Claim(folder, data string) (*First, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" {
		// One that somebody else made, or made open, would let others in.
		if err := os.Chmod(folder, 0o700); err != nil {
			return nil, err
		}
	}
	at := name(folder, data)
	t, err := turn.Try(at + ".lock")
	if errors.Is(err, turn.ErrTaken) {
		return nil, ErrOther
	}
	if err != nil {
		return nil, err
	}
	socket := at + ".sock"
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(err, t.End())
	}
	l, err := net.Listen("unix", socket)
	if err == nil {
		err = os.Chmod(socket, 0o600)
	}
	if err != nil {
		if l != nil {
			err = errors.Join(err, l.Close())
		}
		return nil, errors.Join(err, t.End())
	}
	f := &First{t, l, make(chan Request, maxWaiting), make(chan struct{})}
	go f.listen()
	return f, nil
}

// Requests are those of later starts. The channel is closed by Close.
func (f *First) Requests() <-chan Request { return f.requests }

// Close lets the next start be the first.
func (f *First) Close() error {
	err := f.listener.Close()
	<-f.ended
	return errors.Join(err, f.turn.End())
}

// listen takes one message after the other: a start that says nothing makes the others wait for patience only.
func (f *First) listen() {
	defer close(f.ended)
	defer close(f.requests)
	for {
		c, err := f.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(100 * time.Millisecond) // out of files, which passes
			continue
		}
		f.take(c)
	}
}

func (f *First) take(c net.Conn) {
	defer c.Close()
	if c.SetDeadline(time.Now().Add(patience)) != nil {
		return
	}
	r, err := read(c)
	if err != nil {
		return // it gets no answer, and knows by that
	}
	select {
	case f.requests <- r:
		_, _ = io.WriteString(c, "ok\n") // a caller that is gone needs none
	default: // the window takes nothing
	}
}

// read reads one message to its end, and holds it against the bounds.
func read(r io.Reader) (Request, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxMessage+1))
	if err != nil {
		return Request{}, err
	}
	var out Request
	if len(data) > maxMessage {
		return out, errors.New("instance: the message is too long")
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, err
	}
	if len(out.Files) > maxFiles {
		return Request{}, errors.New("instance: too many files")
	}
	for _, file := range out.Files {
		if !filepath.IsAbs(file) {
			return Request{}, errors.New("instance: a path that is not absolute")
		}
	}
	return out, nil
}

// Hand gives a request to the first instance for the folder data. It may be starting still, so it is tried for a while.
func Hand(ctx context.Context, folder, data string, r Request) error {
	message, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if _, err := read(bytes.NewReader(message)); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, 2*patience)
	defer stop()
	for {
		if err = hand(ctx, name(folder, data)+".sock", message); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func hand(ctx context.Context, socket string, message []byte) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := c.Write(message); err != nil {
		return err
	}
	if err := c.(*net.UnixConn).CloseWrite(); err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(c, 16))
	if err != nil {
		return err
	}
	if string(answer) != "ok\n" {
		return errors.New("instance: the other one did not take it")
	}
	return nil
}
