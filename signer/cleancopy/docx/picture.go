package docx

import (
	"bytes"
	"compress/gzip"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"path"
	"strings"

	"sealdesk/signer/cleancopy/jpegmeta"
	"sealdesk/signer/cleancopy/refusal"
)

const (
	maxPicture = 256 << 20 // bytes
	maxPixels  = 250e6
	maxFont    = 64 << 20

	pictureHead = 64 // bytes that tell its kind
)

// drawable tells whether a picture is of a kind that can only draw, and reports it if not.
func (c *cleaner) drawable(target string) (bool, error) {
	name, _ := c.pkg.Name(target)
	if media, known := c.media[name]; known {
		return media != "", nil
	}
	head, err := c.pkg.Head(name, pictureHead)
	if err != nil {
		return false, err
	}
	c.media[name] = pictureType(head)
	if c.media[name] == "" {
		c.mark(name)
		c.found.add(Finding{Kind: KindMedia, Text: path.Base(name)})
	}
	return c.media[name] != "", nil
}

// picture copies a picture without what cameras write beside it.
func (c *cleaner) picture(target string) error {
	name, _ := c.pkg.Name(target)
	if c.done[strings.ToLower(name)] {
		return nil
	}
	c.mark(name)
	data, err := c.pkg.Read(name, maxPicture)
	if err != nil {
		return err
	}
	if cfg, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && float64(cfg.Width)*float64(cfg.Height) > maxPixels {
		return refusal.New(refusal.ZipBomb, "a picture of the document is too large",
			map[string]any{"detail": "picture " + path.Base(name)})
	}
	if bytes.HasPrefix(data, []byte("\x1f\x8b")) && !unpacks(data) {
		return refusal.New(refusal.ZipBomb, "a packed drawing unpacks to too much",
			map[string]any{"detail": "drawing " + path.Base(name)})
	}
	if stripped, n := jpegmeta.Strip(data); n > 0 {
		c.found.add(Finding{Kind: KindPictureData, Text: path.Base(name) + " ", Count: 1})
		data = stripped
	}
	c.types[name] = c.media[name]
	w, err := c.out.Create(name)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func unpacks(data []byte) bool {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return true
	}
	n, _ := io.Copy(io.Discard, io.LimitReader(r, maxPicture+1))
	return n <= maxPicture
}

// pictureType knows pictures by their first bytes. SVG is not among them: it can hold scripts and addresses.
func pictureType(data []byte) string {
	for _, k := range []struct{ magic, media string }{
		{"\x89PNG\r\n\x1a\n", "image/png"},
		{"\xff\xd8\xff", "image/jpeg"},
		{"GIF8", "image/gif"},
		{"BM", "image/bmp"},
		{"II*\x00", "image/tiff"},
		{"MM\x00*", "image/tiff"},
		{"\xd7\xcd\xc6\x9a", "image/x-wmf"},
		{"\x01\x00\x09\x00", "image/x-wmf"},
		{"\x02\x00\x09\x00", "image/x-wmf"},
		{"\x1f\x8b", "image/x-emz"},
	} {
		if bytes.HasPrefix(data, []byte(k.magic)) {
			return k.media
		}
	}
	if len(data) > 44 && bytes.HasPrefix(data, []byte{1, 0, 0, 0}) && string(data[40:44]) == " EMF" {
		return "image/x-emf"
	}
	return ""
}
