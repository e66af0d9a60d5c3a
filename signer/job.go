package signer

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/finding"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
	"sealdesk/signer/sigform"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
)

// Step is a part of a job, for progress.
type Step int

// The steps in their order.
const (
	StepPrepare Step = iota + 1 // reading the document, judging its earlier signatures, placing the seal
	StepSign                    // writing the signed file; the key is asked at its end
	StepVerify                  // reading the signed file back
	StepStore                   // giving it its name
)

// Job is one document to sign with one key, once.
type Job struct {
	In  string // the document
	Out string // the signed file, which must not exist
	// ExpectSHA256 is the lower-case hexadecimal digest of the document as it was
	// shown; a document with another one is not signed. Empty only where
	// nothing was shown.
	ExpectSHA256 string

	Key   crypto.Signer
	Chain []*smx509.Certificate // the key's certificate, then its issuers

	Seal *seal.Seal // a picture; nil: the signature shows nowhere
	// Electronic is pressed instead of a picture: the signature is a SES_Signature,
	// and shows what the seal holds. The certificate must be among those that may
	// use it.
	Electronic *ses.Seal
	Places     []seal.Place // where the seal goes
	Find       Finder       // for places by keyword
	// DateFont writes the date that a place may ask for.
	DateFont *seal.Font
	// AllowOverlap puts the seal over an earlier signature where a place says so. That is for a person to decide.
	AllowOverlap bool
	// Pictures, if given, is shared by jobs with the same seal, which is then
	// compressed only once.
	Pictures *pdfsig.Pictures
	// Form is what the signature is called in the file; PAdES, or the usual form of
	// an electronic seal, unless given.
	Form sigform.Form

	Name, Reason, Location, ContactInfo string // Name: the certificate's common name unless given
	Time                                time.Time
	FieldName                           string
	Certify                             int // DocMDP permission; 0 for an approval signature

	// Stamps, if given, is asked for a time stamp over the signature: PAdES baseline
	// T, or the time stamp in the signature of an electronic seal since GB/T 38540. It is
	// asked after the key; when it has no answer there is no output.
	Stamps *tsa.Client

	// AcceptUnknown signs although an earlier signature is of a kind that
	// package verify does not know, so that nobody can say here whether it is
	// intact. That is for a person to decide.
	AcceptUnknown bool
	// Admit, if given, is shown the judgement on the signatures that the document
	// has already, and may refuse to sign after them; its error passes through.
	Admit func(before *verify.Report) error
	// Roots and Makers are used to judge the trust of the signers and of the makers
	// of electronic seals in the Result's Report. Whether the signature is intact
	// does not depend on them.
	Roots, Makers []*smx509.Certificate
	// Forms are those that earlier signatures may have; nil means sigform.Default.
	Forms sigform.Table
	// Progress, if given, is called from the goroutine of Run; total is in
	// bytes, or 0 for steps that have no measure.
	Progress func(step Step, done, total int64)
}

// Result is a signed and verified file.
type Result struct {
	Path        string
	SHA256      string // of the signed file, lower-case hexadecimal, as read back
	InputSHA256 string
	Size        int64 // of the signed file in bytes
	Fields      []string
	Report      *verify.Report // the judgement on the signed file
}

// Run signs. The key is asked exactly once, after everything else that can be
// checked has been. When an error is returned there is no output file, and no
// temporary one.
//
// Errors: *Error, those of Layout.Locate, *seal.OutsideError, *pdfsig.Error, *pdf.Error, *cms.Error,
// *ses.Error, *tsa.Error, *fetch.Error, the key's, and the context's.
func (j Job) Run(ctx context.Context) (Result, error) {
	if j.Key == nil || len(j.Chain) == 0 || j.Chain[0] == nil || j.In == "" || j.Out == "" {
		return Result{}, fail(BadRequest, "a job needs an input, an output, a key and its certificate")
	}
	j, err := j.faced()
	if err != nil {
		return Result{}, err
	}
	if err := free(j.Out); err != nil {
		return Result{}, onOutput(filepath.Dir(j.Out), j.Out, err)
	}
	in, size, err := openInput(j.In)
	if err != nil {
		return Result{}, err
	}
	defer in.Close()
	j.progress(StepPrepare, 0, 0)
	ready, err := j.prepare(ctx, in, size)
	if err != nil {
		return Result{}, err
	}
	plan, before := ready.plan, ready.before
	draft, err := newDraft(j.Out)
	if err != nil {
		return Result{}, err
	}
	defer draft.discard()
	written, err := plan.WriteTo(ctx, draft)
	if draft.err != nil {
		return Result{}, onOutput(draft.folder, j.Out, draft.err)
	}
	if err != nil {
		return Result{}, err
	}
	if err := draft.finish(); err != nil {
		return Result{}, onOutput(draft.folder, j.Out, err)
	}
	report, err := j.readBack(ctx, draft.path(), size, before, written)
	if err != nil {
		return Result{}, err
	}
	j.progress(StepStore, 0, 0)
	if err := draft.name(); err != nil {
		return Result{}, onOutput(draft.folder, j.Out, err)
	}
	return Result{
		Path: j.Out, SHA256: written.SHA256, InputSHA256: written.InputSHA256, Size: written.Size,
		Fields: plan.Fields(), Report: report,
	}, nil
}

