package ca

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

// A certificate says where to ask about it and which hosts it is for; what it cannot be made of is refused.
func TestWhatIsAskedForIsInTheCertificate(t *testing.T) {
	a := authority(t)
	req := Request{Subject: buyer, PublicKey: key(t, ECDSA).Public(), Purpose: ForServers, OCSP: "http://ca.example/ocsp", CRL: "http://ca.example/crl",
		Hosts: []string{"ca.example", "127.0.0.1"}}
	cert, err := a.Issue(req)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(cert.DNSNames, req.Hosts[:1]) || len(cert.IPAddresses) != 1 || cert.IPAddresses[0].String() != req.Hosts[1] ||
		!slices.Equal(cert.OCSPServer, []string{req.OCSP}) || !slices.Equal(cert.CRLDistributionPoints, []string{req.CRL}) {
		t.Errorf("%q, %v, %q, %q", cert.DNSNames, cert.IPAddresses, cert.OCSPServer, cert.CRLDistributionPoints)
	}
	agrees, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Request){
		"a key that only agrees": func(r *Request) { r.PublicKey = agrees.Public() },
		"no key":                 func(r *Request) { r.PublicKey = nil },
	} {
		bad := req
		change(&bad)
		if _, err := a.Issue(bad); !errors.Is(err, ErrAlgorithm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := req
	bad.Subject.Name = "a\x7f"
	if _, err := a.Issue(bad); !errors.Is(err, ErrSubject) {
		t.Errorf("a name with a control character: %v", err)
	}
	if _, err := New("dsa"); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("an unknown algorithm: %v", err)
	}
	if _, err := a.CRL("dsa"); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("its list: %v", err)
	}
	if _, _, err := a.IssuePair(Subject{}, req.PublicKey, req.PublicKey); !errors.Is(err, ErrSubject) {
		t.Errorf("a pair for nobody: %v", err)
	}
}

// What does not lie in a folder as it should is said, whether an authority is made there or opened.
func TestFoldersThatAreNone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, nil)
	if _, err := Create(filepath.Join(file, "ca"), ECDSA); err == nil {
		t.Error("an authority was made in a file")
	}
	if _, err := Create(filepath.Join(dir, "dsa"), "dsa"); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("of an unknown algorithm: %v", err)
	}
	if _, err := OpenOrCreate(filepath.Join(file, "ca")); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("a folder in a file: %v", err)
	}
	for name, at := range map[string]string{"its secret": secretFile, "its roots": rootsFile} {
		dir := t.TempDir()
		if _, err := Create(dir, ECDSA); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(filepath.Join(dir, at)), os.MkdirAll(filepath.Join(dir, at, "x"), 0o700)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("a folder for %s: %v", name, err)
		}
		if _, err := OpenOrCreate(dir); err == nil {
			t.Errorf("a folder for %s was taken for none", name)
		}
	}
}

