package softkey

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// SocketVariable names the environment variable in which the libraries look for the server's socket.
const SocketVariable = "SEALDESK_SOFTKEY_SOCKET"

// SocketName is the socket's name in a library's own folder, where it looks when the variable is not set.
const SocketName = "softkey.sock"

const (
	maxConnections = 256
	maxClients     = 64
	maxHandles     = 65536 // of one client
	clientIDSize   = 16
)

// Options say how a server keeps its keys, and where Run listens.
type Options struct {
	Folder string // where keys are kept between runs; none are when it is empty
	Socket string // for Run
}

// Server holds software keys and answers the libraries. Its methods may be called from several goroutines.
type Server struct {
	folder string

	mu          sync.Mutex // over everything below, the devices, and what the clients hold
	changed     chan struct{}
	devices     []*Device
	clients     map[string]*client
	events      []event
	faults      []*activeFault
	calls       map[string]int
	crashOnLoad bool
	lastHandle  uint64

	listener net.Listener
	conns    map[net.Conn]bool
	closed   bool
	running  sync.WaitGroup
}

// event is a key that came or went.
type event struct {
	device string
	kind   uint32
}

// client is one process that loaded a library. It may have several connections, for calls of several threads.
type client struct {
	variant  string
	longSize int // bytes of a CK_ULONG there
	conns    int

	handles map[uint64]*handle
	logins  map[*application]role
	authed  map[*Device]bool   // SKF_DevAuth
	nonces  map[*Device][]byte // the last random that may be answered with it
	seen    int                // events delivered
	cancels int                // of waits for events

	sessions map[uint64]*session
}

// New makes a server with the keys of the options' folder, and none without a folder. It listens when Listen is called.
func New(o Options) (*Server, error) {
	s := &Server{
		folder: o.Folder, changed: make(chan struct{}), clients: map[string]*client{}, calls: map[string]int{},
		conns: map[net.Conn]bool{}, lastHandle: firstHandle,
	}
	if s.folder == "" {
		return s, nil
	}
	return s, s.load()
}

// Run makes a server and listens until ctx ends: the whole of a program that lends keys to others.
func Run(ctx context.Context, o Options) error {
	s, err := New(o)
	if err != nil {
		return err
	}
	if err := s.Listen(o.Socket); err != nil {
		return err
	}
	<-ctx.Done()
	return s.Close()
}

// Listen starts to answer on a unix socket, and returns. The socket is for the user alone (mode 0600), in a folder that is made
// for the user alone (0700) where it is missing. A socket that a killed server left behind is replaced, that of a living one is
// not.
func (s *Server) Listen(socket string) error {
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		return err
	}
	if fi, err := os.Lstat(socket); err == nil {
		if fi.Mode()&fs.ModeSocket == 0 {
			return fmt.Errorf("%s: %w", socket, fs.ErrExist)
		}
		if c, err := net.Dial("unix", socket); err == nil {
			return errors.Join(fmt.Errorf("%s: another server listens: %w", socket, fs.ErrExist), c.Close())
		}
		if err := os.Remove(socket); err != nil {
			return err
		}
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	return s.Serve(l)
}

// Serve starts to answer whoever connects to l, and returns: for libraries of Windows, which are reached over TCP. Whoever can
// connect can use the keys.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.listener != nil {
		return errors.Join(errors.New("the server listens already or is closed"), l.Close())
	}
	s.listener = l
	s.running.Go(func() { s.accept(l) })
	return nil
}

// Close ends every connection, hanging calls among them, and returns when nothing runs any more. The libraries then find no key,
// until another server listens on the socket.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	var err error
	if s.listener != nil {
		err = s.listener.Close()
	}
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
	return err
}

func (s *Server) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, say: go on when there are some
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		if s.closed || len(s.conns) >= maxConnections {
			conn.Close()
		} else {
			s.conns[conn] = true
			s.running.Go(func() { s.serve(conn) })
		}
		s.mu.Unlock()
	}
}

