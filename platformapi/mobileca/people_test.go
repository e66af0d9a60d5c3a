package mobileca_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"image"
	"image/png"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
)

// The second person of these tests.
const (
	clerkNumber = "13900000001"
	clerkName   = "李明"
	clerkID     = "11010519491231002X"
)

func platforms(c *mobileca.Config) {
	c.Platforms = []wire.TradingPlatform{{ID: "yunxi", Name: phonetest.Asking.Name, Origin: phonetest.Asking.Origin}}
}

func get[T any](t *testing.T, p *phonetest.Phone, path string) T {
	t.Helper()
	var v T
	must(t, p.Call(t.Context(), http.MethodGet, path, nil, &v))
	return v
}

func orgOf(t *testing.T, p *phonetest.Phone) wire.Organisation {
	t.Helper()
	l := get[wire.OrganisationList](t, p, "/organisations")
	if len(l.Items) != 1 {
		t.Fatalf("organisations %+v", l.Items)
	}
	return l.Items[0]
}

// colleague is a checked person without an organisation.
func colleague(t *testing.T, w *phonetest.World) *phonetest.Phone {
	t.Helper()
	p := w.Phone(clerkNumber)
	must(t, p.Identify(t.Context(), clerkName, clerkID))
	return p
}

func apply(t *testing.T, p *phonetest.Phone, r wire.ApplicationRequest) (a wire.Application, err error) {
	t.Helper()
	return a, p.Create(t.Context(), "/applications", r, &a)
}

func application(t *testing.T, p *phonetest.Phone, id string) wire.Application {
	t.Helper()
	return get[wire.Application](t, p, "/applications/"+id)
}

// joined is a colleague with the hospital's certificate, whom its administrator approved.
func joined(t *testing.T, w *phonetest.World, administrator *phonetest.Phone) *phonetest.Phone {
	t.Helper()
	p := colleague(t, w)
	a, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyJoin, Organisation: orgOf(t, administrator).ID})
	must(t, err)
	if a.State != wire.ApplicationAdministratorReview {
		t.Fatalf("joining is %s", a.State)
	}
	must(t, administrator.Call(t.Context(), http.MethodPut, "/reviews/"+a.ID, wire.Review{Approve: true}, nil))
	must(t, p.Download(t.Context(), a.ID, phonetest.PIN))
	return p
}

func authorise(t *testing.T, administrator *phonetest.Phone, w *phonetest.World) wire.Authorisation {
	t.Helper()
	org := orgOf(t, administrator)
	var v wire.Authorisation
	must(t, administrator.Create(t.Context(), "/authorisations", wire.AuthorisationRequest{
		Organisation: org.ID, Platform: "yunxi", Staff: staffOf(t, administrator, org.ID, clerkName).ID, Until: w.Clock.Now().Add(24 * time.Hour),
	}, &v))
	return v
}

