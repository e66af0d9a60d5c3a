package platform_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"pgregory.net/rapid"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platformtest"
)

// letter is a request as it goes over the wire, whatever a well-behaved client would make of it.
type letter struct {
	who            string
	method, target string
	header         [][2]string
	body           []byte
	unbound        bool // its proof is for no session, as those of logins are
}

func (l *letter) set(name, value string) {
	l.header = slices.DeleteFunc(l.header, func(h [2]string) bool { return strings.EqualFold(h[0], name) })
	l.header = append(l.header, [2]string{name, value})
}

// size is about how many bytes it has.
func (l *letter) size() int {
	n := len(l.target) + len(l.body)
	for _, h := range l.header {
		n += len(h[0]) + len(h[1])
	}
	return n
}

func (l *letter) String() string {
	short := func(b string) string { return fmt.Sprintf("%.300q", b) }
	return fmt.Sprintf("%s: %s %s %q %s", l.who, l.method, short(l.target), l.header, short(string(l.body)))
}

// scribe writes letters from the document: most are of its form, some nearly, and some are spoiled on purpose.
type scribe struct {
	*rand.Rand
	careful  bool // the letter that is written is of the document's form
	ops      []described
	callers  []string
	seen     map[string][]string // what answers held, by the name it had there
	versions map[string]string   // entity tags, by contract
	patterns map[string]*rapid.Generator[string]
}

type described struct {
	method, path string
	params       openapi3.Parameters
	*openapi3.Operation
}

func newScribe(spec *openapi3.T, seed uint64, callers []string) *scribe {
	g := &scribe{
		Rand: rand.New(rand.NewPCG(seed, 0)), callers: callers, versions: map[string]string{}, patterns: map[string]*rapid.Generator[string]{},
		seen: map[string][]string{"sha256": {strings.Repeat("0", 64)}, "year": {"2026"}, "template_id": {"goods"}, "password": {secret}, "account": {accountOf}, "signed_on": {"2026-03-24"}},
	}
	for _, path := range slices.Sorted(maps.Keys(spec.Paths.Map())) {
		item := spec.Paths.Value(path)
		for _, method := range slices.Sorted(maps.Keys(item.Operations())) {
			op := item.Operations()[method]
			g.ops = append(g.ops, described{method, path, slices.Concat(item.Parameters, op.Parameters), op})
		}
	}
	return g
}

// learn keeps what an answer holds, for the letters to come.
func (g *scribe) learn(name string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			within := k
			if k == "id" || k == "number" { // whose it is
				within = name + "_" + k
			}
			g.learn(within, v[k])
		}
	case []any:
		for _, x := range v {
			g.learn(strings.TrimSuffix(name, "s"), x)
		}
	case string:
		if name = called(name); name == "contract_id" && len(v) != len(platformapi.NewID()) { // the id of something else
			return
		}
		if list := g.seen[name]; v != "" && !slices.Contains(list, v) {
			g.seen[name] = append(list[max(0, len(list)-39):], v)
		}
	}
}

// called is what a value is called that goes by several names.
func called(name string) string {
	switch name {
	case "_id", "parent_id", "summary_id", "item_id":
		return "contract_id"
	case "original_sha256", "certificate_sha256", "cert_sha256":
		return "sha256"
	case "next_cursor":
		return "cursor"
	}
	return name
}

// oneIn is true once in n times.
func (g *scribe) oneIn(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *scribe, list []T) T { return list[g.IntN(len(list))] }

// next is the next letter.
func (g *scribe) next() letter {
	g.careful = !g.oneIn(3)
	var l letter
	switch g.IntN(12) {
	case 0:
		l = g.piece()
	case 1:
		l = g.call(g.ops[slices.IndexFunc(g.ops, func(op described) bool { return op.OperationID == "PutAttachment" })])
	default:
		l = g.call(pick(g, g.ops))
	}
	if !g.careful && g.oneIn(2) {
		pick(g, spoilers)(g, &l)
	}
	return l
}

