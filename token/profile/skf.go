package profile

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"sync"
)

// SKF is in what a library departs from GM/T 0016-2012, which leaves much open. The zero value is the standard itself.
type SKF struct {
	Edition SKFEdition `json:"edition,omitempty"`

	// Errors gives error numbers another meaning than the standard's.
	Errors map[Number]Outcome `json:"errors,omitempty"`

	// The ways to each use of a private key, in the order in which they are tried until a result proves right. The driver knows
	// the standard's and those vendors' functions that have one form only; it tries them after these, and passes over what the
	// library does not export.
	SignSM2    []Function `json:"signSM2,omitempty"`    // input: e, 32 bytes
	SignRSA    []Function `json:"signRSA,omitempty"`    // input: DigestInfo (RFC 8017, 9.2)
	DecryptSM2 []Function `json:"decryptSM2,omitempty"` // input: ECCCIPHERBLOB
	DecryptRSA []Function `json:"decryptRSA,omitempty"` // input: as long as the modulus

	// HashesAgain: SKF_ECCSignData signs SM3(Z‖data) in place of the data, so that no digest can be signed with SM2.
	HashesAgain bool `json:"hashesAgain,omitempty"`

	// DeviceKey is the key of 16 characters by which an empty device lets an application be made, where it is not the usual
	// one.
	DeviceKey string `json:"deviceKey,omitempty"`

	// Seals are patterns (path.Match) of the names of files that hold electronic seals, where the product is known to name them
	// so; no others are read then. Empty: every file may be one.
	Seals []string `json:"seals,omitempty"`
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
	BadInput     Outcome = "badInput" // data or their length
	TimedOut     Outcome = "timedOut"
)

var outcomes = []Outcome{
	Failed, NotSupported, Gone, PINWrong, PINLocked, PINForm, NotLoggedIn, NotFound, Exists, NoRoom, BadInput, TimedOut,
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

var functionForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(SKF_|SKFE_|V_)[A-Za-z0-9_]{1,60}$`) })

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
	if err := checkPatterns(p.Seals); err != nil {
		return err
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

// checkPatterns wants what path.Match reads, and not too much of it.
func checkPatterns(patterns []string) error {
	if len(patterns) > maxList {
		return fmt.Errorf("more than %d names of seals", maxList)
	}
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil || p == "" || len(p) > maxText {
			return fmt.Errorf("%q is no pattern of names", p)
		}
	}
	return nil
}

// check wants each argument once at most, and those without which a private key cannot be used.
func (f Function) check() error {
	if !functionForm().MatchString(f.Name) {
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