func staffOf(t *testing.T, p *phonetest.Phone, org, name string) wire.Staff {
	t.Helper()
	for _, s := range get[wire.StaffList](t, p, "/organisations/"+org+"/staff").Items {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("%s is not of the organisation", name)
	return wire.Staff{}
}

// An organisation is claimed once, whether before or during the CA's review.
func TestAnOrganisationIsClaimedOnce(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t, func(c *mobileca.Config) { c.Clerk = nil })
	first, second := w.Phone(phonetest.Number), colleague(t, w)
	must(t, first.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	claim := wire.ApplicationRequest{Kind: wire.ApplyClaim, Data: phonetest.Hospital}
	a, err := apply(t, first, claim)
	must(t, err)
	if a.State != wire.ApplicationCAReview {
		t.Fatalf("a claim is %s", a.State)
	}
	_, err = apply(t, first, claim)
	wants(t, "the same claim again", err, "mca.wrong_state")
	b, err := apply(t, second, claim)
	must(t, err)
	waiting, err := w.Server.Waiting(ctx)
	must(t, err)
	if len(waiting) != 2 || waiting[0].ID != a.ID {
		t.Fatalf("waiting %+v", waiting)
	}
	for _, id := range []string{a.ID, b.ID} {
		_, err := w.Server.Decide(ctx, id, true, "")
		must(t, err)
	}
	if one, two := application(t, first, a.ID), application(t, second, b.ID); one.State != wire.ApplicationToDownload || two.State != wire.ApplicationRefused || two.Reason == "" {
		t.Errorf("the first is %s, the second %s, %q", one.State, two.State, two.Reason)
	}
	if r := orgOf(t, first).Role; r != wire.RoleAdministrator {
		t.Errorf("who claimed is %s", r)
	}
	if l := get[wire.OrganisationList](t, second, "/organisations"); len(l.Items) != 0 {
		t.Errorf("who was refused is of %+v", l.Items)
	}
	_, err = apply(t, second, claim)
	wants(t, "a claim of what is claimed", err, "mca.org_claimed")
	found := get[wire.OrganisationFound](t, second, "/organisations/search?uscc="+phonetest.Hospital.USCC)
	if !found.Claimed || found.Name != phonetest.Hospital.Name || found.Administrator != "王*国" {
		t.Errorf("found %+v", found)
	}
	_, err = w.Server.Decide(ctx, a.ID, false, "too late")
	if err == nil {
		t.Error("what was approved was refused afterwards")
	}
	if m := get[wire.MessageList](t, second, "/messages"); len(m.Items) != 1 || m.Items[0].Application != b.ID || m.Items[0].Read {
		t.Errorf("messages %+v", m.Items)
	} else {
		must(t, second.Call(ctx, http.MethodPut, "/messages/read", wire.MessagesRead{UpTo: m.Items[0].ID}, nil))
	}
	if me := get[wire.Me](t, second, "/me"); me.Unread != 0 {
		t.Errorf("%d unread", me.Unread)
	}
	if me := get[wire.Me](t, first, "/me"); me.Unread != 1 {
		t.Errorf("%d unread of the first", me.Unread)
	}
}

// What a staff member may do with the organisation's certificate, the administrator says, by platform.
func TestStaffNeedsAnAuthorisation(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t, platforms)
	boss := w.Holder()
	p := joined(t, w, boss)
	org := orgOf(t, boss)
	wants(t, "linking unauthorised", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), p, nil), "mca.not_authorised")
	must(t, phonetest.Link(ctx, begin(t, w, wire.PairSign, false), boss, nil)) // the administrator needs none
	a := authorise(t, boss, w)
	d := linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	wants(t, "the history for staff", p.Call(ctx, http.MethodGet, "/authorisations?organisation="+org.ID, nil, nil), "mca.not_administrator")
	wants(t, "authorising oneself", p.Create(ctx, "/authorisations", wire.AuthorisationRequest{
		Organisation: org.ID, Platform: "yunxi", Staff: a.Staff, Until: w.Clock.Now().Add(time.Hour)}, nil), "mca.not_administrator")

	must(t, boss.Call(ctx, http.MethodDelete, "/authorisations/"+a.ID, nil, nil))
	must(t, d.Refresh(ctx, 0))
	if d.Pairing.State != wire.PairingEnded || d.Pairing.Ended != wire.EndedByAuthorisation {
		t.Errorf("the session without an authorisation is %s by %q", d.Pairing.State, d.Pairing.Ended)
	}
	wants(t, "linking after the end", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), p, nil), "mca.not_authorised")
	if l := get[wire.AuthorisationList](t, boss, "/authorisations?organisation="+org.ID); len(l.Items) != 1 || !l.Items[0].Ended || l.Items[0].StaffName != clerkName {
		t.Errorf("history %+v", l.Items)
	}
	must(t, boss.Call(ctx, http.MethodDelete, "/authorisations/"+a.ID, nil, nil))
	if l := get[wire.AuthorisationList](t, boss, "/authorisations?organisation="+org.ID); len(l.Items) != 0 {
		t.Errorf("history after it was cleared %+v", l.Items)
	}

	a = authorise(t, boss, w)
	w.Clock.Add(a.Until.Sub(w.Clock.Now()) - time.Minute)
	must(t, p.Renew(ctx))
	d = linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	_, err := d.Ask(ctx, phonetest.Contract(digestOf("in its time")))
	must(t, err)
	w.Clock.Add(2 * time.Minute)
	_, err = d.Ask(ctx, phonetest.Contract(digestOf("after its time")))
	wants(t, "a signature in its session after its time", err, "mca.not_authorised")
	must(t, d.Refresh(ctx, 0))
	if d.Pairing.State != wire.PairingEnded || d.Pairing.Ended != wire.EndedByAuthorisation {
		t.Errorf("after its time the session is %s by %q", d.Pairing.State, d.Pairing.Ended)
	}
	wants(t, "linking after its time", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), p, nil), "mca.not_authorised")
}

