package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sealdesk/assets"
	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/paper"
	"sealdesk/signer/publiccopy"
)

// A PublicCopy is what the public will see of a concluded contract (公示件), made here of the file that both sealed.
type PublicCopy struct {
	File   File              `json:"file"`
	Report publiccopy.Report `json:"report"`
}

func (p *PublicCopy) clone() *PublicCopy {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// hidden is what the platform is told of what was taken out.
func (p *PublicCopy) hidden() []platformapi.Hidden {
	out := []platformapi.Hidden{}
	for _, h := range p.Report.Hidden {
		out = append(out, platformapi.Hidden{What: platformapi.HiddenWhat(h.What), Count: h.Count, Reason: h.Reason})
	}
	return out
}

// PublicRequest says what is hidden beside account, telephone and identity card numbers and mail addresses, each with its
// reason.
type PublicRequest struct {
	Words []publiccopy.Words
	Pages []publiccopy.Page
}

func (r PublicRequest) check() error {
	reasons := func(reason string) error {
		if strings.TrimSpace(reason) == "" {
			return fault("hide_reason", nil)
		}
		return remark(reason)
	}
	for _, w := range r.Words {
		if err := reasons(w.Reason); err != nil {
			return err
		}
	}
	for _, p := range r.Pages {
		if err := reasons(p.Reason); err != nil {
			return err
		}
	}
	return nil
}

// MakePublic makes the copy for the public of the file that both sealed. The person looks at it, and then publishes it; made
// anew it takes the place of the one before.
func (w *Work) MakePublic(ctx context.Context, r PublicRequest, progress Progress) (*PublicCopy, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if !w.making.TryLock() {
		return nil, fault("busy", nil)
	}
	defer w.making.Unlock()
	if err := w.ask(ctx, ActionPublish); err != nil {
		return nil, err
	}
	w.mu.Lock()
	of := w.toReview()
	w.mu.Unlock()
	if of == nil {
		return nil, fault("not_received", nil)
	}
	doc, _, err := w.show(ctx, of.file)
	if err != nil {
		return nil, err
	}
	defer doc.Close()
	regular, err := paper.ParseFace(assets.SansRegular())
	if err != nil {
		return nil, err
	}
	bold, err := paper.ParseFace(assets.SansMedium())
	if err != nil {
		return nil, err
	}
	t := w.s.desk.cfg.Words
	data, report, err := publiccopy.Make(ctx, doc, regular, bold, publiccopy.Options{
		Words: r.Words, Pages: r.Pages, Title: t.T("public.copy_title"), Lang: t.Language(),
		Foot: func(page, pages int, original string) string {
			return t.T("public.copy_foot", "page", page, "pages", pages, "digest", original)
		},
		Progress: func(done, total int) { progress.report("public.making", int64(done), int64(total)) },
	})
	switch {
	case errors.Is(err, publiccopy.ErrWords):
		return nil, fault("hide_words", err)
	case errors.Is(err, publiccopy.ErrPage):
		return nil, fault("hide_page", err, "pages", doc.Pages())
	case err != nil:
		return nil, err
	}
	if int64(len(data)) > MaxFile {
		return nil, fault("file_too_large", nil, "file", of.file.Name, "mb", MaxFile>>20)
	}
	id, sum := platformapi.NewID(), sha256.Sum256(data)
	stem := strings.TrimSuffix(of.file.Name, filepath.Ext(of.file.Name))
	copied := &PublicCopy{Report: *report, File: File{
		Attachment: id, Name: fileName(stem+t.T("public.copy_suffix")+".pdf", ".pdf"), Path: stemPublic + id + ".pdf", Size: int64(len(data)),
		SHA256: hex.EncodeToString(sum[:]),
	}}
	if _, err := w.shelf.Put(ctx, copied.File.Path, bytes.NewReader(data)); err != nil {
		return nil, diskError(filepath.Join(w.dir, copied.File.Path), err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := w.toReview(); now == nil || now.file.SHA256 != of.file.SHA256 {
		return nil, fault("replaced", nil, "file", of.file.Name)
	}
	return copied, w.update(func(d *draft) { d.Public = copied })
}

// Publish makes the concluded contract public (公示) by the copy that was made for it and looked at.
func (w *Work) Publish(ctx context.Context) (Sent, error) {
	w.mu.Lock()
	made, of := w.d.Public.clone(), w.toReview()
	w.mu.Unlock()
	switch {
	case made == nil || of == nil || made.Report.Original != of.file.SHA256:
		return Sent{}, fault("no_public_copy", nil)
	case !w.whole(ctx, &made.File):
		return Sent{}, fault("file_changed", nil, "file", made.File.Name)
	}
	return w.send(ctx, ActionPublish, func(d *draft) []outbox.Request {
		f := made.File
		f.Sent = d.Public != nil && d.Public.File.Sent
		return append(attach(&f, platformapi.KindPublication, platformapi.StageUploaded), outbox.Request{
			Op: outbox.OpPublish, Publish: platformapi.PublishRequest{SHA256: f.SHA256, OriginalSHA256: made.Report.Original, Hidden: made.hidden()},
		})
	})
}

// File records that a copy of the concluded contract went to the finance department (备案): its number there, and the day.
func (w *Work) File(ctx context.Context, number, day string) (Sent, error) {
	number = strings.TrimSpace(number)
	if _, err := time.Parse(time.DateOnly, day); err != nil || number == "" || length(number) > maxNumber || !platformapi.IsPlain(number) || strings.ContainsAny(number, "\n\t\r") {
		return Sent{}, fault("filing_wrong", nil)
	}
	return w.send(ctx, ActionFile, only(outbox.Request{Op: outbox.OpFile, File: platformapi.FileRequest{Number: number, FiledOn: day}}))
}

// Terms are the platform's legal terms, by which deadlines are counted.
func (s *Session) Terms(ctx context.Context) (platformapi.Terms, error) {
	t, err := s.platform.Terms(ctx)
	s.heard(err)
	return t, err
}

// Calendar is a year's holidays, by which the platform counts deadlines.
func (s *Session) Calendar(ctx context.Context, year int) (platformapi.CalendarYear, error) {
	y, err := s.platform.Calendar(ctx, year)
	s.heard(err)
	return y, err
}

// ContractTemplates are the texts to begin a contract of a lot with (合同模板): those for its kind and those for any. An empty
// kind means all of them.
func (s *Session) ContractTemplates(ctx context.Context, lot platformapi.LotKind, kind platformapi.ContractKind) ([]platformapi.Template, error) {
	all, err := s.platform.Templates(ctx)
	s.heard(err)
	return slices.DeleteFunc(all, func(t platformapi.Template) bool {
		return lot != "" && t.Kind != "" && t.Kind != lot || kind != "" && t.Contract != "" && t.Contract != kind
	}), err
}

// SaveTemplate brings a contract template to a new file of the person's choice.
func (s *Session) SaveTemplate(ctx context.Context, t platformapi.Template, to string) error {
	if t.Size > MaxFile {
		return fault("file_too_large", nil, "file", t.File, "mb", MaxFile>>20)
	}
	path, err := s.platform.DownloadTemplate(ctx, t, s.dir)
	s.heard(err)
	if err != nil {
		return diskError(filepath.Join(s.dir, t.File), err)
	}
	defer os.Remove(path)
	return copyNew(ctx, path, to)
}
