package instance

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestTheSecondStartHandsOver(t *testing.T) {
	dir := t.TempDir()
	first, err := Claim(dir, "/data")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(dir, "/data"); !errors.Is(err, ErrOther) {
		t.Fatalf("a second one: %v", err)
	}
	other, err := Claim(dir, "/demo")
	if err != nil {
		t.Fatalf("another folder: %v", err)
	}
	defer other.Close()
	file := filepath.Join(dir, "合同.pdf")
	for _, want := range []Request{{Files: []string{file}}, {Link: "sealdesk://a.cn/contracts/x"}, {}} {
		if err := Hand(t.Context(), dir, "/data", want); err != nil {
			t.Fatal(err)
		}
		if got := <-first.Requests(); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, not %+v", got, want)
		}
	}
	if err := Hand(t.Context(), dir, "/data", Request{Files: []string{"relative.pdf"}}); err == nil {
		t.Error("a relative path was handed over: it means another file there")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, more := <-first.Requests(); more {
		t.Error("requests after the end")
	}
	again, err := Claim(dir, "/data")
	if err != nil {
		t.Fatalf("after the end: %v", err)
	}
	again.Close()
}

func TestNobodyElseGetsIn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder's rights are the profile's there")
	}
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := Claim(dir, "/data")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for path, want := range map[string]os.FileMode{dir: 0o700, name(dir, "/data") + ".sock": 0o600, name(dir, "/data") + ".lock": 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// What a program sends that is none of ours is dropped, and the next one is heard.
func TestOddMessagesAreDropped(t *testing.T) {
	dir := t.TempDir()
	f, err := Claim(dir, "/data")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for what, message := range map[string]string{
		"none": "", "no JSON": "GET / HTTP/1.1\r\n\r\n", "too long": "{}" + strings.Repeat(" ", maxMessage),
		"too many": `{"files":[` + strings.Repeat(`"/a",`, maxFiles) + `"/a"]}`, "relative": `{"files":["a"]}`, "two": `{}{}`,
	} {
		c, err := net.Dial("unix", name(dir, "/data")+".sock")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, message) // it may have been dropped already
		_ = c.(*net.UnixConn).CloseWrite()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		if answer, _ := io.ReadAll(c); len(answer) > 0 {
			t.Errorf("%s: answered %q", what, answer)
		}
		c.Close()
	}
	if err := Hand(t.Context(), dir, "/data", Request{}); err != nil {
		t.Fatal(err)
	}
	if got := <-f.Requests(); len(got.Files) > 0 || got.Link != "" {
		t.Errorf("%+v", got)
	}
}

// A socket that a crash left behind is in nobody's way.
func TestWhatACrashLeftIsReplaced(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("unix", name(dir, "/data")+".sock")
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	f, err := Claim(dir, "/data")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}