// slips says whether a part of the letter is to be wrong.
func (g *scribe) slips() bool { return !g.careful && g.oneIn(15) }

// recent is mostly one of the last.
func (g *scribe) recent(list []string) string {
	if n := len(list); n > 4 && g.oneIn(2) {
		list = list[n-4:]
	}
	return pick(g, list)
}

// seldom are operations that end what the others need, or are slow on purpose.
var seldom = []string{"Logout", "LoginAccount", "DeleteContract", "RefuseContract"}

// call is a letter to an operation.
func (g *scribe) call(op described) letter {
	l := letter{who: pick(g, g.callers), method: op.method, target: op.path}
	if slices.Contains(seldom, op.OperationID) && !g.oneIn(8) {
		return g.call(pick(g, g.ops))
	}
	if g.careful && strings.HasPrefix(op.path, "/v1/contracts") && !g.oneIn(4) {
		l.who = pick(g, []string{"party", "supplier"})
	}
	contract := ""
	query := url.Values{}
	for _, p := range op.params {
		p := p.Value
		if !p.Required && p.In == "query" && g.oneIn(2) {
			continue
		}
		value := g.plain(p.Name, p.Schema.Value)
		switch fresh := op.OperationID == "PutAttachment" && !g.oneIn(4); {
		case fresh && p.Name == "upload":
			continue
		case fresh && p.Name == "attachment_id":
			value = platformapi.NewID()
		}
		switch p.In {
		case "path":
			if p.Name == "contract_id" {
				contract = value
			}
			l.target = strings.ReplaceAll(l.target, "{"+p.Name+"}", url.PathEscape(value))
		case "query":
			query.Set(p.Name, value)
		case "header":
			switch p.Name {
			case "DPoP": // the carrier proves
				l.unbound = !g.slips()
				continue
			case "Idempotency-Key":
				value = `"` + platformapi.NewID() + `"`
				if known := g.seen[p.Name]; len(known) > 0 && g.oneIn(8) {
					value = pick(g, known)
				}
				g.learn(p.Name, value)
			case "If-Match":
				value = cmp.Or(g.versions[contract], `"c-`+contract+`-1"`)
			case "Content-Digest":
				continue // of the body
			}
			if !g.slips() {
				l.set(p.Name, value)
			}
		}
	}
	if len(query) > 0 {
		l.target += "?" + query.Encode()
	}
	if op.RequestBody == nil {
		return l
	}
	for _, media := range slices.Sorted(maps.Keys(op.RequestBody.Value.Content)) {
		l.set("Content-Type", media)
		if media == "application/json" {
			body, err := json.Marshal(g.value("", op.RequestBody.Value.Content[media].Schema.Value, 0))
			if err == nil {
				l.body = body
			}
			continue
		}
		l.body = g.file()
		sum := sha256.Sum256(l.body)
		g.learn("sha256", hex.EncodeToString(sum[:]))
		l.set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
	}
	return l
}

// file is what is attached to contracts.
func (g *scribe) file() []byte {
	file := platformtest.PDF(pick(g, []string{"contract", "contract", "another contract", "copy"}))
	for _, uscc := range []string{platformtest.Purchaser.USCC, platformtest.Supplier.USCC, platformtest.Stranger.USCC, "UNTRUSTED"} {
		if g.oneIn(2) {
			break
		}
		file = platformtest.Seal(file, uscc)
	}
	switch g.IntN(8) {
	case 0:
		return platformtest.DOCX("draft")
	case 1:
		return nil
	case 2:
		return []byte(pick(g, texts))
	case 3:
		return file[:g.IntN(len(file))]
	}
	return file
}

