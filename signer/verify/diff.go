package verify

import (
	"fmt"
	"slices"

	"sealdesk/signer/pdf"
)

// Codes of changes.
const (
	changeModified    = "verify.modified"
	changeSignature   = "verify.change_signature"
	changeField       = "verify.change_field"
	changeTimestamp   = "verify.change_timestamp"
	changeValidation  = "verify.change_validation_data"
	changeMetadata    = "verify.change_metadata"
	changeFilled      = "verify.change_filled"
	changeTags        = "verify.change_tags"
	changeUnused      = "verify.change_unused"
	changeUnchangedAs = "verify.change_none"
)

var changeMessages = map[string]string{
	changeSignature:   "a signature was added",
	changeField:       "an empty signature field was added",
	changeTimestamp:   "a document time stamp was added",
	changeValidation:  "data for later validation was added",
	changeMetadata:    "metadata of the document changed",
	changeFilled:      "form fields were filled in",
	changeTags:        "the tags for reading aloud were added to",
	changeUnused:      "objects that nothing uses were added or deleted",
	changeUnchangedAs: "a revision without changes was added",
}

// modified is why a revision may not follow a signature, and the attack that it
// looks like.
type modified struct{ detail, attack string }

func (m *modified) Error() string { return m.detail }

func deny(attack, format string, args ...any) error {
	return &modified{fmt.Sprintf(format, args...), attack}
}

// diff judges one revision against the one before. Every object that the
// revision writes is pending until a rule explains it; what stays pending is a
// modification.
type diff struct {
	old, new *view
	links    *links
	pending  map[uint32]bool
	written  []uint32 // what was pending to begin with, in order
	codes    map[string]bool
	widgets  map[uint32]bool // the widgets of new signature fields
	names    map[string]bool
	fields   []field         // of the form as it was
	owners   owners          // of these fields, once they are asked for
	streams  map[uint32]bool // of the validation data, looked at
	deleted  []uint32
	filled   []string // the names of fields that were filled in
}

// increment is what a revision brought, all of it explained by some rule.
type increment struct {
	codes  []string
	filled []string // the names of fields that were filled in
}

// compare returns the changes that new brought, or a *modified error. Other errors
// are failures to read the file.
func compare(old, new *view) (*increment, error) {
	d := &diff{old: old, new: new, pending: map[uint32]bool{}, codes: map[string]bool{}, widgets: map[uint32]bool{}, streams: map[uint32]bool{}}
	var err error
	if d.links, err = walkLinks(old); err != nil {
		return nil, err
	}
	for _, rule := range []func() error{d.allowStructure, d.allowTrailer, d.allowCatalog, d.allowForm, d.allowPages, d.allowTags, d.allowOwned, d.allowUnused} {
		if err := rule(); err != nil {
			return nil, err
		}
	}
	for _, num := range slices.Sorted(keys(d.pending)) {
		return nil, deny(d.attackWith(num), "object %d was changed or added without need", num)
	}
	if err := d.refuseDangling(); err != nil {
		return nil, err
	}
	if len(d.codes) == 0 {
		d.codes[changeUnchangedAs] = true
	}
	return &increment{slices.Sorted(keys(d.codes)), d.filled}, nil
}

// attackWith names the attack that changing an object without need looks like.
func (d *diff) attackWith(num uint32) string {
	if !d.old.has(num) {
		return attackSaving
	}
	if d.hidden(pdf.Ref{Num: num}) {
		return attackSwitch
	}
	if now, err := d.new.byNumber(num); err == nil && slices.ContainsFunc(refs(now, nil), d.hidden) {
		return attackSwitch
	}
	o, _ := d.old.byNumber(num)
	s, isStream := o.(*pdf.Stream)
	dict, _ := o.(pdf.Dict)
	switch {
	case isStream && (s.Dict["Subtype"] == pdf.Name("Image") || s.Dict["Subtype"] == pdf.Name("Form")):
		return attackHide
	case dict["Type"] == pdf.Name("Font") || dict["Type"] == pdf.Name("FontDescriptor") || dict["FT"] != nil || dict["Subtype"] == pdf.Name("Widget"):
		return attackReplace
	case dict["Type"] == pdf.Name("Annot") || dict["Rect"] != nil:
		return attackAnnotation
	}
	return attackSaving
}

// hidden says whether the object was there before, and nothing led to it.
func (d *diff) hidden(ref pdf.Ref) bool {
	return d.links != nil && d.old.has(ref.Num) && d.links.incoming[ref.Num] == 0
}

// attackOn names the attack that a revision looks like which cannot be read: by
// the first of the objects it replaces that tells.
func (d *document) attackOn(n int) string {
	old := d.view(n - 1)
	diff := &diff{old: old, new: d.view(n)}
	if links, err := walkLinks(old); err == nil {
		diff.links = links
	}
	for _, e := range diff.new.revision.Entries {
		if was, _, _ := old.Lookup(e.Num); e.Kind != pdf.Free && e != was && old.has(e.Num) {
			if attack := diff.attackWith(e.Num); attack != attackSaving {
				return attack
			}
		}
	}
	return attackSaving
}

func keys[K comparable, V any](m map[K]V) func(yield func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// added says whether the revision brought the object and the one before did not have it.
func (d *diff) added(num uint32) bool { return d.pending[num] && !d.old.has(num) }

// claim explains the new objects that o leads to: the content of something a
// rule has allowed. It never explains an object that was there before.
func (d *diff) claim(o pdf.Object) error {
	queue := refs(o, nil)
	for len(queue) > 0 {
		ref := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !d.added(ref.Num) {
			continue
		}
		delete(d.pending, ref.Num)
		o, err := d.new.Resolve(ref)
		if err != nil {
			return err
		}
		queue = refs(o, queue)
	}
	return nil
}

// changedKeys are the entries in which two dictionaries differ.
func changedKeys(a, b pdf.Dict) []pdf.Name {
	var out []pdf.Name
	for k, o := range a {
		if other, ok := b[k]; !ok || !pdf.Equal(o, other) {
			out = append(out, k)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}
