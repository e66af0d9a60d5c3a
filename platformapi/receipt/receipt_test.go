package receipt_test

import (
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/receipt"
)

const address = "https://ggzy.example:8443"

func given() platformapi.Receipt {
	return platformapi.Receipt{Number: "R20260102-000001", Kind: platformapi.ReceiptSubmit, ContractID: platformapi.NewID(), Version: 5,
		SHA256: strings.Repeat("ab", 32), AuditSeq: 7, AuditHash: strings.Repeat("cd", 32), At: time.Now().UTC().Truncate(time.Millisecond)}
}

// passed is a receipt as it comes out of JSON.
func passed(t *testing.T, r platformapi.Receipt) platformapi.Receipt {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var out platformapi.Receipt
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func host(name string) func(*smx509.Certificate) {
	return func(c *smx509.Certificate) { c.DNSNames, c.Subject = []string{name}, pkix.Name{CommonName: name} }
}

// A receipt holds for what it says, for whom it was given to, from the platform that it names, and for nothing else.
func TestReceipts(t *testing.T) {
	uscc := platformtest.Purchaser.USCC
	for _, algorithm := range []string{"rsa", "ecdsa", "sm2"} {
		t.Run(algorithm, func(t *testing.T) {
			ca := platformtest.NewCA(t, algorithm)
			signed := func(change ...func(*smx509.Certificate)) platformapi.Receipt {
				id := ca.Issue(t, algorithm, platformtest.Stranger, change...)
				r := given()
				s := receipt.Signer{Key: id.Key, Chain: id.Chain}
				var err error
				if r.Signature, err = s.Sign(receipt.State(address, uscc, r)); err != nil {
					t.Fatal(err)
				}
				return passed(t, r)
			}
			good := signed(host("ggzy.example"))
			said, cert, err := receipt.Verify(good, uscc, ca.Pool())
			if err != nil || said.Platform != address || said.USCC != uscc || cert.Subject.CommonName != "ggzy.example" {
				t.Fatalf("%+v, %v", said, err)
			}
			for name, change := range map[string]func(*platformapi.Receipt){
				"number": func(r *platformapi.Receipt) { r.Number = "R20260102-000002" }, "kind": func(r *platformapi.Receipt) { r.Kind = platformapi.ReceiptSave },
				"contract": func(r *platformapi.Receipt) { r.ContractID = platformapi.NewID() }, "version": func(r *platformapi.Receipt) { r.Version++ },
				"audit row": func(r *platformapi.Receipt) { r.AuditSeq++ }, "audit hash": func(r *platformapi.Receipt) { r.AuditHash = strings.Repeat("ce", 32) },
				"digest": func(r *platformapi.Receipt) { r.SHA256 = strings.Repeat("ac", 32) }, "time": func(r *platformapi.Receipt) { r.At = r.At.Add(time.Millisecond) },
				"signature": func(r *platformapi.Receipt) { r.Signature = r.Signature[:len(r.Signature)-8] + "AAAAAAAA" },
				"form":      func(r *platformapi.Receipt) { r.Signature = "a.b" },
				"another algorithm": func(r *platformapi.Receipt) {
					parts := strings.Split(r.Signature, ".")
					head, _ := base64.RawURLEncoding.DecodeString(parts[0])
					parts[0] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(head), `"alg":"`, `"alg":"none`, 1)))
					r.Signature = strings.Join(parts, ".")
				},
			} {
				changed := good
				change(&changed)
				if _, _, err := receipt.Verify(changed, uscc, ca.Pool()); !errors.Is(err, receipt.ErrBroken) {
					t.Errorf("%s changed: %v", name, err)
				}
			}
			if _, _, err := receipt.Verify(good, platformtest.Supplier.USCC, ca.Pool()); !errors.Is(err, receipt.ErrBroken) {
				t.Errorf("given to another one: %v", err)
			}
			if _, _, err := receipt.Verify(good, uscc, platformtest.NewCA(t, algorithm).Pool()); !errors.Is(err, receipt.ErrUntrusted) {
				t.Errorf("of another authority: %v", err)
			}
			for name, r := range map[string]platformapi.Receipt{
				"another host": signed(host("other.example")), "a party's own certificate": signed(),
				"an address":  signed(func(c *smx509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }),
				"expired":     signed(host("ggzy.example"), func(c *smx509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }),
				"not to sign": signed(host("ggzy.example"), func(c *smx509.Certificate) { c.KeyUsage = smx509.KeyUsageKeyEncipherment }),
			} {
				if _, _, err := receipt.Verify(r, uscc, ca.Pool()); !errors.Is(err, receipt.ErrUntrusted) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, _, err := receipt.Verify(given(), uscc, ca.Pool()); !errors.Is(err, receipt.ErrUnsigned) {
				t.Errorf("not signed: %v", err)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("a.b.c")
	f.Add("e30.e30.")
	f.Fuzz(func(t *testing.T, signature string) {
		r := given()
		r.Signature = signature
		if _, _, err := receipt.Verify(r, platformtest.Purchaser.USCC, smx509.NewCertPool()); err == nil {
			t.Error("it holds")
		}
	})
}