// piece is a letter of the upload protocol, which the document does not describe by operations.
func (g *scribe) piece() letter {
	l := letter{who: pick(g, g.callers), method: pick(g, []string{"POST", "POST", "HEAD", "PATCH", "PATCH", "DELETE", "OPTIONS"}), target: "/v1/uploads"}
	l.set("Tus-Resumable", "1.0.0")
	if known := g.seen["upload"]; l.method != "POST" && len(known) > 0 {
		l.target += "/" + pick(g, known)
	}
	switch l.method {
	case "POST":
		id := platformapi.NewID()
		g.learn("upload", id)
		l.set("Upload-Length", pick(g, []string{"4", "10", "10", "0", "-1", "9223372036854775807", "9223372036854775808", "1e3", "", "٣"}))
		l.set("Upload-Metadata", pick(g, []string{
			"id " + base64.StdEncoding.EncodeToString([]byte(id)), "", "id", "id ////", ",,,", "sha256 AAAA", "filename Li4vLi4v,id " + base64.StdEncoding.EncodeToString([]byte(id)),
			"id " + base64.StdEncoding.EncodeToString([]byte("../../../../../../../../../../../../")),
		}))
	case "PATCH":
		l.set("Content-Type", "application/offset+octet-stream")
		l.set("Upload-Offset", pick(g, []string{"0", "0", "4", "10", "-1", "9223372036854775807", "x"}))
		l.set("Upload-Checksum", pick(g, []string{"", "", "sha1 AAAA", "md5 AAAA", "sha256", "sha256 " + strings.Repeat("A", 43) + "="}))
		l.body = []byte(pick(g, []string{"", "abcd", "efghij", "abcdefghij", "abcdefghijk"}))
	}
	return l
}

// plain is a value as it stands in a path, a query or a header.
func (g *scribe) plain(name string, s *openapi3.Schema) string {
	if text, ok := g.value(name, s, 0).(string); ok {
		return text
	}
	raw, err := json.Marshal(g.value(name, s, 0))
	if err != nil {
		return ""
	}
	return string(raw)
}