// What is encrypted to the organisation's certificate is opened by an authorisation too, whatever certificate one links beside it.
func TestDecryptingForAnOrganisationNeedsAnAuthorisation(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t, platforms)
	boss := w.Holder()
	p := joined(t, w, boss)
	encryption := p.Certs[1]
	own, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyPersonal})
	must(t, err)
	must(t, p.Download(ctx, own.ID, phonetest.PIN))
	p.Certs[1] = encryption
	wants(t, "linking unauthorised", phonetest.Link(ctx, begin(t, w, wire.PairDecrypt, false), p, nil), "mca.not_authorised")
	a := authorise(t, boss, w)
	d := linked(t, w, p, wire.PairDecrypt, nil)
	must(t, boss.Call(ctx, http.MethodDelete, "/authorisations/"+a.ID, nil, nil))
	must(t, d.Refresh(ctx, 0))
	if d.Pairing.State != wire.PairingEnded || d.Pairing.Ended != wire.EndedByAuthorisation {
		t.Errorf("without the authorisation the pairing is %s by %q", d.Pairing.State, d.Pairing.Ended)
	}
}

// Who is removed has no certificate of the organisation any more.
func TestStaffComesAndGoes(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t, platforms)
	boss := w.Holder()
	org := orgOf(t, boss)
	staff := "/organisations/" + org.ID + "/staff"
	must(t, boss.Create(ctx, staff, wire.StaffRequest{Phone: clerkNumber, Name: clerkName}, nil))
	wants(t, "the number again", boss.Create(ctx, staff, wire.StaffRequest{Phone: clerkNumber, Name: clerkName}, nil), "mca.wrong_state")
	if s := staffOf(t, boss, org.ID, clerkName); s.State != wire.StaffInvited || s.Phone != "139****0001" {
		t.Errorf("invited: %+v", s)
	}
	p := colleague(t, w) // who is checked under the name is of it at once
	if s := staffOf(t, boss, org.ID, clerkName); s.State != wire.StaffMember {
		t.Errorf("checked: %+v", s)
	}
	a, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyExtra, Organisation: org.ID})
	must(t, err)
	wants(t, "approving oneself", p.Call(ctx, http.MethodPut, "/reviews/"+a.ID, wire.Review{Approve: true}, nil), "platform.not_found")
	if l := get[wire.ApplicationList](t, boss, "/reviews"); len(l.Items) != 1 || l.Items[0].ID != a.ID || l.Items[0].Applicant != clerkName {
		t.Errorf("reviews %+v", l.Items)
	}
	wants(t, "a refusal without a reason", boss.Call(ctx, http.MethodPut, "/reviews/"+a.ID, wire.Review{}, nil), "platform.fields_missing")
	must(t, boss.Call(ctx, http.MethodPut, "/reviews/"+a.ID, wire.Review{Approve: true}, nil))
	must(t, p.Download(ctx, a.ID, phonetest.PIN))
	authorise(t, boss, w)
	d := linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	member := staffOf(t, boss, org.ID, clerkName)
	if member.Certificates != 1 {
		t.Errorf("%d certificates", member.Certificates)
	}

	wants(t, "staff removing", p.Call(ctx, http.MethodDelete, staff+"/"+member.ID, nil, nil), "mca.not_administrator")
	wants(t, "removing the administrator", boss.Call(ctx, http.MethodDelete, staff+"/"+staffOf(t, boss, org.ID, phonetest.Name).ID, nil, nil), "mca.wrong_state")
	must(t, boss.Call(ctx, http.MethodDelete, staff+"/"+member.ID, nil, nil))
	for _, c := range get[wire.CertificateList](t, p, "/certificates").Items {
		if c.State != wire.CertificateRevoked || w.Issuer.Revoked[c.Serial] != wire.RevokeLeft {
			t.Errorf("the certificate to %s is %s, revoked for %q", c.Use, c.State, w.Issuer.Revoked[c.Serial])
		}
	}
	must(t, d.Refresh(ctx, 0))
	if d.Pairing.State != wire.PairingEnded || d.Pairing.Ended != wire.EndedByCertificate {
		t.Errorf("the session of who was removed is %s by %q", d.Pairing.State, d.Pairing.Ended)
	}
	wants(t, "the organisation for who was removed", p.Call(ctx, http.MethodGet, "/organisations/"+org.ID, nil, nil), "platform.not_found")
}

