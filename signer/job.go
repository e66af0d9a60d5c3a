package signer

import (
	"context"
	"crypto"
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
	"sealdesk/signer/disk"
	"sealdesk/signer/finding"
	"sealdesk/signer/internal/midstate"
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
	StepPrepare Step = iota + 1 // reading and copying the document, judging its earlier signatures, placing the seal
	StepSign                    // asking the key and writing what it signed; of a Detached reading the input, of an Extension copying it
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
	// Level LevelLT or LevelLTA adds the answers about all certificates, and LevelLTA a
	// time stamp over the document; both need Stamps and Revocation. Empty: T with
	// Stamps, B without.
	Level Level
	// Revocation is asked about the certificates of the signer and of the time-stamp
	// authorities, for Level. Without an answer about each of them there is no output.
	// Earlier signatures keep the level that they have; Extension is for all of them.
	Revocation verify.Revocation

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
	j, err := j.complete()
	if err != nil {
		return Result{}, err
	}
	c, err := j.begin(ctx)
	if err != nil {
		return Result{}, err
	}
	return c.finish(ctx, j)
}

// complete is the job with its seal's face, if it has what signing takes and its output has its name to itself.
func (j Job) complete() (Job, error) {
	if j.Key == nil || len(j.Chain) == 0 || j.Chain[0] == nil || j.In == "" || j.Out == "" {
		return Job{}, fail(BadRequest, "a job needs an input, an output, a key and its certificate")
	}
	if err := disk.Free(j.Out); err != nil {
		return Job{}, onOutput(filepath.Dir(j.Out), j.Out, err)
	}
	return j.faced()
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
	if j.Electronic != nil && j.lasting() {
		return Job{}, fail(BadRequest, "signatures of electronic seals have no level %s", j.Level)
	}
	if j.lasting() && (j.Stamps == nil || j.Revocation == nil) || j.Level == LevelT && j.Stamps == nil || j.Level != "" && !j.Level.atLeast(LevelB) {
		return Job{}, fail(BadRequest, "level %s needs a time-stamp service, and from LT on somebody to ask about revocation", j.Level)
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

// earlier judges the signatures that the document has already, which must all be intact: who signs after a broken
// one would vouch for a document that nobody else will accept.
func (j Job) earlier(ctx context.Context, in io.ReaderAt, size int64, known *midstate.Trail) (*verify.Report, error) {
	opts := j.judging()
	opts.Known = known
	before, err := verify.File(ctx, in, size, opts)
	if err != nil {
		return nil, inputFailure(ctx, j.In, err)
	}
	for _, s := range before.Signatures {
		switch detail := fmt.Sprintf("signature %q: %s", s.Field, reasons(s.Findings)); {
		case s.Intact || j.AcceptUnknown && unknown(s):
		case unknown(s):
			return nil, &Error{Kind: EarlierUnknown, Field: s.Field, Detail: detail}
		default:
			return nil, &Error{Kind: EarlierBroken, Field: s.Field, Detail: detail}
		}
	}
	return before, nil
}

// prepare plans the signature.
func (j Job) prepare(ctx context.Context, in io.ReaderAt, size int64, before *verify.Report) (prepared, error) {
	file, err := pdf.Open(in, size)
	if err != nil {
		return prepared{}, err
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
		Time: j.Time, FieldName: j.FieldName, Into: into, Certify: j.Certify,
	})
	return prepared{file, places, plan}, err
}

// prepared is a document of which everything is known but the signature.
type prepared struct {
	file   *pdf.File
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

// lasting says that the file is to be judged when nobody can be asked any more.
func (j Job) lasting() bool { return j.Level == LevelLT || j.Level == LevelLTA }

func (j Job) strengthening(field string) strengthening {
	judging := j.judging()
	judging.Now = time.Now() // the time stamp is younger than the time that the signature claims
	return strengthening{level: j.Level, only: field, revocation: j.Revocation, stamps: j.Stamps, judging: judging,
		progress: func(done, total int64) { j.progress(StepVerify, done, total) }}
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
	found, err := layout.Locate(ctx, Placing{Seal: *j.Seal, Places: j.Places, Find: j.Find, Day: j.Time, DateFont: j.DateFont})
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
