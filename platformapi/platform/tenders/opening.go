package tenders

import (
	"net/http"
	"regexp"
	"slices"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
)

// Preparation is what the platform did for an act of the host before it is decided: it takes long, or needs the platform's keys.
type Preparation struct {
	Uncovered map[string]Uncovered // for start, by bid
	Record    func(*store.Tender, []*store.Bid) ([]byte, error)
}

// Uncovered is a bid's envelopes without the platform's layer, or why that did not come off.
type Uncovered struct {
	Inner map[string][]byte
	Fault *Fault
}

// Conduct is an act of the host at the opening.
func (a Act) Conduct(f *store.TenderFile, x platformapi.OpeningAct, p Preparation) ([]store.TenderEffect, error) {
	t := f.Tender
	if err := a.host(t); err != nil {
		return nil, err
	}
	if err := a.current(t); err != nil {
		return nil, err
	}
	if x.Act == platformapi.MoveAnnounce && a.Now.Before(t.Deadline) {
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeTooEarly, "the deadline has not come")
	}
	if !slices.Contains(a.moves(t), x.Act) || x.Act == platformapi.MovePostpone {
		return nil, wrongState(string(stateOf(t, a.Now)), string(x.Act))
	}
	if err := plain(x.Reason); err != nil {
		return nil, err
	}
	if t.Opening != nil && len(t.Opening.Log) >= maxLog {
		return nil, web.Refuse(http.StatusConflict, platformapi.CodeTooMany, "too many acts")
	}
	var effects []store.TenderEffect
	var err error
	switch x.Act {
	case platformapi.MoveAnnounce:
		effects = a.announce(f)
	case platformapi.MoveStart:
		err = a.start(f, &x, p.Uncovered)
	case platformapi.MovePause, platformapi.MoveResume, platformapi.MoveExtend:
		err = a.turnClock(f, x)
	case platformapi.MoveSecondTry:
		err = a.secondTry(f, x)
	case platformapi.MoveAttribute:
		err = a.attribute(f, x)
	case platformapi.MoveReadOut:
		err = a.readOut(f)
	case platformapi.MoveClose:
		t.State = platformapi.TenderSigning
		a.log(t, x) // the record says that it was closed
		t.Record, err = p.Record(t, f.Bids)
		if err == nil {
			t.Opening.RecordSHA256 = digest(t.Record)
		}
	case platformapi.MoveEnd:
		err = a.end(t, x)
	case platformapi.MoveAbort:
		if err = reason(x.Reason); err == nil {
			t.State = platformapi.TenderFailed
			if t.Opening == nil {
				t.Opening = &platformapi.Opening{AnnouncedAt: a.Now}
			}
			t.Opening.EndedAt = a.Now
		}
	}
	if err != nil {
		return nil, err
	}
	if x.Act != platformapi.MoveClose {
		a.log(t, x)
	}
	t.Version++
	e := a.effect(x.Act, x.Reason)
	if x.BidID != "" {
		e.Bid, _ = find(f.Bids, x.BidID) // it was found before
	}
	if x.Act == platformapi.MoveClose {
		e.SHA256 = t.Opening.RecordSHA256
	}
	return append(effects, e), nil
}

func (a Act) log(t *store.Tender, x platformapi.OpeningAct) {
	t.Opening.Log = append(t.Opening.Log, platformapi.OpeningLog{At: a.Now, Act: x.Act, Person: a.Person, Minutes: x.Minutes, Reason: x.Reason, BidID: x.BidID, To: x.To})
}

