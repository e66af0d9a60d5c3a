package desk

import (
	"path/filepath"
	"strings"

	"sealdesk/signer/batch"
	"sealdesk/ui/desk/words"
)

// BatchSummary is the table of what became of the files, in the folder of the signed ones.
const BatchSummary = "sealdesk-batch.csv"

// SaveBatchTable writes the summary into the folder of the signed files, in place of the one of the run before.
func SaveBatchTable(w *words.Catalog, folder string, rows []batch.Outcome) error {
	return writeFile(filepath.Join(folder, BatchSummary), BatchTable(w, rows))
}

// BatchTable is the summary as comma separated values in UTF-8, with the mark by which spreadsheet programs know it.
func BatchTable(w *words.Catalog, rows []batch.Outcome) []byte {
	var b strings.Builder
	b.WriteString("\ufeff")
	record := func(cells ...string) {
		for i, c := range cells {
			if i > 0 {
				b.WriteByte(',')
			}
			if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
				c = "'" + c // a spreadsheet would take it for a formula
			}
			b.WriteString(`"` + strings.ReplaceAll(c, `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	t := w.T
	record(t("batch.csv_file"), t("batch.csv_state"), t("batch.csv_why"), t("batch.csv_document"), t("batch.csv_digest"), t("batch.csv_signed"), t("batch.csv_signed_digest"))
	for _, o := range rows {
		why := ""
		if o.Err != nil {
			why = w.Problem(o.Err).String()
		}
		record(o.Item.Name, t("batch.state."+string(o.State)), why, o.Item.In, o.SourceSHA256, o.Path, o.SHA256)
	}
	return []byte(b.String())
}
