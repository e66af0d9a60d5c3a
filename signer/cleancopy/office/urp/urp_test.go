package urp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// peer answers like LibreOffice: what it gets is kept, what it says is written beforehand.
type peer struct {
	in  bytes.Buffer // what we read
	out bytes.Buffer // what we wrote
}

func (p *peer) Read(b []byte) (int, error)  { return p.in.Read(b) }
func (p *peer) Write(b []byte) (int, error) { return p.out.Write(b) }
func (p *peer) Close() error                { return nil }

func (p *peer) say(messages ...[]byte) *Conn {
	for _, m := range messages {
		if err := writeBlock(&p.in, m); err != nil {
			panic(err)
		}
	}
	return New(p)
}

// message writes what a test says in the peer's place.
func message(write func(w *writer)) []byte {
	w := &writer{}
	write(w)
	return w.b
}

// answer is a reply with our thread's name in full, remembered by the peer under 0.
func answer(flags byte, write func(w *writer)) []byte {
	return message(func(w *writer) {
		w.byte(longHeader | newTID | flags)
		w.string(thread)
		w.u16(0)
		write(w)
	})
}

// anyObject is an any with an object in it, type and identifier remembered under index.
func anyObject(w *writer, index uint16, oid string) {
	w.byte(byte(classInterface) | 0x80)
	w.u16(index)
	w.string(interfaceType)
	w.string(oid)
	w.u16(index)
}

var store = Method{Interface: "com.sun.star.frame.XStorable", Function: 8}

