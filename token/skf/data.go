package skf

import (
	"context"
	"encoding/binary"
	"fmt"
	"path"
	"slices"

	"sealdesk/token"
	"sealdesk/token/profile"
)

// Files of an application (GM/T 0016-2012, 7.4).
const (
	fileNameSize  = 32                   // bytes of FILEATTRIBUTE's name; three numbers follow
	fileAttribute = fileNameSize + 3*4   // bytes
	fileAnyone    = 0x000000FF           // SECURE_ANYONE_ACCOUNT: read without a PIN
	filePart      = 4 << 10              // bytes that are asked for at once
	fileCalls     = token.MaxData/64 + 1 // that reading one takes at most, of a library that gives little at a time
)

// Data lists the application's files. Where the profile names those that hold seals, it lists these alone.
func (t *skfToken) Data(ctx context.Context) ([]token.DataObject, error) {
	var found []token.DataObject
	err := t.with(ctx, func(app *application) error {
		if t.place.app == "" {
			return nil
		}
		names, err := t.driver.library.list("SKF_EnumFiles", app.handle)
		if err != nil {
			return err
		}
		for _, name := range names {
			if !t.driver.library.isSeal(name) {
				continue
			}
			o, err := t.file(app, name)
			if outcomeOf(err) == profile.Gone {
				return err
			}
			if err != nil { // it is named all the same: some libraries tell nothing without the PIN
				o = token.DataObject{Name: name, Size: -1}
			}
			found = append(found, o)
		}
		return nil
	})
	return found, err
}

// file asks for a file's attributes.
func (t *skfToken) file(app *application, name string) (token.DataObject, error) {
	attribute := make([]byte, fileAttribute+slack)
	if err := t.driver.library.call("SKF_GetFileInfo", app.handle, text(name), attribute); err != nil {
		return token.DataObject{}, err
	}
	size := binary.LittleEndian.Uint32(attribute[fileNameSize:])
	rights := binary.LittleEndian.Uint32(attribute[fileNameSize+4:])
	o := token.DataObject{Name: name, Size: -1, Locked: rights != fileAnyone && t.held == nil}
	if size <= 1<<30 {
		o.Size = int(size)
	}
	return o, nil
}

// ReadData reads a file in parts, for libraries fail on larger ones than the key takes at once.
func (t *skfToken) ReadData(ctx context.Context, name string) ([]byte, error) {
	var data []byte
	err := t.with(ctx, func(app *application) error {
		if t.place.app == "" || len(name) > maxName {
			return token.ErrNoData
		}
		o, err := t.file(app, name)
		switch {
		case outcomeOf(err) == profile.NotFound:
			return fmt.Errorf("%w: %w", token.ErrNoData, err)
		case err != nil:
			return err
		case o.Size > token.MaxData:
			return token.ErrDataTooLong
		case o.Size < 0:
			return fmt.Errorf("SKF_GetFileInfo tells of no size: %w", ErrAnswer)
		}
		data = make([]byte, 0, o.Size)
		for range fileCalls {
			if len(data) == o.Size || ctx.Err() != nil {
				return ctx.Err()
			}
			part, err := t.part(app, name, len(data), min(filePart, o.Size-len(data)))
			if err != nil {
				return err
			}
			data = append(data, part...)
		}
		return fmt.Errorf("SKF_ReadFile gives too little at a time: %w", ErrAnswer)
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

func (t *skfToken) part(app *application, name string, from, size int) ([]byte, error) {
	out, got := make([]byte, size+slack), uint32(size)
	if err := t.driver.library.call("SKF_ReadFile", app.handle, text(name), uint32(from), uint32(size), out, &got); err != nil {
		return nil, err
	}
	if got == 0 || got > uint32(size) {
		return nil, fmt.Errorf("SKF_ReadFile tells of %d bytes: %w", got, ErrAnswer)
	}
	return out[:got], nil
}

// isSeal tells whether a file may be a seal, by what the profile knows of its name.
func (d *dialect) isSeal(name string) bool {
	return len(d.seals) == 0 || slices.ContainsFunc(d.seals, func(pattern string) bool {
		match, err := path.Match(pattern, name)
		return err == nil && match
	})
}
