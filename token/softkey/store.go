package softkey

import (
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token/smallfile"
)

const (
	fileFormat = "sealdesk-softkey-device"
	fileSuffix = ".json"
	maxFile    = 4 << 20 // bytes
)

// deviceFile is a key on the disk: one JSON file, for the user alone.
type deviceFile struct {
	Format       string            `json:"format"`
	Label        string            `json:"label"`
	Serial       string            `json:"serial"`
	Manufacturer string            `json:"manufacturer"`
	Dialect      Dialect           `json:"dialect"`
	LastPair     int               `json:"lastPair"`
	Applications []applicationFile `json:"applications"`
	Extra        []pairFile        `json:"extra,omitempty"`
}

type applicationFile struct {
	Name       string          `json:"name"`
	User       pin             `json:"user"`
	Admin      pin             `json:"admin"`
	Containers []containerFile `json:"containers,omitempty"`
	Files      []*dataFile     `json:"files,omitempty"`
}

type containerFile struct {
	Name    string    `json:"name"`
	Sign    *pairFile `json:"sign,omitempty"`
	Encrypt *pairFile `json:"encrypt,omitempty"`
}

type pairFile struct {
	Number      int    `json:"number"`
	Key         []byte `json:"key,omitempty"`         // PKCS #8
	Certificate []byte `json:"certificate,omitempty"` // DER
	ID          []byte `json:"id,omitempty"`
	Label       []byte `json:"label,omitempty"`
	Asks        bool   `json:"asks,omitempty"`
}

// save writes the key's file, where the server keeps files.
func (d *Device) save() error {
	if d.server.folder == "" {
		return nil
	}
	f, err := d.file()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	return smallfile.Write(filepath.Join(d.server.folder, d.serial+fileSuffix), data, 0o600)
}

func (d *Device) file() (*deviceFile, error) {
	f := &deviceFile{
		Format: fileFormat, Label: d.label, Serial: d.serial, Manufacturer: d.manufacturer, Dialect: d.dialect, LastPair: d.lastPair,
	}
	for _, app := range d.applications {
		a := applicationFile{Name: app.name, User: app.user, Admin: app.admin, Files: app.files}
		for _, box := range app.containers {
			sign, err := box.sign.file()
			if err != nil {
				return nil, err
			}
			encrypt, err := box.encrypt.file()
			if err != nil {
				return nil, err
			}
			a.Containers = append(a.Containers, containerFile{box.name, sign, encrypt})
		}
		f.Applications = append(f.Applications, a)
	}
	for _, pair := range d.extra {
		p, err := pair.file()
		if err != nil {
			return nil, err
		}
		f.Extra = append(f.Extra, *p)
	}
	return f, nil
}

func (p *keyPair) file() (*pairFile, error) {
	if p == nil {
		return nil, nil
	}
	f := &pairFile{Number: p.number, Certificate: p.cert, ID: p.id, Label: p.label, Asks: p.asks}
	if p.key == nil {
		return f, nil
	}
	der, err := smx509.MarshalPKCS8PrivateKey(p.key)
	f.Key = der
	return f, err
}

// load reads the keys of the folder, which it makes where it is missing.
func (s *Server) load() error {
	if err := os.MkdirAll(s.folder, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if serial, ok := strings.CutSuffix(e.Name(), fileSuffix); !ok || !isSerial(serial) || !e.Type().IsRegular() {
			continue
		}
		if len(s.devices) >= maxDevices {
			return fmt.Errorf("%s holds more than %d software keys", s.folder, maxDevices)
		}
		d, err := read(filepath.Join(s.folder, e.Name()))
		if err != nil {
			return fmt.Errorf("software key %s: %w", e.Name(), err)
		}
		d.server = s
		s.insert(d)
		d.plug()
	}
	return nil
}

func read(path string) (*Device, error) {
	data, err := smallfile.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	var f deviceFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if f.Format != fileFormat || f.Serial+fileSuffix != filepath.Base(path) || len(f.Applications) == 0 {
		return nil, errors.New("not a software key, or under another name")
	}
	d := &Device{label: f.Label, serial: f.Serial, manufacturer: f.Manufacturer, dialect: f.Dialect, lastPair: f.LastPair}
	for _, a := range f.Applications {
		app := &application{name: a.Name, user: a.User, admin: a.Admin, files: a.Files}
		for _, c := range a.Containers {
			box := &container{name: c.Name}
			if box.sign, err = c.Sign.pair(); err != nil {
				return nil, err
			}
			if box.encrypt, err = c.Encrypt.pair(); err != nil {
				return nil, err
			}
			app.containers = append(app.containers, box)
		}
		d.applications = append(d.applications, app)
	}
	for _, p := range f.Extra {
		pair, err := p.pair()
		if err != nil {
			return nil, err
		}
		d.extra = append(d.extra, pair)
	}
	return d, nil
}

func (f *pairFile) pair() (*keyPair, error) {
	if f == nil {
		return nil, nil
	}
	p := &keyPair{number: f.Number, cert: f.Certificate, id: f.ID, label: f.Label, asks: f.Asks}
	if len(f.Key) == 0 {
		return p, nil
	}
	key, err := smx509.ParsePKCS8PrivateKey(f.Key)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok || kindOf(signer) == unknownKey {
		return nil, fmt.Errorf("a key of type %T", key)
	}
	p.key = signer
	return p, nil
}
