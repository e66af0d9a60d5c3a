package hall

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"

	"sealdesk/platformapi"
)

// May tells whether the host may do something now.
func (v View) May(m platformapi.OpeningMove) bool {
	return slices.Contains(v.Tender.Moves, m)
}

// Few tells that fewer bids came than the tender wants: the host must have a reason to open (招标投标法 28, 87号令 41).
func (v View) Few() bool { return v.Tender.FewBidders }

// FewReason is the reason that the host gave for opening with few bidders, "" before the decryption was begun: it holds for the
// envelopes that are begun later, too.
func (v View) FewReason() string {
	o := v.Tender.Opening
	if o == nil || !v.Few() {
		return ""
	}
	for _, l := range o.Log {
		if l.Act == platformapi.MoveStart && l.Reason != "" {
			return l.Reason
		}
	}
	return ""
}

// Conduct does what the host decided on what is seen now. Errors are the platform's; when something else happened meanwhile it
// refuses, and the room is read anew.
func (r *Room) Conduct(ctx context.Context, act platformapi.OpeningAct) error {
	v, _ := r.View()
	t, err := r.platform.Conduct(ctx, platformapi.TenderChange{Key: platformapi.NewID(), TenderID: r.tender, Version: v.Tender.Version}, act)
	defer r.Stale()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.view.Tender, r.view.at, r.versed = t, r.clock.Now(), max(r.versed, t.Version)
	r.tell()
	return nil
}

// SignIn notes that a bidder is present (签到): at a hall's terminal with the name of who came, otherwise from where the bidder is.
func (r *Room) SignIn(ctx context.Context, bid, person string) error {
	v, _ := r.View()
	in := platformapi.SignIn{Place: platformapi.PlaceRemote}
	if v.Tender.MyRole == platformapi.TenderHall {
		in = platformapi.SignIn{Place: platformapi.PlaceHall, Person: person}
	}
	return r.took(r.platform.SignIn(ctx, platformapi.NewID(), bid, in))
}

// Object says what a bidder has against the opening (提出异议).
func (r *Room) Object(ctx context.Context, bid, text string) error {
	return r.took(r.platform.Object(ctx, platformapi.NewID(), bid, platformapi.NewObjection{ID: platformapi.NewID(), Text: text}))
}

// Answer answers an objection.
func (r *Room) Answer(ctx context.Context, bid, objection, text string) error {
	return r.took(r.platform.AnswerObjection(ctx, platformapi.NewID(), bid, objection, text))
}

// BringBackup puts a file in the place of one that is damaged on the platform (备份文件补救). Errors: *Error of Kind OtherFile where it
// is not the one that was handed in, NoFile where it cannot be read; the platform's.
func (r *Room) BringBackup(ctx context.Context, bid, path string, progress func(done, total int64)) error {
	v, _ := r.View()
	b, ok := v.Bid(bid)
	if !ok {
		return &Error{Kind: NotWaiting}
	}
	f, err := os.Open(path)
	if err != nil {
		return &Error{Kind: NoFile, Detail: filepath.Base(path), inner: err}
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return &Error{Kind: NoFile, Detail: filepath.Base(path), inner: err}
	}
	if n != b.Size || hex.EncodeToString(sum.Sum(nil)) != b.SHA256 {
		return &Error{Kind: OtherFile, Bidder: b.Bidder.Name, Detail: filepath.Base(path)}
	}
	backup := platformapi.NewBackup{UploadID: platformapi.NewID(), Size: n, SHA256: b.SHA256}
	if _, err := r.platform.BeginBackup(ctx, platformapi.NewID(), bid, backup); err != nil {
		return err
	}
	if err := r.platform.SendBackup(ctx, backup, f, progress); err != nil {
		return err
	}
	return r.took(r.platform.CompleteBackup(ctx, platformapi.NewID(), bid))
}

// took shows a bid as it was changed.
func (r *Room) took(b platformapi.Bid, err error) error {
	if err == nil {
		r.put(b)
	}
	r.Stale()
	return err
}

// Record is the record of the opening (开标记录) as it is signed.
func (r *Room) Record(ctx context.Context) ([]byte, error) {
	v, _ := r.View()
	return r.platform.Record(ctx, v.Tender)
}

// SignRecord signs the record that was shown (签名确认); sign gives a detached CMS signature over its bytes. Error: *Error of Kind
// OtherRecord where it is another one by now.
func (r *Room) SignRecord(ctx context.Context, shown []byte, sign func(context.Context, []byte) ([]byte, error)) error {
	now, err := r.Record(ctx)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, shown) {
		return &Error{Kind: OtherRecord}
	}
	signature, err := sign(ctx, now)
	if err != nil {
		return err
	}
	defer r.Stale()
	_, err = r.platform.SignRecord(ctx, platformapi.NewID(), r.tender, signature)
	return err
}
