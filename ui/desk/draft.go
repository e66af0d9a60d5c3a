package desk

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sealdesk/platformapi"
	"sealdesk/signer/cleancopy"
)

// A Field names one entry of the form.
type Field string

// The fields of the form that are required, in the order in which they stand there.
const (
	FieldName   Field = "name"
	FieldAmount Field = "amount"
	FieldTerm   Field = "term"
	FieldDate   Field = "date"
	FieldReason Field = "reason" // why the amount differs from the award; required when it does
	FieldFiling Field = "filing"
	FieldSeal   Field = "seal"
)

// missing lists the required fields that are empty or cannot be right, in the form's order.
func missing(f platformapi.ContractFields, lot platformapi.Lot, filing Filing) []Field {
	var out []Field
	add := func(lacks bool, name Field) {
		if lacks {
			out = append(out, name)
		}
	}
	_, dateErr := time.Parse(time.DateOnly, f.SignedOn)
	add(f.Name == "", FieldName)
	add(f.AmountFen <= 0, FieldAmount)
	add(f.AmountFen > 0 && f.AmountFen != lot.AwardFen && f.AmountReason == "", FieldReason)
	add(f.TermDays <= 0, FieldTerm)
	add(dateErr != nil, FieldDate)
	add(filing.Stage() == StageNone, FieldFiling)
	add(filing.Stage() != StageNone && filing.Stage() != StageSealed, FieldSeal)
	return out
}

// Stage is how far the contract filing (合同备案) has come on its way to the platform.
type Stage string

// The stages of the filing.
const (
	StageNone     Stage = ""         // 未上传
	StageUploaded Stage = "uploaded" // 已上传
	StageCleaned  Stage = "cleaned"  // 已清稿
	StageSealed   Stage = "sealed"   // 已签章
)

// A File is one file in the contract's folder.
type File struct {
	Attachment string `json:"attachment"` // its id on the platform, made here
	Name       string `json:"name"`       // as the person knows it
	Path       string `json:"path"`       // relative to the contract's folder
	SHA256     string `json:"sha256"`     // lower-case hex
	Size       int64  `json:"size"`       // bytes
	Note       string `json:"note,omitempty"`
	NoteSent   string `json:"noteSent,omitempty"` // as last handed to the outbox
	Sent       bool   `json:"-"`                  // in the outbox or on the platform
}

// Filing is the contract's file with all that was made of it.
type Filing struct {
	Original  *File             `json:"original,omitempty"`
	Clean     *File             `json:"clean,omitempty"`
	Report    *cleancopy.Report `json:"report,omitempty"`
	Confirmed bool              `json:"confirmed,omitempty"` // the person saw what was taken out
	Sealed    *File             `json:"sealed,omitempty"`
}

// Stage tells how far the filing has come.
func (f Filing) Stage() Stage {
	switch {
	case f.Sealed != nil:
		return StageSealed
	case f.Clean != nil && f.Confirmed:
		return StageCleaned
	case f.Original != nil:
		return StageUploaded
	}
	return StageNone
}

// A draft is all that this machine knows of one contract beyond the platform: it is written whenever it changes.
type draft struct {
	Contract string                     `json:"contract"` // id, made here
	Lot      platformapi.Lot            `json:"lot"`
	Created  bool                       `json:"-"` // on the platform, or in the outbox to be
	Typed    platformapi.ContractFields `json:"typed"`
	Sent     platformapi.ContractFields `json:"sent"` // as last handed to the outbox
	Filing   Filing                     `json:"filing"`
	Invoices []File                     `json:"invoices,omitempty"`
	Removed  []string                   `json:"removed,omitempty"` // attachments to take from the platform
	Known    *platformapi.Contract      `json:"known,omitempty"`   // as the platform last told it
	Changed  time.Time                  `json:"changed"`
}

const draftFile = "draft.json"

// maxDraft bounds draft.json, which holds a history and a report of what was taken out.
const maxDraft = 16 << 20

func loadDraft(dir string) (*draft, error) {
	f, err := os.Open(filepath.Join(dir, draftFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, diskError(dir, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxDraft))
	if err != nil {
		return nil, diskError(dir, err)
	}
	var d draft
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, fault("draft_damaged", err, "folder", dir)
	}
	return &d, nil
}

func (d *draft) save(dir string, now time.Time) error {
	d.Changed = now
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, draftFile), data)
}
