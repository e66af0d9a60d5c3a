package bidding_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/bidding"
	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/tenders"
	"sealdesk/signer/bid"
	"sealdesk/signer/cms"
	"sealdesk/signer/envelope"
	"sealdesk/token/ca"
)

const uscc = "91330127MA2XKQ713A"

var outline = []byte(`{"tender":"T-1","lot":"1","name":"设备","parts":[
	{"code":"tech","name":"技术文件","kind":"technical","required":true,"envelope":"技术","types":[".pdf"]},
	{"code":"price","name":"报价文件","kind":"price","required":true,"envelope":"报价"},
	{"code":"letter","name":"投标函","kind":"letter","required":false,"envelope":""}],
	"price":{"envelope":"报价","fields":[{"name":"投标总价","kind":"amount","required":true}]}}`)

// office is a platform with its keys, and one bidder.
type office struct {
	*bidding.Bidding
	algorithm ca.Algorithm
	signer    crypto.Signer
	chain     []*smx509.Certificate
	key       bid.Key
	platform  *smx509.Certificate
}

func newOffice(t *testing.T, alg ca.Algorithm) *office {
	t.Helper()
	authority, err := ca.New(alg)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := bidding.OpenKeys(t.TempDir(), "平台", true)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{Bidding: bidding.New(keys, authority.Roots()), algorithm: alg}
	o.platform = keys[slices.IndexFunc(keys, func(k bidding.Key) bool { a, _ := ca.AlgorithmOf(k.Certificate.PublicKey); return a == alg })].Certificate
	sign, err1 := ca.GenerateKey(alg)
	encrypt, err2 := ca.GenerateKey(alg)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	mine, box, err := authority.IssuePair(ca.Subject{Name: "某某公司", USCC: uscc, Handler: "张三"}, sign.Public(), encrypt.Public())
	if err != nil {
		t.Fatal(err)
	}
	o.signer, o.chain, o.key = sign, []*smx509.Certificate{mine}, bid.Key{Certificate: box, Decrypter: encrypt.(crypto.Decrypter)}
	return o
}

