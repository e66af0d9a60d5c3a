package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const requireVariable = "SEALDESK_REQUIRE_POSTGRES"

// bin is the folder with the newest initdb and postgres of this system, "" when there is none.
func bin() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is well formed
	slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
	for _, dir := range slices.Backward(found) {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir
		}
	}
	if p, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(p)
	}
	return ""
}

func version(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))) // 0 for one that is no number
	return n
}

// Server is a running server.
type Server struct {
	dir     string
	cmd     *exec.Cmd
	log     bytes.Buffer
	done    chan struct{}
	created atomic.Int64
}

// kept is a server that a package's tests share.
type kept struct {
	sync.Mutex
	server *Server
	err    error
}

var shared, durable kept

// Shared is the server that a package's tests share; it forgets what it did when the machine stops. The package's TestMain
// must call Stop.
func Shared(t testing.TB) *Server {
	t.Helper()
	return shared.get(t, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
}

// Durable is a server that keeps what it did, as those that are used do, for measuring.
func Durable(t testing.TB) *Server {
	t.Helper()
	return durable.get(t, "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB")
}

func (k *kept) get(t testing.TB, args ...string) *Server {
	t.Helper()
	if bin() == "" {
		if os.Getenv(requireVariable) != "" {
			t.Fatal("PostgreSQL's programs (initdb, postgres) are not installed")
		}
		t.Skip("PostgreSQL's programs (initdb, postgres) are not installed")
	}
	k.Lock()
	defer k.Unlock()
	if k.server == nil && k.err == nil {
		k.server, k.err = start(bin(), args...)
	}
	if k.err != nil {
		t.Fatal(k.err)
	}
	return k.server
}

// Stop ends the servers that were started, and removes their folders.
func Stop() {
	for _, k := range []*kept{&shared, &durable} {
		k.Lock()
		if k.server != nil {
			k.server.stop()
			k.server = nil
		}
		k.Unlock()
	}
}

func start(bin string, args ...string) (s *Server, err error) {
	dir, err := os.MkdirTemp("/tmp", "sealdesk-pg-") // a socket's path has little room
	if err != nil {
		return nil, err
	}
	s = &Server{dir: dir, done: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	// PostgreSQL refuses to run as root.
	attr := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		if attr.Credential, err = unprivileged(); err != nil {
			return nil, err
		}
		if err = os.Chown(dir, int(attr.Credential.Uid), int(attr.Credential.Gid)); err != nil {
			return nil, err
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr, cmd.Env = dir, attr, []string{"PATH=" + bin + ":/usr/bin:/bin", "LC_ALL=C.UTF-8"}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s.cmd = command("postgres", append([]string{"-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories=" + dir, "-c", "max_connections=200"}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait() // it is told to end
		close(s.done)
	}()
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(context.Background(), s.url("postgres"))
		if err == nil {
			return s, conn.Close(context.Background())
		}
		select {
		case <-s.done:
			return nil, fmt.Errorf("postgres ended:\n%s", s.log.Bytes())
		default:
		}
		if time.Now().After(until) {
			s.stop()
			return nil, fmt.Errorf("postgres does not answer: %w\n%s", err, s.log.Bytes())
		}
	}
}

func (s *Server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT) // immediate shutdown; it may have ended
	<-s.done
	_ = os.RemoveAll(s.dir) // in the system's folder for such things
}

// unprivileged is the user that may run a server when the tests are root.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("there is neither a user postgres nor a user nobody")
}

func (s *Server) url(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {s.dir}, "user": {"postgres"}}.Encode()
}

// Database makes an empty database and gives its URL. It is dropped with the server.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return s.create(t, "")
}

// Copy makes a database like one that Database made and that nobody is connected to.
func (s *Server) Copy(t testing.TB, of string) string {
	t.Helper()
	u, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	return s.create(t, " TEMPLATE "+strings.TrimPrefix(u.Path, "/"))
}

// Schema makes an empty schema in a database that Database made, and gives the URL under which it stands for the whole of it. It
// costs less than a database of its own.
func (s *Server) Schema(t testing.TB, of string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test%d", s.created.Add(1))
	_, err = conn.Exec(t.Context(), "CREATE SCHEMA "+name)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return of + "&search_path=" + name
}

func (s *Server) create(t testing.TB, how string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test%d", s.created.Add(1))
	_, err = conn.Exec(t.Context(), "CREATE DATABASE "+name+how)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}
