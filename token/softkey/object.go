package softkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// class is a CKA_CLASS.
type class uint64

const (
	certificateClass class = 1
	publicClass      class = 2
	privateClass     class = 3
)

// Attributes of PKCS #11 2.40.
const (
	ckaClass            = 0x000
	ckaToken            = 0x001
	ckaPrivate          = 0x002
	ckaLabel            = 0x003
	ckaValue            = 0x011
	ckaCertificateType  = 0x080
	ckaIssuer           = 0x081
	ckaSerialNumber     = 0x082
	ckaTrusted          = 0x086
	ckaCategory         = 0x087
	ckaKeyType          = 0x100
	ckaSubject          = 0x101
	ckaID               = 0x102
	ckaSensitive        = 0x103
	ckaEncrypt          = 0x104
	ckaDecrypt          = 0x105
	ckaWrap             = 0x106
	ckaUnwrap           = 0x107
	ckaSign             = 0x108
	ckaSignRecover      = 0x109
	ckaVerify           = 0x10A
	ckaDerive           = 0x10C
	ckaModulus          = 0x120
	ckaModulusBits      = 0x121
	ckaPublicExponent   = 0x122
	ckaPrivateExponent  = 0x123
	ckaPrime1           = 0x124
	ckaPrime2           = 0x125
	ckaCoefficient      = 0x128
	ckaExtractable      = 0x162
	ckaLocal            = 0x163
	ckaNeverExtractable = 0x164
	ckaAlwaysSensitive  = 0x165
	ckaModifiable       = 0x170
	ckaECParams         = 0x180
	ckaECPoint          = 0x181
	ckaAlwaysAsk        = 0x202

	// Longmai's: the container, and which of its pairs.
	ckaContainer = 0x80000066
	ckaKeyspec   = 0x80000067

	ckkRSA = 0
	ckkEC  = 3
)

// The curves' names as CKA_EC_PARAMS.
var (
	oidP256 = []byte{0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}
	oidSM2  = []byte{0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D}
)

// object is one face of a key pair.
type object struct {
	class class
	pair  *keyPair
	box   *container // nil for a certificate without a key
	sign  bool       // which of the container's pairs
}

// handle is the same for as long as the key pair is there.
func (o object) handle() uint64 { return uint64(o.pair.number)<<2 | uint64(o.class) }

// objects are what the process may see: private keys after the PIN only.
func (c *call) objects() []object {
	var list []object
	add := func(o object) {
		kind := o.pair.kind()
		if kind == sm2Key && c.device.dialect.SM2 == nil && o.box != nil {
			return
		}
		if o.pair.cert != nil {
			o.class = certificateClass
			list = append(list, o)
		}
		if o.pair.key == nil {
			return
		}
		o.class = publicClass
		list = append(list, o)
		if c.role() == user {
			o.class = privateClass
			list = append(list, o)
		}
	}
	for _, box := range c.device.app().containers {
		for _, sign := range []bool{true, false} {
			if pair := *box.place(sign); pair != nil {
				add(object{pair: pair, box: box, sign: sign})
			}
		}
	}
	for _, pair := range c.device.extra {
		add(object{pair: pair})
	}
	return list
}

func (c *call) object(handle uint64) (object, bool) {
	for _, o := range c.objects() {
		if o.handle() == handle {
			return o, true
		}
	}
	return object{}, false
}

// allows tells whether a private key is for this, as its attributes say.
func (c *call) allows(o object, decrypt bool) bool {
	if c.device.dialect.IDs == ContainerIDs {
		return true // such keys say that they are for everything
	}
	return o.sign != decrypt
}

// id is CKA_ID, by what the caller gave or the device's convention.
func (c *call) id(o object) []byte {
	scheme := c.device.dialect.IDs
	switch {
	case scheme == NoIDs:
		return []byte{}
	case o.pair.id != nil:
		return o.pair.id
	case scheme == ContainerIDs && o.box != nil && o.sign:
		return []byte(o.box.name + "S")
	case scheme == ContainerIDs && o.box != nil:
		return []byte(o.box.name)
	}
	der, err := smx509.MarshalPKIXPublicKey(o.pair.public())
	if err != nil {
		return []byte{}
	}
	sum := sha256.Sum256(der)
	return sum[:20]
}

func (c *call) label(o object) []byte {
	switch {
	case o.pair.label != nil:
		return o.pair.label
	case o.box != nil:
		return []byte(o.box.name)
	}
	return []byte{}
}

func ckBool(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}

