package demo

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
)

func open(t *testing.T, o Options) *World {
	t.Helper()
	w, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// login connects as one of the parties.
func login(t *testing.T, w *World, p Party) platformapi.Platform {
	t.Helper()
	ctx := context.Background()
	for _, d := range w.Drivers {
		tokens, err := d.Tokens(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, tok := range tokens {
			info, err := tok.Info(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if info.URI != p.URI {
				continue
			}
			if err := tok.Unlock(ctx, []byte(w.PINs[p.URI])); err != nil {
				t.Fatal(err)
			}
			ids, err := tok.Identities(ctx)
			if err != nil {
				t.Fatal(err)
			}
			key, err := ids[0].Signer(ctx)
			if err != nil {
				t.Fatal(err)
			}
			platform, err := w.Connect(ctx, desk.PlatformKey{Chain: append(ids[0].Chain(), ids[0].Certificate()), Signer: key})
			if err != nil {
				t.Fatal(err)
			}
			return platform
		}
	}
	t.Fatalf("no token %s", p.URI)
	return nil
}

func lots(t *testing.T, p platformapi.Platform) map[string]platformapi.Lot {
	t.Helper()
	all, err := p.Lots(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]platformapi.Lot{}
	for _, l := range all {
		byID[l.ID] = l
	}
	return byID
}

func TestWorldIsFoundAgain(t *testing.T) {
	work := filepath.Join(t.TempDir(), "new", "work")
	w := open(t, Options{Work: work, Algorithm: ca.ECDSA})
	buyer := w.Purchaser
	before := lots(t, login(t, w, buyer))
	id, err := w.AddLot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.Sample, []byte("edited"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	w = open(t, Options{Work: work, Algorithm: ca.ECDSA})
	if w.Purchaser != buyer {
		t.Errorf("the purchaser is %+v, was %+v", w.Purchaser, buyer)
	}
	after := lots(t, login(t, w, w.Purchaser))
	if len(after) != len(before)+1 || after[id].ID != id {
		t.Errorf("%d lots, were %d and one more", len(after), len(before))
	}
	for id, l := range before {
		if !after[id].AwardSentAt.Equal(l.AwardSentAt) {
			t.Errorf("lot %s was awarded at %v, before at %v", id, after[id].AwardSentAt, l.AwardSentAt)
		}
	}
	if data, err := os.ReadFile(w.Sample); err != nil || string(data) != "edited" {
		t.Errorf("the sample was replaced (%v)", err)
	}
}

// The lists of both parties look alive: kinds and states differ, one lot waits for its notice.
func TestLotsOfBothParties(t *testing.T) {
	w := open(t, Options{Work: t.TempDir(), Algorithm: ca.SM2})
	for _, p := range []Party{w.Purchaser, w.Supplier} {
		kinds, blocked := map[platformapi.LotKind]bool{}, 0
		all := lots(t, login(t, w, p))
		for _, l := range all {
			kinds[l.Kind] = true
			if l.Block == platformapi.BlockAwardNotSent {
				blocked++
			}
		}
		if len(all) < 3 || len(kinds) < 2 || blocked != 1 {
			t.Errorf("%s: %d lots of %d kinds, %d without a notice", p.Name, len(all), len(kinds), blocked)
		}
	}
	data, err := os.ReadFile(w.RootsFile)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(data); block == nil || block.Type != "CERTIFICATE" {
		t.Errorf("roots.pem holds %q", data)
	} else if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		t.Error(err)
	}
}

func TestTwoDemosDoNotShareAFolder(t *testing.T) {
	work := t.TempDir()
	first := open(t, Options{Work: work, Algorithm: ca.ECDSA})
	_, err := Open(context.Background(), Options{Work: work, Algorithm: ca.ECDSA})
	var fault *Error
	if !errors.As(err, &fault) || fault.Code() != "demo.in_use" {
		t.Fatalf("the second demo: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, Options{Work: work, Algorithm: ca.ECDSA})
}

func TestFoldersThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, stateFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for work, code := range map[string]string{file: "demo.folder", filepath.Join(file, "x"): "demo.folder", damaged: "demo.damaged"} {
		_, err := Open(context.Background(), Options{Work: work, Algorithm: ca.ECDSA})
		var fault *Error
		if !errors.As(err, &fault) || fault.Code() != code {
			t.Errorf("%s: %v, want %s", work, err, code)
		}
	}
}

// A key that was brought along stands in for a party; one of another authority does not.
func TestGuests(t *testing.T) {
	ctx := context.Background()
	work, keys := t.TempDir(), t.TempDir()
	own, err := ca.OpenOrCreate(work)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ca.New(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	driver, err := soft.Open(keys)
	if err != nil {
		t.Fatal(err)
	}
	holder := func(label string, authority *ca.Authority, uscc string) *Holder {
		uri, err := soft.Create(keys, soft.Options{
			Label: label, Algorithm: ca.ECDSA, PIN: []byte("246810"), Issuer: authority, Subject: ca.Subject{Name: label, USCC: uscc},
			Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		return &Holder{Driver: driver, URI: uri}
	}
	for name, h := range map[string]*Holder{
		"another authority's": holder("其他单位", other, Invented("其他单位")),
		"without a code":      holder("无代码单位", own, ""),
		"a token not there":   {Driver: driver, URI: "soft:token=nobody"},
	} {
		_, err := Open(ctx, Options{Work: work, Algorithm: ca.ECDSA, Purchaser: h})
		var fault *Error
		if !errors.As(err, &fault) || fault.Code() != "demo.foreign_token" {
			t.Errorf("%s key: %v", name, err)
		}
	}

	guest := holder("某某医院", own, Invented("某某医院"))
	w := open(t, Options{Work: work, Algorithm: ca.ECDSA, Purchaser: guest})
	if w.Purchaser.Name != "某某医院" || w.Purchaser.PIN != "" || w.Supplier.Name != supplier.Name {
		t.Errorf("the parties are %+v and %+v", w.Purchaser, w.Supplier)
	}
	var shown []token.Info
	for _, d := range w.Drivers {
		tokens, err := d.Tokens(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, tok := range tokens {
			info, err := tok.Info(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if info.Label != purchaserLabel {
				shown = append(shown, info)
			}
		}
	}
	if len(shown) != 2 {
		t.Errorf("the tokens of this world are %+v", shown)
	}
	if len(lots(t, login(t, w, w.Supplier))) < 3 {
		t.Error("the supplier has no lots with the guest")
	}
}

// The codes carry right check characters, and so does what is invented.
func TestCreditCodes(t *testing.T) {
	codes := []string{purchaser.USCC, supplier.USCC, "91350100M000100Y43"} // the last is the example of GB 32100-2015
	for _, name := range []string{"", "某某医院", "某某公司", "a", "b", "c", "d", "e", "f"} {
		codes = append(codes, Invented(name))
	}
	for _, code := range codes {
		if len(code) != 18 {
			t.Errorf("%s has %d characters", code, len(code))
			continue
		}
		if got := creditCheck(code[:17]); got != code[17:] {
			t.Errorf("%s ends in %s, want %s", code, code[17:], got)
		}
		if got := organisationCheck(code[8:16]); got != code[16:17] {
			t.Errorf("%s: the organisation code ends in %s, want %s", code, code[16:17], got)
		}
	}
	if first := Invented("a"); Invented("b") == first || Invented("a") != first {
		t.Error("an invented code does not belong to one name")
	}
}
