package softkey

import (
	"context"
	"crypto"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/emmansun/gmsm/smx509"
)

const (
	minPIN       = 6 // bytes, as on most keys
	maxPIN       = 16
	defaultTries = 6
	maxTries     = 15
	maxLabel     = 32 // bytes: DEVINFO and CK_TOKEN_INFO hold no more
	maxSerial    = 16 // bytes: CK_TOKEN_INFO holds no more
	maxText      = 64 // bytes of the names of applications and containers
	maxDevices   = 64

	// The cost of one guess at a PIN is kept low: it is there so that a PIN stands in no file, not to protect the keys.
	pinRounds = 1000
	saltSize  = 16
)

// DefaultManufacturer is what keys say that are given none.
const DefaultManufacturer = "SealDesk"

// DeviceOptions describe a new key.
type DeviceOptions struct {
	Label        string // at most 32 bytes
	Serial       string // at most 16 letters and digits; random when empty
	Manufacturer string // at most 32 bytes; DefaultManufacturer when empty
	Application  string // the name of its SKF application; "SEALDESK" when empty
	PIN          []byte // 6 to 16 bytes
	AdminPIN     []byte // the same; "admin12345678" when empty
	Tries        int    // after a right PIN, 1 to 15; 6 when 0
	Dialect      Dialect
}

// Device is one software key. Its methods may be called from several goroutines.
type Device struct {
	server       *Server
	label        string
	serial       string
	manufacturer string
	dialect      Dialect
	applications []*application
	extra        []*keyPair // certificates without a key, such as the issuers'
	lastPair     int        // numbers the key pairs, for PKCS #11's handles

	slot     uint64 // of PKCS #11
	present  bool
	plugged  int // how often it was put in: what was opened before belongs to another time
	lockedBy *client
	pins     int
	pad      func(context.Context) ([]byte, bool) // PKCS #11: the key has a PIN pad
	calls    int
}

// application holds containers under a PIN (GM/T 0016, 6.2). PKCS #11 shows the first one of a key.
type application struct {
	name       string
	user       pin
	admin      pin
	containers []*container
	files      []*dataFile
}

// container holds up to two key pairs.
type container struct {
	name    string
	sign    *keyPair
	encrypt *keyPair
}

// keyPair is a key with its certificate; either may be missing.
type keyPair struct {
	number int
	key    crypto.Signer
	cert   []byte // DER
	id     []byte // CKA_ID, where it was given by a caller of PKCS #11
	label  []byte // CKA_LABEL, the same
	asks   bool   // CKA_ALWAYS_AUTHENTICATE
}

// role is who a PIN belongs to.
type role int

const (
	nobody role = iota
	user
	admin
)

// pin is a PIN with its counter.
type pin struct {
	Salt    []byte
	Hash    []byte
	Max     int
	Left    int
	Initial bool // never changed
	Unset   bool // PKCS #11: the token was initialised, and the PIN not yet
}

func newPIN(secret []byte, tries int) (pin, error) {
	p := pin{Max: tries, Left: tries, Initial: true}
	return p, p.set(secret)
}

func (p *pin) set(secret []byte) error {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	hash, err := hashPIN(secret, salt)
	if err != nil {
		return err
	}
	p.Salt, p.Hash, p.Left, p.Unset = salt, hash, p.Max, false
	return nil
}

// try spends a try and gives it back when the PIN is right.
func (p *pin) try(secret []byte) bool {
	if p.Left == 0 {
		return false
	}
	p.Left--
	hash, err := hashPIN(secret, p.Salt)
	if err != nil || subtle.ConstantTimeCompare(hash, p.Hash) != 1 {
		return false
	}
	p.Left = p.Max
	return true
}

func hashPIN(secret, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, string(secret), salt, pinRounds, sha256.Size)
}

func pinFits(secret []byte) bool { return len(secret) >= minPIN && len(secret) <= maxPIN }

// Add puts a new, empty key into the port.
func (s *Server) Add(o DeviceOptions) (*Device, error) {
	if o.Serial == "" {
		b := make([]byte, 8)
		rand.Read(b)
		o.Serial = hex.EncodeToString(b)
	}
	if o.Manufacturer == "" {
		o.Manufacturer = DefaultManufacturer
	}
	if o.Application == "" {
		o.Application = "SEALDESK"
	}
	if len(o.AdminPIN) == 0 {
		o.AdminPIN = []byte("admin12345678")
	}
	if o.Tries == 0 {
		o.Tries = defaultTries
	}
	switch {
	case len(o.Label) > maxLabel || len(o.Manufacturer) > maxLabel || len(o.Application) > maxText:
		return nil, errors.New("a name of the software key is too long")
	case !isSerial(o.Serial):
		return nil, fmt.Errorf("%q is no serial number", o.Serial)
	case !pinFits(o.PIN) || !pinFits(o.AdminPIN):
		return nil, fmt.Errorf("a PIN of the software key must have %d to %d bytes", minPIN, maxPIN)
	case o.Tries < 1 || o.Tries > maxTries:
		return nil, fmt.Errorf("the tries of the software key must be 1 to %d", maxTries)
	}
	app := &application{name: o.Application}
	var err error
	if app.user, err = newPIN(o.PIN, o.Tries); err != nil {
		return nil, err
	}
	if app.admin, err = newPIN(o.AdminPIN, o.Tries); err != nil {
		return nil, err
	}
	d := &Device{
		server: s, label: o.Label, serial: o.Serial, manufacturer: o.Manufacturer, dialect: o.Dialect,
		applications: []*application{app},
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.devices, func(other *Device) bool { return other.serial == d.serial }) {
		return nil, fmt.Errorf("a software key with the serial number %s exists already", d.serial)
	}
	if len(s.devices) >= maxDevices {
		return nil, errors.New("too many software keys")
	}
	if err := d.save(); err != nil {
		return nil, err
	}
	s.insert(d)
	d.plug()
	return d, nil
}

