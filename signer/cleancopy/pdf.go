package cleancopy

import (
	"context"
	"path/filepath"

	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
)

// stages are the parts of the whole that the stages of a PDF's copy take.
var stages = map[pdfcopy.Stage]struct {
	step     Step
	from, to float64
}{
	pdfcopy.StageInspect: {StepInspect, 0.05, 0.2}, pdfcopy.StageClean: {StepClean, 0.2, 0.35},
	pdfcopy.StageConvert: {StepConvert, 0.35, 0.5}, pdfcopy.StageCheck: {StepCheck, 0.5, 0.95},
}

// pdf makes the clean copy of a PDF.
func (j *job) pdf(ctx context.Context, private string) (string, error) {
	clean := filepath.Join(j.work, "clean.pdf")
	done, err := j.PDF.CopyFile(ctx, private, clean, func(s pdfcopy.Stage, part float64) {
		if at, ok := stages[s]; ok && part >= 0 && part <= 1 {
			j.tell(at.step, at.from+(at.to-at.from)*part)
		}
	})
	if err != nil {
		return "", outOfSpace(err, j.work)
	}
	j.report.Pages = done.Pages
	if done.Signed {
		j.report.Kept = true
		j.report.notice(NoticeAlreadySigned, nil)
		return private, nil
	}
	j.tellPDF(done)
	return clean, nil
}

func (j *job) tellPDF(done *pdfcopy.Result) {
	for _, f := range done.TakenOut {
		j.report.add(itemOf(f))
	}
	for _, f := range done.Doubtful {
		j.report.Doubts = append(j.report.Doubts, itemOf(f))
	}
	j.report.Truncated = j.report.Truncated || done.Truncated
	for _, n := range done.Notices {
		j.report.notice(n.Code, n.Params)
	}
	if done.Archive {
		j.report.Standard = pdfA
	}
	if len(done.TakenOut)+len(done.Doubtful) == 0 {
		j.report.notice(NoticeNothingHidden, nil)
	}
}

func itemOf(f pdfclean.Finding) Item {
	return Item{Kind: f.Kind, Page: f.Page, Property: f.Property, Text: f.Text, Count: f.Count}
}

func unlikely(err error) error {
	return refusal.Wrap(refusal.ConverterFailed, err, "LibreOffice wrote no readable PDF", map[string]any{"message": err.Error()})
}
