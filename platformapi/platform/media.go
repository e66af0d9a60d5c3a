package platform

import (
	"bytes"
	"encoding/binary"
	"io"
	"path"
	"strings"
)

const (
	mediaPDF  = "application/pdf"
	mediaDOC  = "application/msword"
	mediaDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// mediaType tells doc, docx and pdf by their first bytes, "" for everything else. A docx is a zip whose first member is one
// that such packages begin with.
func mediaType(r io.ReaderAt) (string, error) {
	var head [512]byte
	n, err := r.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return "", err
	}
	b := head[:n]
	switch {
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return mediaPDF, nil
	case bytes.HasPrefix(b, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return mediaDOC, nil
	case len(b) > 30 && bytes.HasPrefix(b, []byte("PK\x03\x04")):
		length := int(binary.LittleEndian.Uint16(b[26:]))
		name := string(b[30:min(30+length, len(b))])
		for _, known := range []string{"[Content_Types].xml", "_rels/", "word/", "docProps/"} {
			if strings.HasPrefix(name, known) {
				return mediaDOCX, nil
			}
		}
	}
	return "", nil
}

// nameFits says whether a file's name ends as its media type does.
func nameFits(name, media string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".pdf":
		return media == mediaPDF
	case ".doc":
		return media == mediaDOC
	case ".docx":
		return media == mediaDOCX
	}
	return false
}