// The administrator hands over to one of the staff, with a code, and is staff after that.
func TestTheAdministratorHandsOver(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t, platforms)
	boss := w.Holder()
	p := joined(t, w, boss)
	org := orgOf(t, boss)
	to := staffOf(t, boss, org.ID, clerkName).ID
	path := "/organisations/" + org.ID + "/administrator"
	handOver := func(by *phonetest.Phone, staff, code string) error {
		return by.Call(ctx, http.MethodPut, path, wire.HandOver{Staff: staff, Code: code}, nil, "Idempotency-Key", `"hand-over-`+staff+code+`"`)
	}
	wants(t, "a wrong code", handOver(boss, to, "000000"), "mca.code_wrong")
	code, err := w.SendCode(ctx, phonetest.Number, wire.CodeHandOver)
	must(t, err)
	wants(t, "staff taking it", handOver(p, to, code), "mca.not_administrator")
	must(t, handOver(boss, to, code))
	must(t, handOver(boss, to, code)) // the same again
	if a, b := orgOf(t, boss).Role, orgOf(t, p).Role; a != wire.RoleStaff || b != wire.RoleAdministrator {
		t.Errorf("now %s and %s", a, b)
	}
	wants(t, "who handed over", boss.Create(ctx, "/organisations/"+org.ID+"/staff", wire.StaffRequest{Phone: "13700000000", Name: "赵六"}, nil), "mca.not_administrator")
}

// A renewed pair signs no more, and goes on decrypting what was encrypted to it.
func TestARenewedKeyStillDecrypts(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	var old wire.Certificate
	for _, c := range get[wire.CertificateList](t, p, "/certificates").Items {
		if c.Use == wire.UseSign {
			old = c
		}
	}
	_, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyReapply, Certificate: old.ID})
	wants(t, "re-applying for one in force", err, "mca.wrong_state")
	a, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyRenew, Certificate: old.ID, Years: 2})
	must(t, err)
	must(t, p.Download(ctx, a.ID, phonetest.PIN))
	var fresh wire.Certificate
	for _, c := range get[wire.CertificateList](t, p, "/certificates").Items {
		switch {
		case c.ID == old.ID || c.ID == old.Pair:
			if c.State != wire.CertificateReplaced {
				t.Errorf("the old one to %s is %s", c.Use, c.State)
			}
		case c.Use == wire.UseSign:
			fresh = c
		}
	}
	if fresh.State != wire.CertificateValid || fresh.Name != phonetest.Hospital.Name || fresh.NotAfter.Before(w.Clock.Now().AddDate(2, 0, -1)) {
		t.Errorf("the new one %+v", fresh)
	}
	decide := func(kind wire.PairingKind, signing string, encryption ...string) (*phonetest.Desktop, error) {
		desk := begin(t, w, kind, false)
		if _, err := p.Scan(ctx, desk.QR()); err != nil {
			return desk, err
		}
		if _, err := desk.Match(ctx); err != nil {
			return desk, err
		}
		_, err := p.Decide(ctx, desk.Pairing.ID, wire.ScanDecision{Accept: true, Certificate: signing, EncryptionCertificates: encryption})
		return desk, err
	}
	for _, tt := range []struct {
		what       string
		kind       wire.PairingKind
		signing    string
		encryption []string
		code       string // "" is that it is linked
	}{
		{"signing with the old one", wire.PairSign, old.ID, nil, "mca.cert_ended"},
		{"logging in with the old one", wire.PairLogin, old.ID, nil, "mca.cert_ended"},
		{"signing with the new one", wire.PairSign, fresh.ID, nil, ""},
		{"making a bid for the old one", wire.PairBid, fresh.ID, []string{old.Pair}, "mca.cert_ended"},
		{"making a bid for two", wire.PairBid, fresh.ID, []string{fresh.Pair, old.Pair}, "mca.cert_other_use"},
		{"making a bid for the new one", wire.PairBid, fresh.ID, []string{fresh.Pair}, ""},
		{"decrypting with none", wire.PairDecrypt, fresh.ID, nil, "mca.cert_other_use"},
		{"decrypting with one to sign", wire.PairDecrypt, fresh.ID, []string{fresh.Pair, old.ID}, "mca.cert_other_use"},
	} {
		_, err := decide(tt.kind, tt.signing, tt.encryption...)
		wants(t, tt.what, err, tt.code)
	}

	// A link to decrypt brings both, and what is asked is decrypted by the one that it was encrypted to.
	for _, id := range []string{old.Pair, fresh.Pair} {
		desk, err := decide(wire.PairDecrypt, fresh.ID, fresh.Pair, old.Pair)
		must(t, err)
		must(t, desk.Refresh(ctx, 0))
		at := slices.IndexFunc(desk.Pairing.Link.Certificates, func(c wire.LinkedCertificate) bool { return c.ID == id })
		if at < 0 || len(desk.Pairing.Link.Certificates) != 3 {
			t.Fatalf("the link brings %d certificates", len(desk.Pairing.Link.Certificates))
		}
		der, err := phonetest.DecodeBytes(desk.Pairing.Link.Certificates[at].Chain[0])
		must(t, err)
		to, err := smx509.ParseCertificate(der)
		must(t, err)
		cipher, err := sm2.EncryptASN1(rand.Reader, to.PublicKey.(*ecdsa.PublicKey), []byte("the key of the contents"))
		must(t, err)
		payload := desk.Payload(wire.RequestPayload{Cipher: base64.RawURLEncoding.EncodeToString(cipher)})
		payload.Certificate = fresh.ID
		jws, err := desk.JWS(payload)
		must(t, err)
		_, err = desk.Submit(ctx, jws)
		wants(t, "decrypting with one to sign with", err, "mca.request_wrong")
		payload.Certificate = id
		jws, err = desk.JWS(payload)
		must(t, err)
		asked, err := desk.Submit(ctx, jws)
		must(t, err)
		must(t, p.Approve(ctx, asked.ID, phonetest.PIN))
		done, err := desk.Request(ctx, asked.ID, 0, 0)
		must(t, err)
		plain, err := desk.Open(asked.ID, *done.Result.Sealed)
		must(t, err)
		if string(plain) != "the key of the contents" {
			t.Errorf("decrypted: %q", plain)
		}
	}
}

