package verify

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/finding"
	"sealdesk/signer/pdf"
	"sealdesk/signer/sigform"
	"sealdesk/signer/tsa"
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
	report := &Report{Signatures: []Signature{}, Stamps: []Stamp{}, Findings: finding.List{}}
	err := judge(ctx, reader, size, opts, report)
	if err != nil {
		report.Findings.Add(asFinding(err))
		report.Findings.Add(attacksOn(reader, size)...)
	}
	if reader.err != nil {
		return nil, reader.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	settle(report)
	return report, nil
}

// watched notes the errors of reading itself, so that a broken disk is not
// taken for a broken document, and stops reading then, and when ctx ends.
type watched struct {
	ctx  context.Context
	r    io.ReaderAt
	size int64
	err  error
}

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	if err := cmp.Or(w.err, w.ctx.Err()); err != nil {
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
	dict            pdf.Dict
	ref             pdf.Ref
	name            string   // of the field, in full
	names           []string // of all fields that share it, that one first
	value           value    // nil when it cannot be read
	file            *evidence
	token           *tsa.Token            // of a document time stamp
	signer, stamped standing              // of the signer, and of the authority of the time stamp that counts
	inside          []*smx509.Certificate // that the file has, the store's among them
	dated           bool                  // the dictionary has a time M
	widgets         []uint32              // the objects behind Widgets
	hash            int                   // index into the hashing jobs, -1 without
	makers          []*smx509.Certificate // from an electronic seal's maker to a trusted one
	bare            bool                  // the file begins as a PDF does, and not as signed attributes do
}

func judge(ctx context.Context, r io.ReaderAt, size int64, opts Options, report *Report) error {
	doc, err := open(r, size)
	if err != nil {
		return err
	}
	report.Revisions = len(doc.Revisions())
	last := doc.view(doc.last())
	objects := 0
	for _, rev := range doc.Revisions() {
		objects += len(rev.Entries)
	}
	if len(doc.Revisions()) > 1 && objects*len(doc.Revisions()) > maxCompared {
		return tooLarge("revisions")
	}
	sigs, stamps, err := collect(doc)
	if err != nil {
		return err
	}
	if len(sigs) == 0 {
		if err := stray(doc); err != nil || len(stamps) == 0 {
			return err
		}
	}
	on, pages, err := annotated(last)
	if err != nil {
		return err
	}
	all := slices.Concat(sigs, stamps)
	var jobs []hashing
	for _, s := range all {
		for i, w := range s.widgets {
			s.Widgets[i].Page = on[w]
		}
		s.hash = -1
		read := s.read
		if s.isStamp() {
			read = s.readStamp
		}
		job, err := read(doc, opts.Forms)
		if err != nil {
			s.add(asFinding(err))
			s.add(attackOf(err)...)
			continue
		}
		s.hash = len(jobs)
		jobs = append(jobs, *job)
	}
	for i, s := range all {
		for _, t := range all[:i] {
			if s.hash >= 0 && t.hash >= 0 && s.ByteRange == t.ByteRange {
				s.add(find("shared_byte_range"))
				t.add(find("shared_byte_range"))
			}
		}
	}
	if err := digestAll(r, jobs, opts.Known); err != nil {
		return err
	}
	for _, list := range [][]*judged{sigs, stamps} {
		slices.SortStableFunc(list, func(a, b *judged) int { return cmp.Compare(a.Revision, b.Revision) })
	}
	file, err := gather(last, opts.Now)
	if err != nil {
		report.Findings.Add(find("store_malformed", "detail", err.Error()))
	}
	documentStamps(ctx, file, stamps, jobs, opts)
	for _, s := range stamps {
		if s.Findings.Worst() == finding.Fatal { // a stamp that is broken in itself is somebody's work
			report.Findings.Add(find("document_stamp_broken", "field", s.Field))
		}
	}
	for _, s := range sigs {
		if s.hash >= 0 {
			s.file, s.inside = file, slices.Clone(file.certs)
			s.value.judge(ctx, s, jobs[s.hash].h.Sum(nil), opts)
			s.askRevocation(ctx, opts)
			s.raise()
			s.askMakers(ctx, opts)
			s.judgePolicies(opts.Policies)
		}
		s.BytesIntact = s.Findings.Worst() < finding.Fatal
	}
	if file.excess() {
		report.Findings.Add(find("store_too_large"))
	}
	after(doc, sigs)
	after(doc, stamps)
	certify(doc, sigs)
	locks(doc, sigs)
	looks(last, sigs)
	for _, s := range sigs {
		report.Signatures = append(report.Signatures, s.Signature)
	}
	for _, s := range stamps {
		report.Stamps = append(report.Stamps, s.asStamp())
	}
	seals(report.Signatures, pages)
	return nil
}

