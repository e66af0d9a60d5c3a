package desk

import (
	"context"

	"sealdesk/signer/preview"
	"sealdesk/ui/desk/judgement"
)

// A Revision is a document as one of its signers saw it, on show.
type Revision struct {
	Paper    Paper // the part of the file that it is
	Document *preview.Document
	Said     judgement.Revision
}

// Revision judges a file anew and opens the part of it that signature n, from 1, was made over. What was tampered with is
// opened, too, and said to be so.
func (d *Desk) Revision(ctx context.Context, whole Paper, n int) (*Revision, error) {
	whole, err := whole.open(ctx)
	if err != nil {
		return nil, err
	}
	report, err := d.verify(ctx, whole.Path, d.asking())
	if err != nil {
		return nil, err
	}
	if n < 1 || n > len(report.Signatures) {
		return nil, fault("file_changed", nil, "file", whole.Name)
	}
	s := &report.Signatures[n-1]
	if s.RevisionEnd == 0 {
		return nil, fault("revision_unknown", nil, "signer", s.Signer)
	}
	doc, err := d.cfg.Renderer.OpenRevision(ctx, whole.Path, s.RevisionEnd)
	if err != nil {
		return nil, err
	}
	said := judgement.ReadRevision(d.cfg.Words, report, n)
	return &Revision{Paper{Name: said.Name(whole.Name), Path: whole.Path, End: s.RevisionEnd}, doc, said}, nil
}
