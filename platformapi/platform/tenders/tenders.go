package tenders

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/audit"
)

const (
	minBidders = 3 // 87号令 41
	maxLog     = 1000
	maxTries   = 1000
)

// Act is who does something, and when.
type Act struct {
	Org     platformapi.Organisation
	Kind    platformapi.OrganisationKind
	Venues  []string // of a hall terminal; none: it serves tenders that name none
	Person  string
	Now     time.Time
	Version int64 // of the tender that the person decided on
}

// Role is what the organisation is in a tender.
func (a Act) Role(t *store.Tender) platformapi.TenderRole {
	switch {
	case a.Kind == platformapi.OrganisationSupervisor:
		return platformapi.TenderSupervisor
	case a.Kind == platformapi.OrganisationHall && t.Venue != "" && !slices.Contains(a.Venues, t.Venue):
		return platformapi.TenderElsewhere
	case a.Kind == platformapi.OrganisationHall:
		return platformapi.TenderHall
	case a.Org.USCC == t.Purchaser.USCC || a.Org.USCC == t.Agency.USCC:
		return platformapi.TenderHost
	}
	return platformapi.TenderBidder
}

func (a Act) host(t *store.Tender) error {
	if a.Role(t) != platformapi.TenderHost {
		return web.Refuse(http.StatusForbidden, platformapi.CodeNotHost, "this is for the tender's purchaser or agency to do")
	}
	return nil
}

func (a Act) current(t *store.Tender) error {
	if a.Version == t.Version {
		return nil
	}
	f := web.Refuse(http.StatusPreconditionFailed, platformapi.CodeTenderStale, "the tender has changed")
	f.State, f.Version = platformapi.ContractState(stateOf(t, a.Now)), t.Version
	return f
}

// stateOf is a tender's state by the clock.
func stateOf(t *store.Tender, now time.Time) platformapi.TenderState {
	if t.State == platformapi.TenderOpen && !now.Before(t.Deadline) {
		return platformapi.TenderClosed
	}
	return t.State
}

func wrongState(state string, what string) *web.Fault {
	f := web.Refuse(http.StatusConflict, platformapi.CodeStageWrong, "in this state %s is not possible", what)
	f.State = platformapi.ContractState(state)
	return f
}

func reason(text string) error {
	if strings.TrimSpace(text) != "" {
		return plain(text)
	}
	f := web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeReasonNeeded, "a reason is needed")
	f.Errors = []platformapi.FieldError{{Pointer: "/reason", Detail: "missing"}}
	return f
}

// plain refuses a text with characters that cannot be shown.
func plain(text string) error {
	if platformapi.IsPlain(text) {
		return nil
	}
	return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "a text has characters that cannot be shown")
}

// effect is one of the host's.
func (a Act) effect(move platformapi.OpeningMove, note string) store.TenderEffect {
	return store.TenderEffect{Act: audit.Act("tender." + string(move)), Note: note}
}

// Create makes a tender of what its host says. The purchaser is the organisation of NewTender's code; venues are all that hall
// terminals stand in.
func (a Act) Create(n platformapi.NewTender, purchaser platformapi.Organisation, venues []string, b Bidding) (store.Tender, []store.TenderEffect, error) {
	sum := sha256.Sum256(n.Outline)
	t := store.Tender{
		ID: n.ID, Version: 1, Number: n.Number, Name: n.Name, LotNumber: n.LotNumber, LotName: n.LotName, Purchaser: purchaser, State: platformapi.TenderOpen,
		Deadline: n.Deadline.UTC().Truncate(time.Millisecond), DecryptMinutes: n.DecryptMinutes, Remedy: n.Remedy, OthersGoOn: n.OthersGoOn, MinBidders: n.MinBidders,
		RuleText: n.RuleText, Venue: n.Venue, Outline: n.Outline, OutlineSHA256: hex.EncodeToString(sum[:]), CreatedAt: a.Now,
	}
	if t.MinBidders == 0 {
		t.MinBidders = minBidders
	}
	if a.Kind == platformapi.OrganisationAgency {
		t.Agency = a.Org
	}
	if err := a.host(&t); err != nil {
		return t, nil, err
	}
	for _, text := range []string{t.Number, t.Name, t.LotNumber, t.LotName, t.RuleText} {
		if err := plain(text); err != nil {
			return t, nil, err
		}
	}
	bad := func(why string) (store.Tender, []store.TenderEffect, error) {
		return t, nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeOutlineBad, "the outline %s", why)
	}
	o, err := b.Outline(n.Outline)
	switch {
	case err != nil:
		return bad("cannot be read")
	case o.Tender != t.Number || o.Lot != t.LotNumber:
		return bad("is of another tender or lot")
	case len(o.Envelopes) == 0:
		return bad("asks for no sealed part")
	case !t.Deadline.After(a.Now):
		return t, nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeDeadlineWrong, "the deadline is not in the future")
	case (t.Venue != "" || len(venues) > 0) && !slices.Contains(venues, t.Venue):
		return t, nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeVenueUnknown, "the tender names no venue that a hall terminal stands in")
	}
	t.Envelopes, t.ReadOut = o.Envelopes, o.Fields
	return t, []store.TenderEffect{{Act: "tender.create", SHA256: t.OutlineSHA256}}, nil
}

// Postpone moves the deadline to a later time.
func (a Act) Postpone(t *store.Tender, p platformapi.Postponement) ([]store.TenderEffect, error) {
	if err := a.host(t); err != nil {
		return nil, err
	}
	if err := a.current(t); err != nil {
		return nil, err
	}
	later := p.Deadline.UTC().Truncate(time.Millisecond)
	switch {
	case stateOf(t, a.Now) != platformapi.TenderOpen:
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeTenderClosed, "the deadline has come")
	case !later.After(t.Deadline):
		return nil, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeDeadlineWrong, "the new deadline is not later")
	}
	if err := reason(p.Reason); err != nil {
		return nil, err
	}
	t.Deadline = later
	t.Version++
	return []store.TenderEffect{a.effect(platformapi.MovePostpone, p.Reason)}, nil
}

// holding is the bid of an organisation that holds, nil when there is none.
func holding(bids []*store.Bid, uscc string) *store.Bid {
	i := slices.IndexFunc(bids, func(b *store.Bid) bool { return b.Bidder.USCC == uscc && inTime(b) })
	if i < 0 {
		return nil
	}
	return bids[i]
}

// inTime says whether a bid was received, and neither replaced nor withdrawn.
func inTime(b *store.Bid) bool {
	switch b.State {
	case platformapi.BidUploading, platformapi.BidReplaced, platformapi.BidWithdrawn:
		return false
	}
	return true
}
