package verify

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"sealdesk/signer/finding"
	"sealdesk/signer/pdf"
	"sealdesk/signer/sigform"
)

// Bounds on the work that a file may ask for.
const (
	maxSignatures = 256     // which is how many hashes the file is fed to
	maxCompared   = 8 << 20 // objects, counted again for every revision
)

// File judges all signatures of a PDF. Whatever is wrong with the file goes
// into the report; an error means that the file could not be read (I/O) or that
// ctx ended.
//
// Memory does not grow with the size of the file, time does: it is read once
// for all signatures.
func File(ctx context.Context, r io.ReaderAt, size int64, opts Options) (*Report, error) {
	if opts.Now.IsZero() {
		opts.Now = time.Now()
	}
	if opts.Forms == nil {
		opts.Forms = sigform.Default()
	}
	reader := &watched{ctx: ctx, r: r, size: size}
	report := &Report{Signatures: []Signature{}, Findings: finding.List{}}
	err := judge(ctx, reader, size, opts, report)
	if reader.err != nil {
		return nil, reader.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err != nil {
		report.Findings = append(report.Findings, asFinding(err))
	}
	settle(report)
	return report, nil
}

// watched notes the errors of reading itself, so that a broken disk is not
// taken for a broken document, and stops reading when ctx ends.
type watched struct {
	ctx  context.Context
	r    io.ReaderAt
	size int64
	err  error
}

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.r.ReadAt(p, off)
	if err != nil && (!errors.Is(err, io.EOF) || off+int64(n) < w.size && n < len(p)) {
		w.err = err
	}
	return n, err
}

// judged is a signature with what its judging needs.
type judged struct {
	Signature
	dict    pdf.Dict
	ref     pdf.Ref
	name    string   // of the field, in full
	value   value    // nil when it cannot be read
	dated   bool     // the dictionary has a time M
	widgets []uint32 // the objects behind Widgets
	hash    int      // index into the hashing jobs, -1 without
}

func judge(ctx context.Context, r io.ReaderAt, size int64, opts Options, report *Report) error {
	doc, err := open(r, size)
	if err != nil {
		return err
	}
	last := doc.view(doc.last())
	objects := 0
	for _, rev := range doc.Revisions() {
		objects += len(rev.Entries)
	}
	if len(doc.Revisions()) > 1 && objects*len(doc.Revisions()) > maxCompared {
		return tooLarge("revisions")
	}
	sigs, err := collect(doc, report)
	if err != nil {
		return err
	}
	if len(sigs) == 0 {
		return stray(doc)
	}
	on, err := annotated(last)
	if err != nil {
		return err
	}
	var jobs []hashing
	for _, s := range sigs {
		for i, w := range s.widgets {
			s.Widgets[i].Page = on[w]
		}
		s.hash = -1
		job, err := s.read(doc, opts.Forms)
		if err != nil {
			s.add(asFinding(err))
			continue
		}
		s.hash = len(jobs)
		jobs = append(jobs, *job)
	}
	for i, s := range sigs {
		for _, t := range sigs[:i] {
			if s.hash >= 0 && t.hash >= 0 && s.ByteRange == t.ByteRange {
				s.add(find("shared_byte_range"))
				t.add(find("shared_byte_range"))
			}
		}
	}
	if err := digestAll(ctx, r, jobs, opts.Known); err != nil {
		return err
	}
	for _, s := range sigs {
		if s.hash >= 0 {
			s.value.judge(s, jobs[s.hash].h.Sum(nil), opts)
			s.askRevocation(ctx, opts)
		}
	}
	slices.SortStableFunc(sigs, func(a, b *judged) int { return cmp.Compare(a.Revision, b.Revision) })
	after(doc, sigs)
	certify(doc, sigs)
	for _, s := range sigs {
		report.Signatures = append(report.Signatures, s.Signature)
	}
	seals(report.Signatures)
	return nil
}

// broken is a finding that ends the judging.
type broken struct{ finding.Finding }

