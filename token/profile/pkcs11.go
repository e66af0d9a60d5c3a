package profile

import (
	"errors"
	"fmt"
	"strconv"
)

// Number is a number of PKCS #11, written in JSON as a string of hex, "0x80008104". Zero stands for none.
type Number uint32

// MarshalText writes the number as hex.
func (n Number) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "0x%08X", uint32(n)), nil }

// UnmarshalText reads hex after 0x.
func (n *Number) UnmarshalText(b []byte) error {
	s := string(b)
	if len(s) < 3 || s[:2] != "0x" {
		return fmt.Errorf("%q is no number of the form 0x80008104", s)
	}
	v, err := strconv.ParseUint(s[2:], 16, 32)
	*n = Number(v)
	return err
}

// PKCS11 is what the PKCS #11 driver needs to know of a library.
type PKCS11 struct {
	// SM2 lists the ways in which the library may offer SM2; the driver tries those that the token lists, in this order,
	// until a signature verifies. It is empty for libraries without SM2.
	SM2 []SM2 `json:"sm2,omitempty"`

	// Container and KeySpec are the types of vendor attributes that hold the container's name and the place in it
	// (1 exchange, 2 signature), by which signing and encryption keys are paired and told apart.
	Container Number `json:"container,omitzero"`
	KeySpec   Number `json:"keySpec,omitzero"`

	// MaxTries is the number of PINs after a right one, where the product is known to count them; PKCS #11 does not tell.
	MaxTries int `json:"maxTries,omitempty"`

	// Seals are patterns (path.Match) of the labels of data objects that hold electronic seals, where the product is known to
	// name them so; no others are read then. Empty: every data object may be one.
	Seals []string `json:"seals,omitempty"`
}

// SM2 is one way in which a library offers SM2. A number that is zero is an ability that it has not.
type SM2 struct {
	KeyType  Number `json:"keyType,omitzero"`  // CKA_KEY_TYPE; CKK_EC (3) where SM2 is a curve among others
	Generate Number `json:"generate,omitzero"` // mechanism that makes key pairs
	Sign     Number `json:"sign,omitzero"`     // mechanism that signs e = SM3(Z‖M) as it is handed over
	Decrypt  Number `json:"decrypt,omitzero"`  // mechanism that decrypts

	// Ciphertext is the form that Decrypt takes. Forms of signatures need no telling: what comes back verifies or does not.
	Ciphertext Ciphertext `json:"ciphertext,omitempty"`

	// Agree has SM2 decrypted with the curve's key agreement, CKM_ECDH1_DERIVE, where the library knows the curve but not
	// the algorithm.
	Agree bool `json:"agree,omitempty"`
}

// Ciphertext is a form of what SM2 encrypts to.
type Ciphertext string

const (
	CiphertextDER    Ciphertext = "der"    // SM2Cipher of GM/T 0009, 7.2
	CiphertextC1C3C2 Ciphertext = "c1c3c2" // GB/T 32918.4-2016
	CiphertextC1C2C3 Ciphertext = "c1c2c3" // the order before 2012
)

func (p *PKCS11) check() error {
	if len(p.SM2) > maxList {
		return fmt.Errorf("more than %d ways to SM2", maxList)
	}
	if p.MaxTries < 0 || p.MaxTries > 255 {
		return errors.New("the number of tries is out of bounds")
	}
	if err := checkPatterns(p.Seals); err != nil {
		return err
	}
	for _, s := range p.SM2 {
		switch s.Ciphertext {
		case "", CiphertextDER, CiphertextC1C3C2, CiphertextC1C2C3:
		default:
			return fmt.Errorf("%q is no form of SM2 ciphertexts", s.Ciphertext)
		}
		if (s.Decrypt != 0) != (s.Ciphertext != "") {
			return errors.New("a mechanism that decrypts SM2 needs the form it takes, and only it does")
		}
	}
	return nil
}