// faced is the job with the picture of its electronic seal, and with the time of now unless one is given.
func (j Job) faced() (Job, error) {
	if j.Time.IsZero() {
		j.Time = time.Now()
	}
	if j.Electronic != nil {
		if j.Seal != nil {
			return Job{}, fail(BadRequest, "an electronic seal brings its own picture")
		}
		face, err := Face(j.Electronic)
		if err != nil {
			return Job{}, err
		}
		j.Seal = &face
	}
	if (j.Seal == nil) != (len(j.Places) == 0) {
		return Job{}, fail(BadRequest, "a seal needs a place and a place needs a seal")
	}
	return j, nil
}

func (j Job) progress(step Step, done, total int64) {
	if j.Progress != nil {
		j.Progress(step, done, total)
	}
}

func openInput(path string) (*os.File, int64, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, 0, onInput(path, err)
	}
	info, err := in.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		in.Close()
		return nil, 0, onInput(path, err)
	}
	return in, info.Size(), nil
}

// prepare plans the signature. The signatures that the document has
// already must all be intact: who signs after a broken
// one would vouch for a document that nobody else will accept.
func (j Job) prepare(ctx context.Context, in io.ReaderAt, size int64) (prepared, error) {
	file, err := pdf.Open(in, size)
	if err != nil {
		return prepared{}, err
	}
	before, err := verify.File(ctx, in, size, j.judging())
	if err != nil {
		return prepared{}, inputFailure(ctx, j.In, err)
	}
	for _, s := range before.Signatures {
		switch detail := fmt.Sprintf("signature %q: %s", s.Field, reasons(s.Findings)); {
		case s.Intact || j.AcceptUnknown && unknown(s):
		case unknown(s):
			return prepared{}, &Error{Kind: EarlierUnknown, Field: s.Field, Detail: detail}
		default:
			return prepared{}, &Error{Kind: EarlierBroken, Field: s.Field, Detail: detail}
		}
	}
	if j.Admit != nil {
		if err := j.Admit(before); err != nil {
			return prepared{}, err
		}
	}
	var places []pdfsig.Appearance
	into := ""
	if j.Seal != nil {
		if places, into, err = j.locate(ctx, file, before); err != nil {
			return prepared{}, err
		}
	}
	name := j.Name
	if name == "" {
		name = j.Chain[0].Subject.CommonName
	}
	plan, err := pdfsig.Prepare(ctx, in, size, pdfsig.Request{
		Frame: j.frame(ctx), Places: places, Pictures: j.Pictures,
		Name: name, Reason: j.Reason, Location: j.Location, ContactInfo: j.ContactInfo,
		Time: j.Time, FieldName: j.FieldName, Into: into, Certify: j.Certify, ExpectSHA256: j.ExpectSHA256,
		Progress: func(done, total int64) { j.progress(StepSign, done, total) },
	})
	return prepared{file, before, places, plan}, err
}

// prepared is a document of which everything is known but the signature.
type prepared struct {
	file   *pdf.File
	before *verify.Report
	places []pdfsig.Appearance
	plan   *pdfsig.Plan
}

// frame is what the signature's value is made in.
func (j Job) frame(ctx context.Context) pdfsig.Frame {
	var stamp func([]byte) ([]byte, error)
	if j.Stamps != nil {
		stamp = func(signature []byte) ([]byte, error) { return j.stamp(ctx, signature) }
	}
	if j.Electronic == nil {
		return pdfsig.CMS{Builder: cms.Builder{Signer: j.Key, Chain: j.Chain}, As: j.Form, Stamp: stamp}
	}
	return pdfsig.Seal{As: j.Form, Stamp: stamp, Builder: ses.Builder{
		Seal: j.Electronic, Signer: j.Key, Certificate: j.Chain[0], Time: j.Time,
	}}
}

// stamp asks for a time stamp over a signature value.
func (j Job) stamp(ctx context.Context, signature []byte) ([]byte, error) {
	token, err := j.Stamps.Stamp(ctx, tsa.ImprintFor(j.Chain[0].PublicKey, signature))
	if err != nil {
		return nil, err
	}
	return token.Raw(), nil
}

// judging is how signatures are judged, ours and those before it.
func (j Job) judging() verify.Options {
	o := verify.Options{Roots: j.Roots, Makers: j.Makers, Intermediates: j.Chain[1:], Forms: j.Forms, Now: j.Time}
	if j.Stamps != nil {
		o.StampRoots = j.Stamps.Roots
	}
	return o
}

