package main

import (
	"context"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"slices"
	"strings"

	"sealdesk/signer/cms"
	"sealdesk/signer/verify"
)

// opensslJudge is given each signature's SignedData and what it is over, cut out of the file, and each time stamp with the
// value that it is over. Its cms command cannot be told the identity that goes into an SM2 signature (GB/T 32918.2, 5.5): for
// SM2 its commands for digests, values and certificates are asked one by one.
func opensslJudge() judge {
	return one{title: "openssl", programs: []string{"openssl"}, pkg: "openssl", pdf: true, detached: true, ask: func(ctx context.Context, w *world, s sample) (said, error) {
		data, err := os.ReadFile(s.path)
		if err != nil {
			return said{}, err
		}
		if s.content != "" {
			if block, _ := pem.Decode(data); block != nil {
				data = block.Bytes
			}
			return w.openssl(ctx, s, data, s.content)
		}
		r, err := w.report(ctx, s)
		if err != nil {
			return said{}, err
		}
		for _, sig := range r.Signatures {
			value, content := cut(data, sig)
			if sig.Seal != nil || sig.SubFilter == "GM.sm2seal" {
				return bad("not a SignedData"), nil
			}
			if err := os.WriteFile(w.path("content"), content, 0o600); err != nil {
				return said{}, err
			}
			if answer, err := w.openssl(ctx, s, value, w.path("content")); err != nil || !answer.good {
				return answer, err
			}
		}
		return said{good: true}, nil
	}}
}

// cut takes a signature's value and the bytes that it signs out of a file.
func cut(data []byte, sig verify.Signature) (value, content []byte) {
	r := sig.ByteRange
	value = make([]byte, (r[2]-r[1]-2)/2)
	if _, err := hex.Decode(value, data[r[1]+1:r[2]-1]); err != nil {
		return nil, nil
	}
	var element asn1.RawValue
	if _, err := asn1.Unmarshal(value, &element); err == nil {
		value = element.FullBytes // without the zeros behind it
	}
	return value, slices.Concat(data[:r[1]], data[r[2]:r[2]+r[3]])
}

func (w *world) openssl(ctx context.Context, s sample, value []byte, content string) (said, error) {
	files := map[string][]byte{"value.der": value}
	sd, err := cms.Parse(value)
	if err != nil {
		return bad("not read: %v", err), nil
	}
	if sd.SignerCertificate() != nil {
		files["signer.pem"] = certsPEM(sd.SignerCertificate())
	}
	files["signature"] = sd.SignatureValue()
	if strings.HasPrefix(sd.Algorithm(), "SM2") {
		if files["attributes"], err = signedSet(value); err != nil {
			return bad("not read: %v", err), nil
		}
	}
	tokens, _ := sd.TimeStamps()
	if len(tokens) > 0 {
		files["token.der"] = tokens[0]
	}
	for name, data := range files {
		if err := os.WriteFile(w.path(name), data, 0o600); err != nil {
			return said{}, err
		}
	}
	if sd.SignerCertificate() != nil && files["attributes"] != nil {
		return w.opensslSM2(ctx, sd, content), nil
	}
	if out, ok := tell(ctx, "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", w.path("value.der"), "-content", content,
		"-CAfile", w.path("roots.pem"), "-purpose", "any", "-out", w.path("out")); !ok {
		return bad("cms: %s", lastLine(out)), nil
	}
	if len(tokens) > 0 {
		if out, ok := tell(ctx, "openssl", "ts", "-verify", "-token_in", "-in", w.path("token.der"), "-data", w.path("signature"), "-CAfile", w.path("roots.pem")); !ok {
			return bad("ts: %s", lastLine(out)), nil
		}
	}
	return said{good: true}, nil
}

// sm2Identity is the default of GB/T 35276, 10.
const sm2Identity = "distid:1234567812345678"

func (w *world) opensslSM2(ctx context.Context, sd *cms.SignedData, content string) said {
	out, ok := tell(ctx, "openssl", "dgst", "-sm3", "-r", content)
	digest, _, _ := strings.Cut(out, " ")
	named := false
	for _, a := range sd.SignedAttributes() {
		named = named || strings.HasSuffix(hex.EncodeToString(a.Value), digest)
	}
	if !ok || !named {
		return bad("the attributes name another digest")
	}
	if out, ok := tell(ctx, "openssl", "pkeyutl", "-verify", "-certin", "-inkey", w.path("signer.pem"), "-rawin", "-digest", "sm3",
		"-pkeyopt", sm2Identity, "-in", w.path("attributes"), "-sigfile", w.path("signature")); !ok {
		return bad("pkeyutl: %s", lastLine(out))
	}
	if out, ok := tell(ctx, "openssl", "verify", "-vfyopt", sm2Identity, "-CAfile", w.path("roots.pem"), w.path("signer.pem")); !ok {
		return bad("verify: %s", lastLine(out))
	}
	return said{good: true}
}

// signedSet cuts the signed attributes out and gives them the tag under which they are signed (RFC 5652, 5.4).
func signedSet(der []byte) ([]byte, error) {
	var outer struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version        int
			Digests, Encap asn1.RawValue
			Certs          asn1.RawValue `asn1:"optional,tag:0"`
			Signers        []struct {
				Version    int
				ID, Digest asn1.RawValue
				Attrs      asn1.RawValue `asn1:"tag:0"`
				Algorithm  asn1.RawValue
				Value      []byte
				Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
			} `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil {
		return nil, err
	}
	if len(outer.Content.Signers) != 1 {
		return nil, fmt.Errorf("%d signers", len(outer.Content.Signers))
	}
	set := slices.Clone(outer.Content.Signers[0].Attrs.FullBytes)
	set[0] = asn1.TagSet | 0x20
	return set, nil
}
