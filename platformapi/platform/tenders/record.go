package tenders

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gowebpki/jcs"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
)

const maxObjections = 50 // a bidder

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Object is an objection of a bidder who was present (87号令 42).
func (a Act) Object(f *store.TenderFile, id string, n platformapi.NewObjection) ([]store.TenderEffect, error) {
	b, err := find(f.Bids, id)
	if err == nil && b.Bidder.USCC != a.Org.USCC {
		_, err = find(nil, id)
	}
	if err != nil {
		return nil, err
	}
	if err := plain(n.Text); err != nil {
		return nil, err
	}
	switch {
	case f.Tender.State != platformapi.TenderDecrypting && f.Tender.State != platformapi.TenderReadout:
		return nil, wrongState(string(stateOf(f.Tender, a.Now)), "an objection")
	case b.SignedInAt.IsZero():
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeNotSignedIn, "only who was present objects")
	case strings.TrimSpace(n.Text) == "":
		return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "an objection has a text")
	case len(b.Objections) >= maxObjections:
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeTooMany, "too many objections")
	case slices.ContainsFunc(b.Objections, func(o platformapi.Objection) bool { return o.ID == n.ID }):
		return nil, store.ErrIDTaken
	}
	b.Objections = append(b.Objections, platformapi.Objection{ID: n.ID, Text: n.Text, Person: a.Person, At: a.Now})
	return a.did(f, b, "bid.object", ""), nil
}

// Answer answers an objection, once.
func (a Act) Answer(f *store.TenderFile, bidID, id, text string) ([]store.TenderEffect, error) {
	if err := a.host(f.Tender); err != nil {
		return nil, err
	}
	b, err := find(f.Bids, bidID)
	if err != nil {
		return nil, err
	}
	if err := plain(text); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(b.Objections, func(o platformapi.Objection) bool { return o.ID == id })
	switch {
	case i < 0:
		return nil, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such objection")
	case f.Tender.State != platformapi.TenderDecrypting && f.Tender.State != platformapi.TenderReadout || b.Objections[i].Answer != "":
		return nil, wrongState(string(stateOf(f.Tender, a.Now)), "an answer")
	case strings.TrimSpace(text) == "":
		return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "an answer has a text")
	}
	b.Objections[i].Answer, b.Objections[i].AnsweredBy, b.Objections[i].AnsweredAt = text, a.Person, a.Now
	return a.did(f, b, "bid.answer", ""), nil
}

// record is the record of an opening (开标记录).
type record struct {
	Format    string                    `json:"format"`
	Platform  string                    `json:"platform"`
	Number    string                    `json:"number"`
	Name      string                    `json:"name"`
	LotNumber string                    `json:"lot_number"`
	LotName   string                    `json:"lot_name"`
	Purchaser platformapi.Organisation  `json:"purchaser"`
	Agency    *platformapi.Organisation `json:"agency,omitempty"`
	Venue     string                    `json:"venue,omitempty"`
	Deadline  time.Time                 `json:"deadline"`
	Announced time.Time                 `json:"announced_at"`
	ReadOutAt time.Time                 `json:"read_out_at"`
	WrittenAt time.Time                 `json:"written_at"`
	ReadOut   []string                  `json:"read_out"`
	Acts      []platformapi.OpeningLog  `json:"acts"`
	Late      []platformapi.LateBid     `json:"late,omitempty"`
	Bids      []recordedBid             `json:"bids"`
}

type recordedBid struct {
	ID           string                    `json:"id"` // by which acts name it
	Bidder       platformapi.Organisation  `json:"bidder"`
	ReceivedAt   time.Time                 `json:"received_at"`
	Receipt      string                    `json:"receipt"`
	SHA256       string                    `json:"sha256"`
	SignedInAt   time.Time                 `json:"signed_in_at,omitzero"`
	SignedInBy   string                    `json:"signed_in_by,omitempty"`
	Place        platformapi.Place         `json:"signed_in_place,omitempty"`
	DecryptedAt  time.Time                 `json:"decrypted_at,omitzero"`
	BackupAt     time.Time                 `json:"backup_at,omitzero"`
	Failure      *platformapi.Failure      `json:"failure,omitempty"`
	Attributions []platformapi.Attribution `json:"attributions,omitempty"`
	Price        []platformapi.PriceField  `json:"price,omitempty"`
	Objections   []platformapi.Objection   `json:"objections,omitempty"`
}

// Record writes the record as canonical JSON.
func (a Act) Record(platformID string) func(*store.Tender, []*store.Bid) ([]byte, error) {
	return func(t *store.Tender, bids []*store.Bid) ([]byte, error) {
		r := record{
			Format: "sealdesk opening record 1", Platform: platformID, Number: t.Number, Name: t.Name, LotNumber: t.LotNumber, LotName: t.LotName,
			Purchaser: t.Purchaser, Venue: t.Venue, Deadline: t.Deadline, Announced: t.Opening.AnnouncedAt, ReadOutAt: t.Opening.ReadOutAt, WrittenAt: a.Now,
			ReadOut: t.ReadOut, Acts: t.Opening.Log, Late: t.Late, Bids: []recordedBid{},
		}
		if t.Agency.USCC != "" {
			r.Agency = &t.Agency
		}
		for _, b := range received(bids) {
			r.Bids = append(r.Bids, recordedBid{
				ID: b.ID, Bidder: b.Bidder, ReceivedAt: b.ReceivedAt, Receipt: b.Receipt, SHA256: b.SHA256, SignedInAt: b.SignedInAt, SignedInBy: b.SignedInBy,
				Place: b.SignedInPlace, DecryptedAt: b.DecryptedAt, BackupAt: b.BackupAt, Failure: b.Failure, Attributions: b.Attributions, Price: b.Price, Objections: b.Objections,
			})
		}
		plain, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("record: %w", err)
		}
		return jcs.Transform(plain)
	}
}

// received are the bids that were received in time, in the order of their receipt.
func received(bids []*store.Bid) []*store.Bid {
	list := slices.DeleteFunc(slices.Clone(bids), func(b *store.Bid) bool { return !inTime(b) })
	slices.SortFunc(list, func(a, b *store.Bid) int {
		if c := a.ReceivedAt.Compare(b.ReceivedAt); c != 0 {
			return c
		}
		return strings.Compare(a.Receipt, b.Receipt)
	})
	return list
}

// Sign adds a signature to the record, the host's or that of a bidder who was present.
func (a Act) Sign(f *store.TenderFile, signature []byte, s Signature) ([]store.TenderEffect, error) {
	t := f.Tender
	switch {
	case t.State != platformapi.TenderSigning:
		return nil, wrongState(string(stateOf(t, a.Now)), "signing the record")
	case !s.Intact || !s.Trusted || s.USCC != a.Org.USCC:
		return nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeRecordSignature, "the signature does not hold for the record, is not trusted, or is another organisation's")
	}
	if a.Role(t) == platformapi.TenderHost {
		t.HostSignature, t.Opening.HostSignedAt = signature, a.Now
		t.Version++
		return []store.TenderEffect{{Act: "tender.sign", SHA256: digest(signature)}}, nil
	}
	b := holding(f.Bids, a.Org.USCC)
	if b == nil || b.SignedInAt.IsZero() {
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeNotSignedIn, "only who was present signs")
	}
	b.RecordSignature, b.RecordSignedAt, b.RecordSignedBy = signature, a.Now, a.Person
	e := a.did(f, b, "bid.sign_record", "")
	e[0].SHA256 = digest(signature)
	return e, nil
}
