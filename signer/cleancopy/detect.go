package cleancopy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"

	"sealdesk/signer/cleancopy/cfb"
	"sealdesk/signer/cleancopy/opc"
	"sealdesk/signer/cleancopy/refusal"
)

// headerWithin is how far into a file readers look for a PDF's header (ISO 32000-1, annex H, note 13).
const headerWithin = 1024

// detect finds out what a file is. Everything that is not a document we can clean is an error that names it.
func (j *job) detect(r io.ReaderAt, size int64) (Type, *opc.Package, error) {
	head := make([]byte, headerWithin)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", nil, writeError(err, "")
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		pkg, err := opc.Open(r, size, j.Limits)
		if err != nil {
			return "", nil, err
		}
		kind, _, err := pkg.Kind()
		if err != nil {
			return "", nil, err
		}
		if kind != string(TypeDOCX) {
			return "", nil, unsupported(kind)
		}
		return TypeDOCX, pkg, nil
	case bytes.HasPrefix(head, []byte(cfb.Magic)):
		typ, err := compound(r, size)
		return typ, nil, err
	case bytes.Contains(head, []byte("%PDF-")):
		return TypePDF, nil, nil
	}
	return "", nil, unsupported(foreign(head))
}

// compound tells the documents apart that come in an OLE compound file.
func compound(r io.ReaderAt, size int64) (Type, error) {
	broken := func(err error) error {
		return refusal.Wrap(refusal.Damaged, err, "the document is damaged", map[string]any{"type": "doc", "detail": "compound file"})
	}
	f, err := cfb.Open(r, size)
	if err != nil {
		return "", broken(err)
	}
	for _, name := range []string{"EncryptedPackage", "EncryptionInfo", "\x09DRMContent", "\x09DRMViewerContent"} {
		if _, ok := f.Find(name); ok {
			return "", encrypted(TypeDOCX)
		}
	}
	for name, kind := range map[string]string{
		"Workbook": "xls", "Book": "xls", "PowerPoint Document": "ppt", "VisioDocument": "vsd", "__properties_version1.0": "msg",
	} {
		if _, ok := f.Find(name); ok {
			return "", unsupported(kind)
		}
	}
	e, ok := f.Find("WordDocument")
	if !ok {
		return "", unsupported("ole")
	}
	// FibBase ([MS-DOC] 2.5.2): wIdent at 0, the flags with fEncrypted (bit 8) and fObfuscated (bit 15) at 10.
	fib, err := f.Head(e, 32)
	if err != nil || len(fib) < 32 {
		return "", broken(err)
	}
	if ident := binary.LittleEndian.Uint16(fib); ident != 0xA5EC && ident != 0xA5DC {
		return "", unsupported("doc (before Word 97)")
	}
	if binary.LittleEndian.Uint16(fib[10:])&0x0100 != 0 {
		return "", encrypted(TypeDOC)
	}
	return TypeDOC, nil
}

func encrypted(t Type) error {
	return refusal.New(refusal.Encrypted, "the document is protected by a password", map[string]any{"type": string(t)})
}

func unsupported(kind string) error {
	return refusal.New(refusal.UnsupportedType, "the file is neither a Word document nor a PDF", map[string]any{"type": kind})
}

// foreign names what else people upload; "" when it is not known.
func foreign(head []byte) string {
	trimmed := strings.ToLower(string(bytes.TrimLeft(head, "\xef\xbb\xbf \t\r\n")))
	for prefix, kind := range map[string]string{
		`{\rtf`: "rtf", "<!doctype html": "html", "<html": "html", "<?xml": "xml", "%!ps": "ps", "rar!": "rar", "7z\xbc\xaf": "7z",
		"mime-version:": "mht", "pk\x05\x06": "zip", "\x1f\x8b": "gz",
	} {
		if strings.HasPrefix(trimmed, prefix) {
			return kind
		}
	}
	media, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if kind, ok := strings.CutPrefix(media, "image/"); ok {
		return kind
	}
	if media == "text/plain" {
		return "txt"
	}
	return ""
}
