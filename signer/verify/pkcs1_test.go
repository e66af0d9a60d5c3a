package verify

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// TestBareRSA: the oldest kind of signatures, a PKCS #1 value with the certificates beside it in the dictionary.
func TestBareRSA(t *testing.T) {
	buyer := cmstest.New(t, "rsa", cmstest.Options{})
	other := cmstest.New(t, "rsa", cmstest.Options{})
	curve := cmstest.New(t, "ecdsa", cmstest.Options{})
	chain := func(of ...*cmstest.Party) string {
		list := ""
		for _, p := range of {
			for _, c := range p.Chain {
				list += fmt.Sprintf("<%x>", c.Raw)
			}
		}
		return "/Cert [" + list + "]"
	}
	octets := func(hash crypto.Hash) func(covered []byte) []byte {
		return func(covered []byte) []byte {
			h := hash.New()
			h.Write(covered)
			signature, err := buyer.Key.Sign(rand.Reader, h.Sum(nil), hash)
			if err != nil {
				t.Fatal(err)
			}
			der, err := asn1.Marshal(signature)
			if err != nil {
				t.Fatal(err)
			}
			return der
		}
	}
	// What is behind the digest is free for whoever makes up a value, where the exponent is small (Bleichenbacher 2006).
	padded := func(covered []byte) []byte {
		key := buyer.Key.(*rsa.PrivateKey)
		h := crypto.SHA256.New()
		h.Write(covered)
		const info = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
		block := slices.Concat([]byte("\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\x00"), []byte(info), h.Sum(nil))
		block = append(block, make([]byte, key.Size()-len(block))...)
		opened := new(big.Int).SetBytes(block)
		der, err := asn1.Marshal(opened.Exp(opened, key.D, key.N).FillBytes(block))
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	sha1, sha256 := octets(crypto.SHA1), octets(crypto.SHA256)
	for _, tc := range []struct {
		name  string
		cert  string
		value func([]byte) []byte
		after func(p *paper)
		want  Verdict
		code  string
	}{
		{"SHA-1", chain(buyer), sha1, nil, Untrusted, "verify.weak_signature|SHA1"},
		{"SHA-256", chain(buyer), sha256, nil, Valid, "verify.profile_not_pades|adbe.x509.rsa_sha1"},
		{"one certificate", fmt.Sprintf("/Cert <%x>", buyer.Chain[0].Raw), sha256, nil, Untrusted, "verify.signer_unknown"},
		{"altered", chain(buyer), sha256, func(p *paper) { p.replaceOnce("Pay 100 yuan", "Pay 900 yuan") }, Invalid, "verify.digest_mismatch"},
		{"altered, SHA-1", chain(buyer), sha1, func(p *paper) { p.replaceOnce("Pay 100 yuan", "Pay 900 yuan") }, Invalid, "verify.digest_mismatch"},
		{"of another key", chain(other), sha256, nil, Invalid, "verify.signature_forged"},
		{"padded with other bytes", chain(buyer), padded, nil, Invalid, "verify.signature_forged"},
		{"of a key on a curve", chain(curve), sha256, nil, Invalid, "verify.algorithm_unknown"},
		{"no certificate", "", sha256, nil, Invalid, "verify.cms_malformed|no certificate"},
		{"no certificate in the list", "/Cert []", sha256, nil, Invalid, "verify.cms_malformed|no certificate"},
		{"a certificate that is none", "/Cert <3000>", sha256, nil, Invalid, "verify.cms_malformed|cannot be read"},
		{"a certificate that is a name", "/Cert /None", sha256, nil, Invalid, "verify.cms_malformed|not a string"},
		{"no OCTET STRING", chain(buyer), func(covered []byte) []byte { return append([]byte{3}, sha256(covered)[1:]...) }, nil, Invalid, "verify.cms_malformed|OCTET STRING"},
		{"something behind it", chain(buyer), func(covered []byte) []byte { return append(sha256(covered), 1) }, nil, Invalid, "verify.bad_contents"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.sign(buyer, signing{sub: "adbe.x509.rsa_sha1", sig: tc.cert, value: tc.value})
			if tc.after != nil {
				tc.after(p)
			}
			r := p.verify(buyer)
			if r.Verdict != tc.want || !found(r, tc.code) || r.Signatures[0].Level != "none" {
				t.Errorf("%s %v %v", r.Verdict, allCodes(r), r.Signatures[0].Findings)
			}
		})
	}
}

// TestAttributesAreNoDocument: a signature over the attributes of another one is also one over a file that is made to begin
// with them, as a reader looks for the header further on.
func TestAttributesAreNoDocument(t *testing.T) {
	gm, plain := cmstest.New(t, "sm2", cmstest.Options{}), cmstest.New(t, "rsa", cmstest.Options{})
	for _, tc := range []struct {
		by *cmstest.Party
		s  signing
	}{
		{gm, signing{sub: "GM.SM2", value: func(covered []byte) []byte { return gm.Bare(t, covered) }}},
		{plain, signing{sub: "adbe.x509.rsa_sha1", sig: fmt.Sprintf("/Cert <%x>", plain.Chain[0].Raw), value: func(covered []byte) []byte {
			h := crypto.SHA256.New()
			h.Write(covered)
			signature, err := plain.Key.Sign(rand.Reader, h.Sum(nil), crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			der, err := asn1.Marshal(signature)
			if err != nil {
				t.Fatal(err)
			}
			return der
		}}},
	} {
		t.Run(tc.s.sub, func(t *testing.T) {
			const before = "1\x0b\n"
			p := newPaper(t)
			p.data, p.base = append([]byte(before), p.data...), len(before)
			p.sign(tc.by, tc.s)
			r := p.verify(tc.by)
			if r.Verdict != Invalid || len(r.Signatures) != 1 || !found(r, "verify.cms_malformed") || found(r, "verify.digest_mismatch") {
				t.Errorf("%s %v", r.Verdict, r.Signatures)
			}
			if !bytes.HasPrefix(p.data, []byte(before)) {
				t.Fatal("nothing stands before the header")
			}
		})
	}
}