// A certificate that ends while it is linked signs nothing more.
func TestWhatExpiresInASessionSignsNoMore(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	w.Clock.Add(signing(t, p, wire.CertificateValid)[0].NotAfter.Sub(w.Clock.Now()) - time.Minute)
	code, err := w.SendCode(ctx, phonetest.Number, wire.CodeLogin)
	must(t, err)
	must(t, p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: code}))
	d := linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	asked, err := d.Ask(ctx, phonetest.Contract(digestOf("in force")))
	must(t, err)
	must(t, p.Approve(ctx, asked.ID, phonetest.PIN))
	w.Clock.Add(2 * time.Minute)
	_, err = d.Ask(ctx, phonetest.Contract(digestOf("expired")))
	wants(t, "a signature after the end", err, "mca.cert_ended")
}

// signing gives a person's signing certificates of a state.
func signing(t *testing.T, p *phonetest.Phone, state wire.CertificateState) (found []wire.Certificate) {
	t.Helper()
	for _, c := range get[wire.CertificateList](t, p, "/certificates").Items {
		if c.Use == wire.UseSign && c.State == state {
			found = append(found, c)
		}
	}
	return found
}

// What has ended is applied for again (重新申请), and the new certificate signs where the old one does not.
func TestAnEndedCertificateIsAppliedForAgain(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	w.Clock.Add(366 * 24 * time.Hour)
	code, err := w.SendCode(ctx, phonetest.Number, wire.CodeLogin)
	must(t, err)
	must(t, p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: code}))
	wants(t, "signing with it", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), p, nil), "mca.cert_ended")
	old := signing(t, p, wire.CertificateExpired)
	if len(old) != 1 || len(signing(t, p, wire.CertificateValid)) != 0 {
		t.Fatalf("ended: %+v", old)
	}
	_, err = apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyRenew, Certificate: old[0].ID})
	wants(t, "renewing what has ended", err, "mca.wrong_state")
	a, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyReapply, Certificate: old[0].ID})
	must(t, err)
	must(t, p.Download(ctx, a.ID, phonetest.PIN))
	if fresh := signing(t, p, wire.CertificateValid); len(fresh) != 1 || fresh[0].USCC != old[0].USCC || fresh[0].Name != old[0].Name {
		t.Errorf("in its place: %+v", fresh)
	}
	d := linked(t, w, p, wire.PairSign, nil)
	r, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
	must(t, err)
	must(t, p.Approve(ctx, r.ID, phonetest.PIN))
}

// A person has a certificate in the own name, of no organisation, and signs with it (个人证书).
func TestAPersonHasACertificate(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := colleague(t, w)
	a, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyPersonal})
	must(t, err)
	must(t, p.Download(ctx, a.ID, phonetest.PIN))
	if own := signing(t, p, wire.CertificateValid); len(own) != 1 || own[0].Name != clerkName || own[0].USCC != "" || own[0].Organisation != "" {
		t.Errorf("certificates %+v", own)
	}
	d := linked(t, w, p, wire.PairSign, nil)
	r, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
	must(t, err)
	must(t, p.Approve(ctx, r.ID, phonetest.PIN))
}

