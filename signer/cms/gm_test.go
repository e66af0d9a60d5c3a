package cms_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/emmansun/gmsm/pkcs7"
	"github.com/emmansun/gmsm/sm3"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
)

// What the Builder writes after GB/T 35275 another library reads and verifies.
func TestGM(t *testing.T) {
	p := cmstest.New(t, "sm2", cmstest.Options{})
	b := cms.Builder{Signer: p.Key, Chain: p.Chain, GM: true}
	digest := digestOf(t, b, content)
	bound, err := b.SizeBound()
	if err != nil {
		t.Fatal(err)
	}
	der, err := b.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	if len(der) > bound || bound > len(der)+128 {
		t.Errorf("%d bytes of DER, bound %d", len(der), bound)
	}
	s, err := cms.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(digest); err != nil || !s.GM() || s.Algorithm() != "SM2-SM3" || s.DigestInside() {
		t.Errorf("%v, GM %v, %s", err, s.GM(), s.Algorithm())
	}
	other, err := pkcs7.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	other.Content = content
	if err := other.Verify(); err != nil {
		t.Errorf("gmsm: %v", err)
	}
	other.Content = content[1:]
	if other.Verify() == nil {
		t.Error("gmsm takes other content")
	}
	rsa := cmstest.New(t, "rsa", cmstest.Options{})
	if _, err := (cms.Builder{Signer: rsa.Key, Chain: rsa.Chain, GM: true}).Hash(); !errors.Is(err, &cms.Error{Kind: cms.AlgorithmMismatch}) {
		t.Errorf("RSA: %v", err)
	}
}

func TestDigestInside(t *testing.T) {
	p := cmstest.New(t, "sm2", cmstest.Options{})
	sum := sm3.Sum(content)
	digest := sum[:]
	changed := bytes.Clone(digest)
	changed[0] ^= 1
	der := p.DigestInside(t, digest, digest)
	if _, err := cms.Parse(der); !errors.Is(err, &cms.Error{Kind: cms.Attached}) {
		t.Errorf("Parse takes it: %v", err)
	}
	s, err := cms.ParseAs(der, cms.Accept{DigestInside: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(digest); err != nil || !s.DigestInside() || !s.GM() || len(s.SignedAttributes()) != 0 || s.Algorithm() != "SM2-SM3" {
		t.Errorf("%v; %+v", err, s)
	}
	other, err := pkcs7.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Verify(); err != nil {
		t.Errorf("gmsm: %v", err)
	}
	for _, tt := range []struct {
		name            string
		content, signed []byte
		check           []byte
		want            cms.Kind
	}{
		{"another document", digest, digest, changed, cms.DigestMismatch},
		{"another digest inside", changed, digest, digest, cms.DigestMismatch},
		{"another digest inside and outside", changed, digest, changed, cms.BadSignature},
		{"no digest inside", content, content, digest, cms.Attached},
		{"attributes passed off as content", bytes.Repeat([]byte{1}, 107), bytes.Repeat([]byte{1}, 107), digest, cms.Attached},
	} {
		s, err := cms.ParseAs(p.DigestInside(t, tt.content, tt.signed), cms.Accept{DigestInside: true})
		if err == nil {
			err = s.Check(tt.check)
		}
		if !errors.Is(err, &cms.Error{Kind: tt.want}) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	// Beside that it reads what Parse reads, and refuses what that refuses.
	_, detached, sum2 := sign(t, "sm2")
	if s, err := cms.ParseAs(detached, cms.Accept{DigestInside: true}); err != nil || s.Check(sum2) != nil || s.DigestInside() {
		t.Errorf("detached: %v", err)
	}
	// Nothing signed names the certificate, which its issuer's signature alone protects then.
	cert := bytes.Index(der, p.Chain[0].Raw)
	for i := range der {
		if i >= cert && i < cert+len(p.Chain[0].Raw) {
			continue
		}
		flipped := bytes.Clone(der)
		flipped[i] ^= 1
		if s, err := cms.ParseAs(flipped, cms.Accept{DigestInside: true}); err == nil && s.Check(digest) == nil {
			t.Errorf("byte %d may change", i)
		}
	}
}
