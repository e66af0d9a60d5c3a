package hall

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/token"
	"sealdesk/token/mobileca"
)

// Keys is where a Stand finds keys.
type Keys struct {
	// Drivers are asked for the tokens that are present.
	Drivers func() []token.Driver
	// Owner tells whose a certificate is.
	Owner func(*smx509.Certificate) Holder
	// Own is the credit code of who sits here: a terminal's own key lies in a port all day.
	Own string
	// Phone links a phone for one decryption and calls use with it; title is what the phone shows. nil: there is no mobile CA.
	Phone func(ctx context.Context, title string, use func(context.Context, token.Token) error) error
}

// A Stage is what a Stand is at.
type Stage int

// The stages.
const (
	Idle    Stage = iota // there is no key that opens a bid; Problem says why the one in the port does not
	Asking               // Seat's PIN is asked for; Problem says what was wrong with the last one
	Working              // at Part
	Done                 // the bid of Seat was decrypted, and its key may be pulled out
	Failed               // it was not, for Problem
)

// A StandView is what there is to see of a Stand.
type StandView struct {
	Stage   Stage
	Seat    Seat
	Part    Part
	Phone   bool // the seat's key is on a phone
	Problem error
	Waiting int // keys in other ports whose turn comes next
}

// A Stand is where keys are put in, one after another. Its methods may be called from several goroutines.
type Stand struct {
	room *Room
	keys Keys

	work sync.Mutex // held while a key is worked with

	mu    sync.Mutex
	view  StandView
	news  chan struct{}
	queue []string             // URIs of the tokens that are present, in the order in which they came
	aside map[string]StandView // those that are left alone until they are pulled out, with why
}

// NewStand makes a stand in a room.
func NewStand(r *Room, k Keys) *Stand {
	return &Stand{room: r, keys: k, news: make(chan struct{}), aside: map[string]StandView{}}
}

// View is what there is to see; news is closed when that has changed.
func (s *Stand) View() (v StandView, news <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view, s.news
}

func (s *Stand) show(v StandView) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(v)
}

// set is called with s.mu held.
func (s *Stand) set(v StandView) {
	s.view = v
	close(s.news)
	s.news = make(chan struct{})
}

// Look sees which keys are there and takes the next one whose bid waits. It is called when a key came or went, and when the room
// changed. A key that is asked for its PIN keeps its turn while it is there. The error is a driver's that failed; the keys of others
// are seen all the same.
func (s *Stand) Look(ctx context.Context) error {
	if !s.work.TryLock() {
		return nil // the work's end looks again
	}
	defer s.work.Unlock()
	return s.look(ctx)
}

func (s *Stand) look(ctx context.Context) error {
	found, err := ports(ctx, s.keys.Drivers(), s.keys.Owner)
	keys := make(map[string]Key, len(found))
	var order []string
	for _, p := range found {
		if !slices.Contains(order, p.key.URI) {
			order = append(order, p.key.URI)
		}
		keys[p.key.URI] = p.key
	}
	closeAll(found)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v, _ := s.room.View()
	s.mu.Lock()
	was := s.view
	s.queue = arrange(s.queue, order)
	for uri := range s.aside {
		if _, there := keys[uri]; !there {
			delete(s.aside, uri)
		}
	}
	next, misfits := s.choose(v, keys)
	switch _, there := keys[was.Seat.Key.URI]; {
	case next.Stage == Asking && was.Stage == Asking && next.Seat.Key.URI == was.Seat.Key.URI:
		next.Problem = was.Problem // it is asked already
	case next.Stage == Idle && (was.Stage == Done || was.Stage == Failed) && (there || was.Phone || next.Problem == nil) &&
		(settled(next.Problem) || next.Seat.Key.URI == was.Seat.Key.URI):
		next = was // how the last turn ended is said until another key has something to say
	}
	if !next.same(was) {
		s.set(next)
	}
	s.mu.Unlock()
	for _, m := range misfits {
		s.room.report(ctx, m.bid, m.why)
	}
	return err
}

// same tells that there is nothing new to see.
func (v StandView) same(o StandView) bool {
	k, l := v.Seat.Key, o.Seat.Key
	return v.Stage == o.Stage && v.Part == o.Part && v.Problem == o.Problem && v.Waiting == o.Waiting && v.Seat.Bid.ID == o.Seat.Bid.ID &&
		k.URI == l.URI && k.Tries == l.Tries && k.Locked == l.Locked
}