// After a change of name the certificates in the old one are revoked, once the new ones are there.
func TestAChangeOfNameRevokes(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	org := orgOf(t, p)
	other := wire.OrganisationData{USCC: "91410800MA9G12345X", Name: "别的公司"}
	_, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyChange, Organisation: org.ID, Data: &other})
	wants(t, "another code", err, "platform.bad_request")
	a, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyChange, Organisation: org.ID, Data: &wire.OrganisationData{USCC: org.USCC, Name: "云溪县第一人民医院"}})
	must(t, err)
	if n := len(w.Issuer.Revoked); n != 0 {
		t.Errorf("%d revoked before the new ones are there", n)
	}
	must(t, p.Download(ctx, a.ID, phonetest.PIN))
	valid, revoked := 0, 0
	for _, c := range get[wire.CertificateList](t, p, "/certificates").Items {
		switch {
		case c.State == wire.CertificateValid && c.Name == "云溪县第一人民医院":
			valid++
		case c.State == wire.CertificateRevoked && c.Name == phonetest.Hospital.Name && w.Issuer.Revoked[c.Serial] == wire.RevokeSuperseded:
			revoked++
		}
	}
	if valid != 2 || revoked != 2 {
		t.Errorf("%d in force, %d revoked", valid, revoked)
	}
	if n := orgOf(t, p).Name; n != "云溪县第一人民医院" {
		t.Errorf("the organisation is called %s", n)
	}
}

// cashier counts charges, and refuses cards.
type cashier struct {
	charged []mobileca.Charge
	taking  func() error // while the money is taken; its error is that nobody knows whether it was
}

func (c *cashier) Pay(_ context.Context, p mobileca.Charge) error {
	if p.Method == wire.PayCard {
		return &mobileca.PaymentRefused{Reason: "no money"}
	}
	c.charged = append(c.charged, p)
	if c.taking != nil {
		return c.taking()
	}
	return nil
}

func (*cashier) Register(context.Context, string, wire.CardRequest) (string, error) {
	return "card-1", nil
}

// A certificate with a price is paid once, and its bill goes on one invoice.
func TestAnApplicationIsPaidOnce(t *testing.T) {
	ctx := t.Context()
	till := &cashier{}
	w := phonetest.NewWorld(t, func(c *mobileca.Config) {
		c.Cashier, c.Price = till, func(_ wire.ApplicationKind, organisation bool, years int) int64 {
			if organisation {
				return 100_00 * int64(years)
			}
			return 0
		}
	})
	p := w.Phone(phonetest.Number)
	must(t, p.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	a, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyClaim, Data: phonetest.Hospital, Years: 3})
	must(t, err)
	if a.State != wire.ApplicationToPay || a.Price != 300_00 {
		t.Fatalf("%s, %d", a.State, a.Price)
	}
	if err := p.Download(ctx, a.ID, phonetest.PIN); phonetest.Code(err) != "mca.wrong_state" {
		t.Errorf("downloading what was not paid: %v", err)
	}
	var card wire.Card
	must(t, p.Create(ctx, "/cards", wire.CardRequest{Number: "6222020200012345678", Bank: "工商银行", Phone: phonetest.Number}, &card))
	if card.Number != "**** **** **** 5678" {
		t.Errorf("the card is shown as %s", card.Number)
	}
	pay := func(r wire.PaymentRequest, key string) error {
		return p.Call(ctx, http.MethodPost, "/applications/"+a.ID+"/payment", r, nil, "Idempotency-Key", `"payment-`+key+`"`)
	}
	wants(t, "a card that is refused", pay(wire.PaymentRequest{Method: wire.PayCard, Card: card.ID}, "1"), "mca.payment_failed")
	must(t, pay(wire.PaymentRequest{Method: wire.PayWechat}, "2"))
	must(t, pay(wire.PaymentRequest{Method: wire.PayWechat}, "2")) // the same again
	wants(t, "paying again", pay(wire.PaymentRequest{Method: wire.PayAlipay}, "3"), "mca.wrong_state")
	if len(till.charged) != 1 || till.charged[0].Amount != 300_00 || till.charged[0].ID != a.ID {
		t.Errorf("charged %+v", till.charged)
	}
	wants(t, "withdrawing what was paid", p.Call(ctx, http.MethodDelete, "/applications/"+a.ID, nil, nil), "mca.wrong_state")
	must(t, p.Download(ctx, a.ID, phonetest.PIN))

	bills := get[wire.BillList](t, p, "/bills").Items
	if len(bills) != 1 || bills[0].Amount != 300_00 {
		t.Fatalf("bills %+v", bills)
	}
	ask := wire.InvoiceRequest{Bills: []string{bills[0].ID}, Title: phonetest.Hospital.Name, Email: "a@example.cn"}
	stranger := colleague(t, w)
	wants(t, "an invoice over another's bill", stranger.Create(ctx, "/invoices", ask, nil), "platform.not_found")
	var v wire.Invoice
	must(t, p.Create(ctx, "/invoices", ask, &v))
	if v.Amount != 300_00 {
		t.Errorf("an invoice over %d", v.Amount)
	}
	wants(t, "a second invoice", p.Create(ctx, "/invoices", ask, nil), "mca.wrong_state")
	wants(t, "another's card", stranger.Call(ctx, http.MethodDelete, "/cards/"+card.ID, nil, nil), "platform.not_found")
	must(t, p.Call(ctx, http.MethodDelete, "/cards/"+card.ID, nil, nil))
	for range 20 { // those that are gone take no place
		must(t, p.Create(ctx, "/cards", wire.CardRequest{Number: "6222020200012345678", Bank: "工商银行", Phone: phonetest.Number}, &card))
		must(t, p.Call(ctx, http.MethodDelete, "/cards/"+card.ID, nil, nil))
	}
	if l := get[wire.CardList](t, p, "/cards"); len(l.Items) != 0 {
		t.Errorf("cards %+v", l.Items)
	}
}

