package profile

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// SKF is in what a library departs from GM/T 0016-2012, which leaves much open; GM/T 0016-2023 changes nothing that is needed
// here. The zero value is the standard itself. Fill adds what stays the same.
type SKF struct {
	Edition SKFEdition `json:"edition,omitempty"`

	// Errors gives error numbers another meaning than the standard's.
	Errors map[Number]Outcome `json:"errors,omitempty"`

	// The ways to each use of a private key, in the order in which they are tried until a result proves right. Where the
	// standard has a function, it comes first unless it stands in the list. A function that the library has not is passed over.
	SignSM2    []Function `json:"signSM2,omitempty"`    // input: e, 32 bytes
	SignRSA    []Function `json:"signRSA,omitempty"`    // input: DigestInfo (RFC 8017, 9.2)
	DecryptSM2 []Function `json:"decryptSM2,omitempty"` // input: ECCCIPHERBLOB
	DecryptRSA []Function `json:"decryptRSA,omitempty"` // input: as long as the modulus

	// HashesAgain: SKF_ECCSignData signs SM3(Z‖data) in place of the data, so that no digest can be signed with SM2.
	HashesAgain bool `json:"hashesAgain,omitempty"`

	// DeviceKey is the key of 16 characters by which an empty device lets an application be made, where it is not the usual
	// one.
	DeviceKey string `json:"deviceKey,omitempty"`

	// What the edition settles; see Fill.
	readCertificate, storeCertificate Function
	device                            DeviceLayout
	publicKeyHead                     int
}

// SKFEdition is an edition of GM/T 0016.
type SKFEdition string

const (
	SKF2012 SKFEdition = ""     // and 2023
	SKF2010 SKFEdition = "2010" // a draft that is still in the field
)

// Outcome is what an error number says to whoever calls.
type Outcome string

const (
	Failed       Outcome = "failed" // and no more is known
	NotSupported Outcome = "notSupported"
	Gone         Outcome = "gone" // device or handle
	PINWrong     Outcome = "pinWrong"
	PINLocked    Outcome = "pinLocked"
	PINForm      Outcome = "pinForm" // its length or its characters
	NotLoggedIn  Outcome = "notLoggedIn"
	NotFound     Outcome = "notFound" // container, key, certificate, application
	Exists       Outcome = "exists"
	NoRoom       Outcome = "noRoom"
	TimedOut     Outcome = "timedOut"
)

var outcomes = []Outcome{
	Failed, NotSupported, Gone, PINWrong, PINLocked, PINForm, NotLoggedIn, NotFound, Exists, NoRoom, TimedOut,
}

// Function is how a function of a library is called. It returns an error number.
type Function struct {
	Name      string     `json:"name"`
	Arguments []Argument `json:"arguments"`

	// The values of the argument "key".
	SignKey    uint32 `json:"signKey,omitempty"`
	EncryptKey uint32 `json:"encryptKey,omitempty"`
}

// Argument is one argument of a Function.
type Argument string

const (
	Container  Argument = "container"  // its handle
	Key        Argument = "key"        // a number that says which key of the container
	Input      Argument = "input"      // pointer to what goes in
	InputSize  Argument = "inputSize"  // its size in bytes
	Output     Argument = "output"     // pointer to room for what comes out
	OutputSize Argument = "outputSize" // pointer to the size of the room, and then of what came out
)

// DeviceLayout is where the fields of DEVINFO begin, which are texts of a fixed size, and the number of the algorithm of
// device authentication.
type DeviceLayout struct {
	Manufacturer, Label, Serial, AuthAlgorithm int // in bytes; AuthAlgorithm is 0 where the edition has none
}

// Sizes of the texts in DEVINFO, in bytes.
const (
	DeviceManufacturerSize = 64
	DeviceSerialSize       = 32
)

// LabelSize is the size of DEVINFO's label in bytes: 32, and 64 in the draft of 2010.
func (l DeviceLayout) LabelSize() int { return min(l.Serial-l.Label, 64) }

// standardErrors are those of GM/T 0016-2012, annex A, as far as they call for something else than giving up, and the ones of
// Longmai, whose numbers nobody else uses.
var standardErrors = map[Number]Outcome{
	0x0A000003: NotSupported,
	0x0A000005: Gone, // an invalid handle: of a device that was pulled out and is back again
	0x0A00000F: TimedOut,
	0x0A00001B: NotFound, // key
	0x0A00001C: NotFound, // certificate
	0x0A000023: Gone,
	0x0A000024: PINWrong,
	0x0A000025: PINLocked,
	0x0A000026: PINForm,
	0x0A000027: PINForm,
	0x0A00002C: Exists, // application
	0x0A00002D: NotLoggedIn,
	0x0A00002E: NotFound, // application
	0x0A00002F: Exists,
	0x0A000030: NoRoom,
	0x0A000031: NotFound,
	0x0A000032: NoRoom,
	0x0B000035: NotFound, // container
	0x0B000036: Exists,   // container
}

// onlyForm lists vendors' functions of which one form alone is known, so that they can be called in any library. A function
// whose name goes with several forms is called only where a profile tells which: a wrong one crashes.
var onlyForm = struct{ signSM2, decryptSM2, decryptRSA []Function }{
	signSM2: []Function{
		{Name: "SKF_ECCSignDataEx", Arguments: []Argument{Container, Key, Input, InputSize, Output}, SignKey: 1},
	},
	decryptSM2: []Function{
		{Name: "SKF_ECCPrvKeyDecrypt", Arguments: []Argument{Container, Input, Output, OutputSize}},
		{Name: "SKF_ECCPrvKeyDecryptEx", Arguments: []Argument{Container, Key, Input, Output, OutputSize}, SignKey: 1},
		{Name: "V_ECCPrvKeyDecrypt", Arguments: []Argument{Container, Key, Input, Output, OutputSize}, SignKey: 2, EncryptKey: 1},
	},
	decryptRSA: []Function{
		{Name: "SKF_RSAPrvKeyDecrypt", Arguments: []Argument{Container, Input, InputSize, Output, OutputSize}},
		{Name: "V_RSAPrvKeyDecrypt", Arguments: []Argument{Container, Input, InputSize, Output, OutputSize}},
	},
}

