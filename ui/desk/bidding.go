package desk

import (
	"cmp"
	"context"
	"crypto"
	"path/filepath"
	"time"

	"sealdesk/signer"
	"sealdesk/signer/bid"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/papers"
)

// bidsFolder is the folder in a party's folder that its bids lie in.
const bidsFolder = "bids"

// bidding is the party's desk as bids know it.
type bidding struct{ s *Session }

func (b bidding) Folder() string { return filepath.Join(b.s.dir, bidsFolder) }

func (b bidding) Shelf(folder string) *papers.Shelf {
	return b.s.home.shelf(b.s.vault, safeName(b.s.key.USCC), bidsFolder, folder)
}

func (b bidding) Cleaner() cleancopy.Cleaner { return b.s.desk.cleaner() }

func (b bidding) FileName(name, ending string) string { return fileName(name, ending) }

func (b bidding) DiskError(path string, err error) error { return diskError(path, err) }

func (b bidding) Now() time.Time { return b.s.Now() }

// Now is the time by the platform's clock, as it was asked last; before that it is this computer's.
func (s *Session) Now() time.Time { return s.clock.Now() }

// Bids are the party's bids in the making.
func (s *Session) Bids() *bids.Book { return s.bids }

// KeyUse is what the person entered for one thing that is done with the session's key. The PIN is wiped.
type KeyUse struct {
	PIN     []byte // none while the session holds the key
	LastTry bool
	Keep    bool
}

// bidKey does one thing for a bid with the key that signs in this session. A phone is always scanned for: what a session with it
// serves are seals alone.
func (s *Session) bidKey(ctx context.Context, u KeyUse, document string, do func(PlatformKey) error) error {
	purpose := mobileca.Purpose{Kind: ScanBid, Summary: s.desk.cfg.Words.T("scan.summary_bid", "name", document), Document: &mobileca.Document{Title: document}}
	ctx = asking(ctx, purpose)
	if key := s.SigningKey(); key.Phone() {
		token.Wipe(u.PIN)
		ctx, over := s.desk.scanning(ctx, key, ScanAbout{Kind: ScanBid, Document: document, Key: true})
		defer over()
		return s.desk.withKey(ctx, key, nil, false, do)
	}
	return s.withKey(ctx, ScanAbout{}, u.PIN, u.LastTry, u.Keep, do)
}

// CertifyBid finds the bidder's certificates for a bid (CA认证): the key is unlocked and signs something random, and the
// encryption certificate of its pair is noted, for only its key will open the bid. A phone is scanned, and its person accepts.
//
// Errors: desk.bid_no_encryption, those of the key.
func (s *Session) CertifyBid(ctx context.Context, p *bids.Project, u KeyUse) error {
	var id bids.Identity
	err := s.bidKey(ctx, u, p.View().Outline.Name, func(k PlatformKey) (err error) {
		if !k.of.Phone() {
			if err := provePossession(k); err != nil {
				return err
			}
		}
		id, err = s.bidder(ctx, k)
		return err
	})
	if err != nil {
		return err
	}
	return p.Certify(ctx, id)
}

// bidder is who a key is of, with the encryption certificate of its pair.
func (s *Session) bidder(ctx context.Context, k PlatformKey) (bids.Identity, error) {
	ids, err := k.token.Identities(ctx)
	if err != nil {
		return bids.Identity{}, err
	}
	for _, pair := range token.Pair(ids) {
		if pair.Sign.ID() != k.identity.ID() || pair.Encrypt == nil {
			continue
		}
		to := pair.Encrypt.Certificate()
		return bids.Identity{
			Name: k.of.Owner, Code: k.of.USCC, Serial: bid.Serial(k.Chain[0]), Until: k.Chain[0].NotAfter, Phone: k.of.Phone(), At: time.Now(),
			Encryption: to.Raw, EncryptionSerial: bid.Serial(to), EncryptionUntil: to.NotAfter,
		}, nil
	}
	return bids.Identity{}, fault("bid_no_encryption", nil, "owner", k.of.Owner)
}

// BidSeal is what is put on the files of a bid.
type BidSeal struct {
	Seal   SealChoice
	Places []seal.Place
	KeyUse
}

