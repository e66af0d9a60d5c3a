package desk

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/signer/cleancopy"
	"sealdesk/signer/disk"
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
	FieldGround Field = "ground" // of a supplement, a change or a termination
	FieldFiling Field = "filing"
	FieldClean  Field = "clean" // where both agree before they seal
	FieldSeal   Field = "seal"
)

// missing lists the required fields that are empty or cannot be right, in the form's order. A change may leave the sum as it
// is, and a termination has neither sum nor term; both need a ground.
func (d *draft) missing() []Field {
	f, lot, filing, kind := d.Typed, d.Lot, d.Filing, d.kind()
	main := kind == platformapi.ContractMain
	var out []Field
	add := func(lacks bool, name Field) {
		if lacks {
			out = append(out, name)
		}
	}
	_, dateErr := time.Parse(time.DateOnly, f.SignedOn)
	add(f.Name == "", FieldName)
	add(f.AmountFen <= 0 && (main || kind == platformapi.ContractSupplement), FieldAmount)
	add(main && f.AmountFen > 0 && f.AmountFen != lot.AwardFen && f.AmountReason == "", FieldReason)
	add(main && f.TermDays <= 0, FieldTerm)
	add(dateErr != nil, FieldDate)
	add(!main && f.Ground == "", FieldGround)
	stage := filing.Stage()
	add(stage == StageNone, FieldFiling)
	if d.reviewFirst() {
		add(stage != StageNone && d.cleanToSend() == nil, FieldClean)
	} else {
		add(stage != StageNone && stage != StageSealed, FieldSeal)
	}
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
	Attachment string `json:"attachment"`     // its id on the platform, made here
	Name       string `json:"name"`           // as the person knows it
	Path       string `json:"path"`           // relative to the contract's folder
	SHA256     string `json:"sha256"`         // lower-case hex
	Size       int64  `json:"size"`           // bytes
	Base       string `json:"base,omitempty"` // SHA256 of the document that was sealed
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

// withDigest is the PDF of the filing that has this digest, nil when none has.
func (f Filing) withDigest(sha256 string) *File {
	for _, x := range []*File{f.Sealed, f.Clean} {
		if x != nil && x.SHA256 == sha256 {
			return x
		}
	}
	return nil
}

// A draft is all that this machine knows of one contract beyond the platform: it is written whenever it changes. Drafts are
// changed by copying: see Work.change.
type draft struct {
	Contract string                     `json:"contract"` // id, made here
	Kind     platformapi.ContractKind   `json:"kind,omitempty"`
	Parent   string                     `json:"parent,omitempty"` // the contract that a supplement, change or termination is on
	Lot      platformapi.Lot            `json:"lot"`
	Created  bool                       `json:"-"` // on the platform, or in the outbox to be
	Typed    platformapi.ContractFields `json:"typed"`
	Sent     platformapi.ContractFields `json:"sent"`              // as the platform has it, or as last handed to the outbox
	SentKey  string                     `json:"sentKey,omitempty"` // of the outbox's entry for Sent; "" when the platform told it
	Filing   Filing                     `json:"filing"`
	Invoices []File                     `json:"invoices,omitempty"`
	Removed  []string                   `json:"removed,omitempty"` // attachments to take from the platform if they are there
	Void     []string                   `json:"void,omitempty"`    // sealed files that no longer count, by their paths
	Public   *PublicCopy                `json:"public,omitempty"`  // for the public, made here
	Known    *platformapi.Contract      `json:"known,omitempty"`   // as the platform last told it; never changed in place
	Changed  time.Time                  `json:"changed"`
}

// clone gives a copy that shares nothing which changes.
func (d *draft) clone() *draft {
	c := *d
	c.Filing = d.Filing.clone()
	c.Invoices, c.Removed, c.Void = slices.Clone(d.Invoices), slices.Clone(d.Removed), slices.Clone(d.Void)
	c.Public = d.Public.clone()
	return &c
}

func (f Filing) clone() Filing {
	for _, p := range []**File{&f.Original, &f.Clean, &f.Sealed} {
		if *p != nil {
			c := **p
			*p = &c
		}
	}
	return f
}

// starter tells that the contract was begun by this party.
func (d *draft) starter() bool {
	return d.Known == nil || d.Known.Summary.MyRole == d.Known.Summary.Starter
}

// kind is what kind of contract it is.
func (d *draft) kind() platformapi.ContractKind {
	if d.Known != nil {
		return cmp.Or(d.Known.Summary.Kind, platformapi.ContractMain)
	}
	return cmp.Or(d.Kind, platformapi.ContractMain)
}

// reviewFirst tells that both sides agree before anybody seals.
func (d *draft) reviewFirst() bool {
	if d.Known != nil {
		return d.Known.Summary.Order == platformapi.OrderReviewFirst
	}
	return d.Lot.Order == platformapi.OrderReviewFirst
}

// open tells that the contract lies with its starter.
func (d *draft) open() bool { return d.Known == nil || drafting(d.Known.Summary.State) }

func drafting(s platformapi.ContractState) bool {
	return s == platformapi.StateDraft || s == platformapi.StateSealed || s == platformapi.StateReturned
}

// attachment is what the platform last told of an attachment, nil when it never had it.
func (d *draft) attachment(id string) *platformapi.Attachment {
	if d.Known == nil {
		return nil
	}
	for i := range d.Known.Attachments {
		if a := &d.Known.Attachments[i]; a.ID == id {
			return a
		}
	}
	return nil
}

// current is the filing of a stage that the platform holds now, nil when there is none.
func (d *draft) current(stage platformapi.AttachmentStage) *platformapi.Attachment {
	if d.Known == nil {
		return nil
	}
	for i := range slices.Backward(d.Known.Attachments) {
		if a := &d.Known.Attachments[i]; a.Kind == platformapi.KindFiling && a.Stage == stage && a.Current && !a.Void {
			return a
		}
	}
	return nil
}

// fieldsKnown is the form as the platform has it.
func (d *draft) fieldsKnown() platformapi.ContractFields {
	if d.Known == nil {
		return platformapi.ContractFields{}
	}
	return d.Known.Summary.Fields
}

// remove takes a file out: of the platform too, if it comes or came there.
func (d *draft) remove(f *File) {
	if f != nil {
		d.Removed = append(d.Removed, f.Attachment)
	}
}

// dropSeal forgets the sealed file of a contract that goes on being edited. The file itself stays in the folder, and is
// remembered as void so that it is never taken up again.
func (d *draft) dropSeal() {
	if sealed := d.Filing.Sealed; sealed != nil {
		d.remove(sealed)
		d.Void = append(d.Void, sealed.Path)
		d.Filing.Sealed = nil
	}
}

// sealBroken tells that the platform no longer counts our seal, or that it is on another document than is asked for now.
func (d *draft) sealBroken() bool {
	own := d.Filing.Sealed
	if own == nil || d.Known == nil {
		return false
	}
	if a := d.attachment(own.Attachment); a != nil {
		return a.Void || !a.Current && d.open()
	}
	if d.starter() && !d.reviewFirst() {
		return false // it was not sent yet
	}
	now, ok := d.underReview()
	return !ok || now.SHA256 != own.Base
}

// toSend are the files that go to the platform.
func (d *draft) toSend() []*File {
	var out []*File
	for _, f := range []*File{d.Filing.Original, d.cleanToSend(), d.Filing.Sealed} {
		if f != nil {
			out = append(out, f)
		}
	}
	for i := range d.Invoices {
		out = append(out, &d.Invoices[i])
	}
	return out
}

// cleanToSend is the clean copy where it goes to the platform: where both agree to it before they seal.
func (d *draft) cleanToSend() *File {
	if clean := d.Filing.Clean; d.starter() && d.reviewFirst() && d.Filing.Confirmed && clean != nil && clean.Attachment != "" {
		return clean
	}
	return nil
}

// toDetach are the removed files that the platform still has.
func (d *draft) toDetach() []string {
	var out []string
	for _, id := range d.Removed {
		if a := d.attachment(id); a != nil && a.Current && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

const draftFile = "draft.json"

// maxDraft bounds draft.json, in bytes; it holds a history and a report of what was taken out.
const maxDraft = 16 << 20

// loadDraft reads a draft; nil when there is none. Programs before this one wrote drafts in the plain: the next save closes
// them.
func loadDraft(v *vault.Vault, dir string) (*draft, error) {
	path := filepath.Join(dir, draftFile)
	data, err := disk.Read(path, maxDraft)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, disk.ErrTooLarge):
		return nil, fault("draft_damaged", err, "folder", dir)
	case err != nil:
		return nil, diskError(path, err)
	}
	var d draft
	if err := unseal(v, draftContext(dir), data, &d); err != nil {
		return nil, fault("draft_damaged", err, "folder", dir)
	}
	if !d.sound(filepath.Base(dir)) {
		return nil, fault("draft_damaged", nil, "folder", dir)
	}
	return &d, nil
}

// draftContext binds a draft to its folder.
func draftContext(dir string) string { return "draft/" + filepath.Base(dir) }

// unseal reads what the vault closed, or JSON in the plain.
func unseal(v *vault.Vault, context string, data []byte, into any) error {
	plain, err := v.Open(context, data)
	if err == nil {
		return json.Unmarshal(plain, into)
	}
	if !bytes.HasPrefix(data, []byte("{")) { // what is closed begins with any byte, with this one, too
		return err
	}
	return json.Unmarshal(data, into)
}

// sound tells that a draft is this folder's and names no file outside of it.
func (d *draft) sound(folder string) bool {
	files := d.toSend()
	if d.Filing.Clean != nil {
		files = append(files, d.Filing.Clean)
	}
	if d.Public != nil {
		files = append(files, &d.Public.File)
	}
	for _, f := range files {
		if f.Path != filepath.Base(f.Path) || !filepath.IsLocal(f.Path) || f.Size < 0 {
			return false
		}
	}
	return safeName(d.Contract) == folder
}

func (d *draft) save(v *vault.Vault, dir string, now time.Time) error {
	d.Changed = now
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, draftFile), v.Seal(draftContext(dir), data))
}
