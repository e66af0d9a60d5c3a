package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/daemon"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platform/blobs/blobstest"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/audit"
	"sealdesk/platformapi/web/sqldb/pgtest"
	"sealdesk/signer/tsa"
	"sealdesk/token"
	"sealdesk/token/ca"
)

// ask runs a command and gives what it said.
func ask(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, complaint bytes.Buffer
	if code := program().Run(t.Context(), args, &out, &complaint); code != want {
		t.Fatalf("%v: exit %d, want %d: %s", args, code, want, complaint.String())
	}
	return out.String() + complaint.String()
}

// Who only looks at a platform, or backs it up, leaves its database at the version of the server that may run on it.
func TestLookingBringsNothingAlong(t *testing.T) {
	data := t.TempDir()
	s := storage{data: data}
	o, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	ask(t, 0, "audit", "verify", "--data", data)
	db, err := sql.Open("sqlite", s.file())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"audit", "verify"}, {"backup", filepath.Join(t.TempDir(), "copy")}} {
		if said := ask(t, daemon.ExitFailed, append(args, "--data", data)...); !strings.Contains(said, web.ErrOlder.Error()) {
			t.Errorf("%v: %s", args, said)
		}
	}
}

// A backup is made while the server runs, and what was restored serves the same contracts, files and trail.
func TestBackupAndRestore(t *testing.T) {
	for _, kind := range []string{"SQLite", "PostgreSQL"} {
		t.Run(kind, func(t *testing.T) {
			r := newRealm(t, 2)
			storage := []string{"--data", filepath.Join(r.dir, "data")}
			target := []string{"--data", filepath.Join(r.dir, "again")}
			if kind == "PostgreSQL" {
				pg := pgtest.Shared(t)
				storage = append(storage, "--database", pg.Database(t), "--blobs", blobstest.Server(t))
				target = append(target, "--database", pg.Database(t)) // into a folder: the bucket may be gone
			}
			p := &proxy{}
			front := httptest.NewServer(p)
			defer front.Close()
			serve := []string{"--roots", r.rootsFile, "--origin", front.URL, "--proxies", "127.0.0.0/8"}
			s := startServer(t, freeAddress(t), append(append(serve, storage...), "--seed", r.seedFile)...)
			p.set(s.address)
			playManuals(t, r, front.URL)
			dir := filepath.Join(r.dir, "backups", "first") // in a folder that is not there yet
			made := ask(t, 0, append([]string{"backup", dir}, storage...)...)
			if !strings.Contains(made, "4 files") {
				t.Errorf("backup: %s", made)
			}
			if info, err := os.Stat(filepath.Join(dir, "platform.db")); kind == "SQLite" && (err != nil || info.Mode().Perm() != 0o600) {
				t.Errorf("the copy of the database: %v, %v", info, err)
			}
			ask(t, daemon.ExitFailed, append([]string{"backup", dir}, storage...)...) // never over another one
			if err := s.kill(); err != nil {
				t.Fatal(err)
			}
			ask(t, 0, append([]string{"restore", dir}, target...)...)
			ask(t, daemon.ExitFailed, append([]string{"restore", dir}, target...)...) // never over a platform
			if before, after := ask(t, 0, append([]string{"audit", "verify"}, storage...)...), ask(t, 0, append([]string{"audit", "verify"}, target...)...); before != after {
				t.Errorf("the trail was %q and is %q", before, after)
			}
			p.set(startServer(t, freeAddress(t), append(serve, target...)...).address)
			buyer := newSide(t, t.Context(), r, r.person(t, r.buyer), r.buyer.USCC, front.URL)
			for _, lot := range r.lots {
				l, err := buyer.Lot(t.Context(), lot)
				if err != nil {
					t.Fatal(err)
				}
				c, err := buyer.Contract(t.Context(), l.ContractID)
				if err != nil || c.Summary.State != "concluded" {
					t.Fatalf("%+v, %v", c.Summary, err)
				}
				for _, a := range c.Attachments {
					if _, err := buyer.Download(t.Context(), c.Summary.ID, a, t.TempDir()); err != nil { // it compares the digest
						t.Error(err)
					}
				}
			}
			damage(t, dir, target)
		})
	}
}

// A folder is the same with a stroke behind it; a copy that fails leaves nothing in the way of the next; a bucket leaves no folder of files.
func TestWhereAPlatformIsRestored(t *testing.T) {
	if _, s, err := folderAndStorage("restore", []string{"backup", "--data", "/var/lib/platform/"}, io.Discard); err != nil || s.data != "/var/lib/platform" {
		t.Errorf("the folder is %q, %v", s.data, err)
	}
	dir := t.TempDir()
	s := storage{data: filepath.Join(dir, "x.restoring")}
	if err := restoreSQLite(t.Context(), s, filepath.Join(dir, "nothing.db")); err == nil {
		t.Error("nothing was restored")
	}
	if _, err := os.Stat(s.data); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a failed copy leaves: %v", err)
	}
	from := filepath.Join(dir, "from")
	if err := os.Mkdir(from, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(from, platform.StoreFile), []byte("a database"))
	if err := moveInto(from, filepath.Join(dir, "to")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "to", platform.StoreFile)); err != nil {
		t.Error(err)
	}
}

