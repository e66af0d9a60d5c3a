package cleancopy

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"

	"sealdesk/signer/cleancopy/docx"
	"sealdesk/signer/cleancopy/fonts"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/cleancopy/opc"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/pdf"
)

// PDFCopier makes the clean copy of a PDF: apart.Process in a process of its own, pdfcopy.Copier in this one.
type PDFCopier interface {
	CopyFile(ctx context.Context, in, out string, tell func(s pdfcopy.Stage, done float64)) (*pdfcopy.Result, error)
}

// Converter turns a Word document into another format; office.Office and office.Warm are.
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

// Prepare tells that a file of this name will be cleaned soon, so that what it needs can start in the background. It
// does not wait.
func (c Cleaner) Prepare(name string) {
	kept, ok := c.Office.(interface{ Prepare() })
	if typ := promised(name); ok && (typ == TypeDOCX || typ == TypeDOC) {
		kept.Prepare()
	}
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
		_ = f.Close() // it is renamed, which Windows does to no file that is open
		return j.doc(ctx, private)
	}
	return j.docx(ctx, pkg, false)
}

// promised is the type that a file's name promises, "" when it is none of ours.
func promised(name string) Type {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".docx", ".docm", ".dotx", ".dotm":
		return TypeDOCX
	case ".doc", ".dot":
		return TypeDOC
	case ".pdf":
		return TypePDF
	}
	return ""
}

// compareName tells when the file's name promises another type.
func (j *job) compareName(typ Type) {
	if promised(j.name) != typ {
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
	kind, main, err := pkg.Kind()
	if err != nil {
		return "", err
	}
	if kind != string(TypeDOCX) { // which only what a doc was converted to can be
		return "", refusal.New(refusal.Damaged, "the doc was converted to what is no document", map[string]any{"type": string(TypeDOC), "detail": kind})
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
	pages, err := j.converter().Convert(ctx, clean, j.work, office.PDFA2b)
	if err != nil {
		return "", outOfSpace(err, j.work)
	}
	j.tell(StepCheck, 0.85)
	if err := j.read(ctx, pages, res.Fonts); err != nil {
		return "", err
	}
	return pages, nil
}

func (j *job) tellFindings(res *docx.Result, converted bool) {
	properties := 0
	for _, f := range res.Findings {
		if converted && f.Kind == docx.KindProperties {
			properties += f.Count // what stands there LibreOffice wrote in part
			continue
		}
		j.report.add(Item{Kind: f.Kind, Part: f.Part, Paragraph: f.Paragraph, Property: f.Property, Text: f.Text, Author: f.Author, Count: f.Count})
	}
	if properties > 0 {
		j.report.add(Item{Kind: docx.KindProperties, Count: properties})
	}
	j.report.Truncated = j.report.Truncated || res.Truncated
	if converted && res.DateFields > 0 {
		j.report.notice(NoticeDateFields, map[string]any{"count": res.DateFields})
	}
	if len(res.Findings) == 0 {
		j.report.notice(NoticeNothingHidden, nil)
	}
}

// read looks at the pages that LibreOffice made: how many there are, and with which fonts they are drawn.
func (j *job) read(ctx context.Context, path string, asked []string) error {
	f, err := os.Open(path)
	if err != nil {
		return writeError(err, path)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return writeError(err, path)
	}
	doc, err := pdf.Open(f, st.Size())
	if err != nil {
		return unlikely(err)
	}
	if j.report.Pages, err = doc.PageCount(); err != nil {
		return unlikely(err)
	}
	if j.report.Pages == 0 {
		return refusal.New(refusal.NoPages, "the document has no pages", nil)
	}
	if declaresPDFA2(doc) { // Word, where it stands in for LibreOffice, writes another part of the standard
		j.report.Standard = pdfA
	}
	used, err := fonts.Used(ctx, doc)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return unlikely(err)
	}
	installed, err := fonts.Installed(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return nil // what is not known is not told
	}
	var names []string
	for _, r := range installed.Substitutes(asked, used) {
		j.report.Fonts = append(j.report.Fonts, Font{Name: r.Name, By: r.By})
		names = append(names, r.Name)
	}
	if len(names) > 0 {
		j.report.notice(NoticeFontReplaced, map[string]any{"fonts": names})
	}
	return nil
}

const maxMetadata = 1 << 20 // bytes

// declaresPDFA2 tells whether a file's metadata say that it is PDF/A-2 (ISO 19005-2, 6.6.4).
func declaresPDFA2(doc *pdf.File) bool {
	catalog, err := doc.Catalog()
	if err != nil {
		return false
	}
	stream, err := doc.Stream(catalog["Metadata"])
	if err != nil || stream == nil {
		return false
	}
	data, err := doc.Decode(stream, maxMetadata)
	return err == nil && bytes.Contains(data, []byte("<pdfaid:part>2</pdfaid:part>"))
}
