package cleancopy

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"sealdesk/signer/cleancopy/docx"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/cleancopy/opc"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
)

// PDFCopier makes the clean copy of a PDF: apart.Process in a process of its own, pdfcopy.Copier in this one.
type PDFCopier interface {
	CopyFile(ctx context.Context, in, out string, tell func(s pdfcopy.Stage, done float64)) (*pdfcopy.Result, error)
}

// Converter turns a Word document into another format; office.Office is one.
type Converter interface {
	Convert(ctx context.Context, in, dir string, format office.Format) (string, error)
}

// DefaultMaxInput is the size, in bytes, above which documents are refused.
const DefaultMaxInput = 200 << 20

// Cleaner makes clean copies. Only PDF must be set, and only for PDFs.
type Cleaner struct {
	Office   Converter // nil: LibreOffice wherever it is found
	PDF      PDFCopier
	TempDir  string     // for private working folders; empty: the system's
	MaxInput int64      // bytes; 0: DefaultMaxInput
	Limits   opc.Limits // of a docx; zero fields: opc.DefaultLimits
}

// Step is a stage of the work, as a code that the desk has words for.
type Step string

// Steps in their order. Not every document goes through all of them.
const (
	StepRead    Step = "read"
	StepInspect Step = "inspect"
	StepClean   Step = "clean"
	StepConvert Step = "convert"
	StepCheck   Step = "check"
	StepWrite   Step = "write"
)

// Options of one clean copy.
type Options struct {
	Progress func(step Step, fraction float64) // fraction of the whole, 0 to 1; nil: not told
}

func (o Options) tell(s Step, fraction float64) {
	if o.Progress != nil {
		o.Progress(s, fraction)
	}
}

// Clean makes the clean copy of the document in and gives it the name out when it is complete on disk. Errors are
// *refusal.Error, or the context's error; then there is no file of that name that was not there before.
func (c Cleaner) Clean(ctx context.Context, in, out string, opts Options) (Report, error) {
	work, err := os.MkdirTemp(c.TempDir, "sealdesk-clean-")
	if err != nil {
		return Report{}, writeError(err, c.TempDir)
	}
	defer func() { _ = os.RemoveAll(work) }() // nothing in it has a name that anyone knows
	if sameFile(in, out) {
		return Report{}, refusal.New(refusal.SameFile, "the clean copy would overwrite its original", map[string]any{"path": out})
	}
	opts.tell(StepRead, 0)
	j := job{Cleaner: c, Options: opts, work: work, name: in}
	j.report.Items, j.report.Doubts, j.report.Notices, j.report.Fonts = []Item{}, []Item{}, []Notice{}, []Font{} // lists in JSON, even when empty
	result, err := j.run(ctx, in)
	if err != nil {
		return Report{}, err
	}
	opts.tell(StepWrite, 0.95)
	if j.report.Output, err = deliver(ctx, result, out); err != nil {
		return Report{}, err
	}
	opts.tell(StepWrite, 1)
	return j.report, nil
}

// job is one clean copy on its way.
type job struct {
	Cleaner
	Options
	work   string
	name   string
	report Report
}

func (j *job) run(ctx context.Context, in string) (result string, err error) {
	limit := j.MaxInput
	if limit == 0 {
		limit = DefaultMaxInput
	}
	private := filepath.Join(j.work, "input")
	if j.report.Input, err = takeIn(ctx, in, private, limit); err != nil {
		return "", err
	}
	j.tell(StepInspect, 0.05)
	f, err := os.Open(private)
	if err != nil {
		return "", writeError(err, private)
	}
	defer f.Close()
	typ, pkg, err := j.detect(f, j.report.Input.Size)
	if err != nil {
		return "", err
	}
	j.report.Type = typ
	j.compareName(typ)
	switch typ {
	case TypePDF:
		return j.pdf(ctx, private)
	case TypeDOC:
		return j.doc(ctx, private)
	}
	return j.docx(ctx, pkg, false)
}

// compareName tells when the file's name promises another type.
func (j *job) compareName(typ Type) {
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(j.name)), ".")
	family := map[string]Type{"docx": TypeDOCX, "docm": TypeDOCX, "dotx": TypeDOCX, "dotm": TypeDOCX, "doc": TypeDOC, "dot": TypeDOC, "pdf": TypePDF}
	if family[ext] != typ {
		j.report.notice(NoticeTypeMismatch, map[string]any{"name": filepath.Base(j.name), "type": string(typ)})
	}
}

// doc goes through docx, because that is where tracked changes can be accepted for certain.
func (j *job) doc(ctx context.Context, private string) (string, error) {
	named := filepath.Join(j.work, "input.doc") // LibreOffice looks at the name first
	if err := os.Rename(private, named); err != nil {
		return "", writeError(err, named)
	}
	j.tell(StepConvert, 0.1)
	converted, err := j.converter().Convert(ctx, named, j.work, office.DOCX)
	if err != nil {
		return "", outOfSpace(err, j.work)
	}
	f, err := os.Open(converted)
	if err != nil {
		return "", writeError(err, converted)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return "", writeError(err, converted)
	}
	pkg, err := opc.Open(f, st.Size(), j.Limits)
	if err != nil {
		return "", err
	}
	return j.docx(ctx, pkg, true)
}

func (j *job) converter() Converter {
	if j.Office == nil {
		return office.Office{}
	}
	return j.Office
}

// docx cleans the XML and has the rest turned into pages. converted tells that it came from a doc.
func (j *job) docx(ctx context.Context, pkg *opc.Package, converted bool) (string, error) {
	j.tell(StepClean, 0.2)
	_, main, err := pkg.Kind()
	if err != nil {
		return "", err
	}
	clean := filepath.Join(j.work, "clean.docx")
	f, err := os.OpenFile(clean, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", writeError(err, clean)
	}
	res, err := docx.Clean(ctx, pkg, main, f)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", outOfSpace(err, j.work)
	}
	j.tellFindings(res, converted)
	j.tell(StepConvert, 0.35)
	pdf, err := j.converter().Convert(ctx, clean, j.work, office.PDFA2b)
	if err != nil {
		return "", outOfSpace(err, j.work)
	}
	j.tell(StepCheck, 0.85)
	if j.report.Pages, err = countPages(pdf); err != nil {
		return "", err
	}
	j.report.Standard = pdfA
	j.lookForFonts(ctx, res.Fonts)
	return pdf, nil
}

func (j *job) tellFindings(res *docx.Result, converted bool) {
	for _, f := range res.Findings {
		if converted && f.Kind == docx.KindProperties {
			f.Text = "" // what stands there LibreOffice wrote in part
		}
		j.report.add(Item{Kind: f.Kind, Part: f.Part, Paragraph: f.Paragraph, Text: f.Text, Author: f.Author, Count: f.Count})
	}
	j.report.Truncated = j.report.Truncated || res.Truncated
	if converted && res.DateFields > 0 {
		j.report.notice(NoticeDateFields, map[string]any{"count": res.DateFields})
	}
	if len(res.Findings) == 0 {
		j.report.notice(NoticeNothingHidden, nil)
	}
}

func (j *job) lookForFonts(ctx context.Context, fonts []string) {
	var names []string
	for _, r := range office.Missing(ctx, fonts) {
		j.report.Fonts = append(j.report.Fonts, Font{Name: r.Name, By: r.By})
		names = append(names, r.Name)
	}
	if len(names) > 0 {
		j.report.notice(NoticeFontReplaced, map[string]any{"fonts": names})
	}
}
