package main

import (
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/assets/i18n"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/ui/desk/words"
)

// held is an identity of which only what it shows matters.
type held struct {
	token.Identity
	cert *smx509.Certificate
	use  token.Usage
}

func (h held) ID() string                       { return "1" }
func (h held) Certificate() *smx509.Certificate { return h.cert }
func (h held) Usage() token.Usage               { return h.use }

func TestACertificateThatHasEndedSaysSo(t *testing.T) {
	authority, err := ca.New(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ca.GenerateKey(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := words.New(i18n.Files, words.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, test := range []struct {
		name string
		use  token.Usage
		end  time.Time
		want string
	}{
		{"in force", token.UsageSign, now.AddDate(1, 0, 0), ""},
		{"ended", token.UsageSign, now.AddDate(0, 0, -1), "过期"},
		{"for encryption", token.UsageEncrypt, now.AddDate(1, 0, 0), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			cert, err := authority.Issue(ca.Request{
				Subject: ca.Subject{Name: "某某公司"}, PublicKey: key.Public(), Usage: test.use, NotBefore: now.AddDate(-1, 0, 0), NotAfter: test.end,
			})
			if err != nil {
				t.Fatal(err)
			}
			line := certOf("soft:token=x", held{cert: cert, use: test.use}).line(catalog)
			columns := strings.Split(line, "\t")
			if why := strings.Join(columns[7:], "\t"); test.want == "" && why != "" || !strings.Contains(why, test.want) {
				t.Errorf("it says %q, want %q", why, test.want)
			}
		})
	}
}
