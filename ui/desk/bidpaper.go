package desk

import (
	"context"
	"sync"

	"sealdesk/signer"
	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk/bids"
)

// A BidPaper is the file of one part of a bid on the page 加盖印章 (标书签章): what was shown is what is sealed.
type BidPaper struct {
	s    *Session
	p    *bids.Project
	code string

	mu    sync.Mutex
	shown string // digest
}

// BidPaper is the file of a part of a bid, to be sealed.
func (s *Session) BidPaper(p *bids.Project, code string) *BidPaper {
	return &BidPaper{s: s, p: p, code: code}
}

// Preview opens what will be signed. Its digest is remembered: nothing else is signed than what was shown.
func (b *BidPaper) Preview(ctx context.Context) (*Preview, error) {
	f, path, err := b.p.ToSeal(ctx, b.code)
	if err != nil {
		return nil, err
	}
	doc, err := b.s.desk.cfg.Renderer.OpenFile(ctx, path)
	if err != nil {
		return nil, err
	}
	layout, err := layoutOf(ctx, path, nil)
	if err == nil && doc.SHA256() != f.SHA256 {
		err = fault("file_changed", nil, "file", f.Name)
	}
	if err != nil {
		_ = doc.Close()
		return nil, err
	}
	b.mu.Lock()
	b.shown = f.SHA256
	b.mu.Unlock()
	return &Preview{Name: f.Name, Document: doc, Layout: layout}, nil
}

// job is what signs the file as the person chose, but for its key. Only the document that was shown is signed.
func (b *BidPaper) job(r SealRequest, progress Progress) (signer.Job, error) {
	b.mu.Lock()
	shown := b.shown
	b.mu.Unlock()
	if shown == "" {
		return signer.Job{}, fault("not_shown", nil)
	}
	job, err := b.s.bidJob(r.Seal, r.Places, !r.Unstamped)
	job.ExpectSHA256, job.Certify, job.AllowOverlap = shown, r.Certify, r.AllowOverlap
	job.Progress = func(step signer.Step, done, total int64) { progress.report(signSteps[step], done, total) }
	return job, err
}

// CheckSeal finds what would keep Seal from signing, as Work.CheckSeal does.
func (b *BidPaper) CheckSeal(ctx context.Context, r SealRequest) error {
	job, err := b.job(r, nil)
	if err != nil {
		return err
	}
	if _, job.In, err = b.p.ToSeal(ctx, b.code); err != nil {
		return err
	}
	job.Find = finder{b.s.desk.cfg.Renderer, job.In}
	if job.Chain, err = b.s.chain(ctx); err != nil {
		return err
	}
	_, err = job.Check(ctx)
	return err
}

// Seal puts the seal on the file and signs with the key of this session.
//
// Errors: desk.not_shown, those of bids.Project.Seal, of package signer, and of the key.
func (b *BidPaper) Seal(ctx context.Context, r SealRequest, progress Progress) (signer.Result, error) {
	defer token.Wipe(r.PIN)
	job, err := b.job(r, progress)
	if err != nil {
		return signer.Result{}, err
	}
	s, v := b.s, b.p.View()
	n, _ := v.Node(b.code)
	summary := s.desk.cfg.Words.T("scan.summary_bid_seal", "name", v.Outline.Name, "count", 1)
	purpose := mobileca.Purpose{Kind: ScanSign, Session: true, Summary: summary, Document: &mobileca.Document{
		Title: n.Name, File: n.File.Name, Pages: r.Pages, Size: n.File.Size, Parties: []string{s.key.Owner},
	}}
	var result signer.Result
	err = s.withKey(asking(ctx, purpose), ScanAbout{Document: n.Name, Pages: r.Pages}, r.PIN, r.LastTry, r.Keep, func(key PlatformKey) (err error) {
		result, err = s.sealPart(ctx, b.p, b.code, job, key, purpose)
		return err
	})
	if err != nil {
		return signer.Result{}, err
	}
	_ = s.KeepTemplate(b.DocumentKind(), Template{LastPlaces, r.Places}) // as in Work.Seal
	_ = s.seals.Prefer(SealsForBids, r.Seal.ID)                          // as in Work.Seal
	return result, nil
}

// DocumentKind names the files of bids, for Templates.
func (b *BidPaper) DocumentKind() string { return SealsForBids }