// moves are what the host may do in a tender's state. Whether the bids allow it, is seen when it is done.
func (a Act) moves(t *store.Tender) []platformapi.OpeningMove {
	var m []platformapi.OpeningMove
	left := t.Opening == nil || len(t.Opening.Envelopes) < len(t.Envelopes)
	switch stateOf(t, a.Now) {
	case platformapi.TenderOpen:
		return []platformapi.OpeningMove{platformapi.MovePostpone, platformapi.MoveAbort}
	case platformapi.TenderClosed:
		m = append(m, platformapi.MoveAnnounce)
	case platformapi.TenderOpening:
		m = append(m, platformapi.MoveStart)
	case platformapi.TenderDecrypting:
		if t.Opening.PausedAt.IsZero() {
			m = append(m, platformapi.MovePause, platformapi.MoveReadOut)
		} else {
			m = append(m, platformapi.MoveResume)
		}
		m = append(m, platformapi.MoveExtend, platformapi.MoveAttribute)
		if t.Remedy == platformapi.RemedySecondTry {
			m = append(m, platformapi.MoveSecondTry)
		}
	case platformapi.TenderReadout:
		if left {
			m = append(m, platformapi.MoveStart)
		} else {
			m = append(m, platformapi.MoveClose)
		}
		m = append(m, platformapi.MoveAttribute)
	case platformapi.TenderSigning:
		m = append(m, platformapi.MoveEnd)
	default:
		return nil
	}
	return append(m, platformapi.MoveAbort)
}

// announce closes the list of bids. One that is still being uploaded was not complete before the deadline, and is withdrawn
// (20号令 27): those that were have arrived before.
func (a Act) announce(f *store.TenderFile) (effects []store.TenderEffect) {
	for _, b := range f.Bids {
		switch b.State {
		case platformapi.BidReceived:
			b.State = platformapi.BidLocked
			b.Version++
		case platformapi.BidUploading:
			effects = append(effects, a.giveUp(b, platformapi.WithdrawnIncomplete))
		}
	}
	f.Tender.State = platformapi.TenderOpening
	f.Tender.Opening = &platformapi.Opening{AnnouncedAt: a.Now, Log: []platformapi.OpeningLog{}}
	return effects
}

// ToStart are the envelopes that an act of starting is about: those it names, or all that are left.
func ToStart(t *store.Tender, x platformapi.OpeningAct) []string {
	var names []string
	for _, name := range t.Envelopes {
		if (t.Opening == nil || !slices.Contains(t.Opening.Envelopes, name)) && (len(x.Envelopes) == 0 || slices.Contains(x.Envelopes, name)) {
			names = append(names, name)
		}
	}
	return names
}

// InPlay are the bids whose envelopes are opened by a start, with those envelopes of them.
func InPlay(bids []*store.Bid, names []string) map[*store.Bid][]string {
	in := map[*store.Bid][]string{}
	for _, b := range bids {
		if b.State != platformapi.BidLocked && b.State != platformapi.BidDecrypted {
			continue
		}
		in[b] = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !slices.Contains(b.Envelopes, n) })
	}
	return in
}

func (a Act) start(f *store.TenderFile, x *platformapi.OpeningAct, uncovered map[string]Uncovered) error {
	t := f.Tender
	names := ToStart(t, *x)
	if len(names) == 0 || len(x.Envelopes) > len(names) {
		return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "an envelope is none of the tender's, or was started before")
	}
	if n := count(f.Bids); n < t.MinBidders && len(t.Opening.Envelopes) == 0 && reason(x.Reason) != nil {
		return web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeTooFewBidders, "%d bidders of at least %d: a reason is needed to open nevertheless", n, t.MinBidders)
	}
	if x.Minutes == 0 {
		x.Minutes = t.DecryptMinutes
	}
	for b, waiting := range InPlay(f.Bids, names) {
		u, prepared := uncovered[b.ID]
		if len(waiting) > 0 && !prepared { // the bids changed since
			return a.stale(t)
		}
		b.Version++
		b.Waiting, b.Until = waiting, time.Time{}
		switch {
		case len(waiting) == 0:
			b.State = platformapi.BidDecrypted
		case u.Fault != nil:
			a.fails(b, platformapi.Failure{Cause: u.Fault.Cause, Detail: short(u.Fault.Detail)})
		default:
			a.uncover(b, u.Inner)
		}
	}
	t.State = platformapi.TenderDecrypting
	o := t.Opening
	o.Envelopes = append(o.Envelopes, names...)
	o.WindowFrom, o.WindowUntil, o.PausedAt, o.ReadOutAt = a.Now, a.Now.Add(minutes(x.Minutes)), time.Time{}, time.Time{}
	return nil
}