// Blocks that are no key and no certificate, or not in their order, are damage.
func TestBlocksThatAreWrong(t *testing.T) {
	agrees, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := smx509.MarshalPKCS8PrivateKey(agrees)
	if err != nil {
		t.Fatal(err)
	}
	good, err := smx509.MarshalPKCS8PrivateKey(key(t, ECDSA))
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	for name, data := range map[string][]byte{
		"what is no key":           block(blockKey, []byte("x")),
		"a key that does not sign": block(blockKey, der),
		"two keys":                 append(block(blockKey, good), block(blockKey, good)...),
		"what is no certificate":   append(block(blockKey, good), block(blockCertificate, []byte("x"))...),
		"something else":           block("DH PARAMETERS", good),
	} {
		if _, err := parse(data); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An authority whose ledger cannot be read or written issues nothing that it could not revoke, and answers no question wrongly.
func TestALedgerThatFails(t *testing.T) {
	dir := t.TempDir()
	a, err := Create(dir, ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	req := Request{Subject: buyer, PublicKey: key(t, ECDSA).Public()}
	cert, err := a.Issue(req)
	if err != nil {
		t.Fatal(err)
	}
	asked := question(t, a, func(*ocspTBSRequest) {})
	ledger := filepath.Join(dir, ledgerFile)
	fails := func(what string, want error) {
		t.Helper()
		_, list := a.CRL(ECDSA)
		_, answer := a.OCSP(asked)
		for of, err := range map[string]error{"revoking": a.Revoke(cert, Superseded, time.Now()), "the list": list, "an answer": answer} {
			if err == nil || want != nil && !errors.Is(err, want) {
				t.Errorf("%s, %s: %v", what, of, err)
			}
		}
		for _, path := range []string{CRLPath(ECDSA), OCSPPath + "/" + base64.StdEncoding.EncodeToString(asked)} {
			w := httptest.NewRecorder()
			a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			if w.Code != http.StatusInternalServerError {
				t.Errorf("%s: %s answers %d", what, path, w.Code)
			}
		}
	}
	before, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	write(t, ledger, append(bytes.Clone(before), "\n{no record}\n"...))
	fails("a line that is no record", ErrDamaged)
	if err := errors.Join(os.Remove(ledger), os.Mkdir(ledger, 0o700)); err != nil {
		t.Fatal(err)
	}
	fails("a folder for it", nil)
	if _, err := a.Issue(req); err == nil {
		t.Error("a certificate was issued that is not in the ledger")
	}
	if err := os.Remove(ledger); err != nil {
		t.Fatal(err)
	}
	if a, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if err := a.Revoke(cert, Superseded, time.Now()); !errors.Is(err, ErrNotIssued) {
		t.Errorf("a certificate that is in no ledger: %v", err)
	}
	now := time.Now().UTC()
	if err := a.ledger.add(record{Issuer: ECDSA, Serial: "no number", Revoked: &now}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.CRL(ECDSA); !errors.Is(err, ErrDamaged) {
		t.Errorf("a serial number that is none: %v", err)
	}
}

// question asks about an authority's own root of ECDSA, changed as the test says.
func question(t *testing.T, a *Authority, change func(*ocspTBSRequest)) []byte {
	t.Helper()
	root := a.Root(ECDSA)
	key, err := keyBits(root)
	if err != nil {
		t.Fatal(err)
	}
	name, sum := sha1.Sum(root.RawSubject), sha1.Sum(key)
	id := ocspCertID{Hash: pkix.AlgorithmIdentifier{Algorithm: certHashes[0].oid}, NameHash: name[:], KeyHash: sum[:], Serial: root.SerialNumber}
	tbs := ocspTBSRequest{List: []ocspAsked{{ID: id}}}
	change(&tbs)
	der, err := asn1.Marshal(struct {
		TBS any
	}{struct {
		Version    int `asn1:"explicit,tag:0,default:0,optional"`
		List       []ocspAsked
		Extensions []pkix.Extension `asn1:"explicit,tag:2,optional,omitempty"`
	}{tbs.Version, tbs.List, tbs.Extensions}})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Questions of another form than the standard's are refused with the standard's number, and never answered.
func TestOddQuestions(t *testing.T) {
	a, err := New(ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*ocspTBSRequest)
		want   asn1.Enumerated
	}{
		"a good one":         {func(*ocspTBSRequest) {}, ocspSuccessful},
		"another extension":  {func(q *ocspTBSRequest) { q.Extensions = purposes[ForServers] }, ocspSuccessful},
		"another version":    {func(q *ocspTBSRequest) { q.Version = 1 }, ocspMalformed},
		"nothing":            {func(q *ocspTBSRequest) { q.List = nil }, ocspMalformed},
		"too many":           {func(q *ocspTBSRequest) { q.List = slices.Repeat(q.List, maxOCSPAsked+1) }, ocspMalformed},
		"a long one":         {func(q *ocspTBSRequest) { q.List[0].ID.NameHash = make([]byte, maxOCSPRequest) }, ocspMalformed},
		"a nonce of no text": {func(q *ocspTBSRequest) { q.Extensions = []pkix.Extension{{Id: oidNonce, Value: []byte{1}}} }, ocspMalformed},
		"more than a nonce": {func(q *ocspTBSRequest) {
			q.Extensions = []pkix.Extension{{Id: oidNonce, Value: []byte{4, 1, 1, 0}}}
		}, ocspMalformed},
		"somebody else's, too": {func(q *ocspTBSRequest) {
			q.List = append(q.List, q.List[0])
			q.List[1].ID.KeyHash = make([]byte, 20)
		}, ocspUnauthorized},
		"an unknown hash": {func(q *ocspTBSRequest) { q.List[0].ID.Hash.Algorithm = oidNonce }, ocspUnauthorized},
	} {
		der, err := a.OCSP(question(t, a, tt.change))
		if err != nil {
			t.Fatal(err)
		}
		var r ocspResponse
		if _, err := asn1.Unmarshal(der, &r); err != nil || r.Status != tt.want {
			t.Errorf("%s: status %d, want %d, %v", name, r.Status, tt.want, err)
		}
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, OCSPPath, bytes.NewReader(make([]byte, maxOCSPRequest+1))))
	if w.Code != http.StatusBadRequest {
		t.Errorf("a long one is answered with %d", w.Code)
	}
}

// The base64 of a question may have slashes in a row, which are no empty folders.
func TestAQuestionWithSlashes(t *testing.T) {
	a, err := Create(t.TempDir(), ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	asked := []byte{0x30, 0x0f, 0xff, 0xff, 0xff, 0xc0} // MA/////A
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, OCSPPath+"/"+base64.StdEncoding.EncodeToString(asked), nil))
	want, err := a.OCSP(asked)
	if err != nil || w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), want) {
		t.Errorf("%d, %x instead of %x, %v", w.Code, w.Body.Bytes(), want, err)
	}
}