// attributes are all that an object tells.
func (c *call) attributes(o object) map[uint64][]byte {
	a := map[uint64][]byte{
		ckaClass: c.ulong(uint64(o.class)), ckaToken: ckBool(true), ckaPrivate: ckBool(o.class == privateClass),
		ckaModifiable: ckBool(true), ckaLabel: c.label(o), ckaID: c.id(o),
	}
	if c.device.dialect.IDs == ContainerIDs && o.box != nil {
		keyspec := uint64(keyspecEncrypt)
		if o.sign {
			keyspec = keyspecSign
		}
		a[ckaContainer], a[ckaKeyspec] = []byte(o.box.name), c.ulong(keyspec)
	}
	if o.class == certificateClass {
		c.certificateAttributes(o, a)
		return a
	}
	c.publicAttributes(o, a)
	sign, decrypt := c.allows(o, false), c.allows(o, true) && o.pair.kind() != p256Key
	derive := c.allows(o, true) && o.pair.kind() == p256Key
	a[ckaDerive] = ckBool(derive)
	if o.class == publicClass {
		a[ckaVerify], a[ckaEncrypt], a[ckaWrap] = ckBool(sign), ckBool(decrypt), ckBool(decrypt)
		return a
	}
	a[ckaSign], a[ckaDecrypt], a[ckaUnwrap], a[ckaSignRecover] = ckBool(sign), ckBool(decrypt), ckBool(decrypt), ckBool(false)
	a[ckaSensitive], a[ckaAlwaysSensitive] = ckBool(true), ckBool(true)
	a[ckaExtractable], a[ckaNeverExtractable] = ckBool(false), ckBool(true)
	a[ckaAlwaysAsk] = ckBool(o.pair.asks)
	delete(a, ckaECPoint)
	return a
}

func (c *call) certificateAttributes(o object, a map[uint64][]byte) {
	a[ckaCertificateType], a[ckaValue], a[ckaTrusted] = c.ulong(0), o.pair.cert, ckBool(false)
	const own, authority = 1, 2
	a[ckaCategory] = c.ulong(own)
	cert, err := smx509.ParseCertificate(o.pair.cert)
	if err != nil {
		return // it tells no more than its bytes
	}
	if cert.IsCA {
		a[ckaCategory] = c.ulong(authority)
	}
	a[ckaSubject], a[ckaIssuer] = cert.RawSubject, cert.RawIssuer
	if serial, err := asn1.Marshal(cert.SerialNumber); err == nil {
		a[ckaSerialNumber] = serial
	}
}

func (c *call) publicAttributes(o object, a map[uint64][]byte) {
	a[ckaLocal] = ckBool(false)
	switch pub := o.pair.key.Public().(type) {
	case *rsa.PublicKey:
		a[ckaKeyType] = c.ulong(ckkRSA)
		a[ckaModulus], a[ckaPublicExponent] = pub.N.Bytes(), big.NewInt(int64(pub.E)).Bytes()
		if o.class == publicClass {
			a[ckaModulusBits] = c.ulong(uint64(pub.N.BitLen()))
		}
	case *ecdsa.PublicKey:
		a[ckaKeyType], a[ckaECParams] = c.ulong(ckkEC), oidP256
		if sm2.IsSM2PublicKey(pub) {
			a[ckaKeyType], a[ckaECParams] = c.ulong(uint64(c.device.dialect.SM2.KeyType)), oidSM2
		}
		point, err := pointOf(pub)
		if err == nil && !c.device.dialect.RawPoint {
			point, err = asn1.Marshal(point)
		}
		if err == nil {
			a[ckaECPoint] = point
		}
	}
}

// secretAttributes never leave the key.
var secretAttributes = []uint64{ckaValue, ckaPrivateExponent, ckaPrime1, ckaPrime2, 0x126, 0x127, ckaCoefficient}

func ckGetAttributeValue(c *call) code {
	o, ok := c.object(c.in.number())
	if !ok {
		return ckrObjectHandleInvalid
	}
	have := c.attributes(o)
	returned := ckrOK
	c.out.keep = true
	for n := c.in.number(); n > 0 && !c.in.bad; n-- {
		kind, r := c.in.number(), c.in.room()
		value, ok := have[kind]
		switch {
		case !ok && o.class == privateClass && slices.Contains(secretAttributes, kind):
			returned = ckrAttributeSensitive
		case !ok:
			returned = ckrAttributeTypeInvalid
		case c.effects.absurd:
			c.out.number(absurdLength)
			c.out.none()
			continue
		case r.query:
			c.out.number(uint64(len(value)))
			c.out.none()
			continue
		case r.size < uint64(len(value)):
			returned = ckrBufferTooSmall
		default:
			c.out.number(uint64(len(value)))
			c.out.bytes(value)
			continue
		}
		c.out.number(unavailable)
		c.out.none()
	}
	return returned
}

// template is what a caller wants of an object.
type template map[uint64][]byte