func (a Act) stale(t *store.Tender) error {
	f := web.Refuse(http.StatusPreconditionFailed, platformapi.CodeTenderStale, "the bids have changed meanwhile")
	f.Version = t.Version
	return f
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// uncover gives a bid the envelopes that the platform's layer was taken off.
func (a Act) uncover(b *store.Bid, inner map[string][]byte) {
	b.Inner, b.OuterDecryptedAt, b.State, b.Failure = inner, a.Now, platformapi.BidDecrypting, nil
	b.PackageFetchedAt = time.Time{}
}

// count is how many bids were received in time.
func count(bids []*store.Bid) int {
	n := 0
	for _, b := range bids {
		if inTime(b) {
			n++
		}
	}
	return n
}

// turnClock stops the window, lets it go on, or makes it longer.
func (a Act) turnClock(f *store.TenderFile, x platformapi.OpeningAct) error {
	o := f.Tender.Opening
	if x.Act != platformapi.MoveResume {
		if err := reason(x.Reason); err != nil {
			return err
		}
	}
	switch x.Act {
	case platformapi.MovePause:
		o.PausedAt = a.Now
	case platformapi.MoveResume:
		lost := a.Now.Sub(o.PausedAt)
		o.WindowUntil, o.PausedAt = o.WindowUntil.Add(lost), time.Time{}
		for _, b := range f.Bids {
			if !b.Until.IsZero() {
				b.Until = b.Until.Add(lost)
				b.Version++
			}
		}
	case platformapi.MoveExtend:
		if x.Minutes == 0 {
			return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "an extension has minutes")
		}
		from := o.WindowUntil
		if o.PausedAt.IsZero() && from.Before(a.Now) {
			from = a.Now // time that is over is not given back
		}
		o.WindowUntil = from.Add(minutes(x.Minutes))
	}
	return nil
}

// until is the first moment that is too late to decrypt a bid.
func until(t *store.Tender, b *store.Bid) time.Time {
	if b.Until.After(t.Opening.WindowUntil) {
		return b.Until
	}
	return t.Opening.WindowUntil
}

// over says whether a bid cannot be decrypted any more.
func (a Act) over(t *store.Tender, b *store.Bid) bool {
	switch t.State {
	case platformapi.TenderDecrypting:
		return t.Opening.PausedAt.IsZero() && !a.Now.Before(until(t, b))
	case platformapi.TenderReadout, platformapi.TenderSigning, platformapi.TenderEnded:
		return true
	}
	return false
}

// waits says whether a bid is to be decrypted and was not.
func waits(b *store.Bid) bool {
	return b.State == platformapi.BidDecrypting || b.State == platformapi.BidFailed
}

func (a Act) secondTry(f *store.TenderFile, x platformapi.OpeningAct) error {
	b, err := find(f.Bids, x.BidID)
	if err != nil {
		return err
	}
	if err := reason(x.Reason); err != nil {
		return err
	}
	switch {
	case !waits(b) || len(b.Inner) == 0:
		return wrongState(string(b.State), "a second try")
	case x.Minutes == 0:
		return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "a second try has minutes")
	}
	b.State, b.Until = platformapi.BidDecrypting, a.Now.Add(minutes(x.Minutes))
	b.Version++
	return nil
}

