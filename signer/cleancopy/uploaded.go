package cleancopy

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/cleancopy/opc"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/cleancopy/xmltree"
)

// AsUploaded makes a PDF that shows a Word document as it is, tracked changes and all, to be looked at beside its clean copy. It is
// for looking at only. What the document points to outside itself is cut off before it is shown, and its macros are left out, so
// that nothing is fetched and nothing runs. Errors are those of Clean; a PDF is refused, since it shows itself.
func (c Cleaner) AsUploaded(ctx context.Context, in, out string) error {
	work, err := os.MkdirTemp(c.TempDir, "sealdesk-show-")
	if err != nil {
		return writeError(err, c.TempDir)
	}
	defer func() { _ = os.RemoveAll(work) }() // nothing in it has a name that anyone knows
	if sameFile(in, out) {
		return refusal.New(refusal.SameFile, "the picture of the document would overwrite it", map[string]any{"path": out})
	}
	j := job{Cleaner: c, work: work, name: in}
	limit := j.MaxInput
	if limit == 0 {
		limit = DefaultMaxInput
	}
	private := filepath.Join(work, "input")
	if _, err := takeIn(ctx, in, private, limit); err != nil {
		return err
	}
	plain, err := j.cutOff(ctx, private)
	if err != nil {
		return err
	}
	pdf, err := j.converter().Convert(ctx, plain, work, office.PDFA2b)
	if err != nil {
		return outOfSpace(err, work)
	}
	_, err = deliver(ctx, pdf, out)
	return err
}

// cutOff gives a docx without a way out of it.
func (j *job) cutOff(ctx context.Context, private string) (string, error) {
	f, err := os.Open(private)
	if err != nil {
		return "", writeError(err, private)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", writeError(err, private)
	}
	typ, pkg, err := j.detect(f, info.Size())
	switch {
	case err != nil:
		return "", err
	case typ == TypePDF:
		return "", refusal.New(refusal.UnsupportedType, "a PDF shows itself", map[string]any{"type": string(typ)})
	case typ == TypeDOC: // through docx, where it can be seen what points outside
		_ = f.Close() // it is renamed, which Windows does to no file that is open
		named := filepath.Join(j.work, "input.doc")
		if err := os.Rename(private, named); err != nil {
			return "", writeError(err, named)
		}
		converted, err := j.converter().Convert(ctx, named, j.work, office.DOCX)
		if err != nil {
			return "", outOfSpace(err, j.work)
		}
		return j.cutOff(ctx, converted)
	}
	path := filepath.Join(j.work, "uploaded.docx")
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", writeError(err, path)
	}
	err = writeInside(ctx, pkg, zip.NewWriter(out))
	if err = errors.Join(err, out.Close()); err != nil {
		return "", outOfSpace(err, j.work)
	}
	return path, nil
}

// writeInside copies a package without macros, and without the arrows that leave it.
func writeInside(ctx context.Context, pkg *opc.Package, out *zip.Writer) error {
	for _, name := range pkg.Names() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		low := strings.ToLower(name)
		if strings.HasSuffix(low, "/") || strings.HasSuffix(low, ".bin") || strings.Contains(low, "vba") {
			continue
		}
		to, err := out.Create(name)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(low, ".rels") {
			if err := pkg.Copy(to, name, DefaultMaxInput); err != nil {
				return err
			}
			continue
		}
		root, err := pkg.XML(name, nil)
		if err != nil {
			return err
		}
		root.Filter(func(n *xmltree.Node) bool {
			target, _ := n.Attr("", "Target")
			mode, _ := n.Attr("", "TargetMode")
			outside := strings.EqualFold(mode, "External") || strings.ContainsAny(target, ":\\") || strings.HasPrefix(target, "//")
			return n.Local != "Relationship" || !outside
		})
		if _, err := bytes.NewReader(root.Bytes()).WriteTo(to); err != nil {
			return err
		}
	}
	return out.Close()
}
