package serve

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"sealdesk/token"
	"sealdesk/token/modhost/wire"
	"sealdesk/token/profile"
	"sealdesk/token/soft"
)

// talk serves an empty folder of software keys as if a library did, and gives what asks it.
func talk(t *testing.T) (ask func(*wire.Request) *wire.Reply, library string, encoded []byte) {
	t.Helper()
	requests, requestsTo := io.Pipe()
	repliesFrom, replies := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- Serve(requests, replies, map[profile.Interface]Opener{
			profile.InterfacePKCS11: func(library string, _ profile.Profile) (token.Driver, error) {
				return soft.Open(filepath.Dir(library))
			},
		})
	}()
	t.Cleanup(func() {
		requestsTo.Close()
		if err := <-done; err != nil {
			t.Errorf("the helper ended with %v", err)
		}
	})
	library = filepath.Join(t.TempDir(), "lib.so")
	if err := os.WriteFile(library, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := profile.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if encoded, err = table.Unknown(profile.InterfacePKCS11).Encode(); err != nil {
		t.Fatal(err)
	}
	return func(q *wire.Request) *wire.Reply {
		if err := wire.WriteRequest(requestsTo, q); err != nil {
			t.Fatal(err)
		}
		reply, err := wire.ReadReply(repliesFrom)
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}, library, encoded
}

func TestOneLibrary(t *testing.T) {
	ask, library, encoded := talk(t)
	opening := func(change func(*wire.Request)) *wire.Request {
		q := &wire.Request{Op: wire.OpOpen, Number: wire.Version, Text: library, Kind: "pkcs11", Data: encoded}
		change(q)
		return q
	}
	for _, step := range []struct {
		name string
		ask  *wire.Request
		want error // nil: any error at all
	}{
		{"tokens without a library", &wire.Request{Op: wire.OpTokens}, nil},
		{"another version", opening(func(q *wire.Request) { q.Number++ }), nil},
		{"an interface that is not served", opening(func(q *wire.Request) { q.Kind = "skf" }), token.ErrNotSupported},
		{"no profile", opening(func(q *wire.Request) { q.Data = []byte("{}") }), nil},
		{"a library that is not there", opening(func(q *wire.Request) { q.Text += "x" }), profile.ErrLibraryMissing},
	} {
		if r := ask(step.ask); r.Err == nil || step.want != nil && !errors.Is(r.Err, step.want) {
			t.Errorf("%s: got %v, want %v", step.name, r.Err, step.want)
		}
	}
	if r := ask(opening(func(*wire.Request) {})); r.Err != nil {
		t.Fatal(r.Err)
	}
	if r := ask(&wire.Request{Op: wire.OpTokens}); r.Err != nil || len(r.Tokens) != 0 {
		t.Errorf("%d tokens, %v", len(r.Tokens), r.Err)
	}
	if r := ask(&wire.Request{Op: wire.OpSign, Token: "pkcs11:token=none"}); !errors.Is(r.Err, token.ErrRemoved) {
		t.Errorf("a token that is not there: %v", r.Err)
	}
	if r := ask(opening(func(*wire.Request) {})); r.Err == nil {
		t.Error("a second library was loaded")
	}
}

func TestInherited(t *testing.T) {
	for _, args := range [][]string{nil, {"3"}, {"a", "b"}, {"-1", "4"}, {"3", "4", "5"}, {"3", "99999999999"}} {
		if _, _, err := inherited(args); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}