func (c *call) template() template {
	t := template{}
	for n := c.in.number(); n > 0 && !c.in.bad; n-- {
		kind, value := c.in.number(), c.in.bytes()
		t[kind] = bytes.Clone(value)
	}
	return t
}

// number reads a CK_ULONG of the template.
func (t template) number(kind uint64) (uint64, bool) {
	b := t[kind]
	if len(b) != 4 && len(b) != 8 {
		return 0, false
	}
	return le.Uint64(append(bytes.Clone(b), make([]byte, 8-len(b))...)), true
}

func (t template) says(kind uint64) bool { return bytes.Equal(t[kind], []byte{1}) }

func ckFindObjectsInit(c *call) code {
	t := c.template()
	if c.session.finding {
		return ckrOperationActive
	}
	c.session.finding, c.session.found = true, nil
	for _, o := range c.objects() {
		have := c.attributes(o)
		matches := true
		for kind, value := range t {
			got, ok := have[kind]
			matches = matches && ok && bytes.Equal(got, value)
		}
		if matches {
			c.session.found = append(c.session.found, o.handle())
		}
	}
	return ckrOK
}

func ckFindObjects(c *call) code {
	r := c.in.room()
	switch {
	case !c.session.finding:
		return ckrOperationNotStarted
	case r.null || r.query:
		return ckrArgumentsBad
	}
	n := min(uint64(len(c.session.found)), r.size/uint64(c.client.longSize))
	give := c.session.found[:n]
	c.session.found = c.session.found[n:]
	return c.ckBuffer(r, c.ulongs(give))
}

func ckFindObjectsFinal(c *call) code {
	if !c.session.finding {
		return ckrOperationNotStarted
	}
	c.session.finding, c.session.found = false, nil
	return ckrOK
}

// ---- making and changing objects ----

// mayWrite tells whether the session may change the token.
func (c *call) mayWrite() code {
	switch {
	case !c.session.rw:
		return ckrSessionReadOnly
	case c.role() != user:
		return ckrNotLoggedIn
	}
	return ckrOK
}

// store puts a key into a container of the label's name, or of another where that has such a key already.
func (c *call) store(key crypto.Signer, t template) (object, code) {
	app := c.device.app()
	if len(app.containers) >= maxContainers {
		return object{}, ckrDeviceMemory
	}
	sign := t.says(ckaSign) || !t.says(ckaDecrypt) && !t.says(ckaUnwrap) && !t.says(ckaDerive)
	pair := c.device.newPair(key)
	pair.id, pair.label, pair.asks = t[ckaID], t[ckaLabel], t.says(ckaAlwaysAsk)
	name := string(t[ckaLabel])
	if name == "" || len(name) > maxText {
		name = hex.EncodeToString(t[ckaID])
	}
	box := app.container(name)
	if box == nil || *box.place(sign) != nil {
		if box != nil || name == "" || len(name) > maxText {
			name = fmt.Sprintf("key-%d", pair.number)
		}
		box = &container{name: name}
		app.containers = append(app.containers, box)
	}
	*box.place(sign) = pair
	return object{class: privateClass, pair: pair, box: box, sign: sign}, c.ckSaved()
}

func ckGenerateKeyPair(c *call) code {
	number := c.in.number()
	c.in.number()
	c.in.number()
	c.in.number()
	c.in.bytes() // the mechanisms have no parameter
	public, private := c.template(), c.template()
	if c.in.bad {
		return ckrArgumentsBad
	}
	if got := c.mayWrite(); got != ckrOK {
		return got
	}
	_, known := c.device.mechanisms()
	i := slices.IndexFunc(known[number], func(m mechanism) bool { return m.can == canGenerate })
	if i < 0 {
		return ckrMechanismInvalid
	}
	var key crypto.Signer
	var err error
	switch known[number][i].kind {
	case rsaKey:
		bits, ok := public.number(ckaModulusBits)
		switch {
		case !ok:
			return ckrTemplateIncomplete
		case bits != 2048 && bits != 3072 && bits != 4096:
			return ckrAttributeValueInvalid
		}
		key, err = rsa.GenerateKey(rand.Reader, int(bits))
	case p256Key:
		if !bytes.Equal(public[ckaECParams], oidP256) {
			return ckrAttributeValueInvalid
		}
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case sm2Key:
		key, err = sm2.GenerateKey(rand.Reader)
	}
	if err != nil {
		return ckrFunctionFailed
	}
	o, got := c.store(key, private)
	if got != ckrOK {
		return got
	}
	c.out.number(object{class: publicClass, pair: o.pair}.handle())
	c.out.number(o.handle())
	return ckrOK
}

