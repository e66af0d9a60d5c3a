package tenders

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
)

func closed() *web.Fault {
	return web.Refuse(http.StatusConflict, platformapi.CodeTenderClosed, "the deadline has come")
}

// find is one of the bids.
func find(bids []*store.Bid, id string) (*store.Bid, error) {
	i := slices.IndexFunc(bids, func(b *store.Bid) bool { return b.ID == id })
	if i < 0 {
		return nil, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such bid")
	}
	return bids[i], nil
}

// Begin adds a bid that is about to be uploaded. Another one that was begun before is given up by it.
func (a Act) Begin(f *store.TenderFile, n platformapi.NewBid, most int64) ([]store.TenderEffect, error) {
	t := f.Tender
	held := holding(f.Bids, a.Org.USCC)
	switch {
	case a.Role(t) == platformapi.TenderHost:
		return nil, web.Refuse(http.StatusForbidden, platformapi.CodeHostBids, "who holds a tender does not bid in it")
	case stateOf(t, a.Now) != platformapi.TenderOpen:
		return nil, closed()
	case n.Size > most:
		return nil, web.Refuse(http.StatusRequestEntityTooLarge, platformapi.CodeBidTooLarge, "a bid has at most %d bytes here", most)
	case held != nil && n.Replaces != held.ID, held == nil && n.Replaces != "":
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeBidExists, "the bid that holds is another one than is to be replaced")
	case slices.ContainsFunc(f.Bids, func(b *store.Bid) bool { return b.ID == n.ID }):
		return nil, store.ErrIDTaken
	}
	if err := plain(n.Name); err != nil {
		return nil, err
	}
	var effects []store.TenderEffect
	for _, b := range f.Bids {
		if b.State == platformapi.BidUploading {
			effects = append(effects, a.giveUp(b, platformapi.WithdrawnBidder))
		}
	}
	b := &store.Bid{Bid: platformapi.Bid{
		ID: n.ID, TenderID: t.ID, Version: 1, State: platformapi.BidUploading, Bidder: a.Org, Name: n.Name, Size: n.Size, SHA256: n.SHA256, BegunAt: a.Now, Replaces: n.Replaces,
	}}
	f.Bids = append(f.Bids, b)
	return append(effects, store.TenderEffect{Act: "bid.begin", Bid: b, SHA256: b.SHA256, Only: a.Org.USCC}), nil
}

// giveUp makes of a bid one that is withdrawn.
func (a Act) giveUp(b *store.Bid, why platformapi.BidWithdrawnWhy) store.TenderEffect {
	b.State, b.WithdrawnAt, b.WithdrawnWhy = platformapi.BidWithdrawn, a.Now, why
	b.Version++
	return store.TenderEffect{Act: "bid.lapse", Bid: b, Only: b.Bidder.USCC, Note: string(why)}
}

// Gate says whether a bid that was handed in may be received: the organisation's own, closed, whole, and what the tender asks for.
func Gate(t *store.Tender, uscc string, x Facts) error {
	no := func(code, format string, args ...any) error {
		return web.Refuse(http.StatusUnprocessableEntity, code, format, args...)
	}
	switch {
	case len(x.Unsealed) > 0:
		return no(platformapi.CodeBidNotEncrypted, "not encrypted as the tender asks: %s", strings.Join(x.Unsealed[:min(len(x.Unsealed), 5)], ", "))
	case x.Damage != "":
		return no(platformapi.CodeBidDamaged, "its contents are not what was signed: %s", x.Damage)
	case !x.Signature.Intact || !x.Signature.Trusted:
		return no(platformapi.CodeBidSignature, "its signature does not hold, or its signer is not trusted")
	case x.Bidder != uscc || x.Signature.USCC != uscc:
		return no(platformapi.CodeBidForeign, "it is another organisation's bid, or signed by another one")
	case x.Tender != t.Number || x.Lot != t.LotNumber || x.Outline != t.OutlineSHA256:
		return no(platformapi.CodeBidOtherTender, "it was made for another tender, lot or outline")
	case !x.Ours:
		return no(platformapi.CodeBidOtherPlatform, "its outer layer is for no certificate of this platform")
	case len(x.Lacks) > 0:
		return no(platformapi.CodeBidParts, "not what the outline asks for: %s", strings.Join(x.Lacks[:min(len(x.Lacks), 5)], ", "))
	}
	return nil
}

// maxLate bounds how many who came late are named.
const maxLate = 200

