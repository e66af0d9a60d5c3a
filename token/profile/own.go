package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"

	"sealdesk/token/smallfile"
)

// Own makes the entry for a library that a person names by its path: what the table knows of it, or else of an unknown one,
// under an ID that follows from the path.
func (t *Table) Own(library string, i Interface) Profile {
	p, known := t.Match(library, i)
	if !known {
		p = t.Unknown(i)
		name := filepath.Base(library)
		p.Product = Text{name, name}
	}
	sum := sha256.Sum256([]byte(library))
	p.ID = "own-" + hex.EncodeToString(sum[:4])
	p.Paths = map[string][]string{runtime.GOOS: {library}}
	p.Names, p.USB = nil, nil
	return p
}

// LoadOwn reads the entries of a file of the table's form, the person's own; a file that is not there, or "", has none.
func LoadOwn(file string) ([]Profile, error) {
	if file == "" {
		return nil, nil
	}
	data, err := smallfile.Read(file, maxFile)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{file, err.Error()}
	}
	own, err := Parse(data)
	if err != nil {
		return nil, &Error{file, err.(*Error).Reason}
	}
	return own.profiles, nil
}

// SaveOwn writes the person's own entries, all at once or not at all.
func SaveOwn(file string, own []Profile) error {
	data, err := json.MarshalIndent(table{tableVersion, own}, "", "  ")
	if err != nil {
		return err
	}
	if _, err := Parse(data); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return smallfile.Write(file, data, 0o600)
}
