package urp

import (
	"bufio"
	"fmt"
	"io"
)

// maxCached is how many names of a kind the peer may have us remember; LibreOffice has us remember 256.
const maxCached = 256

// Object is an object of the peer, known by one of its interfaces. The zero value is none.
type Object struct{ id, iface string }

// Valid tells that there is an object.
func (o Object) Valid() bool { return o.id != "" }

// Method is a method of an interface. Function counts from 0 over the interfaces it inherits from, as UNO does: the
// three of XInterface come first.
type Method struct {
	Interface string
	Function  byte
}

// Methods of com.sun.star.uno.XInterface, which every object has.
const (
	queryInterface = 0
	release        = 2
)

// Exception is one that the peer threw.
type Exception struct{ Type, Message string }

func (e *Exception) Error() string { return fmt.Sprintf("%s: %s", e.Type, e.Message) }

// Conn is a connection to a running LibreOffice. It is not safe for use by several at once, and must be closed after
// any error: what the peer wrote behind an exception's message is not understood, so its caches may be lost.
type Conn struct {
	rw  io.ReadWriteCloser
	in  *bufio.Reader
	out io.Writer

	types map[uint16]string
	oids  map[uint16]string
	tids  map[uint16]string
	last  struct { // of the peer's requests
		typ, oid, tid string
	}
}

// New speaks over a connection that was just made. Closing rw ends any call.
func New(rw io.ReadWriteCloser) *Conn {
	return &Conn{
		rw: rw, in: bufio.NewReader(rw), out: rw,
		types: map[uint16]string{}, oids: map[uint16]string{}, tids: map[uint16]string{},
	}
}

// Close ends the connection.
func (c *Conn) Close() error { return c.rw.Close() }

// Root asks for an object that the peer offers by name, such as StarOffice.ServiceManager.
func (c *Conn) Root(name string) (Object, error) {
	return c.Query(Object{id: name, iface: interfaceType}, interfaceType)
}

// Query asks an object for another of its interfaces.
func (c *Conn) Query(o Object, iface string) (Object, error) {
	r, err := c.call(o.id, interfaceType, queryInterface, typeName(iface))
	if err != nil {
		return Object{}, err
	}
	class, name := c.readType(r)
	if class == classVoid && r.err == nil {
		return Object{}, fmt.Errorf("urp: the object has no %s", iface)
	}
	if class != classInterface {
		r.fail("queryInterface answers with %q", name)
	}
	return Object{id: c.readOID(r), iface: iface}, r.err
}

// Call calls a method that gives nothing. Arguments are bool, int16, int32, string or []Property, and must be those
// that the method takes.
func (c *Conn) Call(o Object, m Method, args ...any) error {
	_, err := c.call(o.id, m.Interface, m.Function, args...)
	return err
}

// CallObject calls a method that gives an object, seen as iface. There may be none.
func (c *Conn) CallObject(o Object, m Method, iface string, args ...any) (Object, error) {
	r, err := c.call(o.id, m.Interface, m.Function, args...)
	if err != nil {
		return Object{}, err
	}
	return Object{id: c.readOID(r), iface: iface}, r.err
}

// Release tells the peer that an object is no longer needed. It does not wait.
func (c *Conn) Release(o Object) error {
	return c.send(o.id, o.iface, release)
}

// The bits of a message's first byte, and of the second that may follow.
const (
	longHeader = 0x80
	isRequest  = 0x40
	newType    = 0x20
	exception  = 0x20 // of a reply
	newOID     = 0x10
	newTID     = 0x08
	wideFunc   = 0x04
	moreFlags  = 0x01
	mustReply  = 0x80
	shortFunc  = 0x40 // of a short header: the function has 14 bits
)

// thread names our thread to the peer; there is only one.
const thread = "sealdesk"

func (c *Conn) send(oid, iface string, function byte, args ...any) error {
	w := &writer{}
	w.byte(longHeader | isRequest | newType | newOID | newTID)
	w.byte(function)
	w.typ(classInterface, iface)
	w.oid(oid)
	w.string(thread)
	w.u16(noCache)
	for _, a := range args {
		w.value(a)
	}
	return writeBlock(c.out, w.b)
}

