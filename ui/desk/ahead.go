package desk

import (
	"context"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
)

// ahead is the copy of what will be signed, made while the person places the seal.
type ahead struct {
	base string        // digest of the document
	done chan struct{} // closed when the copy is there or cannot be made
	copy *signer.Copy  // nil when it could not be made
	over bool          // nobody wants it any more; w.mu is held
}

// drop waits for the copy and throws it away.
func (a *ahead) drop() {
	<-a.done
	if a.copy != nil {
		a.copy.Discard()
	}
}

// CopyAhead begins to copy and to hash what will be signed, so that Seal has only the signature left to make, however large
// the document is. The copy goes when ctx ends. When it cannot be made, Seal does all the work itself and tells what is
// wrong.
func (w *Work) CopyAhead(ctx context.Context) {
	in, _, err := w.toSign()
	if err != nil {
		return
	}
	a := &ahead{base: in.SHA256, done: make(chan struct{})}
	w.mu.Lock()
	old := w.ahead
	if old != nil && old.base == in.SHA256 {
		w.mu.Unlock()
		return
	}
	w.ahead = a
	w.mu.Unlock()
	if old != nil {
		go old.drop()
	}
	go func() {
		defer close(a.done)
		path, err := w.plain(ctx, in)
		if err != nil {
			return
		}
		chain, err := w.s.chain(ctx)
		if err != nil {
			return
		}
		a.copy, _ = signer.Job{
			In: path, Out: path, ExpectSHA256: in.SHA256, Chain: chain,
			Roots: w.s.desk.cfg.Roots, Makers: w.s.desk.cfg.Makers,
		}.Begin(ctx)
	}()
	context.AfterFunc(ctx, func() {
		w.mu.Lock()
		a.over = true
		mine := w.ahead == a
		if mine {
			w.ahead = nil
		}
		w.mu.Unlock()
		if mine {
			a.drop()
		}
	})
}

// takeAhead gives what was copied of a document, for which it waits; nil when there is nothing. It is the caller's then, who
// hands it to leaveAhead unless it is used up.
func (w *Work) takeAhead(ctx context.Context, in File) *ahead {
	w.mu.Lock()
	a := w.ahead
	w.ahead = nil
	w.mu.Unlock()
	if a == nil {
		return nil
	}
	select {
	case <-a.done:
	case <-ctx.Done():
	}
	if ctx.Err() != nil || a.base != in.SHA256 || a.copy == nil {
		go a.drop()
		return nil
	}
	return a
}

// leaveAhead keeps a copy for the next try, as after a wrong PIN.
func (w *Work) leaveAhead(a *ahead) {
	w.mu.Lock()
	kept := !a.over && w.ahead == nil
	if kept {
		w.ahead = a
	}
	w.mu.Unlock()
	if !kept {
		a.drop()
	}
}

// chain is the certificate of the session's key and its issuers, for which no PIN is needed.
func (s *Session) chain(ctx context.Context) ([]*smx509.Certificate, error) {
	key := s.SigningKey()
	if key.SHA256 == "" {
		key = s.key // which one it will be is chosen on the phone; it is of the same organisation
	}
	t, id, err := s.desk.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if fingerprint(id.Certificate()) != key.SHA256 {
		return nil, fault("key_changed", nil, "owner", key.Owner)
	}
	return append([]*smx509.Certificate{id.Certificate()}, id.Chain()...), nil
}