// Fill gives the profile with what its edition says wherever it says nothing itself.
func (p SKF) Fill() SKF {
	errors := maps.Clone(standardErrors)
	maps.Copy(errors, p.Errors)
	p.Errors = errors
	if p.DeviceKey == "" {
		p.DeviceKey = "1234567812345678"
	}

	signSM2 := Function{Name: "SKF_ECCSignData", Arguments: []Argument{Container, Input, InputSize, Output}}
	if p.Edition == SKF2010 {
		signSM2.Arguments = []Argument{Container, Input, InputSize, Output, OutputSize}
		p.readCertificate = Function{
			Name: "SKF_ReadCert", Arguments: []Argument{Container, Key, OutputSize, Output}, SignKey: 2, EncryptKey: 1,
		}
		p.storeCertificate = Function{
			Name: "SKF_WriteCert", Arguments: []Argument{Container, Key, InputSize, Input}, SignKey: 2, EncryptKey: 1,
		}
		p.device = DeviceLayout{Manufacturer: 0, Label: 64, Serial: 128}
		p.publicKeyHead = 4
	} else {
		p.readCertificate = Function{
			Name: "SKF_ExportCertificate", Arguments: []Argument{Container, Key, Output, OutputSize}, SignKey: 1,
		}
		p.storeCertificate = Function{
			Name: "SKF_ImportCertificate", Arguments: []Argument{Container, Key, Input, InputSize}, SignKey: 1,
		}
		p.device = DeviceLayout{Manufacturer: 2, Label: 130, Serial: 162, AuthAlgorithm: 210}
	}
	signRSA := Function{Name: "SKF_RSASignData", Arguments: []Argument{Container, Input, InputSize, Output, OutputSize}}
	p.SignSM2 = ways([]Function{signSM2}, p.SignSM2, onlyForm.signSM2)
	p.SignRSA = ways([]Function{signRSA}, p.SignRSA, nil)
	p.DecryptSM2 = ways(nil, p.DecryptSM2, onlyForm.decryptSM2)
	p.DecryptRSA = ways(nil, p.DecryptRSA, onlyForm.decryptRSA)
	return p
}

// ways puts the ways in order. What the profile says of a function takes the place of what is known of it otherwise.
func ways(standard, own, others []Function) []Function {
	var all []Function
	add := func(functions []Function) {
		for _, f := range functions {
			if !slices.ContainsFunc(all, func(g Function) bool { return g.Name == f.Name }) {
				all = append(all, f)
			}
		}
	}
	for _, f := range standard {
		if !slices.ContainsFunc(own, func(g Function) bool { return g.Name == f.Name }) {
			all = append(all, f)
		}
	}
	add(own)
	add(others)
	return all
}

// ReadCertificate is the function that reads a certificate. The profile is filled.
func (p SKF) ReadCertificate() Function { return p.readCertificate }

// StoreCertificate is the function that stores a certificate. The profile is filled.
func (p SKF) StoreCertificate() Function { return p.storeCertificate }

// DeviceLayout tells the layout of DEVINFO. The profile is filled.
func (p SKF) DeviceLayout() DeviceLayout { return p.device }

// PublicKeyHead is the number of bytes before an ECCPUBLICKEYBLOB. The profile is filled.
func (p SKF) PublicKeyHead() int { return p.publicKeyHead }

// Outcome is the meaning of an error number. The profile is filled.
func (p SKF) Outcome(number uint32) Outcome {
	if o, ok := p.Errors[Number(number)]; ok {
		return o
	}
	return Failed
}

var functionForm = regexp.MustCompile(`^(SKF_|SKFE_|V_)[A-Za-z0-9_]{1,60}$`)

func (p *SKF) check() error {
	if p.Edition != SKF2012 && p.Edition != SKF2010 {
		return fmt.Errorf("%q is no edition of GM/T 0016", p.Edition)
	}
	if len(p.Errors) > maxList {
		return fmt.Errorf("more than %d error numbers", maxList)
	}
	for n, o := range p.Errors {
		if n == 0 || !slices.Contains(outcomes, o) {
			return fmt.Errorf("error number 0x%08X cannot mean %q", uint32(n), o)
		}
	}
	if p.DeviceKey != "" && len(p.DeviceKey) != 16 {
		return errors.New("the device key has not 16 characters")
	}
	for _, functions := range [][]Function{p.SignSM2, p.SignRSA, p.DecryptSM2, p.DecryptRSA} {
		if len(functions) > maxList {
			return fmt.Errorf("more than %d functions for one use", maxList)
		}
		for _, f := range functions {
			if err := f.check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// check wants each argument once at most, and those without which a private key cannot be used.
func (f Function) check() error {
	if !functionForm.MatchString(f.Name) {
		return fmt.Errorf("%q is no function of a key's library", f.Name)
	}
	known := []Argument{Container, Key, Input, InputSize, Output, OutputSize}
	for i, a := range f.Arguments {
		if !slices.Contains(known, a) || slices.Contains(f.Arguments[:i], a) {
			return fmt.Errorf("function %s cannot have an argument %q there", f.Name, a)
		}
	}
	for _, a := range []Argument{Container, Input, Output} {
		if !slices.Contains(f.Arguments, a) {
			return fmt.Errorf("function %s lacks an argument %q", f.Name, a)
		}
	}
	return nil
}