// follows is whose fault it is by the recorded times that a bid stayed closed: the bidder's who had its envelopes and did not
// finish; anything else must be decided.
func follows(b *store.Bid) platformapi.Liable {
	if b.PackageFetchedAt.IsZero() || b.OuterDecryptedAt.IsZero() {
		return platformapi.LiableUndecided
	}
	if b.Failure != nil {
		switch b.Failure.Cause {
		case platformapi.CauseFileDamaged, platformapi.CauseOuterClosed:
			return platformapi.LiableUndecided
		}
	}
	return platformapi.LiableBidder
}

// liable is whose fault it is that a bid stayed closed, "" where it did not or may yet be opened.
func (a Act) liable(t *store.Tender, b *store.Bid) platformapi.Liable {
	if n := len(b.Attributions); n > 0 {
		return b.Attributions[n-1].To
	}
	if waits(b) && a.over(t, b) {
		return follows(b)
	}
	return ""
}

func (a Act) attribute(f *store.TenderFile, x platformapi.OpeningAct) error {
	b, err := find(f.Bids, x.BidID)
	if err != nil {
		return err
	}
	if err := reason(x.Reason); err != nil {
		return err
	}
	now := a.liable(f.Tender, b)
	switch {
	case x.To != platformapi.LiableBidder && x.To != platformapi.LiablePlatform:
		return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "to is neither bidder nor platform")
	case now == "" && (waits(b)):
		return web.Refuse(http.StatusConflict, platformapi.CodeWindowOpen, "the bid can still be decrypted")
	case now == "":
		return wrongState(string(b.State), "attribution")
	case now == platformapi.LiablePlatform, now == x.To:
		return web.Refuse(http.StatusConflict, platformapi.CodeAlreadyDecided, "a decision is not taken back; 'bidder' can be corrected to 'platform'")
	}
	if len(b.Attributions) == 0 && now == platformapi.LiableBidder { // what is corrected is kept
		b.Attributions = append(b.Attributions, platformapi.Attribution{To: now, At: a.Now})
	}
	b.Attributions = append(b.Attributions, platformapi.Attribution{To: x.To, Reason: x.Reason, Person: a.Person, At: a.Now})
	b.State = platformapi.BidAttributed
	b.Version++
	return nil
}

func (a Act) readOut(f *store.TenderFile) error {
	t := f.Tender
	var stay []*store.Bid
	for _, b := range f.Bids {
		switch {
		case !waits(b):
		case !a.over(t, b):
			return web.Refuse(http.StatusConflict, platformapi.CodeWindowOpen, "bids can still be decrypted")
		case follows(b) == platformapi.LiableUndecided:
			return web.Refuse(http.StatusConflict, platformapi.CodeUndecided, "whose fault it is that a bid stayed closed is not decided")
		default:
			stay = append(stay, b)
		}
	}
	if !t.OthersGoOn && (len(stay) > 0 || slices.ContainsFunc(f.Bids, func(b *store.Bid) bool { return b.State == platformapi.BidAttributed })) {
		return web.Refuse(http.StatusConflict, platformapi.CodeOthersWait, "by the tender's rule no bid is read while another one is closed")
	}
	for _, b := range stay {
		b.Attributions = append(b.Attributions, platformapi.Attribution{To: platformapi.LiableBidder, At: a.Now})
		b.State = platformapi.BidAttributed
		b.Version++
	}
	t.State, t.Opening.ReadOutAt = platformapi.TenderReadout, a.Now
	return nil
}

var digestForm = regexp.MustCompile(`^([0-9a-f]{64})?$`)

func (a Act) end(t *store.Tender, x platformapi.OpeningAct) error {
	switch {
	case t.Opening.HostSignedAt.IsZero():
		return web.Refuse(http.StatusConflict, platformapi.CodeRecordUnsigned, "the host has not signed the record")
	case !digestForm.MatchString(x.SHA256):
		return web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "sha256 is not one")
	}
	t.State, t.Opening.EndedAt, t.Opening.RecordingSHA256 = platformapi.TenderEnded, a.Now, x.SHA256
	return nil
}