func TestCallBytes(t *testing.T) {
	p := &peer{}
	c := p.say(answer(0, func(*writer) {}))
	err := c.Call(Object{id: "o1", iface: store.Interface}, store, "file:///a.pdf", []Property{
		{Name: "Overwrite", Value: true}, {Name: "Level", Value: int16(-2)}, {Name: "FilterData", Value: []Property{{Name: "V", Value: int32(2)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Written by hand after binaryurp/source/writer.cxx and marshal.cxx.
	want := strings.Join([]string{
		"000000af" + "00000001", // size, one message
		"f8" + "08",             // long, request, new type, object and thread; function 8
		"96" + "ffff" + "1c" + hex.EncodeToString([]byte("com.sun.star.frame.XStorable")),
		"02" + "6f31" + "ffff", // o1
		"08" + hex.EncodeToString([]byte("sealdesk")) + "ffff",
		"0d" + hex.EncodeToString([]byte("file:///a.pdf")),
		"03",
		"09" + hex.EncodeToString([]byte("Overwrite")) + "ffffffff" + "02" + "01" + "00000000",
		"05" + hex.EncodeToString([]byte("Level")) + "ffffffff" + "04" + "fffe" + "00000000",
		"0a" + hex.EncodeToString([]byte("FilterData")) + "ffffffff" +
			"94" + "ffff" + "22" + hex.EncodeToString([]byte("[]com.sun.star.beans.PropertyValue")) + "01" +
			"01" + "56" + "ffffffff" + "06" + "00000002" + "00000000" + "00000000",
	}, "")
	got := hex.EncodeToString(p.out.Bytes())
	if got != want {
		t.Errorf("wrote\n%s\nwant\n%s", got, want)
	}
}

func TestRepliesUseThePeersCaches(t *testing.T) {
	p := &peer{}
	c := p.say(
		answer(0, func(w *writer) { anyObject(w, 7, "root") }),
		message(func(w *writer) { // thread, type and object all from the caches
			w.byte(longHeader | newTID)
			w.count(0)
			w.u16(0)
			w.byte(byte(classInterface))
			w.u16(7)
			w.count(0)
			w.u16(7)
		}),
		message(func(w *writer) { // the thread of before, and no object
			w.byte(longHeader)
			w.oid("")
		}),
	)
	root, err := c.Root("StarOffice.ServiceManager")
	if err != nil || root.id != "root" {
		t.Fatalf("%+v, %v", root, err)
	}
	again, err := c.Query(root, "com.sun.star.frame.XStorable")
	if err != nil || again.id != "root" || again.iface != "com.sun.star.frame.XStorable" {
		t.Fatalf("%+v, %v", again, err)
	}
	none, err := c.CallObject(again, store, interfaceType)
	if err != nil || none.Valid() {
		t.Errorf("%+v, %v", none, err)
	}
}

func TestNoSuchInterface(t *testing.T) {
	p := &peer{}
	c := p.say(answer(0, func(w *writer) { w.typ(classVoid, "") }))
	if _, err := c.Query(Object{id: "o"}, "com.sun.star.x.Y"); err == nil || !strings.Contains(err.Error(), "com.sun.star.x.Y") {
		t.Errorf("%v", err)
	}
}

// The peer proposes a change of the protocol while we wait for an answer.
func TestProposalIsDeclined(t *testing.T) {
	proposal := func(function byte, write func(w *writer)) []byte {
		return message(func(w *writer) {
			w.byte(longHeader | isRequest | newType | newOID | newTID | moreFlags)
			w.byte(0xC0)
			w.byte(function)
			w.typ(classInterface, "com.sun.star.bridge.XProtocolProperties")
			w.oid(propertiesOID)
			w.string(".UrpProtocolPropertiesTid")
			w.u16(3)
			write(w)
		})
	}
	p := &peer{}
	c := p.say(
		proposal(requestChange, func(w *writer) { w.u32(4711) }),
		message(func(w *writer) { // a short header: all as before
			w.byte(commitChange)
			w.count(1)
			w.string("CurrentContext")
			w.typ(classVoid, "")
		}),
		answer(0, func(w *writer) { anyObject(w, 0, "root") }),
	)
	if _, err := c.Root("StarOffice.ServiceManager"); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "\x88\x19.UrpProtocolPropertiesTid\xff\xff\x00\x00\x00\x01", "\xa8\x19.UrpProtocolPropertiesTid\xff\xff\x93\xff\xff\x32com.sun.star.bridge.InvalidProtocolChangeException"} {
		b, err := readBlock(&p.out)
		if err != nil || !strings.HasPrefix(string(b), want) {
			t.Errorf("message %d: %q, %v; want %q …", i, b, err, want)
		}
	}
}

func TestException(t *testing.T) {
	p := &peer{}
	c := p.say(answer(exception, func(w *writer) {
		w.typ(classException, "com.sun.star.io.IOException")
		w.string("no such file")
		w.oid("")
	}))
	err := c.Call(Object{id: "o"}, store)
	var e *Exception
	if !errors.As(err, &e) || e.Type != "com.sun.star.io.IOException" || e.Message != "no such file" {
		t.Errorf("%v", err)
	}
}

func TestBreaches(t *testing.T) {
	tests := []struct {
		name string
		say  []byte
	}{
		{"empty", nil},
		{"a call of an object that we never gave", message(func(w *writer) {
			w.byte(longHeader | isRequest | newType | newOID | newTID)
			w.byte(3)
			w.typ(classInterface, "com.sun.star.task.XInteractionHandler")
			w.oid("ours")
			w.string("t")
			w.u16(0)
		})},
		{"another thread's reply", message(func(w *writer) { w.byte(longHeader | newTID); w.string("other"); w.u16(0) })},
		{"a reply to a thread never named", message(func(w *writer) { w.byte(longHeader) })},
		{"a type never remembered", answer(0, func(w *writer) { w.byte(byte(classInterface)); w.u16(9) })},
		{"a simple type with a name", answer(0, func(w *writer) { w.byte(byte(classLong) | 0x80) })},
		{"a class that is none", answer(0, func(w *writer) { w.byte(99) })},
		{"a cache without end", answer(0, func(w *writer) { anyObject(w, maxCached, "x") })},
		{"words cut short", answer(exception, func(w *writer) { w.typ(classException, "a.B"); w.count(100) })},
		{"words too long", answer(exception, func(w *writer) { w.typ(classException, "a.B"); w.count(1 << 30) })},
		{"words not in UTF-8", answer(exception, func(w *writer) { w.typ(classException, "a.B"); w.string("\xff") })},
		{"a number in place of an object", answer(0, func(w *writer) { w.any(int32(1)) })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &peer{}
			if _, err := p.say(tt.say).Query(Object{id: "o"}, interfaceType); !errors.Is(err, ErrProtocol) {
				t.Errorf("%v, want a breach", err)
			}
		})
	}
	t.Run("a block without end", func(t *testing.T) {
		p := &peer{}
		p.in.WriteString("\xff\xff\xff\xff\x00\x00\x00\x01")
		if _, err := New(p).Root("x"); !errors.Is(err, ErrProtocol) {
			t.Errorf("%v", err)
		}
	})
	t.Run("the end", func(t *testing.T) {
		if _, err := New(&peer{}).Root("x"); !errors.Is(err, io.EOF) {
			t.Errorf("%v", err)
		}
	})
}

func TestCloseEndsACall(t *testing.T) {
	ours, theirs := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	c := New(ours)
	time.AfterFunc(20*time.Millisecond, func() { _ = c.Close() })
	if _, err := c.Root("x"); err == nil {
		t.Error("a call survives the connection")
	}
	_ = theirs.Close()
}

func FuzzReplies(f *testing.F) {
	f.Add(answer(0, func(w *writer) { anyObject(w, 7, "root") }))
	f.Add(answer(exception, func(w *writer) { w.typ(classException, "a.B"); w.string("x"); w.oid("") }))
	f.Add(message(func(w *writer) {
		w.byte(longHeader | isRequest | newType | newOID | newTID | moreFlags | wideFunc)
		w.byte(0)
		w.u16(requestChange)
		w.typ(classInterface, "x")
		w.oid(propertiesOID)
		w.string("t")
		w.u16(0)
	}))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := &peer{}
		c := p.say(b, b, b)
		if o, err := c.Query(Object{id: "o"}, interfaceType); err == nil {
			_, _ = c.CallObject(o, store, interfaceType)
		}
		if len(c.types) > maxCached || len(c.oids) > maxCached || len(c.tids) > maxCached {
			t.Error("the caches grow without bound")
		}
	})
}
