package tenders

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/audit"
)

// present is a bid that the caller may act for at the opening: the bidder's own, or any at a hall terminal of the tender's venue.
func (a Act) present(f *store.TenderFile, id string) (*store.Bid, error) {
	b, err := find(f.Bids, id)
	if err != nil {
		return nil, err
	}
	switch {
	case b.Bidder.USCC == a.Org.USCC:
		return b, nil
	case a.Role(f.Tender) == platformapi.TenderElsewhere:
		return b, web.Refuse(http.StatusForbidden, platformapi.CodeOtherVenue, "the opening is held at another venue than this terminal's")
	case a.Kind != platformapi.OrganisationHall:
		_, err = find(nil, id)
	}
	return b, err
}

func (a Act) did(f *store.TenderFile, b *store.Bid, act audit.Act, note string) []store.TenderEffect {
	b.Version++
	e := store.TenderEffect{Act: act, Bid: b, Note: note}
	if f.Tender.Opening == nil { // nobody else knows yet who bids
		e.Only = b.Bidder.USCC
	}
	return []store.TenderEffect{e}
}

// SignIn is being present.
func (a Act) SignIn(f *store.TenderFile, id string, x platformapi.SignIn) ([]store.TenderEffect, error) {
	b, err := a.present(f, id)
	if err != nil {
		return nil, err
	}
	// Whoever is not at a terminal of the hall is elsewhere, and the person of the session, whatever is said.
	if a.Kind == platformapi.OrganisationHall {
		x.Place = platformapi.PlaceHall
	} else {
		x.Place, x.Person = platformapi.PlaceRemote, a.Person
	}
	if err := plain(x.Person); err != nil {
		return nil, err
	}
	switch {
	case strings.TrimSpace(x.Person) == "":
		return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "a hall terminal says who came")
	case !inTime(b), f.Tender.State == platformapi.TenderEnded, f.Tender.State == platformapi.TenderFailed, f.Tender.State == platformapi.TenderSigning:
		return nil, wrongState(string(b.State), "signing in")
	}
	if b.SignedInAt.IsZero() {
		b.SignedInAt = a.Now
	}
	b.SignedInBy, b.SignedInPlace = x.Person, x.Place
	return a.did(f, b, "bid.sign_in", string(x.Place)), nil
}

// mayDecrypt says whether the window is open for a bid.
func (a Act) mayDecrypt(t *store.Tender, b *store.Bid) error {
	switch {
	case t.State != platformapi.TenderDecrypting || !waits(b) && b.State != platformapi.BidDecrypted:
		return web.Refuse(http.StatusConflict, platformapi.CodeWindowClosed, "the window for decryption is not open")
	case b.State == platformapi.BidDecrypted:
		return wrongState(string(b.State), "decryption")
	case !t.Opening.PausedAt.IsZero():
		return web.Refuse(http.StatusConflict, platformapi.CodeWindowPaused, "the host has paused the decryption")
	case a.over(t, b):
		return web.Refuse(http.StatusConflict, platformapi.CodeWindowClosed, "the window for decryption is closed")
	}
	return nil
}

// MayFetch says whether the bid's envelopes are there for the caller now.
func (a Act) MayFetch(f *store.TenderFile, id string) (*store.Bid, error) {
	b, err := a.present(f, id)
	if err != nil {
		return nil, err
	}
	if err := a.mayDecrypt(f.Tender, b); err != nil {
		return nil, err
	}
	if len(b.Inner) == 0 {
		return nil, wrongState(string(b.State), "decryption")
	}
	return b, nil
}

// Fetch records that the bidder has the envelopes.
func (a Act) Fetch(f *store.TenderFile, id string) ([]store.TenderEffect, error) {
	b, err := a.MayFetch(f, id)
	if err != nil || !b.PackageFetchedAt.IsZero() {
		return nil, err
	}
	b.PackageFetchedAt = a.Now
	return a.did(f, b, "bid.fetch", ""), nil
}

// MayOpen says whether these secrets are asked for now. They are all that wait.
func (a Act) MayOpen(f *store.TenderFile, id string, secrets map[string][]byte) (*store.Bid, error) {
	b, err := a.MayFetch(f, id)
	if err == nil {
		err = mayTry(b)
	}
	if err != nil {
		return nil, err
	}
	want := slices.Sorted(slices.Values(b.Waiting))
	if !slices.Equal(want, slices.Sorted(maps.Keys(secrets))) {
		return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "these are not the envelopes that wait")
	}
	return b, nil
}