func ckCreateObject(c *call) code {
	t := c.template()
	kind, ok := t.number(ckaClass)
	switch {
	case c.in.bad || !ok:
		return ckrTemplateIncomplete
	case c.mayWrite() != ckrOK:
		return c.mayWrite()
	}
	var o object
	var got code
	switch class(kind) {
	case certificateClass:
		o, got = c.createCertificate(t)
	case privateClass:
		key, bad := c.importKey(t)
		if bad != ckrOK {
			return bad
		}
		o, got = c.store(key, t)
	default: // a public key comes with its private one
		return ckrTemplateInconsistent
	}
	if got != ckrOK {
		return got
	}
	c.out.number(o.handle())
	return ckrOK
}

// createCertificate puts a certificate beside the key of its CKA_ID, or of its public key, and alone when there is none.
func (c *call) createCertificate(t template) (object, code) {
	der := t[ckaValue]
	cert, err := smx509.ParseCertificate(der)
	if err != nil || len(der) > maxCertificate {
		return object{}, ckrAttributeValueInvalid
	}
	pub, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return object{}, ckrAttributeValueInvalid
	}
	for _, byKey := range []bool{false, true} {
		for _, o := range c.objects() {
			if o.class != privateClass || !byKey && !bytes.Equal(c.id(o), t[ckaID]) || !pub.Equal(o.pair.public()) {
				continue
			}
			o.class, o.pair.cert = certificateClass, der
			if len(t[ckaID]) > 0 {
				o.pair.id = t[ckaID]
			}
			return o, c.ckSaved()
		}
	}
	if len(c.device.extra) >= maxContainers {
		return object{}, ckrDeviceMemory
	}
	pair := c.device.newPair(nil)
	pair.cert, pair.id, pair.label = der, t[ckaID], t[ckaLabel]
	c.device.extra = append(c.device.extra, pair)
	return object{class: certificateClass, pair: pair}, c.ckSaved()
}

// importKey reads a private key of a template.
func (c *call) importKey(t template) (crypto.Signer, code) {
	kind, ok := t.number(ckaKeyType)
	if !ok {
		return nil, ckrTemplateIncomplete
	}
	number := func(kind uint64) *big.Int { return new(big.Int).SetBytes(t[kind]) }
	switch {
	case kind == ckkRSA:
		key := &rsa.PrivateKey{
			PublicKey: rsa.PublicKey{N: number(ckaModulus), E: int(number(ckaPublicExponent).Int64())},
			D:         number(ckaPrivateExponent), Primes: []*big.Int{number(ckaPrime1), number(ckaPrime2)},
		}
		if key.N.BitLen() > 4096 || key.Validate() != nil {
			return nil, ckrAttributeValueInvalid
		}
		key.Precompute()
		return key, ckrOK
	case kind == ckkEC && bytes.Equal(t[ckaECParams], oidP256):
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), t[ckaValue])
		if err != nil {
			return nil, ckrAttributeValueInvalid
		}
		return key, ckrOK
	case c.device.dialect.SM2 != nil && kind == uint64(c.device.dialect.SM2.KeyType):
		key, err := sm2.NewPrivateKey(t[ckaValue])
		if err != nil {
			return nil, ckrAttributeValueInvalid
		}
		return key, ckrOK
	}
	return nil, ckrTemplateInconsistent
}

// ckDestroyObject takes away a certificate or, by either of its faces, a key.
func ckDestroyObject(c *call) code {
	o, ok := c.object(c.in.number())
	if !ok {
		return ckrObjectHandleInvalid
	}
	if got := c.mayWrite(); got != ckrOK {
		return got
	}
	if o.class == certificateClass {
		o.pair.cert = nil
	} else {
		o.pair.key = nil
	}
	if o.pair.cert == nil && o.pair.key == nil {
		c.device.drop(o)
	}
	return c.ckSaved()
}

// drop takes an empty pair away, and its container when nothing else is in it.
func (d *Device) drop(o object) {
	d.extra = slices.DeleteFunc(d.extra, func(p *keyPair) bool { return p == o.pair })
	if o.box == nil {
		return
	}
	*o.box.place(o.sign) = nil
	if app := d.app(); o.box.sign == nil && o.box.encrypt == nil {
		app.containers = slices.DeleteFunc(app.containers, func(b *container) bool { return b == o.box })
	}
}

// ckSetAttributeValue changes labels and identifiers, of all faces of a pair at once.
func ckSetAttributeValue(c *call) code {
	o, ok := c.object(c.in.number())
	t := c.template()
	if !ok {
		return ckrObjectHandleInvalid
	}
	if got := c.mayWrite(); got != ckrOK {
		return got
	}
	for kind := range t {
		if kind != ckaID && kind != ckaLabel {
			return ckrAttributeReadOnly
		}
	}
	if id, ok := t[ckaID]; ok {
		o.pair.id = id
	}
	if label, ok := t[ckaLabel]; ok {
		o.pair.label = label
	}
	return c.ckSaved()
}