// build makes a bid, changed by change.
func (o *office) build(t *testing.T, change func(*bid.Builder)) []byte {
	t.Helper()
	want, err := bid.ReadOutline(bytes.NewReader(outline))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := bid.Builder{
		Bidder: bid.Bidder{Code: uscc, Name: "某某公司"}, Program: "test", Signer: o.signer, Chain: o.chain, Recipients: []*smx509.Certificate{o.key.Certificate},
		Platform: o.platform, Outer: true, Out: filepath.Join(dir, "out.bid"), Price: bid.Price{Fields: []bid.Field{{Name: "投标总价", Value: "100.00"}}},
	}
	for _, p := range want.Parts {
		path := filepath.Join(dir, p.Code+".pdf")
		if err := os.WriteFile(path, bytes.Repeat([]byte(p.Name), 500), 0o600); err != nil {
			t.Fatal(err)
		}
		b.Parts = append(b.Parts, bid.Source{Code: p.Code, Path: path})
	}
	want.Apply(&b)
	change(&b)
	if _, err := b.Build(context.Background()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(b.Out)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func (o *office) judge(file []byte) (tenders.Facts, error) {
	return o.Judge(context.Background(), bytes.NewReader(file), int64(len(file)), outline)
}

func TestTheWayOfABid(t *testing.T) {
	for _, alg := range []ca.Algorithm{ca.SM2, ca.RSA} {
		t.Run(string(alg), func(t *testing.T) {
			o := newOffice(t, alg)
			file := o.build(t, func(*bid.Builder) {})
			x, err := o.judge(file)
			if err != nil || x.Tender != "T-1" || x.Lot != "1" || x.Bidder != uscc || x.Signature != (tenders.Signature{Intact: true, Trusted: true, USCC: uscc}) ||
				x.Damage != "" || len(x.Unsealed)+len(x.Lacks) > 0 || !x.Ours || len(x.Parts) != 3 || !slices.Equal(x.Envelopes, []string{"技术", "报价"}) ||
				len(x.Recipients) != 1 || x.Recipients[0].Serial != bid.Serial(o.key.Certificate) {
				t.Fatalf("%+v, %v", x, err)
			}
			r, size := bytes.NewReader(file), int64(len(file))
			inner, err := o.Uncover(t.Context(), r, size, x.Envelopes)
			if err != nil {
				t.Fatal(err)
			}
			secrets := map[string][]byte{}
			for name, der := range inner {
				sealed, err := envelope.Parse(der)
				if err != nil {
					t.Fatal(err)
				}
				if secrets[name], err = sealed.Open(o.key.Certificate, o.key.Decrypter); err != nil {
					t.Fatal(err)
				}
			}
			if price, err := o.Open(t.Context(), r, size, map[string][]byte{"技术": secrets["技术"]}); err != nil || len(price) != 0 {
				t.Errorf("the first envelope tells the price: %v, %v", price, err)
			}
			if price, err := o.Open(t.Context(), r, size, secrets); err != nil || len(price) != 1 || price[0].Value != "100.00" {
				t.Errorf("%v, %v", price, err)
			}
			for code, name := range map[string]string{"tech": "技术文件", "letter": "投标函"} {
				part, err := o.Part(t.Context(), r, size, code, secrets)
				if err != nil {
					t.Fatal(err)
				}
				if content, err := io.ReadAll(part); err != nil || !bytes.Equal(content, bytes.Repeat([]byte(name), 500)) {
					t.Errorf("%s: %d bytes, %v", code, len(content), err)
				}
			}
			if _, err := o.Part(t.Context(), r, size, "tech", nil); cause(err) != platformapi.CauseWrongSecret {
				t.Errorf("a part without its secret: %v", err)
			}
			swapped := map[string][]byte{"技术": secrets["报价"], "报价": secrets["技术"]}
			if _, err := o.Open(t.Context(), r, size, swapped); cause(err) != platformapi.CauseWrongSecret {
				t.Errorf("another envelope's secret: %v", err)
			}
			damaged := bytes.Clone(file)
			damaged[len(damaged)-1] ^= 1
			if _, err := o.Open(t.Context(), bytes.NewReader(damaged), size, secrets); cause(err) != platformapi.CauseFileDamaged {
				t.Errorf("a damaged file: %v", err)
			}
		})
	}
}

// cause is what a fault says of a failed decryption.
func cause(err error) platformapi.FailureCause {
	if f, ok := errors.AsType[*tenders.Fault](err); ok {
		return f.Cause
	}
	return platformapi.FailureCause(fmt.Sprint(err))
}

func TestWhatIsWrongAtTheGate(t *testing.T) {
	o, other := newOffice(t, ca.SM2), newOffice(t, ca.SM2)
	good := o.build(t, func(*bid.Builder) {})
	for name, x := range map[string]struct {
		file []byte
		gate string
	}{
		"a PDF": {[]byte("%PDF-1.7\n…"), platformapi.CodeBidNotEncrypted}, "nothing": {nil, platformapi.CodeBidNotEncrypted},
		"cut": {good[:len(good)-5], platformapi.CodeBidFormat}, "longer": {append(bytes.Clone(good), 0), platformapi.CodeBidFormat},
	} {
		_, err := o.judge(x.file)
		if f, ok := errors.AsType[*tenders.Fault](err); !ok || f.Gate != x.gate {
			t.Errorf("%s: %v", name, err)
		}
	}
	altered := bytes.Clone(good)
	altered[len(altered)-1] ^= 1
	if x, err := o.judge(altered); err != nil || x.Damage == "" || !x.Signature.Intact {
		t.Errorf("altered: %+v, %v", x, err)
	}
	if x, err := other.judge(good); err != nil || x.Ours || x.Signature.Trusted {
		t.Errorf("at another platform: %+v, %v", x, err)
	}
	inner := o.build(t, func(b *bid.Builder) { b.Outer = false })
	if x, err := o.judge(inner); err != nil || !slices.Equal(x.Unsealed, []string{"技术", "报价"}) {
		t.Errorf("without the outer layer: %+v, %v", x.Unsealed, err)
	}
	open := o.build(t, func(b *bid.Builder) { b.Parts[0].Envelope = "" })
	if x, err := o.judge(open); err != nil || !slices.Equal(x.Unsealed, []string{"tech"}) {
		t.Errorf("a part in the clear: %+v, %v", x.Unsealed, err)
	}
	plain := o.build(t, func(b *bid.Builder) {
		for i := range b.Parts {
			b.Parts[i].Envelope = ""
		}
		b.Price, b.PriceEnvelope, b.Platform, b.Outer = bid.Price{}, "", nil, false
	})
	if x, err := o.judge(plain); err != nil || len(x.Unsealed) == 0 || len(x.Lacks) == 0 {
		t.Errorf("all in the clear: %+v, %v", x, err)
	}
	less := o.build(t, func(b *bid.Builder) { b.Parts = b.Parts[:1] })
	if x, err := o.judge(less); err != nil || !slices.Contains(x.Lacks, "bid.part_missing") {
		t.Errorf("a part lacks: %+v, %v", x.Lacks, err)
	}
	if _, err := other.Uncover(t.Context(), bytes.NewReader(good), int64(len(good)), []string{"技术"}); cause(err) != platformapi.CauseOuterClosed {
		t.Errorf("another platform's key: %v", err)
	}
}

func TestSignaturesOfRecords(t *testing.T) {
	o, other := newOffice(t, ca.SM2), newOffice(t, ca.SM2)
	record := []byte(`{"format":"sealdesk opening record 1"}`)
	b := cms.Builder{Signer: o.signer, Chain: o.chain, GM: true}
	h, err := b.Hash()
	if err != nil {
		t.Fatal(err)
	}
	h.Write(record)
	signature, err := b.Sign(h.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		by        *office
		signature []byte
		content   []byte
		want      tenders.Signature
	}{
		"right":          {o, signature, record, tenders.Signature{Intact: true, Trusted: true, USCC: uscc}},
		"another record": {o, signature, []byte("x"), tenders.Signature{USCC: uscc}},
		"of another CA":  {other, signature, record, tenders.Signature{Intact: true, USCC: uscc}},
		"no signature":   {o, []byte{0x30, 0}, record, tenders.Signature{}},
		"nothing":        {o, nil, record, tenders.Signature{}},
	} {
		got, err := x.by.Signature(t.Context(), x.signature, x.content)
		if err != nil || got != x.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// The keys are made once, and are nobody else's to read.
func TestKeysAreMadeOnce(t *testing.T) {
	dir := t.TempDir()
	var first []bidding.Key
	for i := range 2 {
		keys, err := bidding.OpenKeys(dir, "平台", true)
		if err != nil || len(keys) != 2 {
			t.Fatal(len(keys), err)
		}
		if i == 1 && (!keys[0].Certificate.Equal(first[0].Certificate) || !keys[1].Certificate.Equal(first[1].Certificate)) {
			t.Error("the second start made other keys")
		}
		first = keys
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bids-rsa.pem"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if keys, err := bidding.OpenKeys(dir, "平台", true); err == nil {
		t.Errorf("a damaged file gives %d keys", len(keys))
	}
	if certificates := bidding.New(append(first, first...), nil).Certificates(); len(certificates) != 2 || certificates[0].Algorithm == certificates[1].Algorithm {
		t.Errorf("%+v", certificates)
	}
}