func (c *Conn) call(oid, iface string, function byte, args ...any) (*reader, error) {
	if err := c.send(oid, iface, function, args...); err != nil {
		return nil, err
	}
	for {
		b, err := readBlock(c.in)
		if err != nil {
			return nil, err
		}
		r := &reader{b: b}
		head := r.byte()
		if head&longHeader == 0 || head&isRequest != 0 {
			if err := c.request(r, head); err != nil {
				return nil, err
			}
			continue
		}
		if head&newTID != 0 {
			c.last.tid = c.readTID(r)
		}
		if r.err == nil && c.last.tid != thread {
			r.fail("a reply for another thread")
		}
		if head&exception != 0 {
			return nil, c.readException(r)
		}
		return r, r.err
	}
}

func (c *Conn) readException(r *reader) error {
	class, name := c.readType(r)
	if class != classException {
		r.fail("an exception of type %q", name)
	}
	e := &Exception{Type: name, Message: r.string()}
	if r.err != nil {
		return r.err
	}
	return e
}

// What the peer asks of us is only how to speak.
const (
	propertiesOID = "UrpProtocolProperties"
	requestChange = 4
	commitChange  = 5
	changeRefused = "com.sun.star.bridge.InvalidProtocolChangeException"
	mayPropose    = 1 // the answer to requestChange: yours is the turn
)

// request answers the peer's own calls: it may propose a change of the protocol, and the change is declined.
func (c *Conn) request(r *reader, head byte) error {
	var function int
	switch {
	case head&longHeader == 0 && head&shortFunc == 0:
		function = int(head)
	case head&longHeader == 0:
		function = int(head&^shortFunc)<<8 | int(r.byte())
	default:
		if head&moreFlags != 0 {
			r.byte()
		}
		if head&wideFunc != 0 {
			function = int(r.u16())
		} else {
			function = int(r.byte())
		}
		if head&newType != 0 {
			_, c.last.typ = c.readType(r)
		}
		if head&newOID != 0 {
			c.last.oid = c.readOID(r)
		}
		if head&newTID != 0 {
			c.last.tid = c.readTID(r)
		}
	}
	if r.err != nil {
		return r.err
	}
	w := &writer{}
	reply := func(flags byte) {
		w.byte(longHeader | newTID | flags)
		w.string(c.last.tid)
		w.u16(noCache)
	}
	switch {
	case c.last.oid == propertiesOID && function == requestChange:
		reply(0)
		w.u32(mayPropose)
	case c.last.oid == propertiesOID && function == commitChange:
		reply(exception)
		w.typ(classException, changeRefused)
		w.string("not known here")
		w.oid("")                // the exception's context: none
		w.string("")             // the property's name
		w.typ(classVoid, "void") // and value
		w.u32(0)                 // the reason
	default:
		return breach("a call of %s, function %d", c.last.typ, function)
	}
	return writeBlock(c.out, w.b)
}

// readType reads a type and gives its class and, unless it is a simple one, its name.
func (c *Conn) readType(r *reader) (class, string) {
	b := r.byte()
	k := class(b &^ 0x80)
	if k <= classAny {
		if b&0x80 != 0 {
			r.fail("a simple type with a name")
		}
		return k, ""
	}
	switch k {
	case classEnum, classStruct, classException, classSequence, classInterface:
	default:
		r.fail("a type of class %d", k)
	}
	return k, c.cached(r, c.types, b&0x80 != 0, r.u16(), r.string)
}

func (c *Conn) readOID(r *reader) string { return c.named(r, c.oids) }
func (c *Conn) readTID(r *reader) string { return c.named(r, c.tids) }

// named reads an identifier: its bytes, or none and the index under which they were remembered. Neither is no object.
func (c *Conn) named(r *reader, cache map[uint16]string) string {
	name := string(r.take(r.count()))
	index := r.u16()
	if name == "" && index == noCache {
		return ""
	}
	return c.cached(r, cache, name != "", index, func() string { return name })
}

func (c *Conn) cached(r *reader, cache map[uint16]string, fresh bool, index uint16, read func() string) string {
	if !fresh {
		name, ok := cache[index]
		if !ok {
			r.fail("nothing was remembered under %d", index)
		}
		return name
	}
	name := read()
	if index != noCache && r.err == nil {
		if index >= maxCached {
			r.fail("a cache of more than %d", maxCached)
			return ""
		}
		cache[index] = name
	}
	return name
}
