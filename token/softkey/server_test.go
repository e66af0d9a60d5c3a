//go:build unix

package softkey_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token/ca"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

func TestKeysSurviveInTheirFolder(t *testing.T) {
	t.Parallel()
	dir := softkeytest.Folder(t)
	o := softkey.Options{Folder: filepath.Join(dir, "keys")}
	s, err := softkey.New(o)
	if err != nil {
		t.Fatal(err)
	}
	dialect := softkey.Dialect{SM2: &softkey.Longmai, IDs: softkey.ContainerIDs}
	d := addDevice(t, s, softkey.DeviceOptions{Dialect: dialect})
	for _, a := range ca.Algorithms() {
		sign, encrypt := keys(t, a)
		addContainer(t, d, string(a), sign.softkey(), encrypt.softkey())
	}
	if err := d.AddCertificate(mustIssuer(t)); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(o.Folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := e.Info()
		if err != nil {
			return err
		}
		if fi.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v: others may read it", path, fi.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(o.Folder, serial+".json")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(before, []byte(pinText)) {
		t.Error("the PIN stands in the file")
	}
	again, err := softkey.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Devices()[0].SetDialect(dialect); err != nil { // writes the file
		t.Fatal(err)
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Errorf("the key changed by being read and written:\n%s\n%s", before, after)
	}
	if err := os.WriteFile(file, before[:len(before)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := softkey.New(o); err == nil {
		t.Error("a key whose file is cut off was read")
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	s, err := softkey.New(softkey.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := addDevice(t, s, softkey.DeviceOptions{})
	sign, _ := keys(t, ca.SM2)
	addContainer(t, d, "a", sign.softkey(), softkey.KeyPair{})
	if err := d.AddContainer("a", sign.softkey(), softkey.KeyPair{}); err == nil {
		t.Error("two containers have one name")
	}
	for name, o := range map[string]softkey.DeviceOptions{
		"the same serial number": {Serial: serial, PIN: []byte(pinText)},
		"a path for a serial":    {Serial: "../x", PIN: []byte(pinText)},
		"a long serial":          {Serial: "12345678901234567", PIN: []byte(pinText)},
		"no PIN":                 {},
		"a long PIN":             {PIN: []byte("12345678901234567")},
		"too many tries":         {PIN: []byte(pinText), Tries: 16},
		"a long label":           {PIN: []byte(pinText), Label: "012345678901234567890123456789012"},
	} {
		if _, err := s.Add(o); err == nil {
			t.Errorf("a key with %s was added", name)
		}
	}
}

func TestRunListensUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	dir := softkeytest.Folder(t)
	o := softkey.Options{Folder: filepath.Join(dir, "keys"), Socket: filepath.Join(dir, "run", softkey.SocketName)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- softkey.Run(ctx, o) }()
	var conn net.Conn
	for conn == nil {
		conn, _ = net.Dial("unix", o.Socket)
		time.Sleep(time.Millisecond)
	}
	defer conn.Close()
	for path, want := range map[string]fs.FileMode{o.Socket: 0o600, filepath.Dir(o.Socket): 0o700} {
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, fi.Mode(), err, want)
		}
	}
	if s, err := softkey.New(softkey.Options{}); err != nil || s.Listen(o.Socket) == nil {
		t.Error("two servers listen on one socket")
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it runs on")
	}
	if err := os.WriteFile(o.Socket, []byte("a file of somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := softkey.Run(t.Context(), o); err == nil {
		t.Error("a file was replaced by a socket")
	}
}

// frame is a message's bytes.
func frame(body string) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// What is no message ends the connection, and the server goes on.
func TestHostileMessages(t *testing.T) {
	t.Parallel()
	s, library := softkeytest.Start(t, softkey.SKF)
	addDevice(t, s, softkey.DeviceOptions{})
	hello := string(frame("\x05hello" + "b\x10\x00\x00\x000123456789abcdef" + "b\x03\x00\x00\x00skf" +
		"n\x08\x00\x00\x00\x00\x00\x00\x00" + "n\x00\x00\x00\x00\x00\x00\x00\x00"))
	for name, tt := range map[string]struct {
		send    string
		answers int // messages before the end
	}{
		"a call before hello":       {string(frame("\x0bSKF_EnumDev")), 0},
		"a hello without values":    {string(frame("\x05hello")), 0},
		"a length beyond the limit": {"\xff\xff\xff\x7f", 0},
		"an empty message":          {hello + string(frame("")), 1},
		"an unknown value":          {hello + string(frame("\x0bSKF_EnumDevq")), 1},
		"a value cut off":           {hello + string(frame("\x0bSKF_EnumDevn\x01")), 1},
		"bytes cut off":             {hello + string(frame("\x0bSKF_EnumDevb\xff\xff\xff\xff1")), 1},
		"too few values":            {hello + string(frame("\x0bSKF_EnumDev")), 2},
		"a value of another kind":   {hello + string(frame("\x0bSKF_EnumDevb\x00\x00\x00\x00z")), 2},
		"an unknown function":       {hello + string(frame("\x03abc")), 2},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("unix", filepath.Join(filepath.Dir(library), softkey.SocketName))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(5 * time.Second))
			if _, err := io.WriteString(conn, tt.send); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.UnixConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			answers := 0
			for {
				head := make([]byte, 4)
				if _, err := io.ReadFull(conn, head); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if _, err := io.CopyN(io.Discard, conn, int64(binary.LittleEndian.Uint32(head))); err != nil {
					t.Fatal(err)
				}
				answers++
			}
			if answers != tt.answers {
				t.Errorf("%d answers, want %d", answers, tt.answers)
			}
		})
	}
	l := loadSKF(t, library)
	if got := l.names("SKF_EnumDev", 1); len(got) != 1 {
		t.Errorf("devices %q after hostile messages", got)
	}
}

// mustIssuer is some authority's certificate.
func mustIssuer(t testing.TB) *smx509.Certificate {
	t.Helper()
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	return authority.Root(ca.SM2)
}