// An application cannot be withdrawn while money is taken for it, and as long as that may have been: it comes to its bill.
func TestWhatIsBeingPaidIsNotWithdrawn(t *testing.T) {
	ctx := t.Context()
	till := &cashier{}
	w := phonetest.NewWorld(t, func(c *mobileca.Config) {
		c.Cashier, c.Price = till, func(wire.ApplicationKind, bool, int) int64 { return 100 }
	})
	p := w.Phone(phonetest.Number)
	must(t, p.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	a, err := apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyClaim, Data: phonetest.Hospital})
	must(t, err)
	withdraw := func() error { return p.Call(ctx, http.MethodDelete, "/applications/"+a.ID, nil, nil) }
	pay := func(method wire.PaymentMethod) error {
		return p.Create(ctx, "/applications/"+a.ID+"/payment", wire.PaymentRequest{Method: method}, nil)
	}
	till.taking = func() error {
		wants(t, "withdrawing while it is paid", withdraw(), "mca.wrong_state")
		return errors.New("the line broke")
	}
	if err := pay(wire.PayWechat); err == nil {
		t.Error("it was paid over a broken line")
	}
	wants(t, "withdrawing what may have been paid", withdraw(), "mca.wrong_state")
	till.taking = nil
	must(t, pay(wire.PayWechat))
	if bills := get[wire.BillList](t, p, "/bills").Items; len(bills) != 1 || till.charged[0].ID != till.charged[1].ID {
		t.Errorf("bills %+v for the charges %+v", bills, till.charged)
	}

	a, err = apply(t, p, wire.ApplicationRequest{Kind: wire.ApplyPersonal})
	must(t, err)
	var card wire.Card
	must(t, p.Create(ctx, "/cards", wire.CardRequest{Number: "6222020200012345678", Bank: "工商银行", Phone: phonetest.Number}, &card))
	refused := p.Create(ctx, "/applications/"+a.ID+"/payment", wire.PaymentRequest{Method: wire.PayCard, Card: card.ID}, nil)
	wants(t, "a card that is refused", refused, "mca.payment_failed")
	must(t, withdraw())
}

func picture(t *testing.T, side int) string {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))))
	return phonetest.EncodeBytes(b.Bytes())
}

