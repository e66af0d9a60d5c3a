package hall

import (
	"time"

	"sealdesk/platformapi"
)

// A Step is one of the five of an opening.
type Step int

// The steps, in their order: 签到, 公布名单, 投标解密, 唱标确认, 开标结束.
const (
	StepSignIn Step = iota
	StepAnnounced
	StepDecryption
	StepReadOut
	StepEnded
)

// A View is what there is to see of an opening.
type View struct {
	Tender  platformapi.Tender
	Bids    []platformapi.Bid // in the order of their receipt
	Problem error             // why it could not be read just now; what was read before stays
	Known   bool              // it was read once

	clock *Clock
	at    time.Time // when it was read, by the platform's clock
	seq   int       // of all that were there to see
}

// Same tells that nothing but the time is different.
func (v View) Same(o View) bool { return v.seq == o.seq && v.clock == o.clock }

// NewView makes a view of what is known already, by a clock; the room makes its own.
func NewView(t platformapi.Tender, bids []platformapi.Bid, c *Clock) View {
	return View{Tender: t, Bids: bids, Known: true, clock: c, at: c.Now()}
}

// Now is the platform's time.
func (v View) Now() time.Time { return v.clock.Now() }

// Behind is by how much this computer's clock is behind the platform's.
func (v View) Behind() time.Duration { return v.clock.Behind() }

// Step is how far the opening is.
func (v View) Step() Step {
	switch v.Tender.State {
	case platformapi.TenderOpening:
		return StepAnnounced
	case platformapi.TenderDecrypting:
		return StepDecryption
	case platformapi.TenderReadout, platformapi.TenderSigning:
		return StepReadOut
	case platformapi.TenderEnded, platformapi.TenderFailed:
		return StepEnded
	}
	return StepSignIn
}

// A Countdown is the one time that the room waits for.
type Countdown struct {
	Kind CountdownKind
	Left time.Duration // not below zero
	Over bool          // the time has come
}

// A CountdownKind is what is counted down to.
type CountdownKind string

// What is counted down to.
const (
	CountNothing    CountdownKind = ""
	CountOpening    CountdownKind = "opening"    // the deadline, which is the opening's time
	CountDecryption CountdownKind = "decryption" // the end of the window
	CountPaused     CountdownKind = "paused"     // the same, which stands still
)

// Countdown is what the room waits for, by the platform's clock.
func (v View) Countdown() Countdown {
	now, o := v.Now(), v.Tender.Opening
	switch {
	case v.Step() == StepSignIn && v.Known:
		return until(CountOpening, v.Tender.Deadline, now)
	case v.Step() == StepDecryption && o != nil && v.Paused():
		return until(CountPaused, v.lastUntil(), v.at) // the platform gives the end as if the window went on when it was asked
	case v.Step() == StepDecryption && o != nil:
		return until(CountDecryption, v.lastUntil(), now)
	}
	return Countdown{}
}

func until(k CountdownKind, end, now time.Time) Countdown {
	left := end.Sub(now)
	return Countdown{Kind: k, Left: max(left, 0), Over: left <= 0}
}

// lastUntil is the end of the window, or of the time that the host gave a bidder in particular.
func (v View) lastUntil() time.Time {
	end := v.Tender.Opening.WindowUntil
	for _, b := range v.Bids {
		if Pending(b) && b.Until.After(end) {
			end = b.Until
		}
	}
	return end
}

// Paused tells that the host has stopped the window's clock.
func (v View) Paused() bool { return v.Tender.Opening != nil && !v.Tender.Opening.PausedAt.IsZero() }

// PauseReason is why.
func (v View) PauseReason() string {
	if !v.Paused() {
		return ""
	}
	for i := len(v.Tender.Opening.Log) - 1; i >= 0; i-- {
		if l := v.Tender.Opening.Log[i]; l.Act == platformapi.MovePause {
			return l.Reason
		}
	}
	return ""
}

// Pending tells that a bid waits for its bidder's key, whether it was tried already or not.
func Pending(b platformapi.Bid) bool {
	return b.State == platformapi.BidDecrypting || b.State == platformapi.BidFailed
}

// Takes is nil while a bid may be decrypted now; else an *Error tells why not.
func (v View) Takes(b platformapi.Bid) error {
	switch o := v.Tender.Opening; {
	case v.Step() < StepDecryption || o == nil:
		return &Error{Kind: NotYet}
	case v.Step() > StepDecryption:
		return &Error{Kind: TooLate, At: o.WindowUntil}
	case b.State == platformapi.BidDecrypted:
		return &Error{Kind: AlreadyOpen, Bidder: b.Bidder.Name}
	case !Pending(b):
		return &Error{Kind: NotWaiting, Bidder: b.Bidder.Name}
	case b.Failure != nil && b.Failure.Cause == platformapi.CauseOuterClosed:
		return FailureOf(b) // no key of the bidder's helps
	case v.Paused():
		return &Error{Kind: Standstill}
	default:
		if end := later(o.WindowUntil, b.Until); !v.Now().Before(end) {
			return &Error{Kind: TooLate, At: end}
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Tally counts the bids: all, those of signed-in bidders, decrypted, failed and not settled, and settled otherwise.
type Tally struct{ All, SignedIn, Decrypted, Failed, Attributed int }

// Settled counts the bids of which nothing is waited for.
func (t Tally) Settled() int { return t.Decrypted + t.Attributed }

// Tally counts.
func (v View) Tally() Tally {
	t := Tally{All: len(v.Bids)}
	for _, b := range v.Bids {
		if !b.SignedInAt.IsZero() {
			t.SignedIn++
		}
		switch b.State {
		case platformapi.BidDecrypted:
			t.Decrypted++
		case platformapi.BidFailed:
			t.Failed++
		case platformapi.BidAttributed:
			t.Attributed++
		}
	}
	return t
}

// Mine is one's own bid, where one is a bidder who has one.
func (v View) Mine() (platformapi.Bid, bool) {
	for _, b := range v.Bids {
		if v.Tender.MyBidID != "" && b.ID == v.Tender.MyBidID {
			return b, true
		}
	}
	return platformapi.Bid{}, false
}

// Bid finds a bid.
func (v View) Bid(id string) (platformapi.Bid, bool) {
	for _, b := range v.Bids {
		if b.ID == id {
			return b, true
		}
	}
	return platformapi.Bid{}, false
}

// Open counts the bids that can still be decrypted in their time, and Undecided those that cannot and whose fault that is must be
// decided before the read-out.
func (v View) Open() (open, undecided int) {
	for _, b := range v.Bids {
		switch {
		case Pending(b) && b.Liable == "":
			open++
		case Pending(b) && b.Liable == platformapi.LiableUndecided:
			undecided++
		}
	}
	return open, undecided
}

// Unanswered counts the objections without an answer.
func (v View) Unanswered() int {
	n := 0
	for _, b := range v.Bids {
		for _, o := range b.Objections {
			if o.Answer == "" {
				n++
			}
		}
	}
	return n
}
