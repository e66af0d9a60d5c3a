package bid_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/bid"
	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/envelope"
)

var update = flag.Bool("update", false, "make the vectors anew")

// The vectors are put together here from FORMAT.md, apart from the package's own Builder, so that each has one fault and is right
// in everything else: signatures and digests are made over the fault, unless they are the fault.

// object is a JSON object; json.Marshal writes its members in order.
type object = map[string]any

func canonicalJSON(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// content is a part before it is in a bid.
type content struct {
	code, kind, envelope string
	data                 []byte
}

// chunk is how one chunk is sealed.
type chunk struct {
	key, nonce, aad, plain []byte
}

// recipe is one vector. Functions that are nil change nothing; they are called in this order.
type recipe struct {
	name, note, want string
	aes              bool
	keys             string // "" is all that are needed

	parts    []content // nil: three, in two envelopes and in none
	size     int       // of chunks
	inner    bool      // without the outer layer
	noPrice  bool
	opening  func(o object) []byte                        // the commitment's opening, after it was committed to
	secret   func(name string, s []byte) []byte           // what goes into an envelope
	innerDER func(name string, der []byte) []byte         // before it is digested
	outerDER func(name string, inner, der []byte) []byte  // what goes into the file
	seal     func(code string, i int, c *chunk)           //
	list     func(code string, list []byte) []byte        // before it is digested
	manifest func(m object)                               // before it is written
	raw      func(raw []byte) []byte                      // before it is signed
	signed   func(raw, signature []byte) ([]byte, []byte) // afterwards
	store    func(v *made)                                // lists and chunks, as they go into the file
	file     func(v *made, b []byte) []byte
}

// made is a vector's pieces as they go into the file.
type made struct {
	head      []byte
	raw       []byte
	signature []byte
	envelopes [][]byte
	lists     [][]byte
	chunks    [][][]byte
}

func (v *made) bytes() []byte {
	area := []byte{}
	for _, e := range v.envelopes {
		area = append(binary.BigEndian.AppendUint32(area, uint32(len(e))), e...)
	}
	if v.head == nil {
		v.head = []byte("\x89SDBID\r\n\x00\x01\x00\x00")
		for _, n := range []int{len(v.raw), len(v.signature), len(area)} {
			v.head = binary.BigEndian.AppendUint32(v.head, uint32(n))
		}
	}
	b := bytes.Join([][]byte{v.head, v.raw, v.signature, area, bytes.Join(v.lists, nil)}, nil)
	for _, c := range v.chunks {
		b = append(b, bytes.Join(c, nil)...)
	}
	return b
}

// cast are the keys of all vectors, by name.
type cast struct {
	signers map[string]*cmstest.Party
	keys    map[string]bid.Key
}

func newCast(t testing.TB) cast {
	c := cast{map[string]*cmstest.Party{}, map[string]bid.Key{}}
	for _, alg := range []string{"sm2", "rsa"} {
		c.signers[alg] = cmstest.New(t, alg, cmstest.Options{Name: "某某公司"})
		c.signers["other-"+alg] = cmstest.New(t, alg, cmstest.Options{Name: "别的公司", Serial: 77})
		for i, who := range []string{"bidder", "second", "platform", "stranger"} {
			c.keys[who+"-"+alg] = key(t, alg, who, int64(0x90a1b2c3d4+i))
		}
		// The impostor has the bidder's certificate, and another key.
		c.keys["impostor-"+alg] = bid.Key{Certificate: c.keys["bidder-"+alg].Certificate, Decrypter: c.keys["stranger-"+alg].Decrypter}
	}
	return c
}

// mix is what goes with the cipher.
type mix struct {
	cipher, algorithm string
	suite             envelope.Suite
	hash              func() hash.Hash
	keyLen            int
	block             func([]byte) (cipher.Block, error)
}

func (r recipe) mix() mix {
	if r.aes {
		return mix{"AES-256-GCM", "rsa", envelope.AES, sha256.New, 32, aes.NewCipher}
	}
	return mix{"SM4-GCM", "sm2", envelope.GM, sm3.New, 16, sm4.NewCipher}
}

func (m mix) sum(parts ...[]byte) []byte {
	h := m.hash()
	h.Write(bytes.Join(parts, nil))
	return h.Sum(nil)
}

func (m mix) derive(secret, id []byte, label, name string, n int) []byte {
	k, err := hkdf.Key(m.hash, secret, id, "sealdesk bid "+label+"\x00"+name, n)
	if err != nil {
		panic(err)
	}
	return k
}

func (m mix) certificate(c *smx509.Certificate) object {
	return object{"digest": hex.EncodeToString(m.sum(c.Raw)), "issuer": c.Issuer.String(), "serial": hex.EncodeToString(c.SerialNumber.Bytes())}
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func filler(n int) []byte {
	return bytes.Repeat([]byte("投标文件 0123456789 abcdefgh\n"), n/16+1)[:n]
}

var usual = []content{
	{"tech.1", "technical", "技术", filler(300)}, {"price.1", "price", "报价", filler(150)}, {"letter", "qualification", "", filler(200)},
}

// make puts a vector together.
func (r recipe) make(t *testing.T, all cast) []byte {
	x := r.mix()
	size := r.size
	if size == 0 {
		size = 64
	}
	parts := r.parts
	if parts == nil {
		parts = usual
	}
	idHex := hex.EncodeToString(random(16))
	id, _ := hex.DecodeString(idHex)
	bidder := all.keys["bidder-"+x.algorithm].Certificate
	signer := all.signers[x.algorithm]
	m := object{
		"bidder": object{"code": "91330100MA27XXXX0X", "name": "某某公司"}, "built": "2026-11-26T03:04:05Z", "chunkSize": size, "cipher": x.cipher,
		"commitments": []any{}, "envelopes": []any{}, "format": 1, "id": idHex, "lot": "1", "outline": "", "parts": []any{},
		"platform": x.certificate(all.keys["platform-"+x.algorithm].Certificate), "program": "SealDesk vectors",
		"recipients": []any{x.certificate(bidder), x.certificate(all.keys["second-"+x.algorithm].Certificate)},
		"signer":     x.certificate(signer.Chain[0]), "tender": "XX-2026-0117",
	}
	if !r.noPrice {
		fields := []any{object{"capitals": "壹佰元整", "name": "投标总价", "value": "100.00"}, object{"capitals": "", "name": "工期", "value": "90"}}
		o := object{"fields": fields, "nonce": hex.EncodeToString(random(16))}
		h := x.hash()
		h.Write([]byte("sealdesk bid price\x00"))
		for _, part := range [][]byte{[]byte("XX-2026-0117"), []byte("1"), []byte("91330100MA27XXXX0X"), canonicalJSON(fields)} {
			h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
			h.Write(part)
		}
		nonce, _ := hex.DecodeString(o["nonce"].(string))
		h.Write(nonce)
		m["commitments"] = []any{object{"digest": hex.EncodeToString(h.Sum(nil)), "name": "price", "part": "opening.price"}}
		data := canonicalJSON(o)
		if r.opening != nil {
			data = r.opening(o)
		}
		parts = append(parts[:len(parts):len(parts)], content{"opening.price", "opening", "报价", append(data, "   "...)})
	}
	v := &made{}
	secrets := map[string][]byte{}
	for _, p := range parts {
		if p.envelope == "" || secrets[p.envelope] != nil {
			continue
		}
		secret := random(32)
		secrets[p.envelope] = secret
		check := x.derive(secret, id, "check", p.envelope, 32)
		given := secret
		if r.secret != nil {
			given = r.secret(p.envelope, secret)
		}
		inner, err := envelope.Seal(x.suite, envelope.Data, given, bidder, all.keys["second-"+x.algorithm].Certificate)
		if err != nil {
			t.Fatal(err)
		}
		if r.innerDER != nil {
			inner = r.innerDER(p.envelope, inner)
		}
		m["envelopes"] = append(m["envelopes"].([]any), object{"digest": hex.EncodeToString(x.sum(inner)), "key": hex.EncodeToString(check), "name": p.envelope})
		der := inner
		if !r.inner {
			if der, err = envelope.Seal(x.suite, envelope.Envelope, inner, all.keys["platform-"+x.algorithm].Certificate); err != nil {
				t.Fatal(err)
			}
		}
		if r.outerDER != nil {
			der = r.outerDER(p.envelope, inner, der)
		}
		v.envelopes = append(v.envelopes, der)
	}
	for _, p := range parts {
		list, chunks := r.sealPart(x, m, p, secrets[p.envelope], id, size)
		if r.list != nil {
			list = r.list(p.code, list)
		}
		v.lists, v.chunks = append(v.lists, list), append(v.chunks, chunks)
		m["parts"] = append(m["parts"].([]any), object{
			"code": p.code, "digest": hex.EncodeToString(x.sum(list)), "envelope": p.envelope, "kind": p.kind, "name": p.code + ".pdf", "size": len(p.data),
		})
	}
	if r.manifest != nil {
		r.manifest(m)
	}
	v.raw = canonicalJSON(m)
	if r.raw != nil {
		v.raw = r.raw(v.raw)
	}
	v.signature = append(sign(t, signer, v.raw), make([]byte, 40)...)
	if r.signed != nil {
		v.raw, v.signature = r.signed(v.raw, v.signature)
	}
	if r.store != nil {
		r.store(v)
	}
	b := v.bytes()
	if r.file != nil {
		b = r.file(v, b)
	}
	return b
}

func sign(t *testing.T, p *cmstest.Party, raw []byte) []byte {
	b := cms.Builder{Signer: p.Key, Chain: p.Chain, GM: p.Root.Issuer.CommonName == "Test Root sm2", SigningTime: time.Date(2026, 11, 26, 3, 4, 5, 0, time.UTC)}
	h, err := b.Hash()
	if err != nil {
		t.Fatal(err)
	}
	h.Write(raw)
	der, err := b.Sign(h.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (r recipe) sealPart(x mix, m object, p content, secret, id []byte, size int) (list []byte, chunks [][]byte) {
	n := max(1, (len(p.data)+size-1)/size)
	bound := canonicalJSON(object{
		"bidder": "91330100MA27XXXX0X", "chunkSize": size, "cipher": x.cipher, "envelope": p.envelope, "format": 1, "id": m["id"], "kind": p.kind,
		"lot": "1", "part": p.code, "size": len(p.data), "tender": "XX-2026-0117",
	})
	for i := range n {
		c := chunk{nonce: make([]byte, 12), aad: x.sum(bound), plain: p.data[i*size : min(len(p.data), (i+1)*size)]}
		binary.BigEndian.PutUint64(c.nonce[3:], uint64(i))
		if i == n-1 {
			c.nonce[11] = 1
		}
		stored := bytes.Clone(c.plain)
		if p.envelope != "" {
			c.key = x.derive(secret, id, "part", p.code, x.keyLen)
			if r.seal != nil {
				r.seal(p.code, i, &c)
			}
			block, err := x.block(c.key)
			if err != nil {
				panic(err)
			}
			aead, err := cipher.NewGCM(block)
			if err != nil {
				panic(err)
			}
			stored = aead.Seal(nil, c.nonce, c.plain, c.aad)
		}
		chunks = append(chunks, stored)
		list = append(list, x.sum(stored)...)
	}
	return list, chunks
}

const vectors = "testdata/vectors"

func TestGenerateVectors(t *testing.T) {
	if !*update {
		t.Skip("the vectors are kept; -update makes them anew")
	}
	if err := os.RemoveAll(vectors); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(vectors, "keys"), 0o755); err != nil {
		t.Fatal(err)
	}
	all := newCast(t)
	for name, k := range all.keys {
		writeKey(t, filepath.Join(vectors, "keys", name+".pem"), k)
	}
	seen := map[string]bool{}
	for _, r := range recipes(t, all) {
		if seen[r.name] {
			t.Fatalf("two vectors %s", r.name)
		}
		seen[r.name] = true
		data := r.make(t, all)
		keys := r.keys
		if keys == "" {
			keys = "platform bidder"
		}
		var named []string
		for _, k := range strings.Fields(keys) {
			named = append(named, k+"-"+r.mix().algorithm)
		}
		want := r.want
		if want == "ok" {
			parts := r.parts
			if parts == nil {
				parts = usual
			}
			h := sha256.New()
			for _, p := range parts {
				h.Write(p.data)
			}
			want += " " + hex.EncodeToString(h.Sum(nil))
		}
		var body strings.Builder
		for text := base64.StdEncoding.EncodeToString(data); text != ""; {
			n := min(76, len(text))
			body.WriteString(text[:n] + "\n")
			text = text[n:]
		}
		text := fmt.Sprintf("note: %s\nkeys: %s\nwant: %s\n\n%s", r.note, strings.Join(named, " "), want, body.String())
		if err := os.WriteFile(filepath.Join(vectors, r.name+".vec"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readVector reads a vector's file.
func readVector(t testing.TB, path string) (fields map[string]string, data []byte) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, body, ok := strings.Cut(string(text), "\n\n")
	if !ok {
		t.Fatalf("%s has no head", path)
	}
	fields = map[string]string{}
	for _, line := range strings.Split(head, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		fields[name] = value
	}
	if data, err = base64.StdEncoding.DecodeString(body); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return fields, data
}

func readKey(t testing.TB, name string) bid.Key {
	k, err := keyIn(filepath.Join(vectors, "keys", name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// keyIn reads a private key and its certificate.
func keyIn(path string) (bid.Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return bid.Key{}, err
	}
	first, rest := pem.Decode(text)
	second, _ := pem.Decode(rest)
	private, err := smx509.ParsePKCS8PrivateKey(first.Bytes)
	if err != nil {
		return bid.Key{}, err
	}
	c, err := smx509.ParseCertificate(second.Bytes)
	return bid.Key{Certificate: c, Decrypter: private.(crypto.Decrypter)}, err
}

func writeKey(t testing.TB, path string, k bid.Key) {
	der, err := smx509.MarshalPKCS8PrivateKey(k.Decrypter)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate.Raw})...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