// value is a value of a schema, nearly always.
func (g *scribe) value(name string, s *openapi3.Schema, depth int) any {
	if g.slips() {
		return pick(g, oddities)
	}
	if len(s.Enum) > 0 {
		return pick(g, s.Enum)
	}
	switch {
	case s.Type.Is("string"):
		if name == "name" && depth == 0 && !g.oneIn(4) {
			return pick(g, []string{"合同.pdf", "合同.docx"})
		}
		if known := g.seen[called(name)]; len(known) > 0 && !g.oneIn(8) {
			return g.recent(known)
		}
		return g.text(s)
	case s.Type.Is("boolean"):
		return g.oneIn(2)
	case s.Type.Is("integer"), s.Type.Is("number"):
		least, most := 0.0, 1e6
		if s.Min != nil {
			least = *s.Min
		}
		if s.Max != nil {
			most = *s.Max
		}
		if g.slips() {
			return pick(g, []float64{least - 1, most + 1, least + 0.5})
		}
		return int64(pick(g, []float64{least, most, least + g.Float64()*(most-least)}))
	case s.Type.Is("array"):
		list := []any{}
		for range int(min(s.MinItems, 5)) + g.IntN(3) {
			list = append(list, g.value(name, s.Items.Value, depth+1))
		}
		return list
	}
	object := map[string]any{}
	for _, part := range s.AllOf {
		if more, ok := g.value(name, part.Value, depth+1).(map[string]any); ok {
			maps.Copy(object, more)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(s.Properties)) {
		if k == "parent_id" && object["kind"] == nil {
			continue // they go together
		}
		if required := slices.Contains(s.Required, k); required && !g.slips() || !required && g.oneIn(2) {
			object[k] = g.value(k, s.Properties[k].Value, depth+1)
		}
	}
	if g.slips() {
		object[pick(g, texts)] = pick(g, oddities)
	}
	return object
}

// text is a string of a schema, nearly always.
func (g *scribe) text(s *openapi3.Schema) string {
	switch {
	case s.Pattern != "":
		if g.patterns[s.Pattern] == nil {
			g.patterns[s.Pattern] = rapid.StringMatching(s.Pattern)
		}
		return g.patterns[s.Pattern].Example(g.IntN(1 << 30))
	case s.Format == "date-time":
		return pick(g, []string{"2026-03-24T08:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "2026-02-30T00:00:00+08:00"})
	case s.Format == "byte":
		return base64.StdEncoding.EncodeToString([]byte(pick(g, texts)))
	}
	most := 300
	if s.MaxLength != nil {
		most = int(min(*s.MaxLength, 20_000))
	}
	switch g.IntN(10) {
	case 0:
		if g.slips() {
			most++
		}
		return strings.Repeat("合", most)
	case 1:
		if text := pick(g, texts); len(text) >= int(s.MinLength) {
			return text
		}
	}
	return strings.Repeat("合", max(2, int(s.MinLength)))
}

// texts are strings that are hard on those who take strings for harmless.
var texts = []string{
	"", " ", "\x00", "a\x00b", "a\r\nX-Other: b", "\x1b[31m", "\u202ecod.pdf", "\ufeff", "e\u0301", "🧨", "\xff\xfe", "\xed\xa0\x80", "'; DROP TABLE contracts; --", "%s%n%x", "%%", "_", `\`,
	"../../../../etc/passwd", `..\..\boot.ini`, "CON.pdf", "/etc/passwd", "a/b.pdf", ".", "..", "a.pdf\x00.exe", "NaN", "null", "{}", "<script>", "\u2028", "\U000e0001", "1e400", "\"", "\t",
}

// oddities are JSON values that hardly any schema asks for.
var oddities = []any{
	nil, true, "", 0, -1, 0.1, []any{}, map[string]any{}, "\x00", strings.Repeat("a", 10_000), json.RawMessage("1e999"), json.RawMessage("-1e-999"), json.RawMessage("99999999999999999999999999"),
	json.RawMessage("-9223372036854775809"), json.RawMessage(`"\ud800"`), json.RawMessage(strings.Repeat("[", 500) + strings.Repeat("]", 500)), json.RawMessage(`{"a":1,"a":2}`), json.RawMessage("9223372036854775807"),
	"0001-01-01", "9999-99-99",
}

// spoilers make of a letter one that nobody should send.
var spoilers = []func(*scribe, *letter){
	func(g *scribe, l *letter) { // the path
		trick := pick(g, []string{"/", "//", "/.", "/..", "/%2e%2e", "/%2e%2e%2f", "/%2E/", ";a=b", "%00", "%ff", "%", "%zz", "?", "?a=%zz", "?a;b", "#x", `\`, "/" + strings.Repeat("a", 20_000), "%0d%0a", "?limit=1&limit=2", "?cursor=%00", "?q=%ff", "?q=%25"})
		at := len(l.target)
		if slashes := strings.Count(l.target, "/"); g.oneIn(2) {
			for range g.IntN(slashes + 1) {
				at = strings.LastIndex(l.target[:at], "/")
			}
			at = max(at, 0)
		}
		l.target = l.target[:at] + trick + l.target[at:]
	},
	func(g *scribe, l *letter) {
		l.target = pick(g, []string{"*", "/", "", "http://elsewhere.example" + l.target, strings.ToUpper(l.target), "/v1", "/v1/", "/tsa", "/healthz", "/readyz", "/metrics", "//v1/time", "/v1/uploads/", "/v1/uploads/../time", "/v1/contracts/"})
	},
	func(g *scribe, l *letter) {
		l.method = pick(g, []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "BREW", "G\x00T"})
	},
	func(g *scribe, l *letter) { // the media type
		l.set("Content-Type", pick(g, []string{"", "text/plain", "application/json; charset=gbk", "application/json;", "application/xml", "multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "*/*", "application/octet-stream", "application/json, text/html", "application/problem+json", "\x80", "application/zip", "text/csv", "application/yaml", "application/offset+octet-stream"}))
	},
	func(g *scribe, l *letter) { // a header
		name := pick(g, []string{"Idempotency-Key", "If-Match", "If-None-Match", "DPoP", "Last-Event-ID", "Content-Digest", "Authorization", "Upload-Offset", "Upload-Length", "Upload-Metadata", "Upload-Checksum", "Tus-Resumable", "X-HTTP-Method-Override", "X-Forwarded-For", "Range", "Accept", "Accept-Encoding", "Content-Encoding", "Host", "Cookie", "Origin", "Expect", "Connection"})
		l.set(name, pick(g, append([]string{
			`"`, `"a`, `""`, "*", "W/" + `"x"`, `"c--1"`, `"c-x-99999999999999999999"`, "DPoP", "DPoP ", "DPoP a b", "Bearer x", "-1", "9223372036854775807", "99999999999999999999", "sha-256=::", "sha-256=:AAAA:", "sha-256=:????:, md5=:AA==:",
			"a.b.c", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30.", strings.Repeat("a", 5000), strings.Repeat("a,", 2000), "bytes=0-0", "gzip", "close", "DELETE", "GET", "PATCH", "1.0.0", "id AA==",
		}, texts...)))
	},
	func(g *scribe, l *letter) { // left out
		if len(l.header) > 0 {
			i := g.IntN(len(l.header))
			l.header = slices.Delete(l.header, i, i+1)
		}
	},
	func(g *scribe, l *letter) { // said twice
		if len(l.header) > 0 {
			l.header = append(l.header, pick(g, l.header))
		}
	},
	func(g *scribe, l *letter) { // the body
		l.body = []byte(pick(g, []string{
			"", "{", "[", "null", "1", `"a"`, "{}", "{}{}", "[]", "\x00", "\xef\xbb\xbf{}", `{"a":}`, "{'a':1}", strings.Repeat("[", 50_000), strings.Repeat(`{"a":`, 15_000), `{"id":` + strings.Repeat("9", 50_000) + `}`,
			`{"sha256":"` + strings.Repeat("\\u0000", 10) + `"}`, strings.Repeat(" ", 200_000), "\xff\xfe{\x00}\x00",
		}))
	},
	func(g *scribe, l *letter) { // broken off, or a byte of it
		if len(l.body) == 0 {
			return
		}
		i := g.IntN(len(l.body))
		if g.oneIn(2) {
			l.body = l.body[:i]
			return
		}
		l.body = slices.Clone(l.body)
		l.body[i] = byte(g.IntN(256))
	},
	func(g *scribe, l *letter) { l.body = make([]byte, 1<<20+g.IntN(2)) },
}

// The letters cover the document, and those that are written with care are mostly of its form.
func TestLettersAreOfTheDocument(t *testing.T) {
	spec := document(t)
	router, err := gorillamux.NewRouter(spec)
	if err != nil {
		t.Fatal(err)
	}
	g := newScribe(spec, 1, []string{"party"})
	g.careful = true
	wrote, right := map[string]int{}, map[string]int{}
	for range 5000 {
		l := g.call(pick(g, g.ops))
		r, err := http.NewRequest(l.method, l.target, bytes.NewReader(l.body))
		if err != nil {
			t.Fatalf("%s: %v", &l, err)
		}
		for _, h := range l.header {
			r.Header.Set(h[0], h[1])
		}
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Fatalf("%s: %v", &l, err)
		}
		wrote[route.Operation.OperationID]++
		if err := openapi3filter.ValidateRequest(t.Context(), &openapi3filter.RequestValidationInput{
			Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
		}); err == nil {
			right[route.Operation.OperationID]++
		}
	}
	for _, op := range g.ops {
		if n := wrote[op.OperationID]; n == 0 || right[op.OperationID]*2 < n {
			t.Errorf("%d letters to %s, of its form %d", n, op.OperationID, right[op.OperationID])
		}
	}
}
