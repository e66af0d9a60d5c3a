package cms

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

// tlv writes one element; the tests below put SignedData together by hand, so
// that each has one fault.
func tlv(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	switch n := len(content); {
	case n < 128:
		return append([]byte{tag, byte(n)}, content...)
	case n < 256:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	default:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	}
}

func der(v any) []byte {
	b, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func alg(o oid, params ...byte) []byte { return tlv(0x30, der(o), params) }

func attr(o oid, values ...[]byte) []byte {
	return tlv(0x30, der(o), tlv(0x31, values...))
}

// frame has every part of a SignedData; a test replaces one before build.
type frame struct {
	contentType, version, digestAlgs, encap, certs, crls []byte
	signerVersion, sid, digestAlg, sigAlg                []byte
	attrs                                                [][]byte
	unsigned, tail, extraSigner                          []byte
	noAttrs                                              bool
	sign                                                 func(attrs []byte) []byte
}

var (
	testKey  = mustKey(2048)
	testCert = mustCert(testKey)
)

func mustKey(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func mustCert(k *rsa.PrivateKey) *smx509.Certificate {
	template := &smx509.Certificate{SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "signer"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC), SubjectKeyId: []byte("key id")}
	raw, err := smx509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		panic(err)
	}
	c, err := smx509.ParseCertificate(raw)
	if err != nil {
		panic(err)
	}
	return c
}

var testDigest = sha256.Sum256([]byte("content"))

func ess(c *smx509.Certificate) []byte {
	sum := sha256.Sum256(c.Raw)
	return attr(oidAttrSigningCertV2, tlv(0x30, tlv(0x30, tlv(0x30, der(sum[:])))))
}

func newFrame() *frame {
	return &frame{
		contentType: der(oidSignedData), version: der(1), digestAlgs: alg(oidSHA256), encap: tlv(0x30, der(oidData)),
		certs:         tlv(0xa0, testCert.Raw),
		signerVersion: der(1), sid: tlv(0x30, testCert.RawIssuer, der(77)), digestAlg: alg(oidSHA256), sigAlg: alg(oidRSA, derNULL...),
		attrs: [][]byte{attr(oidAttrContentType, der(oidData)), attr(oidAttrMessageDigest, der(testDigest[:])), ess(testCert)},
		sign: func(a []byte) []byte {
			sum := sha256.Sum256(a)
			sig, err := rsa.SignPKCS1v15(rand.Reader, testKey, crypto.SHA256, sum[:])
			if err != nil {
				panic(err)
			}
			return sig
		},
	}
}

func (f *frame) build() []byte {
	set := tlv(0x31, f.attrs...)
	sig := f.sign(set)
	set[0] = 0xa0
	if f.noAttrs {
		set = nil
	}
	signer := tlv(0x30, f.signerVersion, f.sid, f.digestAlg, set, f.sigAlg, tlv(4, sig), f.unsigned)
	return append(tlv(0x30, f.contentType, tlv(0xa0, tlv(0x30, f.version, tlv(0x31, f.digestAlgs), f.encap, f.certs, f.crls,
		tlv(0x31, signer, f.extraSigner)))), f.tail...)
}

func (f *frame) judge() error { return f.judgeAs(Accept{}) }

func (f *frame) judgeAs(also Accept) error {
	s, err := ParseAs(f.build(), also)
	if err != nil {
		return err
	}
	return s.Check(testDigest[:])
}

func pssParams(h oid, salt int, extra ...[]byte) []byte {
	return tlv(0x30, append([][]byte{tlv(0xa0, alg(h)), tlv(0xa1, alg(oidMGF1, alg(h)...)), tlv(0xa2, der(salt))}, extra...)...)
}

func signPSS(salt int) func([]byte) []byte {
	return func(a []byte) []byte {
		sum := sha256.Sum256(a)
		sig, err := rsa.SignPSS(rand.Reader, testKey, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt})
		if err != nil {
			panic(err)
		}
		return sig
	}
}