// serve answers one connection's calls, in order. Reading goes on while a call is under way, so that one that hangs ends when
// its process does.
func (s *Server) serve(conn net.Conn) {
	ctx, cancel := context.WithCancel(context.Background())
	messages := make(chan []byte)
	s.running.Go(func() {
		defer cancel()
		defer close(messages)
		for {
			body, err := readMessage(conn)
			if err != nil {
				return
			}
			select {
			case messages <- body:
			case <-ctx.Done():
				return
			}
		}
	})
	defer func() {
		cancel()
		conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()

	var id string
	var cl *client
	for body := range messages {
		name, values, err := parseCall(body)
		if err != nil {
			break
		}
		args := arguments{values: values}
		var a answer
		if cl == nil {
			if id, cl, err = s.hello(name, &args, &a); err != nil {
				break
			}
			defer s.goodbye(id, cl)
		} else {
			c := &call{server: s, client: cl, ctx: ctx, name: name, in: args}
			c.run()
			a = c.out
		}
		clear(body) // there may have been a PIN
		if a.write(conn) != nil {
			break
		}
	}
}

// hello begins a connection: which process it is from, and what its library was built for.
func (s *Server) hello(name string, args *arguments, a *answer) (string, *client, error) {
	id, variant, longSize, loading := string(args.bytes()), args.text(), args.number(), args.number()
	if name != "hello" || args.bad || len(id) != clientIDSize || longSize != 4 && longSize != 8 {
		return "", nil, errMessage
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cl := s.clients[id]
	if cl == nil {
		if len(s.clients) >= maxClients {
			return "", nil, errors.New("too many clients")
		}
		cl = &client{
			variant: variant, longSize: int(longSize), seen: len(s.events),
			handles: map[uint64]*handle{}, logins: map[*application]role{},
			authed: map[*Device]bool{}, nonces: map[*Device][]byte{}, sessions: map[uint64]*session{},
		}
		s.clients[id] = cl
	}
	cl.conns++
	a.abort = loading != 0 && s.crashOnLoad
	return id, cl, nil
}

// goodbye ends a connection. What a process held ends with its last one.
func (s *Server) goodbye(id string, cl *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cl.conns--; cl.conns > 0 {
		return
	}
	delete(s.clients, id)
	for _, d := range s.devices {
		if d.lockedBy == cl {
			d.lockedBy = nil
		}
	}
	s.broadcast()
}

// broadcast wakes whoever waits for something to change.
func (s *Server) broadcast() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// call is one call of a library on its way through the server.
type call struct {
	server *Server
	client *client
	ctx    context.Context // ends with the connection
	name   string
	in     arguments
	out    answer

	device  *Device // the target, as far as the function has one
	handle  *handle
	session *session
	effects effects
}

// wait gives up the server's lock until something changes or limit says so, and tells whether to go on.
func (c *call) wait(limit <-chan time.Time) bool {
	changed := c.server.changed
	c.server.mu.Unlock()
	defer c.server.mu.Lock()
	select {
	case <-changed:
		return true
	case <-limit:
	case <-c.ctx.Done():
	}
	return false
}

// code is what a function of either interface returns.
type code uint64

// function is one function of a library: what it works on, and what it does.
type function struct {
	target target
	pin    bool // it carries a PIN to the key
	run    func(*call) code
}

// target is what the first argument of a function names.
type target int

const (
	noTarget target = iota
	deviceHandle
	appHandle
	containerHandle
	keyHandle
	anyHandle
	slotTarget
	sessionTarget
)

func (c *call) run() {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := functions[c.name]
	if !ok {
		c.out.returned = uint64(unsupported(c.name))
		return
	}
	s.calls[c.name]++
	c.find(f.target)
	if c.device != nil {
		c.device.calls++
	}
	c.effects = s.strike(c)
	if f.pin && c.check(f.target) == 0 {
		c.device.pins++
	}
	if !c.suffer() {
		return
	}
	// A key that another process has locked waits without a limit, as vendors' libraries do; SKF_LockDev has its own.
	for c.device != nil && c.device.lockedBy != nil && c.device.lockedBy != c.client && c.name != "SKF_LockDev" {
		if !c.wait(nil) {
			return
		}
	}
	got := c.check(f.target) // now: the key may be gone since the call came
	switch {
	case got != 0:
	case c.effects.fail != 0:
		got = c.effects.fail
	default:
		got = f.run(c)
	}
	if c.in.bad {
		got = badArguments(c.name)
	}
	if got != 0 && !c.out.keep {
		c.out.values = nil
	}
	c.out.returned = uint64(got)
}