// arrange keeps the order of those that were there, with the new ones behind them.
func arrange(was, now []string) []string {
	order := slices.DeleteFunc(slices.Clone(was), func(uri string) bool { return !slices.Contains(now, uri) })
	for _, uri := range now {
		if !slices.Contains(order, uri) {
			order = append(order, uri)
		}
	}
	return order
}

type misfit struct {
	bid platformapi.Bid
	why error
}

// choose finds whose turn it is: of the key that is asked already, else of the first that opens a bid. With none, the newest key
// says why. Keys of bidders that do not open their bid are told of once. s.mu is held.
func (s *Stand) choose(v View, keys map[string]Key) (StandView, []misfit) {
	var seats []Seat
	var misfits []misfit
	idle := StandView{}
	for _, uri := range s.queue {
		if why, left := s.aside[uri]; left {
			idle = why
			continue
		}
		seat, err := v.seat(keys[uri])
		if err == nil {
			seats = append(seats, seat)
			continue
		}
		if (errors.Is(err, &Error{Kind: Stranger}) || errors.Is(err, &Error{Kind: Unannounced})) && s.staff(v, keys[uri].Holder.USCC) {
			continue
		}
		told := StandView{Seat: seat, Problem: err}
		if idle.Problem == nil || !settled(err) {
			idle = told
		}
		if _, known := failureOf(err); known && v.Takes(seat.Bid) == nil {
			s.aside[uri] = told
			misfits = append(misfits, misfit{seat.Bid, err})
		}
	}
	if len(seats) == 0 {
		if len(keys) == 0 {
			idle.Problem = nil
		}
		return idle, misfits
	}
	turn := 0
	if s.view.Stage == Asking {
		turn = max(slices.IndexFunc(seats, func(seat Seat) bool { return seat.Key.URI == s.view.Seat.Key.URI }), 0)
	}
	return StandView{Stage: Asking, Seat: seats[turn], Waiting: len(seats) - 1}, misfits
}

// staff tells that a key is of those who hold the opening, and not of somebody who wants to decrypt.
func (s *Stand) staff(v View, uscc string) bool {
	return uscc == s.keys.Own || uscc == v.Tender.Purchaser.USCC || v.Tender.Agency != nil && uscc == v.Tender.Agency.USCC
}

// settled tells that there is nothing wrong that a person must hear of: the key's bid is open.
func settled(err error) bool { return err == nil || errors.Is(err, &Error{Kind: AlreadyOpen}) }

// Enter decrypts the bid of the key that a person saw asked for, with its PIN, which is wiped. lastTry says that the person confirmed
// to spend the last one. Then it is the next key's turn. The error is what View tells, too; nil where there was nothing to do: that
// key is not asked for any more, and no other one is given its PIN.
func (s *Stand) Enter(ctx context.Context, uri string, pin []byte, lastTry bool) error {
	defer token.Wipe(pin)
	s.work.Lock()
	defer s.work.Unlock()
	was, _ := s.View()
	if was.Stage != Asking || was.Seat.Key.URI != uri {
		return nil
	}
	err := s.decrypt(ctx, was.Seat, pin, lastTry)
	if err != nil {
		s.room.report(ctx, was.Seat.Bid, err)
	}
	s.ended(was, err)
	_ = s.look(context.WithoutCancel(ctx)) // a driver that fails now says so when its key is wanted
	return err
}

// ended keeps how a turn ended.
func (s *Stand) ended(was StandView, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was.Part, was.Problem = "", err
	wrong, wrongPIN := errors.AsType[*token.PINWrongError](err)
	if wrongPIN {
		was.Seat.Key.Tries = wrong.Tries
	}
	switch {
	case err == nil:
		was.Stage = Done
	case was.Phone && calledOff(err):
		was = StandView{}
	case !was.Phone && (wrongPIN || errors.Is(err, token.ErrLastTry) || errors.Is(err, token.ErrPINEmpty) || calledOff(err)):
		was.Stage = Asking
	default:
		was.Stage = Failed
		if !was.Phone {
			s.aside[was.Seat.Key.URI] = StandView{Seat: was.Seat, Problem: err}
		}
	}
	s.set(was)
}

