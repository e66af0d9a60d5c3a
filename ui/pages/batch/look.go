package batch

import (
	"context"
	"strconv"

	"sealdesk/signer/preview"
	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/widgets"
)

// newLook shows a file of the batch, with the seal where it will go.
func newLook(host page.Host, b *desk.Batch, name string) *reader.Look {
	t := host.Words().T
	var marks []widgets.Mark
	return reader.NewLook(host, reader.Sight{
		Nav: Nav, Title: t("batch.look"), Back: t("batch.back"), Name: name,
		Open: func(ctx context.Context) (*preview.Document, error) {
			shown, spots, err := b.Preview(ctx, name)
			if err != nil {
				return nil, err
			}
			marks = nil
			for i, s := range spots {
				x, y, w, h, err := desk.SpotMM(ctx, shown.Document, s)
				if err != nil {
					_ = shown.Close()
					return nil, err
				}
				marks = append(marks, widgets.Mark{ID: strconv.Itoa(i), Page: s.Page, X: x, Y: y, W: w, H: h, Fixed: true})
			}
			press(marks, b.View().Rule.Seal.Seal)
			return shown.Document, nil
		},
		Opened: func(l *reader.Look) string {
			l.Reader.View.SetMarks(marks...)
			var dots []int
			for _, m := range marks {
				dots = append(dots, m.Page)
			}
			l.Reader.Dots(dots...)
			if len(marks) == 0 {
				return ""
			}
			l.Reader.View.Reveal(marks[0].Page, marks[0].X, marks[0].Y)
			return t("batch.look_note", "count", len(marks), "digest", l.Reader.Document().SHA256()[:8])
		},
	})
}

// press gives the marks the seal's picture: the whole of it, or its strips where they are narrower than it.
func press(marks []widgets.Mark, face seal.Seal) {
	var narrow []int
	for i, m := range marks {
		if m.W < face.WidthMM*0.9 {
			narrow = append(narrow, i)
		} else {
			marks[i].Image = face.Image
		}
	}
	if len(narrow) == 0 {
		return
	}
	// A long document has several seals over its edges: as many strips each as their width tells.
	each := max(int(face.WidthMM/marks[narrow[0]].W+0.5), 1)
	for n, i := range narrow {
		at := float64(n % each)
		marks[i].Image = seal.Slice(face.Image, [2]float64{at / float64(each), (at + 1) / float64(each)})
	}
}
