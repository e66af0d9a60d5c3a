package softkey

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

const (
	maxFiles     = 32
	maxFileName  = 31       // bytes: FILEATTRIBUTE has 32 with the zero
	maxFileBytes = 64 << 10 // bytes of one file, more than real keys have room for

	rightsUser   = 0x00000010 // SECURE_USER_ACCOUNT
	rightsAnyone = 0x000000FF // SECURE_ANYONE_ACCOUNT
)

// dataFile is a file of an application (GM/T 0016, 7.4), as that which makers of keys put a seal in.
type dataFile struct {
	Name  string `json:"name"`
	Data  []byte `json:"data"`
	Read  uint32 `json:"read"` // rights
	Write uint32 `json:"write"`
}

// PutFile puts a file on the key's first application, as the maker of the key does; locked has it wait for the PIN.
func (d *Device) PutFile(name string, data []byte, locked bool) error {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	if name == "" || len(name) > maxFileName || len(data) == 0 || len(data) > maxFileBytes {
		return errors.New("a software key takes no such file")
	}
	app := d.applications[0]
	app.files = slices.DeleteFunc(app.files, func(f *dataFile) bool { return f.Name == name })
	if len(app.files) == maxFiles {
		return errors.New("the software key is full")
	}
	f := &dataFile{Name: name, Data: bytes.Clone(data), Read: rightsAnyone, Write: rightsUser}
	if locked {
		f.Read = rightsUser
	}
	app.files = append(app.files, f)
	return d.save()
}

func (a *application) file(name string) *dataFile {
	for _, f := range a.files {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// may tells whether the process has the rights that a file asks for.
func (c *call) may(rights uint32) bool {
	return rights == rightsAnyone || rights&rightsUser != 0 && c.loggedIn()
}

func skfCreateFile(c *call) code {
	name, size := c.in.text(), c.in.number()
	read, write := c.in.number(), c.in.number()
	app := c.handle.app
	switch {
	case c.in.bad || name == "" || size == 0 || size > maxFileBytes:
		return sarInvalidParam
	case len(name) > maxFileName:
		return sarNameLength
	case !c.loggedIn():
		return sarNotLoggedIn
	case app.file(name) != nil:
		return sarFileThere
	case len(app.files) == maxFiles:
		return sarNoRoom
	}
	app.files = append(app.files, &dataFile{Name: name, Data: make([]byte, size), Read: uint32(read), Write: uint32(write)})
	return c.saved()
}

func skfDeleteFile(c *call) code {
	name, app := c.in.text(), c.handle.app
	switch {
	case app.file(name) == nil:
		return sarFileNotThere
	case !c.loggedIn():
		return sarNotLoggedIn
	}
	app.files = slices.DeleteFunc(app.files, func(f *dataFile) bool { return f.Name == name })
	return c.saved()
}

func skfEnumFiles(c *call) code {
	var list []string
	for _, f := range c.handle.app.files {
		list = append(list, f.Name)
	}
	return c.skfBuffer(c.in.room(), names(list))
}

func skfGetFileInfo(c *call) code {
	f := c.handle.app.file(c.in.text())
	if f == nil {
		return sarFileNotThere
	}
	info := make([]byte, maxFileName+1, maxFileName+1+3*4)
	copy(info, f.Name)
	for _, n := range []uint32{uint32(len(f.Data)), f.Read, f.Write} {
		info = binary.LittleEndian.AppendUint32(info, n)
	}
	c.out.bytes(info)
	return sarOK
}

func skfReadFile(c *call) code {
	f, from, size, r := c.handle.app.file(c.in.text()), c.in.number(), c.in.number(), c.in.room()
	switch {
	case f == nil:
		return sarFileNotThere
	case !c.may(f.Read):
		return sarNotLoggedIn
	case c.in.bad || from > uint64(len(f.Data)):
		return sarInvalidParam
	}
	rest := f.Data[from:]
	return c.skfBuffer(r, rest[:min(size, uint64(len(rest)))])
}

func skfWriteFile(c *call) code {
	f, from, data := c.handle.app.file(c.in.text()), c.in.number(), c.in.bytes()
	switch {
	case f == nil:
		return sarFileNotThere
	case !c.may(f.Write):
		return sarNotLoggedIn
	case c.in.bad || from > uint64(len(f.Data)) || uint64(len(data)) > uint64(len(f.Data))-from:
		return sarInDataLength
	}
	copy(f.Data[from:], data)
	return c.saved()
}
