package tenders

import (
	"slices"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
)

// Tender shows a tender to who asks, now. bids are all of it.
func (a Act) Tender(t *store.Tender, bids []*store.Bid, certificates []platformapi.PlatformCertificate) platformapi.Tender {
	role := a.Role(t)
	v := platformapi.Tender{
		ID: t.ID, Version: t.Version, Number: t.Number, Name: t.Name, LotNumber: t.LotNumber, LotName: t.LotName, Purchaser: t.Purchaser,
		State: stateOf(t, a.Now), Deadline: t.Deadline, DecryptMinutes: t.DecryptMinutes, Remedy: t.Remedy, OthersGoOn: t.OthersGoOn, MinBidders: t.MinBidders,
		RuleText: t.RuleText, Venue: t.Venue, OutlineSHA256: t.OutlineSHA256, Envelopes: t.Envelopes, ReadOut: t.ReadOut, PlatformCertificates: certificates,
		MyRole: role, CreatedAt: t.CreatedAt, Moves: []platformapi.OpeningMove{},
	}
	if t.Agency.USCC != "" {
		agency := t.Agency
		v.Agency = &agency
	}
	if t.Opening != nil {
		o := *t.Opening
		if !o.PausedAt.IsZero() {
			o.WindowUntil = o.WindowUntil.Add(a.Now.Sub(o.PausedAt))
		}
		v.Opening = &o
	}
	if v.State != platformapi.TenderOpen {
		v.Bidders = count(bids)
		v.FewBidders = v.Bidders < t.MinBidders
	}
	if announced(t) {
		v.Late = t.Late
	}
	if role == platformapi.TenderHost {
		v.Moves = append(v.Moves, a.moves(t)...)
	}
	for _, b := range bids {
		if b.Bidder.USCC == a.Org.USCC && (inTime(b) || b.State == platformapi.BidUploading && v.MyBidID == "") {
			v.MyBidID = b.ID
		}
	}
	return v
}

// Sees says whether who asks may see a bid at all: its bidder always, everybody else once the bidders were announced, if it was
// received in time.
func (a Act) Sees(t *store.Tender, b *store.Bid) bool {
	return b.Bidder.USCC == a.Org.USCC || announced(t) && inTime(b)
}

// announced says whether it was told who bids.
func announced(t *store.Tender) bool {
	return t.Opening != nil && len(t.Opening.Log) > 0 && t.Opening.Log[0].Act == platformapi.MoveAnnounce
}

// Reads says whether who asks may read a bid's file, and its parts as far as they were opened.
func (a Act) Reads(t *store.Tender, b *store.Bid) bool {
	role := a.Role(t)
	return b.Bidder.USCC == a.Org.USCC || a.Sees(t, b) && (role == platformapi.TenderHost || role == platformapi.TenderSupervisor)
}

// Bid shows a bid that who asks may see.
func (a Act) Bid(t *store.Tender, b *store.Bid) platformapi.Bid {
	v := b.Bid
	v.TenderNumber, v.TenderName, v.LotNumber, v.LotName, v.Deadline = t.Number, t.Name, t.LotNumber, t.LotName, t.Deadline
	v.Liable = a.liable(t, b)
	read := t.Opening != nil && !t.Opening.ReadOutAt.IsZero()
	if !read {
		v.Price = nil
	}
	v.Parts = slices.Clone(b.Parts)
	for i, p := range v.Parts {
		_, opened := b.Secrets[p.Envelope]
		v.Parts[i].Readable = a.Reads(t, b) && (p.Envelope == "" || opened) && (read || b.Bidder.USCC == a.Org.USCC)
	}
	if !a.Reads(t, b) && a.Role(t) != platformapi.TenderHall {
		v.Signer, v.Platform, v.Recipients, v.Parts, v.Name = nil, nil, nil, nil, ""
		if v.Failure != nil {
			v.Failure = &platformapi.Failure{Cause: v.Failure.Cause, At: v.Failure.At}
		}
	}
	return v
}

// Bids are those of a tender that who asks may see: the bidder's own in every state, then those in time in the order of their receipt.
func (a Act) Bids(t *store.Tender, bids []*store.Bid) []platformapi.Bid {
	list := []platformapi.Bid{}
	for _, b := range bids {
		if b.Bidder.USCC == a.Org.USCC && !inTime(b) {
			list = append(list, a.Bid(t, b))
		}
	}
	for _, b := range received(bids) {
		if a.Sees(t, b) {
			list = append(list, a.Bid(t, b))
		}
	}
	return list
}

// Envelopes are those of a bid that wait for the bidder's key.
func Envelopes(b *store.Bid) []platformapi.BidEnvelope {
	list := []platformapi.BidEnvelope{}
	for _, name := range b.Waiting {
		list = append(list, platformapi.BidEnvelope{Name: name, Inner: b.Inner[name], Recipients: b.Recipients})
	}
	return list
}