// locate finds the seal's places and the empty field that one of them names, none of which may lie over an earlier signature unless that is allowed.
func (j Job) locate(ctx context.Context, file *pdf.File, before *verify.Report) (places []pdfsig.Appearance, into string, err error) {
	layout, err := ReadLayout(ctx, file, before)
	if err != nil {
		return nil, "", err
	}
	day := j.Time
	if day.IsZero() {
		day = time.Now()
	}
	found, err := layout.Locate(ctx, Placing{Seal: *j.Seal, Places: j.Places, Find: j.Find, Day: day.Local(), DateFont: j.DateFont})
	if err != nil {
		return nil, "", err
	}
	if len(found.Outside) > 0 {
		return nil, "", found.Outside[0].Err
	}
	if crowded := layout.Crowded(found.Impressions); len(crowded) > 0 {
		return nil, "", &Error{Kind: TooMuch, Page: crowded[0], Detail: "the seals cover a large part of a page"}
	}
	if len(found.Overlaps) > 0 && !j.AllowOverlap {
		o := found.Overlaps[0]
		return nil, "", &Error{Kind: OverSeal, Field: o.Field, Signer: o.Signer, Page: o.Page,
			Detail: fmt.Sprintf("%d places lie over earlier signatures, the first over %q on page %d", len(found.Overlaps), o.Field, o.Page)}
	}
	out := make([]pdfsig.Appearance, len(found.Impressions))
	for i, im := range found.Impressions {
		out[i] = layout.appearance(im)
	}
	return out, found.Field, nil
}

func inputFailure(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return onInput(path, err)
}

// readBack judges the file as it is on the disk now.
func (j Job) readBack(ctx context.Context, path string, inputSize int64, before *verify.Report, written pdfsig.Written) (*verify.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, onOutput(filepath.Dir(path), path, err)
	}
	defer f.Close()
	refuse := func(format string, args ...any) error {
		return fail(NotVerified, "the signed file was thrown away: "+format, args...)
	}
	prefix, whole, err := j.digests(ctx, f, inputSize, written.Size)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, refuse("it cannot be read back: %v", err)
	case prefix != written.InputSHA256:
		return nil, refuse("it does not begin with the document")
	case whole != written.SHA256:
		return nil, refuse("the disk holds other bytes than were written")
	}
	report, err := verify.File(ctx, f, written.Size, j.judging())
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, refuse("it cannot be read back: %v", err)
	}
	if len(report.Signatures) != len(before.Signatures)+1 {
		return nil, refuse("it has %d signatures instead of %d: %s", len(report.Signatures), len(before.Signatures)+1, reasons(report.Findings))
	}
	newest := report.Signatures[len(report.Signatures)-1]
	for _, s := range report.Signatures[:len(before.Signatures)] {
		if !s.Intact && !unknown(s) {
			return nil, refuse("signature %q: %s", s.Field, reasons(s.Findings))
		}
	}
	switch {
	case !newest.Intact:
		return nil, refuse("signature %q: %s", newest.Field, reasons(newest.Findings))
	case !newest.CoversWholeFile:
		return nil, refuse("the signature does not cover the whole file")
	case newest.Certificate == nil || !bytes.Equal(newest.Certificate.Raw, j.Chain[0].Raw):
		return nil, refuse("another certificate signed than was chosen")
	case j.Stamps != nil && newest.StampedAt == nil:
		return nil, refuse("its time stamp does not hold")
	case j.Electronic != nil && (newest.Seal == nil || !bytes.Equal(newest.Seal.Raw(), j.Electronic.Raw())):
		return nil, refuse("another seal was pressed than was chosen")
	}
	for _, f := range report.Findings {
		if f.Severity == finding.Fatal {
			return nil, refuse("%s", reasons(report.Findings))
		}
	}
	return report, nil
}

// digests hashes what was the document, and the whole file.
func (j Job) digests(ctx context.Context, f io.ReaderAt, inputSize, size int64) (prefix, whole string, err error) {
	h := sha256.New()
	block := make([]byte, min(1<<20, size))
	for done := int64(0); done < size; {
		if err := ctx.Err(); err != nil {
			return "", "", err
		}
		end := min(done+int64(len(block)), size)
		if done < inputSize {
			end = min(end, inputSize)
		}
		b := block[:end-done]
		if n, err := f.ReadAt(b, done); n < len(b) {
			return "", "", fmt.Errorf("read: %w", err)
		}
		h.Write(b)
		if done = end; done == inputSize {
			prefix = hex.EncodeToString(h.Sum(nil))
		}
		j.progress(StepVerify, done, size)
	}
	return prefix, hex.EncodeToString(h.Sum(nil)), nil
}

// unknownKinds are the findings that leave open whether a signature is intact.
var unknownKinds = []string{"verify.sub_filter_unsupported", "verify.algorithm_unknown", "ses.algorithm_unknown", "ses.version_unknown"}

// unknown says that a signature is not known to be intact only because its kind
// or its algorithm is not known.
func unknown(s verify.Signature) bool {
	found := false
	for _, f := range s.Findings {
		switch {
		case f.Severity != finding.Fatal:
		case slices.Contains(unknownKinds, f.Code):
			found = true
		default:
			return false
		}
	}
	return found
}

func reasons(findings []finding.Finding) string {
	var text []string
	for _, f := range findings {
		if f.Severity == finding.Fatal {
			text = append(text, f.Message)
		}
	}
	return strings.Join(text, "; ")
}
