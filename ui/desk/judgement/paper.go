package judgement

import (
	"image"
	"strconv"
	"time"

	"sealdesk/signer/paper"
	"sealdesk/ui/desk/words"
)

// File is the file that was judged.
type File struct {
	Name   string
	SHA256 string // lower-case hexadecimal
	Size   int64  // bytes
	At     time.Time
	Judge  string // the program and its version
}

// Shown is a page as a signer saw it.
type Shown struct {
	Page    int
	Picture image.Image
}

// Paper writes the judgement as a PDF. shown has for each signature the page on
// which its seal is, as of its own revision; nil where it shows nowhere.
func Paper(w *words.Catalog, regular, bold *paper.Face, f File, j Judgement, shown []*Shown) ([]byte, error) {
	t := w.T
	d := paper.New(regular, bold, paper.Options{
		Title: t("report.title"), Lang: w.Language(), Created: f.At,
		Foot: func(page, pages int) string {
			return t("report.foot", "page", page, "pages", pages, "digest", f.SHA256[:16])
		},
	})
	d.Title(t("report.title"))
	d.Banner(j.Sentence, inks[j.Tone])
	if j.Do != "" {
		d.Paragraph(j.Do, paper.Quiet)
	}
	d.Facts(
		paper.Fact{Name: t("report.file"), Value: f.Name},
		paper.Fact{Name: t("report.size"), Value: t("report.bytes", "size", strconv.FormatInt(f.Size, 10))},
		paper.Fact{Name: "SHA-256", Value: f.SHA256},
		paper.Fact{Name: t("report.at"), Value: f.At.Format("2006-01-02 15:04:05 -07:00")},
		paper.Fact{Name: t("report.judge"), Value: f.Judge},
	)
	if len(j.About) > 0 {
		d.Heading(t("verifyfile.about_file"))
		notes(d, j.About)
	}
	for i, s := range j.Signatures {
		section(d, s)
		if i < len(shown) && shown[i] != nil {
			b := shown[i].Picture.Bounds()
			d.Picture(t("report.shown", "page", shown[i].Page), shown[i].Picture, shownMM, shownMM*float64(b.Dy())/float64(b.Dx()))
		}
	}
	for _, s := range j.Stamps {
		section(d, s)
	}
	d.Heading(t("report.note"))
	d.Paragraph(t("report.note_text"), paper.Quiet)
	return d.Bytes()
}

// shownMM is how wide a page is shown: legible, and two signatures fit on a sheet.
const shownMM = 72.0

var inks = map[Tone]paper.Tone{Plain: paper.Plain, Good: paper.Good, Warn: paper.Warn, Bad: paper.Bad}

func section(d *paper.Document, s Signature) {
	d.Heading(s.Heading)
	d.Banner(s.Verdict, inks[s.Tone])
	facts := make([]paper.Fact, len(s.Facts))
	for i, f := range s.Facts {
		facts[i] = paper.Fact(f)
	}
	d.Facts(facts...)
	notes(d, s.Lines)
}

func notes(d *paper.Document, lines []Line) {
	for _, l := range lines {
		d.Note(l.Text, inks[l.Tone])
		if l.Do != "" {
			d.Paragraph(l.Do, paper.Quiet)
		}
	}
}
