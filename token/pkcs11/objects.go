package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"math/big"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/pkcs11/cryptoki"
)

// object is what of a certificate or a key on the token tells where it belongs.
type object struct {
	handle    uint
	class     uint
	id, label []byte
	container []byte // by the vendor's attribute
	keySpec   uint   // by the vendor's attribute; 0 when the token does not tell

	value []byte // of a certificate: DER

	keyType         uint
	hasType         bool
	modulus         []byte // of an RSA key, without leading zeros
	point           []byte // of a public EC key: X‖Y
	signs, decrypts bool
	always          bool // wants the PIN for every use
}

// The places in a container, as the vendors of keys number them.
const (
	keySpecExchange  = 1
	keySpecSignature = 2
)

// objects reads the objects of one class. Private keys show themselves only while the token is unlocked, on most tokens.
func (t *hardToken) objects(class uint) ([]object, error) {
	handles, err := t.session.Find(cryptoki.Number(cryptoki.CKA_CLASS, class), cryptoki.Bool(cryptoki.CKA_TOKEN, true))
	if err != nil {
		return nil, outcome(err)
	}
	objects := make([]object, 0, len(handles))
	for _, h := range handles {
		o, err := t.object(h, class)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// keys reads the private keys, and the public ones where something hangs on them: a private key that does not tell its public half,
// or whoever asks so. The private keys of a login are read once unless they are wanted fresh: what a key on USB is asked takes
// milliseconds each time.
func (t *hardToken) keys(fresh, withPublics bool) (privates, publics []object, err error) {
	if t.login != nil && !fresh {
		privates = t.login.privates
	} else if privates, err = t.objects(cryptoki.CKO_PRIVATE_KEY); err != nil {
		return nil, nil, err
	}
	if t.login != nil {
		t.login.privates = privates
	}
	for _, k := range privates {
		withPublics = withPublics || len(k.modulus) == 0
	}
	if withPublics {
		publics, err = t.objects(cryptoki.CKO_PUBLIC_KEY)
	}
	return privates, publics, err
}

func (t *hardToken) object(handle, class uint) (object, error) {
	types := []uint{cryptoki.CKA_ID, cryptoki.CKA_LABEL}
	switch class {
	case cryptoki.CKO_CERTIFICATE:
		types = append(types, cryptoki.CKA_VALUE)
	case cryptoki.CKO_PRIVATE_KEY:
		types = append(types, cryptoki.CKA_KEY_TYPE, cryptoki.CKA_SIGN, cryptoki.CKA_DECRYPT, cryptoki.CKA_DERIVE,
			cryptoki.CKA_ALWAYS_AUTHENTICATE)
	case cryptoki.CKO_PUBLIC_KEY:
		types = append(types, cryptoki.CKA_KEY_TYPE, cryptoki.CKA_VERIFY, cryptoki.CKA_ENCRYPT, cryptoki.CKA_DERIVE)
	}
	p := t.d.profile
	if p.Container != 0 {
		types = append(types, uint(p.Container))
	}
	if p.KeySpec != 0 {
		types = append(types, uint(p.KeySpec))
	}
	has, err := t.attributes(handle, types...)
	if err != nil {
		return object{}, err
	}
	o := object{
		handle: handle, class: class, id: has[cryptoki.CKA_ID], label: has[cryptoki.CKA_LABEL],
		container: has[uint(p.Container)], value: has[cryptoki.CKA_VALUE],
		signs:    flag(has[cryptoki.CKA_SIGN]) || flag(has[cryptoki.CKA_VERIFY]),
		decrypts: flag(has[cryptoki.CKA_DECRYPT]) || flag(has[cryptoki.CKA_ENCRYPT]) || flag(has[cryptoki.CKA_DERIVE]),
		always:   flag(has[cryptoki.CKA_ALWAYS_AUTHENTICATE]),
	}
	o.keySpec, _ = cryptoki.ParseNumber(has[uint(p.KeySpec)])
	o.keyType, o.hasType = cryptoki.ParseNumber(has[cryptoki.CKA_KEY_TYPE])
	switch {
	case o.hasType && o.keyType == cryptoki.CKK_RSA:
		has, err = t.attributes(handle, cryptoki.CKA_MODULUS)
		o.modulus = bytes.TrimLeft(has[cryptoki.CKA_MODULUS], "\x00")
	case class == cryptoki.CKO_PUBLIC_KEY:
		has, err = t.attributes(handle, cryptoki.CKA_EC_POINT)
		o.point = coordinates(has[cryptoki.CKA_EC_POINT])
	}
	return o, err
}

// attributes reads attributes of an object by their types.
func (t *hardToken) attributes(handle uint, types ...uint) (map[uint][]byte, error) {
	values, err := t.session.Attributes(handle, types...)
	if err != nil {
		return nil, outcome(err)
	}
	has := map[uint][]byte{}
	for i, typ := range types {
		has[typ] = values[i]
	}
	return has, nil
}

func flag(v []byte) bool { return len(v) > 0 && v[0] != 0 }

// coordinates normalises CKA_EC_POINT, which is a DER OCTET STRING by the standard and the bare point in some libraries.
func coordinates(point []byte) []byte {
	var inner []byte
	if rest, err := asn1.Unmarshal(point, &inner); err == nil && len(rest) == 0 {
		point = inner
	}
	if len(point)%2 == 1 && point[0] == 4 {
		return point[1:]
	}
	return nil
}

// publicOf gives the parts of a certificate's key that objects are compared by; one of them is nil.
func publicOf(pub crypto.PublicKey) (modulus, point []byte) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return k.N.Bytes(), nil
	case *ecdsa.PublicKey:
		if b := uncompressed(k); b != nil {
			return nil, b[1:]
		}
	}
	return nil, nil
}

