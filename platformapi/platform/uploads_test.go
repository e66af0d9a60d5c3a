package platform_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web/dpop"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bearer is a session as its client has it: the access token, seen on its way, and the key that its proofs are made with.
type bearer struct {
	token atomic.Value
	key   *dpop.Key
}

func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if a := r.Header.Get("Authorization"); a != "" {
		b.token.Store(a)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (b *bearer) Save(secret []byte) error {
	var kept struct {
		Key []byte `json:"key"`
	}
	err := json.Unmarshal(secret, &kept)
	if err == nil {
		b.key, err = dpop.ParseKey(kept.Key)
	}
	return err
}

func (b *bearer) Forget() error { return nil }

// session logs in and gives what its requests are made with.
func session(t *testing.T, w *platformtest.World, o platformapi.Organisation) *bearer {
	t.Helper()
	b := &bearer{}
	if _, err := w.Login(t, o, client.Options{Transport: b, Keeper: b}).Session(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// bind makes a request one of the session's; nil is nobody's.
func (b *bearer) bind(t *testing.T, w *platformtest.World, r *http.Request) {
	t.Helper()
	r.Header.Set("Tus-Resumable", "1.0.0")
	if b == nil {
		return
	}
	authorization := b.token.Load().(string)
	_, token, _ := strings.Cut(authorization, " ")
	proof, err := b.key.Prove(r.Method, w.URL+r.URL.EscapedPath(), token, w.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	r.Header.Set("DPoP", proof)
}

// tus calls the upload protocol by hand.
func tus(t *testing.T, w *platformtest.World, who *bearer, method, path, body string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	who.bind(t, w, r)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return resp
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// The protocol's own rules, as tus 1.0.0 words them.
func TestUploadProtocol(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	me, other := session(t, w, platformtest.Purchaser), session(t, w, platformtest.Stranger)
	file := strings.Repeat("contract ", 100)
	sum := sha256.Sum256([]byte(file))
	id := platformapi.NewID()
	meta := "id " + b64([]byte(id)) + ",sha256 " + b64([]byte(hex.EncodeToString(sum[:])))
	length := strconv.Itoa(len(file))
	const octets = "application/offset+octet-stream"
	piece := func(s string) string { d := sha256.Sum256([]byte(s)); return "sha256 " + b64(d[:]) }
	at := "/v1/uploads/" + id
	for _, step := range []struct {
		name               string
		who                *bearer
		method, path, body string
		headers            []string
		status             int
		offset             string
	}{
		{"options", nil, "OPTIONS", "/v1/uploads", "", nil, 204, ""},
		{"no session", nil, "POST", "/v1/uploads", "", []string{"Upload-Length", length}, 401, ""},
		{"another version", me, "POST", "/v1/uploads", "", []string{"Upload-Length", length, "Tus-Resumable", "0.2.2"}, 412, ""},
		{"no length", me, "POST", "/v1/uploads", "", nil, 400, ""},
		{"too long", me, "POST", "/v1/uploads", "", []string{"Upload-Length", "1048577"}, 413, ""},
		{"bad metadata", me, "POST", "/v1/uploads", "", []string{"Upload-Length", length, "Upload-Metadata", "id !"}, 400, ""},
		{"an id that is none", me, "POST", "/v1/uploads", "", []string{"Upload-Length", length, "Upload-Metadata", "id " + b64([]byte("../x"))}, 400, ""},
		{"created", me, "POST", "/v1/uploads", "", []string{"Upload-Length", length, "Upload-Metadata", meta}, 201, "0"},
		{"created again", me, "POST", "/v1/uploads", "", []string{"Upload-Length", length, "Upload-Metadata", meta}, 201, "0"},
		{"another's id", other, "POST", "/v1/uploads", "", []string{"Upload-Length", length, "Upload-Metadata", meta}, 409, ""},
		{"another looks", other, "HEAD", at, "", nil, 404, ""},
		{"not a piece", me, "PATCH", at, file[:10], []string{"Content-Type", "text/plain", "Upload-Offset", "0"}, 415, ""},
		{"a gap", me, "PATCH", at, file[:10], []string{"Content-Type", octets, "Upload-Offset", "5"}, 409, ""},
		{"changed on its way", me, "PATCH", at, file[:10], []string{"Content-Type", octets, "Upload-Offset", "0", "Upload-Checksum", piece("x")}, 460, ""},
		{"an unknown checksum", me, "PATCH", at, file[:10], []string{"Content-Type", octets, "Upload-Offset", "0", "Upload-Checksum", "crc32 AAAA"}, 400, ""},
		{"nothing came of it", me, "HEAD", at, "", nil, 200, "0"},
		{"first piece", me, "PATCH", at, file[:10], []string{"Content-Type", octets, "Upload-Offset", "0", "Upload-Checksum", piece(file[:10])}, 204, "10"},
		{"the same again", me, "PATCH", at, file[:10], []string{"Content-Type", octets, "Upload-Offset", "0"}, 409, ""},
		{"without PATCH", me, "POST", at, file[10:20], []string{"Content-Type", octets, "Upload-Offset", "10", "X-HTTP-Method-Override", "PATCH"}, 204, "20"},
		{"too much", me, "PATCH", at, file[20:] + "x", []string{"Content-Type", octets, "Upload-Offset", "20"}, 413, ""},
		{"the last piece", me, "PATCH", at, file[20:], []string{"Content-Type", octets, "Upload-Offset", "20"}, 204, length},
		{"ended by another", other, "DELETE", at, "", nil, 404, ""},
		{"ended", me, "DELETE", at, "", nil, 204, ""},
		{"gone", me, "HEAD", at, "", nil, 404, ""},
		{"created anew", me, "POST", "/v1/uploads", "", []string{"Upload-Length", length, "Upload-Metadata", meta}, 201, "0"},
		{"another file", me, "PATCH", at, strings.Repeat("x", len(file)), []string{"Content-Type", octets, "Upload-Offset", "0"}, 460, ""},
		{"and gone with it", me, "HEAD", at, "", nil, 404, ""},
	} {
		resp := tus(t, w, step.who, step.method, step.path, step.body, step.headers...)
		if resp.StatusCode != step.status || resp.Header.Get("Upload-Offset") != step.offset || resp.Header.Get("Tus-Resumable") != "1.0.0" || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %v", step.name, resp.StatusCode, resp.Header)
		}
	}
	resp := tus(t, w, me, "POST", "/v1/uploads", "", "Upload-Length", length)
	w.Clock.Add(25 * time.Hour)
	me = session(t, w, platformtest.Purchaser)
	if resp := tus(t, w, me, "HEAD", resp.Header.Get("Location"), ""); resp.StatusCode != 410 {
		t.Errorf("a day later: %d", resp.StatusCode)
	}
}

// Of many that send the same piece at the same moment one is taken.
func TestOneOfManyPiecesIsTaken(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	me := session(t, w, platformtest.Purchaser)
	at := tus(t, w, me, "POST", "/v1/uploads", "", "Upload-Length", "100").Header.Get("Location")
	var taken, moved atomic.Int64
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			// The last byte comes when all of them have begun.
			r, err := http.NewRequestWithContext(t.Context(), "PATCH", w.URL+at, io.MultiReader(strings.NewReader(strings.Repeat("x", 39)), late{200 * time.Millisecond}, strings.NewReader("x")))
			if err != nil {
				t.Error(err)
				return
			}
			me.bind(t, w, r)
			for name, value := range map[string]string{"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"} {
				r.Header.Set(name, value)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			_ = resp.Body.Close()
			switch resp.StatusCode {
			case 204:
				taken.Add(1)
			case 409:
				moved.Add(1)
			}
		})
	}
	all.Wait()
	if at := tus(t, w, me, "HEAD", at, "").Header.Get("Upload-Offset"); taken.Load() != 1 || moved.Load() != 11 || at != "40" {
		t.Errorf("%d were taken, %d not, the offset is %s", taken.Load(), moved.Load(), at)
	}
}

// late is nothing, after a while.
type late struct{ time.Duration }

func (l late) Read([]byte) (int, error) {
	time.Sleep(l.Duration)
	return 0, io.EOF
}

// cutting breaks every other piece off in its middle, and every third answer to the attachment, and counts the bytes that went through.
type cutting struct {
	n, puts int
	sent    int64
}

func (c *cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPatch {
		c.n++
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if c.n%2 == 0 {
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), failing{}))
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err == nil {
				_ = resp.Body.Close()
			}
			return nil, errors.New("cable pulled")
		}
		c.sent += int64(len(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/attachments/") {
		if c.puts++; c.puts%3 == 0 {
			_ = resp.Body.Close()
			return nil, errors.New("cable pulled")
		}
	}
	return resp, err
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("cable pulled") }

// A file goes on from where it was cut, no byte of it is taken twice, and another server goes on where the first one ended.
func TestLargeFileGoesOnAfterCuts(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	network := &cutting{}
	p := w.Login(t, platformtest.Purchaser, client.Options{Transport: network, Piece: 10_000})
	id := platformapi.NewID()
	out, err := p.Create(t.Context(), platformapi.Change{Key: id}, platformapi.NewContract{ID: id, LotID: platformtest.LotID})
	if err != nil {
		t.Fatal(err)
	}
	file := platformtest.PDF(strings.Repeat("long ", 40_000))
	sum := sha256.Sum256(file)
	u := platformapi.Upload{ID: platformapi.NewID(), Kind: platformapi.KindFiling, Stage: platformapi.StageUploaded, Name: "合同.pdf",
		Size: int64(len(file)), SHA256: hex.EncodeToString(sum[:]), Content: bytes.NewReader(file)}
	change := platformapi.Change{Key: u.ID, ContractID: id, Version: out.Contract.Summary.Version}
	for tries := 0; ; tries++ {
		if tries > 100 {
			t.Fatal("it does not arrive")
		}
		if out, err = p.PutAttachment(t.Context(), change, u); err == nil {
			break
		}
		if !platformapi.Retryable(err) {
			t.Fatalf("try %d: %v", tries, err)
		}
	}
	if network.sent != u.Size {
		t.Errorf("%d bytes were sent of a file of %d", network.sent, u.Size)
	}
	path, err := p.Download(context.Background(), id, out.Contract.Attachments[0], t.TempDir())
	if err != nil {
		t.Fatalf("%v (%s)", err, path)
	}
}