// broken is a finding that ends the judging, and the attack that it looks like, if any.
type broken struct {
	finding.Finding
	attack string
}

func (b *broken) Error() string { return b.Message }

func malformed(detail string) error { return &broken{Finding: find("malformed", "detail", detail)} }
func tooLarge(detail string) error  { return &broken{Finding: find("too_large", "detail", detail)} }

// asFinding turns whatever stopped a reading into a finding.
func asFinding(err error) finding.Finding {
	var b *broken
	if errors.As(err, &b) {
		return b.Finding
	}
	return find("malformed", "detail", err.Error())
}

// collect finds the signatures and the document time stamps of the last revision, and
// reports signatures that an earlier revision had and the last has not. Fields that share
// one value are one signature: a seal over the edges of many pages.
func collect(doc *document) (sigs, stamps []*judged, err error) {
	index := map[uint32]*judged{}
	last := doc.last()
	fields, err := doc.view(last).fields()
	if err != nil {
		return nil, nil, err
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
				return nil, nil, err
			}
			if ref.Num != 0 {
				index[ref.Num] = s
			}
			if s.isStamp() {
				stamps = append(stamps, s)
			} else {
				sigs = append(sigs, s)
			}
			if len(sigs)+len(stamps) > maxSignatures {
				return nil, nil, tooLarge("signatures")
			}
		}
		s.names = append(s.names, f.name)
		for i, w := range f.widgets {
			s.widgets, s.Widgets = append(s.widgets, w), append(s.Widgets, Widget{Rect: f.rects[i]})
		}
	}
	for rev := range last {
		fields, err := doc.view(rev).fields()
		if err != nil {
			return nil, nil, err
		}
		for _, f := range fields {
			if ref, ok := f.value.(pdf.Ref); ok && f.kind == "Sig" && index[ref.Num] == nil {
				v, err := doc.view(rev).Dict(ref)
				if err != nil {
					return nil, nil, err
				}
				if len(v) > 0 && v["SubFilter"] != stampSubFilter {
					return sigs, stamps, &broken{find("signature_removed", "field", nameOf(f.name)), attackSaving}
				}
			}
		}
	}
	return sigs, stamps, nil
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
	l, err := walkLinks(doc.view(first))
	hidden := err == nil && doc.hidesPages(first, l)
	for _, s := range sigs {
		if err == nil && len(l.missing) > 0 {
			s.add(find("hidden_objects"))
		}
		if hidden {
			s.add(find("hidden_pages"))
		}
	}
	for n := first + 1; n <= doc.last(); n++ {
		brought, err := doc.follow(n)
		if err == nil {
			err = allowFilled(doc, sigs, brought, n)
		}
		if m := (*modified)(nil); err != nil && !errors.As(err, &m) {
			err = deny(doc.attackOn(n), "%s", err.Error())
		}
		for _, s := range sigs {
			if s.RevisionEnd == 0 || s.Revision >= n {
				continue
			}
			if err != nil {
				s.modified(err, n)
				continue
			}
			for _, code := range brought.codes {
				s.ChangesAfter = append(s.ChangesAfter, Change{Code: code, Message: changeMessages[code], Revision: n, Allowed: true})
			}
			s.add(find("changed_after"))
			if len(brought.filled) > 0 {
				s.add(find("filled_in", "field", nameOf(brought.filled[0])))
			}
		}
	}
	if tail := doc.tail(); tail != "" {
		for _, s := range sigs {
			s.modified(deny(attackSaving, "%s", tail), doc.last()+1)
		}
	}
}

// hidesPages says whether a revision has pages that nothing leads to: they may lie
// in wait to be shown, or be what an editor left behind.
func (d *document) hidesPages(n int, l *links) bool {
	v := d.view(n)
	seen := map[uint32]bool{}
	for _, rev := range v.Revisions() {
		for _, e := range rev.Entries {
			if seen[e.Num] || l.incoming[e.Num] > 0 || !v.has(e.Num) {
				continue
			}
			seen[e.Num] = true
			o, err := v.byNumber(e.Num)
			if dict, _ := o.(pdf.Dict); err == nil && (dict["Type"] == pdf.Name("Page") || dict["Type"] == pdf.Name("Pages")) {
				return true
			}
		}
	}
	return false
}

// modified puts down that a revision may not follow the signature.
func (s *judged) modified(err error, revision int) {
	s.ChangesAfter = append(s.ChangesAfter, Change{Code: changeModified, Message: err.Error(), Revision: revision})
	s.add(find("modified", "detail", err.Error()))
	s.add(attackOf(err)...)
}