// Seals are the organisation's: its administrator makes them, and who links its certificate hands them to the desktop.
func TestSealsGoWithTheCertificate(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t, platforms)
	boss := w.Holder()
	p := joined(t, w, boss)
	authorise(t, boss, w)
	org := orgOf(t, boss)
	ask := wire.SealRequest{Organisation: org.ID, Name: "合同专用章", Kind: wire.SealContract, WidthMM: 42, HeightMM: 42, PNG: picture(t, 100)}
	wants(t, "staff making a seal", p.Create(ctx, "/seals", ask, nil), "mca.not_administrator")
	var made wire.Seal
	must(t, boss.Create(ctx, "/seals", ask, &made))
	big, none := ask, ask
	big.PNG, none.PNG = picture(t, 2001), phonetest.EncodeBytes([]byte("not a picture"))
	wants(t, "a picture that is too large", boss.Create(ctx, "/seals", big, nil), "platform.bad_request")
	wants(t, "no picture", boss.Create(ctx, "/seals", none, nil), "platform.bad_request")

	own := wire.SealRequest{Name: "个人签名", Kind: wire.SealPersonal, WidthMM: 30, HeightMM: 12, PNG: picture(t, 60)}
	must(t, p.Create(ctx, "/seals", own, nil))
	d := linked(t, w, p, wire.PairSign, nil)
	if s := d.Pairing.Link.Seals; len(s) != 1 || s[0].ID != made.ID || s[0].WidthMM != 42 || s[0].PNG != ask.PNG {
		t.Errorf("linked seals %+v", s)
	}
	wants(t, "staff changing it", p.Call(ctx, http.MethodPut, "/seals/"+made.ID, ask, nil), "mca.not_administrator")
	ask.Name = "合同专用章（2）"
	must(t, boss.Call(ctx, http.MethodPut, "/seals/"+made.ID, ask, &made))
	if made.Name != ask.Name {
		t.Errorf("changed to %s", made.Name)
	}
	if l := get[wire.SealList](t, p, "/seals"); len(l.Items) != 2 || l.Items[0].MayEdit || !l.Items[1].MayEdit {
		t.Errorf("seals %+v", l.Items)
	}
	must(t, boss.Call(ctx, http.MethodDelete, "/seals/"+made.ID, nil, nil))
	must(t, d.Refresh(ctx, 0))
	if len(d.Pairing.Link.Seals) != 0 {
		t.Error("a seal that was taken away is still handed out")
	}
}

// A zone binds an organisation's certificate to a platform until it is unbound.
func TestZones(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t, platforms)
	boss := w.Holder()
	p := joined(t, w, boss)
	org := orgOf(t, boss)
	ask := wire.ZoneRequest{Platform: "yunxi", Organisation: org.ID}
	wants(t, "staff without an authorisation", p.Create(ctx, "/zones", ask, nil), "mca.not_authorised")
	wants(t, "a platform that is none", boss.Create(ctx, "/zones", wire.ZoneRequest{Platform: "nowhere", Organisation: org.ID}, nil), "platform.bad_request")
	var z wire.Zone
	must(t, boss.Create(ctx, "/zones", ask, &z))
	if z.PlatformName != phonetest.Asking.Name || z.OrganisationName != org.Name {
		t.Errorf("zone %+v", z)
	}
	wants(t, "binding again", boss.Create(ctx, "/zones", ask, nil), "mca.wrong_state")
	wants(t, "another's zone", p.Call(ctx, http.MethodDelete, "/zones/"+z.ID, nil, nil), "platform.not_found")
	must(t, boss.Call(ctx, http.MethodDelete, "/zones/"+z.ID, nil, nil))
	if l := get[wire.ZoneList](t, boss, "/zones"); len(l.Items) != 0 {
		t.Errorf("zones %+v", l.Items)
	}
}

// What is attached is what it says it is, and reaches the CA's clerk.
func TestAttachments(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t, func(c *mobileca.Config) { c.Clerk = nil })
	p := w.Phone(phonetest.Number)
	must(t, p.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	r := wire.ApplicationRequest{Kind: wire.ApplyClaim, Data: phonetest.Hospital, Attachments: []wire.Attachment{{Name: "licence.pdf", Type: wire.AttachmentPDF, Content: picture(t, 10)}}}
	_, err := apply(t, p, r)
	wants(t, "a picture called a PDF", err, "platform.bad_request")
	r.Attachments[0].Type = wire.AttachmentPNG
	a, err := apply(t, p, r)
	must(t, err)
	got, err := w.Server.Attachments(ctx, a.ID)
	must(t, err)
	if len(got) != 1 || got[0] != r.Attachments[0] {
		t.Errorf("attached %+v", got)
	}
	must(t, p.Call(ctx, http.MethodDelete, "/applications/"+a.ID, nil, nil))
	if _, err := w.Server.Decide(ctx, a.ID, true, ""); err == nil {
		t.Error("what was withdrawn was approved")
	}
}