// uncompressed gives 04‖X‖Y.
func uncompressed(k *ecdsa.PublicKey) []byte {
	n := (k.Curve.Params().BitSize + 7) / 8
	b := make([]byte, 1+2*n)
	b[0] = 4
	x, y := xy(k)
	if x.BitLen() > n*8 || y.BitLen() > n*8 {
		return nil
	}
	x.FillBytes(b[1 : 1+n])
	y.FillBytes(b[1+n:])
	return b
}

// xy reads the coordinates: the standard library's own way knows no SM2.
func xy(k *ecdsa.PublicKey) (x, y *big.Int) {
	//lint:ignore SA1019 crypto/ecdsa's Bytes refuses curves that are not its own
	return k.X, k.Y
}

// matchKeys finds the objects that may be the private key of a certificate, the likeliest first: those with its CKA_ID, those
// whose public key is known to be the same, those of the same place in the same container. When there is none of these, any
// that nothing speaks against may be it, and a signature shows which.
func matchKeys(cert object, pub crypto.PublicKey, privates, publics []object) []object {
	var same, near, others []object
	modulus, point := publicOf(pub)
	for _, k := range privates {
		known, fits := k.isKeyOf(modulus, point, publics)
		switch {
		case !fits:
		case len(cert.id) > 0 && bytes.Equal(cert.id, k.id):
			same = append(same, k)
		case known, len(cert.container) > 0 && bytes.Equal(cert.container, k.container) && cert.keySpec == k.keySpec:
			near = append(near, k)
		case len(cert.id) == 0 || len(k.id) == 0:
			others = append(others, k)
		}
	}
	// Where two keys share an ID, the place in the container decides.
	slices.SortStableFunc(same, func(a, b object) int { return distance(a, cert) - distance(b, cert) })
	if found := append(same, near...); len(found) > 0 {
		return found
	}
	return others[:min(len(others), maxGuesses)]
}

// maxGuesses is how many keys are tried for a certificate when nothing tells which is its own.
const maxGuesses = 8

func distance(key, cert object) int {
	if key.keySpec == cert.keySpec {
		return 0
	}
	return 1
}

// isKeyOf compares a private key with a public one: known says that they belong together, fits that nothing speaks against it.
func (k object) isKeyOf(modulus, point []byte, publics []object) (known, fits bool) {
	if k.hasType && (k.keyType == cryptoki.CKK_RSA) != (modulus != nil) {
		return false, false
	}
	if len(k.modulus) > 0 {
		equal := bytes.Equal(k.modulus, modulus)
		return equal, equal
	}
	if len(k.id) == 0 {
		return false, true
	}
	var beside, equal bool
	for _, p := range publics {
		if !bytes.Equal(p.id, k.id) || len(p.point) == 0 {
			continue
		}
		beside = true
		equal = equal || bytes.Equal(p.point, point)
	}
	return equal, equal || !beside
}

// usageOf says what a certificate's key is for: the certificate tells, or else the place in the container, or else what the
// key may do.
func usageOf(cert object, parsed *smx509.Certificate, keys []object) token.Usage {
	if u := token.UsageOf(parsed); u != 0 {
		return u
	}
	switch cert.keySpec {
	case keySpecExchange:
		return token.UsageEncrypt
	case keySpecSignature:
		return token.UsageSign
	}
	var u token.Usage
	for _, k := range keys {
		if len(cert.id) == 0 || !bytes.Equal(k.id, cert.id) {
			continue
		}
		if k.signs {
			u |= token.UsageSign
		}
		if k.decrypts {
			u |= token.UsageEncrypt
		}
	}
	if u == 0 {
		u = token.UsageSign
	}
	return u
}

func isSM2(pub crypto.PublicKey) bool {
	k, ok := pub.(*ecdsa.PublicKey)
	return ok && sm2.IsSM2PublicKey(k)
}