// damage spoils a backup in several ways; none is restored.
func damage(t *testing.T, dir string, target []string) {
	t.Helper()
	database, err := filepath.Glob(filepath.Join(dir, "platform.*"))
	if err != nil || len(database) != 1 {
		t.Fatal(database, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "files", "sha256", "*", "*", "*"))
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	for _, path := range []string{database[0], files[0]} {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, content := range [][]byte{nil, append(bytes.Clone(whole[:len(whole)-1]), whole[len(whole)-1]^1)} {
			if content == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, content, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			into := append([]string{"restore", dir, "--data", filepath.Join(t.TempDir(), "x")}, fresh(t, target)...)
			var out, complaint bytes.Buffer
			if code := program().Run(t.Context(), into, &out, &complaint); code == 0 {
				t.Errorf("restored with %s changed to %d bytes: %s", filepath.Base(path), len(content), out.String())
			}
		}
		write(t, path, whole)
	}
}

// fresh is another empty database when the target has one.
func fresh(t *testing.T, target []string) []string {
	t.Helper()
	if len(target) == 2 {
		return nil
	}
	return []string{"--database", pgtest.Shared(t).Database(t)}
}

// The head is signed and stamped; a signature by another key, and a changed row, are found.
func TestAuditVerify(t *testing.T) {
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	r := newRealm(t, 1)
	rootsFile, strangersFile, keyFile := filepath.Join(r.dir, "platform-ca.pem"), filepath.Join(r.dir, "stranger.pem"), filepath.Join(r.dir, "key.pem")
	write(t, rootsFile, rootsPEM(authority))
	write(t, strangersFile, rootsPEM(stranger))
	pair := func(purpose ca.Purpose) tsa.Pair {
		key, err := ca.GenerateKey(ca.SM2)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "交易平台"}, PublicKey: key.Public(), Usage: token.UsageSign, Purpose: purpose})
		if err != nil {
			t.Fatal(err)
		}
		return tsa.Pair{Key: key, Chain: []*smx509.Certificate{cert}}
	}
	text, err := pair(ca.ForDocuments).MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	write(t, keyFile, text)
	oid, err := parseOID("1.3.6.1.4.1.32473.1")
	if err != nil {
		t.Fatal(err)
	}
	stamps, err := tsa.NewAuthority(tsa.AuthorityConfig{Policy: oid, Pairs: []tsa.Pair{pair(ca.ForTimeStamps)}})
	if err != nil {
		t.Fatal(err)
	}
	key, err := signerOf(keyFile, stamps, authority.Roots())
	if err != nil {
		t.Fatal(err)
	}

	data := filepath.Join(r.dir, "data")
	ask(t, daemon.ExitFailed, "audit", "verify", "--data", data) // there is no platform
	s := storage{data: data}
	o, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := o.store.Import(t.Context(), nil, nil, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	head, err := o.store.AuditHead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := audit.SignedHead{Head: head, At: time.Now().UTC().Truncate(time.Millisecond)}
	if h.Signature, err = key.SignHead(context.Background(), h.Statement(platform.DefaultID)); err != nil {
		t.Fatal(err)
	}
	if err := o.store.KeepSignedHead(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	if said := ask(t, 0, "audit", "verify", "--data", data, "--roots", rootsFile); !strings.Contains(said, "3 rows") || !strings.Contains(said, "1 heads were signed, the last at row 3") || !strings.Contains(said, "are verified") {
		t.Error(said)
	}
	if said := ask(t, 0, "audit", "verify", "--data", data); !strings.Contains(said, "not verified") {
		t.Error(said)
	}
	ask(t, daemon.ExitBroken, "audit", "verify", "--data", data, "--roots", strangersFile)
	ask(t, daemon.ExitBroken, "audit", "verify", "--data", data, "--roots", rootsFile, "--id", "another-platform")

	db, err := sql.Open("sqlite", web.SQLiteName(filepath.Join(data, "platform.db"), "_txlock=immediate"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"DROP TRIGGER audit_no_update", `UPDATE audit SET data = replace(data, 'import', 'export') WHERE seq = 2`} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if said := ask(t, daemon.ExitBroken, "audit", "verify", "--data", data); !strings.Contains(said, "audit row 2 was changed") {
		t.Error(said)
	}
}