// calledOff tells that the person here gave up, not one at a phone.
func calledOff(err error) bool {
	_, phone := errors.AsType[*mobileca.Outcome](err)
	return !phone && (errors.Is(err, token.ErrCancelled) || errors.Is(err, context.Canceled))
}

// decrypt does all of it with a key in a port.
func (s *Stand) decrypt(ctx context.Context, seat Seat, pin []byte, lastTry bool) error {
	at := func(p Part) { s.show(StandView{Stage: Working, Seat: seat, Part: p}) }
	at(PartUnlock)
	v, _ := s.room.View()
	b, ok := v.Bid(seat.Bid.ID)
	if !ok {
		b = seat.Bid
	}
	if err := v.Takes(b); err != nil {
		return err
	}
	p, err := s.find(ctx, seat.Key.URI)
	if err != nil {
		return err
	}
	defer p.Close()
	if lastTry {
		ctx = token.ConfirmLastTry(ctx)
	}
	if err := p.Unlock(ctx, pin); err != nil {
		return err
	}
	at(PartFetch)
	envelopes, err := s.room.platform.TakeEnvelopes(ctx, b.ID)
	if err != nil {
		return err
	}
	at(PartDecrypt)
	var opened []platformapi.OpenedEnvelope
	for _, e := range envelopes {
		secret, err := p.open(ctx, e)
		if err != nil {
			wipe(opened)
			return err
		}
		opened = append(opened, platformapi.OpenedEnvelope{Name: e.Name, Secret: secret})
	}
	at(PartSend)
	return s.room.hand(ctx, b, opened)
}

// find is the token in its port.
func (s *Stand) find(ctx context.Context, uri string) (inPort, error) {
	found, err := ports(ctx, s.keys.Drivers(), s.keys.Owner)
	i := slices.IndexFunc(found, func(p inPort) bool { return p.key.URI == uri })
	if i < 0 {
		closeAll(found)
		return inPort{}, errors.Join(token.ErrRemoved, err)
	}
	mine := found[i]
	closeAll(slices.Delete(found, i, i+1))
	return mine, nil
}

// HasPhone tells that a phone can be asked.
func (s *Stand) HasPhone() bool { return s.keys.Phone != nil }

// Scan decrypts a bid with the key on a phone (扫码解密). A phone opens one envelope for each time it is linked. Errors as Enter's, and
// *Error of Kind NoPhone.
func (s *Stand) Scan(ctx context.Context, bid string) error {
	if s.keys.Phone == nil {
		return &Error{Kind: NoPhone}
	}
	s.work.Lock()
	defer s.work.Unlock()
	v, _ := s.room.View()
	b, ok := v.Bid(bid)
	if !ok {
		return &Error{Kind: NotWaiting}
	}
	was := StandView{Stage: Working, Phone: true, Seat: Seat{Key: Key{Holder: Holder{Name: b.Bidder.Name, USCC: b.Bidder.USCC}}, Bid: b}}
	err := s.scan(ctx, v, b, was)
	if err != nil {
		s.room.report(ctx, b, err)
	}
	s.ended(was, err)
	return err
}

func (s *Stand) scan(ctx context.Context, v View, b platformapi.Bid, was StandView) error {
	at := func(p Part) {
		was.Part = p
		s.show(was)
	}
	if err := v.Takes(b); err != nil {
		return err
	}
	at(PartFetch)
	envelopes, err := s.room.platform.TakeEnvelopes(ctx, b.ID)
	if err != nil {
		return err
	}
	at(PartDecrypt)
	var opened []platformapi.OpenedEnvelope
	for _, e := range envelopes {
		err := s.keys.Phone(ctx, v.Tender.Name+" "+v.Tender.LotName, func(ctx context.Context, t token.Token) error {
			p, err := lookAt(ctx, t, s.keys.Owner)
			if err != nil {
				return err
			}
			secret, err := p.open(ctx, e)
			opened = append(opened, platformapi.OpenedEnvelope{Name: e.Name, Secret: secret})
			return err
		})
		if err != nil {
			wipe(opened)
			return err
		}
	}
	at(PartSend)
	return s.room.hand(ctx, b, opened)
}

// Again takes keys up that were left alone after a failure (重试).
func (s *Stand) Again(ctx context.Context) error {
	s.mu.Lock()
	clear(s.aside)
	if s.view.Stage == Failed || s.view.Stage == Idle {
		s.set(StandView{})
	}
	s.mu.Unlock()
	return s.Look(ctx)
}
