package pkcs11

import (
	"context"
	"errors"
	"path"
	"slices"
	"strconv"

	"sealdesk/token"
	"sealdesk/token/pkcs11/cryptoki"
)

// dataObject is a CKO_DATA object (PKCS #11 v2.40, 4.5) by the name that it is read under.
type dataObject struct {
	name   string
	handle uint
}

// dataObjects lists those that the token shows: private ones only while it is unlocked, as a rule. Where the profile names those
// that hold seals, these alone. Two of the same label are told apart by a number, in the order of the token.
func (t *hardToken) dataObjects() ([]dataObject, error) {
	handles, err := t.session.Find(cryptoki.Number(cryptoki.CKA_CLASS, cryptoki.CKO_DATA), cryptoki.Bool(cryptoki.CKA_TOKEN, true))
	if err != nil {
		return nil, outcome(err)
	}
	var found []dataObject
	seen := map[string]int{}
	for _, h := range handles {
		has, err := t.attributes(h, cryptoki.CKA_LABEL)
		if err != nil {
			return nil, err
		}
		name := string(has[cryptoki.CKA_LABEL])
		if !t.isSeal(name) {
			continue
		}
		if seen[name]++; seen[name] > 1 {
			name += " (" + strconv.Itoa(seen[name]) + ")"
		}
		found = append(found, dataObject{name, h})
	}
	return found, nil
}

func (t *hardToken) isSeal(label string) bool {
	seals := t.d.profile.Seals
	return len(seals) == 0 || slices.ContainsFunc(seals, func(pattern string) bool {
		match, err := path.Match(pattern, label)
		return err == nil && match
	})
}

// Data lists the data objects that the token shows.
func (t *hardToken) Data(ctx context.Context) ([]token.DataObject, error) {
	var list []token.DataObject
	err := t.do(ctx, func() error {
		found, err := t.dataObjects()
		for _, o := range found {
			size, sizeErr := t.session.ValueSize(o.handle)
			if sizeErr != nil {
				size = -1
			}
			list = append(list, token.DataObject{Name: o.name, Size: size})
		}
		return err
	})
	return list, err
}

// ReadData reads the value of a data object.
func (t *hardToken) ReadData(ctx context.Context, name string) (data []byte, err error) {
	err = t.do(ctx, func() error {
		found, err := t.dataObjects()
		if err != nil {
			return err
		}
		for _, o := range found {
			if o.name != name {
				continue
			}
			data, err = t.session.Value(o.handle, token.MaxData)
			if errors.Is(err, cryptoki.ErrBounds) {
				return errors.Join(token.ErrDataTooLong, err)
			}
			return outcome(err)
		}
		return token.ErrNoData
	})
	return data, err
}