func (b *broken) Error() string { return b.Message }

func malformed(detail string) error { return &broken{find("malformed", "detail", detail)} }
func tooLarge(detail string) error  { return &broken{find("too_large", "detail", detail)} }

// asFinding turns whatever stopped a reading into a finding.
func asFinding(err error) finding.Finding {
	var b *broken
	if errors.As(err, &b) {
		return b.Finding
	}
	return find("malformed", "detail", err.Error())
}

// collect finds the signatures of the last revision and reports those that an
// earlier revision had and the last has not. Fields that share one value are
// one signature: a seal over the edges of many pages.
func collect(doc *document, report *Report) ([]*judged, error) {
	var out []*judged
	index := map[uint32]*judged{}
	last := doc.last()
	fields, err := listFields(doc.view(last))
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		if f.kind != "Sig" || isNull(f.value) {
			continue
		}
		ref, _ := f.value.(pdf.Ref)
		s := index[ref.Num]
		if s == nil {
			s = &judged{ref: ref, name: f.name}
			s.Field, s.Level, s.Findings, s.ChangesAfter = nameOf(f.name), "none", finding.List{}, []Change{}
			if s.dict, err = doc.view(last).Dict(f.value); err != nil {
				return nil, err
			}
			if s.dict["SubFilter"] == pdf.Name("ETSI.RFC3161") {
				report.Findings = append(report.Findings, find("timestamp_not_checked"))
				continue
			}
			if ref.Num != 0 {
				index[ref.Num] = s
			}
			if out = append(out, s); len(out) > maxSignatures {
				return nil, tooLarge("signatures")
			}
		}
		for i, w := range f.widgets {
			s.widgets, s.Widgets = append(s.widgets, w), append(s.Widgets, Widget{Rect: f.rects[i]})
		}
	}
	for rev := range last {
		fields, err := listFields(doc.view(rev))
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			if ref, ok := f.value.(pdf.Ref); ok && f.kind == "Sig" && index[ref.Num] == nil {
				v, err := doc.view(rev).Dict(ref)
				if err != nil {
					return nil, err
				}
				if len(v) > 0 && v["SubFilter"] != pdf.Name("ETSI.RFC3161") {
					return out, &broken{find("signature_removed", "field", nameOf(f.name))}
				}
			}
		}
	}
	return out, nil
}

// after judges every revision that follows the first signed one, and puts the
// changes to all signatures before it.
func after(doc *document, sigs []*judged) {
	first := -1
	for _, s := range sigs {
		if s.RevisionEnd > 0 && (first < 0 || s.Revision < first) {
			first = s.Revision
		}
	}
	if first < 0 {
		return
	}
	for _, s := range sigs {
		for _, rev := range doc.Revisions()[:s.Revision+1] {
			if s.RevisionEnd > 0 && rev.Hybrid {
				s.add(find("hybrid"))
			}
		}
	}
	if l, err := walkLinks(doc.view(first)); err == nil && len(l.missing) > 0 {
		for _, s := range sigs {
			s.add(find("hidden_objects"))
		}
	}
	for n := first + 1; n <= doc.last(); n++ {
		changes, err := doc.follow(n)
		for _, s := range sigs {
			if s.RevisionEnd == 0 || s.Revision >= n {
				continue
			}
			if err != nil {
				s.ChangesAfter = append(s.ChangesAfter, Change{Code: changeModified, Message: err.Error(), Revision: n})
				s.add(find("modified", "detail", err.Error()))
				continue
			}
			for _, code := range changes {
				s.ChangesAfter = append(s.ChangesAfter, Change{Code: code, Message: changeMessages[code], Revision: n, Allowed: true})
			}
			s.add(find("changed_after"))
		}
	}
	if tail := doc.tail(); tail != "" {
		for _, s := range sigs {
			s.add(find("modified", "detail", tail))
			s.ChangesAfter = append(s.ChangesAfter, Change{Code: changeModified, Message: tail, Revision: doc.last() + 1})
		}
	}
}