// SealBid seals the files of some parts of a bid with one PIN (标书签章, 批量签章). When it is stopped, those that were sealed stay
// so. Errors are those of bids.Project.Seal, of package signer, and of the key.
func (s *Session) SealBid(ctx context.Context, p *bids.Project, parts []string, r BidSeal, progress bids.Progress) error {
	defer token.Wipe(r.PIN)
	job, err := s.bidJob(r.Seal, r.Places, true)
	if err != nil {
		return err
	}
	title := s.desk.cfg.Words.T("scan.summary_bid_seal", "name", p.View().Outline.Name, "count", len(parts))
	purpose := mobileca.Purpose{Kind: ScanSign, Session: true, Summary: title, Document: &mobileca.Document{Title: title, Parties: []string{s.key.Owner}}}
	err = s.withKey(asking(ctx, purpose), ScanAbout{Document: title, Many: len(parts) > 1}, r.PIN, r.LastTry, r.Keep, func(key PlatformKey) error {
		for i, code := range parts {
			report(progress, "bid.step_stamp", i, len(parts))
			if _, err := s.sealPart(ctx, p, code, job, key, purpose); err != nil {
				return err
			}
		}
		report(progress, "bid.step_stamp", len(parts), len(parts))
		return nil
	})
	if err == nil {
		_ = s.seals.Prefer(SealsForBids, r.Seal.ID) // as in Work.Seal
	}
	return err
}

// bidJob is what seals a file of a bid, but for the file and the key.
func (s *Session) bidJob(choice SealChoice, places []seal.Place, stamped bool) (signer.Job, error) {
	cfg := s.desk.cfg
	job := signer.Job{Places: places, Roots: cfg.Roots, Makers: cfg.Makers, Reason: cfg.Words.T("bid.seal_reason")}
	var err error
	if job.Seal, job.Electronic, err = choice.pressed(); err != nil {
		return job, err
	}
	if job.DateFont, err = DateFont(); err != nil {
		return job, err
	}
	if stamped && stampable(job.Electronic) {
		s.desk.lasting(&job)
	}
	return job, nil
}

// sealPart seals the file of one part with a key that is at hand.
func (s *Session) sealPart(ctx context.Context, p *bids.Project, code string, job signer.Job, key PlatformKey, purpose mobileca.Purpose) (result signer.Result, err error) {
	err = p.Seal(ctx, code, func(ctx context.Context, f bids.File, in, out string) (string, int64, error) {
		signs, err := s.signerFor(ctx, key, purpose, f.Name)
		if err != nil {
			return "", 0, err
		}
		if job.ExpectSHA256 == "" {
			job.ExpectSHA256 = f.SHA256
		}
		job.In, job.Out, job.Key, job.Chain, job.Find = in, out, signs, key.Chain, finder{s.desk.cfg.Renderer, in}
		result, err = job.Run(ctx)
		return result.SHA256, result.Size, err
	})
	return result, err
}

func report(p bids.Progress, step string, done, total int) {
	if p != nil {
		p(step, int64(done), int64(total))
	}
}

// signerFor is the key that signs a file; a phone shows its person the file's name.
func (s *Session) signerFor(ctx context.Context, key PlatformKey, p mobileca.Purpose, name string) (crypto.Signer, error) {
	if !key.of.Phone() {
		return key.Signer, nil
	}
	return telling{key.Signer, key.identity, asking(ctx, p), p}.For(name)
}

// BuildBid builds the file of a bid with the key of the session (生成标书). What the bid lacks is told before a PIN is tried. The
// key must be of the bidder that CA认证 found, with the same encryption certificate.
//
// Errors: desk.bid_other_key, those of bids.Project.Prepare and bids.Building.Build, and of the key.
func (s *Session) BuildBid(ctx context.Context, p *bids.Project, u KeyUse, progress bids.Progress) error {
	defer token.Wipe(u.PIN)
	b, err := p.Prepare(cmp.Or(s.desk.cfg.Program.String(), "SealDesk"))
	if err != nil {
		return err
	}
	defer b.Close() // it was only read
	v := p.View()
	return s.bidKey(ctx, u, v.Outline.Name, func(k PlatformKey) error {
		now, err := s.bidder(ctx, k)
		if err != nil {
			return err
		}
		if was := v.Identity; was == nil || was.Code != now.Code || was.EncryptionSerial != now.EncryptionSerial {
			return fault("bid_other_key", nil, "owner", k.of.Owner, "serial", now.EncryptionSerial)
		}
		return b.Build(ctx, bids.Keys{Signer: k.Signer, Chain: k.Chain}, progress)
	})
}

// VerifyBid judges the file of a bid as the platform will (检查密封).
func (s *Session) VerifyBid(ctx context.Context, p *bids.Project, progress bids.Progress) (*bid.Report, error) {
	return p.Verify(ctx, s.desk.asking(), progress)
}

// ShowBid opens the file of a part as it would go into the bid.
func (s *Session) ShowBid(ctx context.Context, p *bids.Project, code string) (*preview.Document, error) {
	f, path, err := p.Show(ctx, code)
	if err != nil {
		return nil, err
	}
	doc, err := s.desk.cfg.Renderer.OpenFile(ctx, path)
	if err != nil {
		return nil, err
	}
	if doc.SHA256() != f.SHA256 {
		_ = doc.Close()
		return nil, fault("file_changed", nil, "file", f.Name)
	}
	return doc, nil
}