func (s *Server) insert(d *Device) {
	s.devices = append(s.devices, d)
	d.slot = uint64(len(s.devices))
}

func isSerial(serial string) bool {
	for _, r := range serial {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return serial != "" && len(serial) <= maxSerial
}

// Devices lists the keys, those that are unplugged among them.
func (s *Server) Devices() []*Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.devices)
}

// Calls tells how many calls of the function have reached the server.
func (s *Server) Calls(function string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[function]
}

// KeyPair is what AddContainer puts into one place of a container. Either part may be missing.
type KeyPair struct {
	Key         crypto.Signer // *rsa.PrivateKey, *ecdsa.PrivateKey on P-256 or *sm2.PrivateKey
	Certificate *smx509.Certificate
	AsksAlways  bool // PKCS #11: the PIN is asked for anew at each use (CKA_ALWAYS_AUTHENTICATE)
}

// AddContainer puts a container with a signing and an encryption pair into the key's first application. A pair without key and
// certificate is left out. P-256 keys are seen through PKCS #11 only.
func (d *Device) AddContainer(name string, sign, encrypt KeyPair) error {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	app := d.applications[0]
	if name == "" || len(name) > maxText || app.container(name) != nil {
		return fmt.Errorf("a container cannot be called %q, or one is already", name)
	}
	box := &container{name: name}
	for _, part := range []struct {
		from KeyPair
		to   **keyPair
	}{{sign, &box.sign}, {encrypt, &box.encrypt}} {
		if part.from.Key == nil && part.from.Certificate == nil {
			continue
		}
		if part.from.Key != nil && kindOf(part.from.Key) == unknownKey {
			return fmt.Errorf("the software key holds no keys of type %T", part.from.Key)
		}
		pair := d.newPair(part.from.Key)
		pair.asks = part.from.AsksAlways
		if part.from.Certificate != nil {
			pair.cert = part.from.Certificate.Raw
		}
		*part.to = pair
	}
	app.containers = append(app.containers, box)
	return d.save()
}

// AddCertificate puts a certificate without a key on the key, such as an issuer's. It is seen through PKCS #11 only.
func (d *Device) AddCertificate(cert *smx509.Certificate) error {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	pair := d.newPair(nil)
	pair.cert = cert.Raw
	d.extra = append(d.extra, pair)
	return d.save()
}

func (d *Device) newPair(key crypto.Signer) *keyPair {
	d.lastPair++
	return &keyPair{number: d.lastPair, key: key}
}

func (a *application) container(name string) *container {
	for _, box := range a.containers {
		if box.name == name {
			return box
		}
	}
	return nil
}

// Serial is the key's serial number.
func (d *Device) Serial() string { return d.serial }

// Unplug pulls the key out. Every call that concerns it says so from now on, and it is listed no more.
func (d *Device) Unplug() {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	d.unplug()
}

// UnplugAt pulls the key out just before the n-th call to it from now; 1 is the next.
func (d *Device) UnplugAt(n int) (lift func()) {
	return d.server.Inject(Fault{Do: Unplug, Device: d, Skip: n - 1, Times: 1})
}

// Plug puts the key back. What was opened before stays invalid, and no PIN is remembered.
func (d *Device) Plug() {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	d.plug()
}

// Tries tells how many tries are left of the user's PIN of the first application.
func (d *Device) Tries() int {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	return d.applications[0].user.Left
}

// PINs tells how many calls with a PIN have reached the key: to verify, to change and to unblock.
func (d *Device) PINs() int {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	return d.pins
}

// Calls tells how many calls concerned the key.
func (d *Device) Calls() int {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	return d.calls
}

// SetDialect makes the key behave in another way from the next call on.
func (d *Device) SetDialect(dialect Dialect) error {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	d.dialect = dialect
	return d.save()
}

func (d *Device) unplug() {
	if d.present {
		d.present = false
		d.lockedBy = nil
		d.happened(2)
	}
}

func (d *Device) plug() {
	if !d.present {
		d.present = true
		d.plugged++
		for _, c := range d.server.clients {
			for _, app := range d.applications {
				delete(c.logins, app)
			}
			delete(c.authed, d)
		}
		d.happened(1)
	}
}

// happened records an event by SKF's number for it.
func (d *Device) happened(kind uint32) {
	d.server.events = append(d.server.events, event{d.name(), kind})
	d.server.broadcast()
}

// name is what SKF_EnumDev calls it.
func (d *Device) name() string { return "SOFTKEY-" + d.serial }
