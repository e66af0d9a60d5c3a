package desk

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/signer"
	"sealdesk/signer/disk"
	"sealdesk/signer/finding"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
)

// A SealDraft is a seal that was drawn or read and is not kept yet.
type SealDraft struct {
	SealChoice
	SizeKnown bool // the file says how large it is; otherwise the person is asked
	// Lent says which characters another font than the seal's own wrote, and which one.
	Lent map[rune]string
}

// Resize gives a picture another size: its longer side, in millimetres. The size of an electronic seal is its maker's.
//
// Error: "desk.seal_size".
func (d *SealDraft) Resize(mm float64) error {
	if d.Electronic != nil || !(mm >= minSealMM && mm <= maxSealMM) {
		return fault("seal_size", nil, "min", minSealMM, "max", maxSealMM)
	}
	longer := max(d.Seal.WidthMM, d.Seal.HeightMM)
	d.Seal.WidthMM, d.Seal.HeightMM = d.Seal.WidthMM*mm/longer, d.Seal.HeightMM*mm/longer
	return nil
}

// Draw makes a seal of the style. Characters that the seal's font lacks are taken from the person's own fonts and the system's.
//
// Errors: *seal.StyleError, *seal.MissingGlyphError.
func (c *SealCase) Draw(ctx context.Context, style seal.Style) (SealDraft, error) {
	if err := style.Check(); err != nil {
		return SealDraft{}, err
	}
	font, err := c.desk.sealFont(ctx, style.Text())
	if err != nil {
		return SealDraft{}, err
	}
	drawn, err := seal.Make(font, style, c.desk.cfg.SealDPI)
	if err != nil {
		return SealDraft{}, err
	}
	return SealDraft{
		SealChoice: SealChoice{Title: drawn.Name, Owner: style.Name, Form: style.Form, Source: SealMade, Seal: drawn},
		SizeKnown:  true, Lent: font.Lent(style.Text()),
	}, nil
}

// maxSeal bounds a seal's file, in bytes.
const maxSeal = 8 << 20

// ReadFile reads a seal from a file: a picture (PNG, JPEG, SVG), of which white paper and the empty margin are taken away, or an
// electronic seal, in DER or base64. Of an electronic seal only one that holds is read.
//
// Errors: *seal.PictureError, *ses.Error, and the desk's own of files.
func (c *SealCase) ReadFile(_ context.Context, path string) (SealDraft, error) {
	name := filepath.Base(path)
	data, err := disk.Read(path, maxSeal)
	if errors.Is(err, disk.ErrTooLarge) {
		return SealDraft{}, &seal.PictureError{Reason: "too_large", Limit: maxSeal}
	}
	if err != nil {
		return SealDraft{}, fault("file_unreadable", err, "file", name)
	}
	if der := electronicIn(data); der != nil {
		choice, err := c.electronic(der, now)
		choice.Source = SealFromFile
		return SealDraft{SealChoice: choice, SizeKnown: true}, err
	}
	picture, err := seal.Load(bytes.NewReader(data), seal.Limits{Bytes: maxSeal})
	if err == nil {
		picture, err = picture.Clean()
	}
	if err != nil {
		return SealDraft{}, err
	}
	title := fileName(strings.TrimSuffix(name, filepath.Ext(name)), "")
	return SealDraft{
		SealChoice: SealChoice{Title: title, Owner: c.key.Owner, Source: SealFromFile, Seal: picture.Press(title, seal.DefaultDiameterMM)},
		SizeKnown:  picture.WidthMM > 0,
	}, nil
}

func readPicture(path string) (seal.Picture, error) {
	f, err := os.Open(path)
	if err != nil {
		return seal.Picture{}, err
	}
	defer f.Close()
	return seal.Load(f, seal.Limits{Bytes: maxSeal})
}

// electronicIn finds the DER of an electronic seal: at the beginning, with whatever a key's file has behind it, or as base64.
func electronicIn(data []byte) []byte {
	if der := element(data); der != nil {
		return der
	}
	if len(data) > 2*ses.MaxSize {
		return nil
	}
	text := strings.Join(strings.Fields(string(data)), "")
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimRight(text, "\x00"))
	if err != nil {
		return nil
	}
	return element(decoded)
}

// element is the SEQUENCE that data begins with, nil when there is none. Nothing but zeros may follow.
func element(data []byte) []byte {
	rest := cryptobyte.String(data)
	var der cryptobyte.String
	if !rest.ReadASN1Element(&der, asn1.SEQUENCE) || len(bytes.Trim(rest, "\x00\xff")) > 0 {
		return nil
	}
	return der
}

// When an electronic seal is judged: now, as it comes in; or, when it was kept before, for the middle of its term, for that it has
// ended since is told apart.
type judgedFor int

const (
	now judgedFor = iota
	keptOnce
)

// electronic reads an electronic seal and judges it. What is fatal is the error; what is doubtful is told.
func (c *SealCase) electronic(der []byte, when judgedFor) (SealChoice, error) {
	s, err := ses.ParseSeal(der)
	if err != nil {
		return SealChoice{}, err
	}
	opts := ses.Options{Makers: c.desk.cfg.Makers}
	if when == keptOnce && time.Now().After(s.Until) {
		opts.Now = s.Until
	}
	var doubts []error
	for _, f := range s.Judge(opts).Findings {
		switch f.Severity {
		case finding.Fatal:
			return SealChoice{}, &ses.Error{Finding: f}
		case finding.Doubt:
			doubts = append(doubts, &ses.Error{Finding: f})
		}
	}
	face, err := signer.Face(s)
	if err != nil {
		return SealChoice{}, err
	}
	choice := SealChoice{
		Title: s.Name, Owner: s.Name, Electronic: der, Number: s.ID, From: s.From, Until: s.Until, Doubts: c.desk.doubts(doubts),
		Seal: face,
	}
	if s.Kind == ses.Person {
		choice.Form = seal.Personal
	}
	if m := s.Maker(); m != nil {
		choice.Maker = ownerOf(m).Org
	}
	return choice, nil
}
