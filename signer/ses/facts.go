package ses

import (
	"strings"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

// Facts is what a seal says, in the form of reports.
type Facts struct {
	Version    int          `json:"version"`
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	Kind       int          `json:"kind"` // 1 an organisation's, 2 a person's, others of the maker's own
	ValidFrom  time.Time    `json:"validFrom"`
	ValidUntil time.Time    `json:"validUntil"`
	Created    time.Time    `json:"created"`
	Vendor     string       `json:"vendor"`
	Maker      string       `json:"maker"` // "" when the certificate cannot be read
	Algorithm  string       `json:"algorithm"`
	Picture    PictureFacts `json:"picture"`
}

// PictureFacts has 0 pixels for a picture of lines, or one that cannot be read.
type PictureFacts struct {
	Format       string `json:"format"`
	WidthPixels  int    `json:"widthPixels"`
	HeightPixels int    `json:"heightPixels"`
	WidthMM      int    `json:"widthMM"`
	HeightMM     int    `json:"heightMM"`
}

// Facts returns what the seal says, whether it holds or not. Texts are cut to what
// a report can show.
func (s *Seal) Facts() Facts {
	width, height, _ := s.Picture.Size() // what is wrong with it is for Judge to say
	return Facts{
		Version: int(s.Version), ID: shown(s.ID), Name: shown(s.Name), Kind: int(s.Kind), ValidFrom: s.From, ValidUntil: s.Until,
		Created: s.Created, Vendor: shown(s.Vendor), Maker: shown(holder(s.cert)), Algorithm: s.Algorithm(),
		Picture: PictureFacts{shown(s.Picture.Format), width, height, s.Picture.WidthMM, s.Picture.HeightMM},
	}
}

// shown shortens a text that others wrote, so that it fits a report.
func shown(s string) string {
	const limit = 200
	s = strings.ToValidUTF8(s, "\ufffd")
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// holder names whose certificate it is.
func holder(c *smx509.Certificate) string {
	switch {
	case c == nil:
		return ""
	case c.Subject.CommonName != "":
		return c.Subject.CommonName
	case len(c.Subject.Organization) > 0:
		return c.Subject.Organization[0]
	}
	return c.Subject.String()
}