// Opened records that the platform opened a bid by its secrets, or why not.
func (a Act) Opened(f *store.TenderFile, id string, secrets map[string][]byte, price []platformapi.PriceField, fault *Fault) ([]store.TenderEffect, error) {
	b, err := a.MayOpen(f, id, secrets)
	if err != nil {
		return nil, err
	}
	if fault != nil {
		a.fails(b, platformapi.Failure{Cause: fault.Cause, Detail: short(fault.Detail)})
		return a.did(f, b, "bid.fail", string(fault.Cause)), nil
	}
	if b.Secrets == nil {
		b.Secrets = map[string][]byte{}
	}
	maps.Copy(b.Secrets, secrets)
	b.State, b.DecryptedAt, b.Waiting, b.Failure, b.Inner = platformapi.BidDecrypted, a.Now, nil, nil, nil
	if len(price) > 0 {
		b.Price = price
	}
	return a.did(f, b, "bid.decrypt", ""), nil
}

// fails puts a bid into the state of having failed. It can be tried again.
func (a Act) fails(b *store.Bid, x platformapi.Failure) {
	x.At = a.Now
	b.State, b.Failure = platformapi.BidFailed, &x
	b.Tries++
}

// mayTry says whether a bid may fail once more: each failure is kept, and one of the platform's has read the whole bid.
func mayTry(b *store.Bid) error {
	if b.Tries >= maxTries {
		return web.Refuse(http.StatusConflict, platformapi.CodeTooMany, "too many tries")
	}
	return nil
}

// short bounds a text for people who look for faults.
func short(s string) string {
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// ofBidder are the causes that only the bidder's side can know.
var ofBidder = []platformapi.FailureCause{
	platformapi.CauseNoKey, platformapi.CauseWrongCertificate, platformapi.CauseCertificateReplaced, platformapi.CausePINWrong, platformapi.CausePINLocked,
	platformapi.CausePhoneRefused, platformapi.CausePhoneExpired, platformapi.CausePhoneOffline, platformapi.CauseTokenFailed,
}

// Report records why a bidder's key did not open its bid.
func (a Act) Report(f *store.TenderFile, id string, x platformapi.Failure) ([]store.TenderEffect, error) {
	b, err := a.present(f, id)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(ofBidder, x.Cause) {
		return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "this cause is the platform's own to find")
	}
	if err := a.mayDecrypt(f.Tender, b); err != nil {
		return nil, err
	}
	if err := mayTry(b); err != nil {
		return nil, err
	}
	for _, text := range append(append([]string{x.Detail}, x.Needed...), x.Found...) {
		if err := plain(text); err != nil {
			return nil, err
		}
	}
	a.fails(b, x)
	return a.did(f, b, "bid.fail", string(x.Cause)), nil
}

// MayBackUp says whether the bid's file is damaged, and the tender has it replaced by a file of this digest and size.
func (a Act) MayBackUp(f *store.TenderFile, id, sha256 string, size int64) (*store.Bid, error) {
	b, err := a.present(f, id)
	if err != nil {
		return nil, err
	}
	damaged := b.State == platformapi.BidFailed && b.Failure != nil &&
		(b.Failure.Cause == platformapi.CauseFileDamaged || b.Failure.Cause == platformapi.CauseOuterClosed)
	switch {
	case f.Tender.Remedy != platformapi.RemedyBackupFile || f.Tender.State != platformapi.TenderDecrypting || !damaged:
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeRemedyNone, "the tender takes no backup, or the bid needs none")
	case b.SHA256 != sha256 || b.Size != size:
		return nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeBackupOther, "this is not the bid that was received")
	}
	return b, nil
}

// BeginBackup notes the upload that the backup comes by.
func (a Act) BeginBackup(f *store.TenderFile, id string, n platformapi.NewBackup) ([]store.TenderEffect, error) {
	b, err := a.MayBackUp(f, id, n.SHA256, n.Size)
	if err != nil {
		return nil, err
	}
	b.BackupUpload = n.UploadID
	return a.did(f, b, "bid.begin_backup", ""), nil
}

// Restored records that the backup is in the place of the damaged file. The bidder has the tender's time again.
func (a Act) Restored(f *store.TenderFile, id string, u Uncovered) ([]store.TenderEffect, error) {
	b, err := find(f.Bids, id)
	if err != nil {
		return nil, err
	}
	if _, err := a.MayBackUp(f, id, b.SHA256, b.Size); err != nil {
		return nil, err
	}
	b.BackupUpload, b.BackupAt = "", a.Now
	if u.Fault != nil {
		a.fails(b, platformapi.Failure{Cause: u.Fault.Cause, Detail: short(u.Fault.Detail)})
		return a.did(f, b, "bid.fail", string(u.Fault.Cause)), nil
	}
	a.uncover(b, u.Inner)
	b.Until = a.Now.Add(minutes(f.Tender.DecryptMinutes))
	return a.did(f, b, "bid.backup", ""), nil
}