func TestAccepted(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(f *frame)
	}{
		{"nothing changed", func(f *frame) {}},
		{"digest parameters NULL", func(f *frame) { f.digestAlg, f.digestAlgs = alg(oidSHA256, derNULL...), alg(oidSHA256, derNULL...) }},
		{"sha256WithRSAEncryption", func(f *frame) { f.sigAlg = alg(oidSHA256RSA, derNULL...) }},
		{"subject key identifier", func(f *frame) { f.version, f.signerVersion, f.sid = der(3), der(3), tlv(0x80, testCert.SubjectKeyId) }},
		{"without signing-certificate-v2", func(f *frame) { f.attrs = f.attrs[:2] }},
		{"explicit SHA-256 and issuerSerial", func(f *frame) {
			sum := sha256.Sum256(testCert.Raw)
			is := tlv(0x30, tlv(0x30, tlv(0xa4, testCert.RawIssuer)), der(77))
			f.attrs[2] = attr(oidAttrSigningCertV2, tlv(0x30, tlv(0x30, tlv(0x30, alg(oidSHA256), der(sum[:]), is))))
		}},
		{"RSA-PSS", func(f *frame) { f.sigAlg, f.sign = alg(oidRSAPSS, pssParams(oidSHA256, 32)...), signPSS(32) }},
		{"revocation lists", func(f *frame) { f.crls = tlv(0xa1, tlv(0x30)) }},
		{"an attribute of others with several values", func(f *frame) {
			f.attrs = append(f.attrs, attr(oid{1, 2, 840, 113549, 1, 9, 16, 2, 18}, der(1), der(2)))
			slices.SortFunc(f.attrs, bytes.Compare)
		}},
		{"a certificate nobody can read", func(f *frame) { f.certs = tlv(0xa0, tlv(0x30, der(1)), testCert.Raw) }},
		{"content types of GM/T 0010", func(f *frame) {
			f.contentType, f.encap, f.attrs[0] = der(oidGMSignedData), tlv(0x30, der(oidGMData)), attr(oidAttrContentType, der(oidGMData))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFrame()
			tc.change(f)
			if err := f.judge(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	other := mustCert(mustKey(2048))
	short := mustKey(1024)
	shortCert := mustCert(short)
	ct, md := attr(oidAttrContentType, der(oidData)), attr(oidAttrMessageDigest, der(testDigest[:]))
	for _, tc := range []struct {
		name   string
		kind   Kind
		change func(f *frame)
	}{
		{"another content type outside", NotSignedData, func(f *frame) { f.contentType = der(oidData) }},
		{"bytes behind it", Malformed, func(f *frame) { f.tail = []byte{0} }},
		{"version 2", Malformed, func(f *frame) { f.version = der(2) }},
		{"versions differ", Malformed, func(f *frame) { f.version = der(3) }},
		{"version 3 signer by issuer and serial", Malformed, func(f *frame) { f.signerVersion = der(3) }},
		{"content attached", Attached, func(f *frame) { f.encap = tlv(0x30, der(oidData), tlv(0xa0, tlv(4, []byte("content")))) }},
		{"content not data", ContentType, func(f *frame) { f.encap = tlv(0x30, der(oidSignedData)) }},
		{"two announced digests", Malformed, func(f *frame) { f.digestAlgs = append(alg(oidSHA256), alg(oidSHA384)...) }},
		{"announced digest differs", AlgorithmMismatch, func(f *frame) { f.digestAlgs = alg(oidSHA384) }},
		{"no certificates", NoSignerCertificate, func(f *frame) { f.certs = nil }},
		{"signer's certificate missing", NoSignerCertificate, func(f *frame) { f.sid = tlv(0x30, testCert.RawIssuer, der(78)) }},
		{"two certificates of one name and number", NoSignerCertificate, func(f *frame) { f.certs = tlv(0xa0, testCert.Raw, other.Raw) }},
		{"another certificate than the signed one", CertificateMismatch, func(f *frame) { f.certs = tlv(0xa0, other.Raw) }},
		{"two signers", SignerCount, func(f *frame) { f.extraSigner = tlv(0x30, der(1)) }},
		{"no signed attributes", NoSignedAttributes, func(f *frame) { f.noAttrs = true }},
		{"no content-type", MissingAttribute, func(f *frame) { f.attrs = f.attrs[1:] }},
		{"no message-digest", MissingAttribute, func(f *frame) { f.attrs = [][]byte{ct} }},
		{"content-type differs", ContentType, func(f *frame) { f.attrs[0] = attr(oidAttrContentType, der(oidGMData)); f.attrs = f.attrs[:2] }},
		{"message-digest twice", DuplicateAttribute, func(f *frame) {
			f.attrs = [][]byte{ct, md, attr(oidAttrMessageDigest, der(bytes.Repeat([]byte{0xff}, 32)))}
		}},
		{"message-digest twice, the same", DuplicateAttribute, func(f *frame) { f.attrs = [][]byte{ct, md, md} }},
		{"message-digest with two values", DuplicateAttribute, func(f *frame) {
			f.attrs = [][]byte{ct, attr(oidAttrMessageDigest, der(testDigest[:]), der(testDigest[:]))}
		}},
		{"attribute without value", Malformed, func(f *frame) { f.attrs = [][]byte{ct, attr(oidAttrMessageDigest)} }},
		{"signed attributes unsorted", Malformed, func(f *frame) { f.attrs = [][]byte{md, ct} }},
		{"other digest signed", DigestMismatch, func(f *frame) { f.attrs[1] = attr(oidAttrMessageDigest, der(make([]byte, 32))) }},
		{"short digest signed", DigestMismatch, func(f *frame) { f.attrs[1] = attr(oidAttrMessageDigest, der(testDigest[:31])); f.attrs = f.attrs[:2] }},
		{"SHA-1", WeakAlgorithm, func(f *frame) { f.digestAlg, f.digestAlgs = alg(oidSHA1), alg(oidSHA1) }},
		{"MD5", WeakAlgorithm, func(f *frame) { f.digestAlg, f.digestAlgs = alg(oidMD5), alg(oidMD5) }},
		{"SHA-1 with RSA", WeakAlgorithm, func(f *frame) { f.sigAlg = alg(oidSHA1RSA, derNULL...) }},
		{"RSA of 1024 bits", WeakAlgorithm, func(f *frame) {
			f.certs, f.attrs = tlv(0xa0, shortCert.Raw), f.attrs[:2]
			f.sign = func(a []byte) []byte {
				sum := sha256.Sum256(a)
				sig, _ := rsa.SignPKCS1v15(rand.Reader, short, crypto.SHA256, sum[:])
				return sig
			}
		}},
		{"unknown digest", UnsupportedAlgorithm, func(f *frame) { f.digestAlg, f.digestAlgs = alg(oidData), alg(oidData) }},
		{"unknown signature", UnsupportedAlgorithm, func(f *frame) { f.sigAlg = alg(oidData) }},
		{"RSA named with another digest", AlgorithmMismatch, func(f *frame) { f.sigAlg = alg(oidSHA384RSA, derNULL...) }},
		{"ECDSA named, RSA key", AlgorithmMismatch, func(f *frame) { f.sigAlg = alg(oidECDSASHA256) }},
		{"parameters of RSA not NULL", UnsupportedAlgorithm, func(f *frame) { f.sigAlg = alg(oidRSA, der(1)...) }},
		{"RSA-PSS with another hash", UnsupportedAlgorithm, func(f *frame) { f.sigAlg, f.sign = alg(oidRSAPSS, pssParams(oidSHA384, 32)...), signPSS(32) }},
		{"RSA-PSS with another salt", BadSignature, func(f *frame) { f.sigAlg, f.sign = alg(oidRSAPSS, pssParams(oidSHA256, 20)...), signPSS(32) }},
		{"RSA-PSS with any salt", UnsupportedAlgorithm, func(f *frame) { f.sigAlg, f.sign = alg(oidRSAPSS, pssParams(oidSHA256, 0)...), signPSS(32) }},
		{"RSA-PSS with another trailer", UnsupportedAlgorithm, func(f *frame) {
			f.sigAlg, f.sign = alg(oidRSAPSS, pssParams(oidSHA256, 32, tlv(0xa3, der(2)))...), signPSS(32)
		}},
		{"RSA-PSS without parameters", UnsupportedAlgorithm, func(f *frame) { f.sigAlg, f.sign = alg(oidRSAPSS), signPSS(32) }},
		{"signature of SHA-1 under another name", BadSignature, func(f *frame) {
			f.sign = func(a []byte) []byte {
				sum := sha1.Sum(a)
				sig, _ := rsa.SignPKCS1v15(rand.Reader, testKey, crypto.SHA1, sum[:])
				return sig
			}
		}},
		{"signature empty", Malformed, func(f *frame) { f.sign = func([]byte) []byte { return nil } }},
		{"signature over the [0] tag", BadSignature, func(f *frame) {
			f.sign = func(a []byte) []byte {
				sum := sha256.Sum256(append([]byte{0xa0}, a[1:]...))
				sig, _ := rsa.SignPKCS1v15(rand.Reader, testKey, crypto.SHA256, sum[:])
				return sig
			}
		}},
		{"too many attributes", TooLarge, func(f *frame) {
			for i := range 200 {
				f.attrs = append(f.attrs, attr(oid{1, 2, 840, 113549, 1, 9, 16, 2, 1000 + i}, der(1)))
			}
			slices.SortFunc(f.attrs, bytes.Compare)
		}},
		{"too many certificates", TooLarge, func(f *frame) { f.certs = tlv(0xa0, bytes.Repeat([]byte{0x30, 0}, maxCerts+1)) }},
		{"empty unsigned attributes", Malformed, func(f *frame) { f.unsigned = tlv(0xa1) }},
		{"something behind the unsigned attributes", Malformed, func(f *frame) { f.unsigned = der(1) }},
		{"revocation lists cut off", Malformed, func(f *frame) { f.crls = tlv(0xa1, []byte{0x30, 5}) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFrame()
			tc.change(f)
			err := f.judge()
			if !errors.Is(err, &Error{Kind: tc.kind}) {
				t.Errorf("got %v, want %s", err, tc.kind)
			}
			var e *Error
			if errors.As(err, &e) && (e.Code() != "cms."+string(tc.kind) || !strings.HasPrefix(e.Error(), "cms: ")) {
				t.Errorf("code %q, text %q", e.Code(), e)
			}
		})
	}
	if _, err := Parse(make([]byte, MaxSize+1)); !errors.Is(err, &Error{Kind: TooLarge}) {
		t.Error(err)
	}
}

// TestAcceptedAs: what only ParseAs takes, each by its own word and by no other.
func TestAcceptedAs(t *testing.T) {
	sha1RSA := func(of []byte) []byte {
		sum := sha1.Sum(of)
		sig, _ := rsa.SignPKCS1v15(rand.Reader, testKey, crypto.SHA1, sum[:])
		return sig
	}
	contentSum := func([]byte) []byte {
		sig, _ := rsa.SignPKCS1v15(rand.Reader, testKey, crypto.SHA256, testDigest[:])
		return sig
	}
	short := mustKey(1024)
	shortCert := mustCert(short)
	for _, tc := range []struct {
		name   string
		kind   Kind // of the refusal without
		also   Accept
		weak   string
		change func(f *frame)
	}{
		{"no attributes", NoSignedAttributes, Accept{NoAttributes: true}, "", func(f *frame) { f.noAttrs, f.sign = true, contentSum }},
		{"unsorted", Malformed, Accept{Loose: true}, "", func(f *frame) { slices.Reverse(f.attrs) }},
		{"unsorted, signed in order", Malformed, Accept{Loose: true}, "", func(f *frame) {
			slices.Reverse(f.attrs)
			sign := f.sign
			f.sign = func(a []byte) []byte { return sign(sorted(a)) }
		}},
		{"signed with SHA-1", WeakAlgorithm, Accept{Weak: true}, "SHA1-RSA", func(f *frame) {
			f.digestAlg, f.digestAlgs, f.sigAlg, f.sign = alg(oidSHA1), alg(oidSHA1), alg(oidSHA1RSA, derNULL...), sha1RSA
		}},
		{"digest SHA-1", WeakAlgorithm, Accept{Weak: true}, "SHA1", func(f *frame) {
			f.digestAlg, f.digestAlgs, f.sign = alg(oidSHA1), alg(oidSHA1), sha1RSA
		}},
		{"RSA of 1024 bits", WeakAlgorithm, Accept{Weak: true}, "RSA-1024", func(f *frame) {
			f.certs, f.attrs = tlv(0xa0, shortCert.Raw), f.attrs[:2]
			f.sign = func(a []byte) []byte {
				sum := sha256.Sum256(a)
				sig, _ := rsa.SignPKCS1v15(rand.Reader, short, crypto.SHA256, sum[:])
				return sig
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFrame()
			tc.change(f)
			others := Accept{DigestInside: true, NoAttributes: !tc.also.NoAttributes, Loose: !tc.also.Loose, Weak: !tc.also.Weak}
			if err := f.judgeAs(others); !errors.Is(err, &Error{Kind: tc.kind}) {
				t.Errorf("without its word: %v", err)
			}
			if err := f.judgeAs(tc.also); err != nil {
				t.Error(err)
			}
			s, err := ParseAs(f.build(), tc.also)
			if err != nil || s.Weak() != tc.weak {
				t.Errorf("weak: %q, %v", s.Weak(), err)
			}
			wrong := sha256.Sum256([]byte("another document"))
			if err := s.Check(wrong[:]); err == nil {
				t.Error("another document's digest checks")
			}
		})
	}
}

// indefinite rewrites the outer lengths as BER's indefinite ones, down to SignedData.
func indefinite(t *testing.T, in []byte) []byte {
	t.Helper()
	var info struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue
	}
	if _, err := asn1.Unmarshal(in, &info); err != nil {
		t.Fatal(err)
	}
	var signed asn1.RawValue
	if _, err := asn1.Unmarshal(info.Content.Bytes, &signed); err != nil {
		t.Fatal(err)
	}
	end := []byte{0, 0}
	return bytes.Join([][]byte{{0x30, 0x80}, der(info.Type), {0xa0, 0x80}, {0x30, 0x80}, signed.Bytes, end, end, end}, nil)
}

func TestToDER(t *testing.T) {
	want := newFrame().build()
	for name, in := range map[string][]byte{"DER": want, "indefinite": indefinite(t, want)} {
		got, n, err := ToDER(append(bytes.Clone(in), 0, 0, 0))
		if err != nil || n != len(in) || !bytes.Equal(got, want) {
			t.Errorf("%s: %d of %d bytes taken, %v", name, n, len(in), err)
		}
		for i := range in {
			if _, _, err := ToDER(in[:i]); err == nil {
				t.Fatalf("%s: the first %d bytes are taken", name, i)
			}
		}
	}
	for name, in := range map[string][]byte{
		"primitive":    {4, 0x80, 0, 0},
		"high tag":     {0x3f, 0x80, 0, 0},
		"long length":  {0x30, 0x81, 1, 0},
		"empty":        nil,
		"too deep":     bytes.Repeat([]byte{0x30, 0x80}, 100000),
		"not minimal":  {0x30, 0x80, 4, 0x82, 0, 1, 0, 0, 0},
		"end not ours": {0x30, 0x80, 0, 1, 0},
	} {
		if _, _, err := ToDER(in); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