// Late notes that an organisation came with a bid after the deadline, which was refused: who and when, once, and nothing of the bid.
// Once the record is written it stays as it is, and the audit trail alone says so.
func (a Act) Late(f *store.TenderFile) []store.TenderEffect {
	t := f.Tender
	again := slices.ContainsFunc(t.Late, func(l platformapi.LateBid) bool { return l.Bidder.USCC == a.Org.USCC })
	if again || stateOf(t, a.Now) == platformapi.TenderOpen {
		return nil
	}
	only := a.Org.USCC // until the bidders are announced nobody else is told of anybody
	if announced(t) {
		only = ""
	}
	if t.State != platformapi.TenderFailed && len(t.Record) == 0 && len(t.Late) < maxLate {
		t.Late = append(t.Late, platformapi.LateBid{Bidder: a.Org, At: a.Now})
		f.Noted = true // whoever tries must not make the act stale that the host is about to do
	}
	return []store.TenderEffect{{Act: "bid.late", Only: only}}
}

// MayComplete says whether a bid, whose last byte was here at a time, can still be received.
func (a Act) MayComplete(t *store.Tender, b *store.Bid, completeAt time.Time) error {
	switch {
	case b.State != platformapi.BidUploading:
		return wrongState(string(b.State), "handing in")
	case t.State != platformapi.TenderOpen || !completeAt.Before(t.Deadline):
		return closed()
	}
	return nil
}

// Receive takes in a bid that passed the gate, and lets it take the place of the one it replaces.
func (a Act) Receive(f *store.TenderFile, id string, x Facts, completeAt time.Time) ([]store.TenderEffect, error) {
	b, err := find(f.Bids, id)
	if err != nil {
		return nil, err
	}
	if err := a.MayComplete(f.Tender, b, completeAt); err != nil {
		return nil, err
	}
	held := holding(f.Bids, b.Bidder.USCC)
	if held != nil && held.ID != b.Replaces {
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeBidExists, "another bid was received meanwhile")
	}
	if held != nil {
		held.State = platformapi.BidReplaced
		held.Version++
	}
	b.State, b.CompleteAt, b.ReceivedAt = platformapi.BidReceived, completeAt, completeAt
	b.Cipher, b.Signer, b.Recipients, b.Platform, b.Parts, b.Envelopes = x.Cipher, &x.Signer, x.Recipients, &x.Platform, x.Parts, x.Envelopes
	b.Version++
	return []store.TenderEffect{{Act: "bid.receive", Bid: b, SHA256: b.SHA256, Only: b.Bidder.USCC, Receipt: platformapi.ReceiptBid, ReceiptAt: completeAt}}, nil
}

// Withdraw takes a bid back before the deadline.
func (a Act) Withdraw(f *store.TenderFile, id string) ([]store.TenderEffect, error) {
	b, err := find(f.Bids, id)
	if err != nil {
		return nil, err
	}
	switch {
	case stateOf(f.Tender, a.Now) != platformapi.TenderOpen:
		return nil, closed()
	case b.State != platformapi.BidReceived && b.State != platformapi.BidUploading:
		return nil, wrongState(string(b.State), "withdrawing")
	}
	e := a.giveUp(b, platformapi.WithdrawnBidder)
	e.Act, e.Note, e.SHA256, e.Receipt, e.ReceiptAt = "bid.withdraw", "", b.SHA256, platformapi.ReceiptWithdrawBid, a.Now
	return []store.TenderEffect{e}, nil
}

// Arrival is what became of a bid whose bytes were all here before the deadline, and that nobody handed in.
type Arrival struct {
	At      time.Time
	Facts   Facts
	Refused error // at the gate
}

// Arrive decides of such a bid after the deadline: it counts (20号令 27), unless it was refused. One that was handed in meanwhile is
// left as it is.
func (a Act) Arrive(f *store.TenderFile, id string, x Arrival) ([]store.TenderEffect, error) {
	b, err := find(f.Bids, id)
	if err != nil || b.State != platformapi.BidUploading {
		return nil, err
	}
	err = x.Refused
	if err == nil {
		var effects []store.TenderEffect
		if effects, err = a.Receive(f, id, x.Facts, x.At); err == nil {
			return effects, nil
		}
	}
	if _, refused := err.(*web.Fault); !refused {
		return nil, err
	}
	return []store.TenderEffect{a.giveUp(b, platformapi.WithdrawnRefused)}, nil
}
