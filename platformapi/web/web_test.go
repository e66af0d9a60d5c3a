package web_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sealdesk/platformapi/web"
)

func TestLimiter(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	l := web.NewLimiter(3, time.Second, 10)
	for range 3 {
		if ok, _ := l.Allow("a", now); !ok {
			t.Fatal("within the burst")
		}
	}
	if ok, wait := l.Allow("a", now); ok || wait != time.Second {
		t.Errorf("over the burst: %v, %v", ok, wait)
	}
	if ok, _ := l.Allow("b", now); !ok {
		t.Error("another name is held back")
	}
	if ok, _ := l.Allow("a", now.Add(time.Second)); !ok {
		t.Error("after a while")
	}
	if ok, _ := l.Allow("a", now.Add(time.Second)); ok {
		t.Error("one more only")
	}
	for i := range 1000 { // a stranger with many names does not free the one that is held back at once
		l.Allow(fmt.Sprint("name ", i), now.Add(time.Second))
	}
	if ok, _ := l.Allow("a", now.Add(time.Second)); ok {
		t.Error("a stranger with many names frees the one that is held back")
	}
	if ok, _ := l.Allow("z", now.Add(-time.Hour)); !ok {
		t.Error("a clock that goes back holds a new name back")
	}
}

// Whoever has an IPv6 network has all its addresses, and is one caller.
func TestLimiterOfNetworks(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	networks := web.NewLimiter(1, time.Second, 10)
	for _, tt := range []struct {
		name string
		ok   bool
	}{
		{"2001:db8::1", true}, {"2001:db8::2", false}, {"2001:db8::ffff:0:0:1", false}, {"2001:db8:0:1::1", true},
		{"192.0.2.1", true}, {"192.0.2.2", true}, {"192.0.2.1", false}, {"a session", true}, {"a session", false},
	} {
		if ok, _ := networks.Allow(tt.name, now); ok != tt.ok {
			t.Errorf("%s: %t", tt.name, ok)
		}
	}
}

func TestGuard(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	limit := func(*http.Request) int64 { return 5 }
	for name, x := range map[string]struct {
		body   io.Reader
		h      http.HandlerFunc
		status int
	}{
		"fits":     {strings.NewReader("12345"), func(http.ResponseWriter, *http.Request) {}, 200},
		"too long": {strings.NewReader("123456"), func(http.ResponseWriter, *http.Request) {}, 413},
		"too long, later": {io.MultiReader(strings.NewReader("123456")), func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				web.WriteError(w, r, log, err)
			}
		}, 413},
		"panic": {nil, func(http.ResponseWriter, *http.Request) { panic("secret") }, 500},
		"error": {nil, func(w http.ResponseWriter, r *http.Request) { web.WriteError(w, r, log, errors.New("secret")) }, 500},
	} {
		w := httptest.NewRecorder()
		web.Guard(log, limit, x.h).ServeHTTP(w, httptest.NewRequest("POST", "/", x.body))
		if w.Code != x.status || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// No path leads to another one: what a proxy before us allowed or logged is what is worked on.
func TestOddPathsLeadNowhere(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	h := web.Guard(log, func(*http.Request) int64 { return 5 }, mux)
	for target, status := range map[string]int{
		"/": 204, "/a/b": 204, "/a/b/": 204, "/a/...": 204, "/a/%2e%2e": 204, "/a?b=//": 204,
		"//a": 404, "/a//b": 404, "/a/./b": 404, "/a/../b": 404, "/a/..": 404, "/a/b//": 404, "*": 404,
	} {
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, httptest.NewRequest("OPTIONS", target, nil)); w.Code != status {
			t.Errorf("%s: %d, want %d", target, w.Code, status)
		}
	}
}

func TestOpenSQLite(t *testing.T) {
	migrations := fstest.MapFS{"00001_init.sql": {Data: []byte("CREATE TABLE a (b INTEGER) STRICT;\n")}}
	path := t.TempDir() + "/a #%?b.db"
	for range 2 {
		write, read, err := web.OpenSQLite(t.Context(), path, migrations)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := write.Exec("INSERT INTO a VALUES (1)"); err != nil {
			t.Error(err)
		}
		if _, err := read.Exec("INSERT INTO a VALUES (1)"); err == nil {
			t.Error("the reading pool writes")
		}
		var mode string
		var synchronous int
		if err := errors.Join(write.QueryRow("PRAGMA journal_mode").Scan(&mode), write.QueryRow("PRAGMA synchronous").Scan(&synchronous)); err != nil || mode != "wal" || synchronous != 2 {
			t.Errorf("journal %s, synchronous %d, %v", mode, synchronous, err)
		}
		if err := errors.Join(read.Close(), write.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestAMigrationIsDoneWholeOrNotAtAll(t *testing.T) {
	files := fstest.MapFS{
		"00001_init.sql": {Data: []byte("CREATE TABLE a (b INTEGER) STRICT;\nCREATE TRIGGER t BEFORE DELETE ON a BEGIN SELECT raise(ABORT, 'kept; for ever'); END;\n")},
		"00002_more.sql": {Data: []byte("CREATE TABLE c (d INTEGER) STRICT;\nINSERT INTO nowhere VALUES (1);\n")},
	}
	path := filepath.Join(t.TempDir(), "a.db")
	if _, _, err := web.OpenSQLite(t.Context(), path, files); err == nil || !strings.Contains(err.Error(), "00002_more.sql") {
		t.Fatalf("a migration that fails: %v", err)
	}
	files["00002_more.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE c (d INTEGER) STRICT;\n")} // would fail if there were one
	write, read, err := web.OpenSQLite(t.Context(), path, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := write.Exec("INSERT INTO a VALUES (1); DELETE FROM a"); err == nil || !strings.Contains(err.Error(), "kept; for ever") {
		t.Errorf("the first one's trigger: %v", err)
	}
	if err := errors.Join(read.Close(), write.Close()); err != nil {
		t.Error(err)
	}
}

// What reads migrations once kept 4 MiB for each; a store is opened at every start, and by every test.
func TestMigrationsTakeLittleMemory(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 8 {
		files[fmt.Sprintf("%05d_x.sql", i+1)] = &fstest.MapFile{Data: fmt.Appendf(nil, "CREATE TABLE t%d (b INTEGER) STRICT;\n", i)}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	write, read, err := web.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "a.db"), files)
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
		t.Errorf("opening a store of 8 migrations asked for %d bytes", n)
	}
	if err := errors.Join(read.Close(), write.Close()); err != nil {
		t.Error(err)
	}
}
