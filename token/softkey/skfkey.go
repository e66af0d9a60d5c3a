package softkey

import (
	"bytes"
	"crypto"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"slices"

	gmcipher "github.com/emmansun/gmsm/cipher"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
	"github.com/emmansun/gmsm/smx509"
)

// ---- containers ----

// shown tells whether SKF knows the kinds of the container's keys.
func (b *container) shown() bool { return b.sign.kind() != p256Key && b.encrypt.kind() != p256Key }

func skfEnumContainer(c *call) code {
	var list []string
	for _, box := range c.handle.app.containers {
		if box.shown() {
			list = append(list, box.name)
		}
	}
	return c.skfBuffer(c.in.room(), names(list))
}

func skfCreateContainer(c *call) code {
	name, app := c.in.text(), c.handle.app
	switch {
	case name == "" || len(name) > maxText:
		return sarNameLength
	case !c.loggedIn():
		return sarNotLoggedIn
	case app.container(name) != nil:
		return sarFileThere
	case len(app.containers) >= maxContainers:
		return sarNoRoom
	}
	box := &container{name: name}
	app.containers = append(app.containers, box)
	if got := c.saved(); got != sarOK {
		return got
	}
	return c.open(handle{kind: containerHandle, app: app, box: box})
}

func skfOpenContainer(c *call) code {
	box := c.handle.app.container(c.in.text())
	if box == nil || !box.shown() {
		return sarFileNotThere
	}
	return c.open(handle{kind: containerHandle, app: c.handle.app, box: box})
}

func skfDeleteContainer(c *call) code {
	app := c.handle.app
	box := app.container(c.in.text())
	switch {
	case box == nil:
		return sarFileNotThere
	case !c.loggedIn():
		return sarNotLoggedIn
	}
	app.containers = slices.DeleteFunc(app.containers, func(b *container) bool { return b == box })
	c.forget(func(h *handle) bool { return h.box == box })
	return c.saved()
}

func skfGetContainerType(c *call) code {
	kind := c.handle.box.sign.kind()
	if kind == unknownKey {
		kind = c.handle.box.encrypt.kind()
	}
	switch kind {
	case rsaKey:
		c.out.number(containerRSA)
	case sm2Key:
		c.out.number(containerECC)
	default:
		c.out.number(containerEmpty)
	}
	return sarOK
}

// place is where a container keeps its signing or its encryption pair.
func (b *container) place(sign bool) **keyPair {
	if sign {
		return &b.sign
	}
	return &b.encrypt
}

func (c *call) exportCertificate(sign bool, r room) code {
	pair := *c.handle.box.place(sign)
	if pair == nil || pair.cert == nil {
		return sarCertNotFound
	}
	return c.skfBuffer(r, pair.cert)
}

func (c *call) importCertificate(sign bool, der []byte) code {
	if !c.loggedIn() {
		return sarNotLoggedIn
	}
	if len(der) == 0 || len(der) > maxCertificate {
		return sarInDataLength
	}
	if _, err := smx509.ParseCertificate(der); err != nil {
		return sarInData
	}
	place := c.handle.box.place(sign)
	if *place == nil {
		*place = c.device.newPair(nil)
	}
	(*place).cert = bytes.Clone(der)
	return c.saved()
}

func skfExportCertificate(c *call) code {
	return c.exportCertificate(c.in.number() != 0, c.in.room())
}

func skfImportCertificate(c *call) code {
	return c.importCertificate(c.in.number() != 0, c.in.bytes())
}

func skfReadCert(c *call) code {
	return c.exportCertificate(c.in.number() == keyspecSign, c.in.room())
}

func skfWriteCert(c *call) code {
	return c.importCertificate(c.in.number() == keyspecSign, c.in.bytes())
}

func skfExportPublicKey(c *call) code {
	pair := *c.handle.box.place(c.in.number() != 0)
	r := c.in.room()
	if pair == nil || pair.key == nil {
		return sarKeyNotFound
	}
	blob, got := c.publicBlob(pair.key)
	if got != sarOK {
		return got
	}
	return c.skfBuffer(r, blob)
}

func (c *call) publicBlob(key crypto.Signer) ([]byte, code) {
	switch pub := key.Public().(type) {
	case *rsa.PublicKey:
		blob, ok := rsaPublicBlob(pub)
		if !ok {
			return nil, sarModulusLength
		}
		return blob, sarOK
	case *ecdsa.PublicKey:
		blob, err := eccPublicBlob(pub, c.draft())
		if err != nil {
			return nil, sarFail
		}
		return blob, sarOK
	}
	return nil, sarKeyNotFound
}

// ---- keys ----

// made puts a key into its place, and drops the certificate of the one before.
func (c *call) made(sign bool, key crypto.Signer) code {
	*c.handle.box.place(sign) = c.device.newPair(key)
	return c.saved()
}

func skfGenECCKeyPair(c *call) code {
	if c.in.number()&^0xFF00 != 0x00020000 {
		return sarInvalidParam
	}
	if !c.loggedIn() {
		return sarNotLoggedIn
	}
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return sarFail
	}
	return c.generated(key)
}

func skfGenRSAKeyPair(c *call) code {
	bits := c.in.number()
	switch {
	case c.device.dialect.NoRSA:
		return sarNotSupported
	case bits != 1024 && bits != 2048: // the blob holds no more
		return sarModulusLength
	case !c.loggedIn():
		return sarNotLoggedIn
	}
	key, err := rsa.GenerateKey(rand.Reader, int(bits))
	if err != nil {
		return sarFail
	}
	return c.generated(key)
}

func (c *call) generated(key crypto.Signer) code {
	blob, got := c.publicBlob(key)
	if got != sarOK {
		return got
	}
	c.out.bytes(blob)
	return c.made(true, key)
}

// key is the container's key for signing or for decryption, when it is of the kind and the PIN was given.
func (c *call) key(sign bool, want kind) (crypto.Signer, code) {
	pair := *c.handle.box.place(sign)
	switch {
	case want == rsaKey && c.device.dialect.NoRSA:
		return nil, sarNotSupported
	case !c.loggedIn():
		return nil, sarNotLoggedIn
	case pair == nil || pair.key == nil:
		return nil, sarKeyNotFound
	case kindOf(pair.key) != want:
		return nil, sarKeyUsage
	}
	return pair.key, sarOK
}

func skfImportECCKeyPair(c *call) code {
	sign, got := c.key(true, sm2Key)
	if got != sarOK {
		return got
	}
	e, ok := parseEnvelope(c.in.bytes())
	if !ok || e.algorithm != sgdSM4ECB {
		return sarInData
	}
	secret, err := decryptSM2(sign.(*sm2.PrivateKey), e.cipher)
	if err != nil {
		return sarInData
	}
	block, err := sm4.NewCipher(secret)
	if err != nil {
		return sarInData
	}
	plain := make([]byte, len(e.key))
	gmcipher.NewECBDecrypter(block).CryptBlocks(plain, e.key)
	key, err := sm2.NewPrivateKey(plain)
	if err != nil {
		return sarInData
	}
	if point, err := pointOf(&key.PublicKey); err != nil || !bytes.Equal(point, e.public) {
		return sarInData
	}
	return c.made(false, key)
}

// skfImportRSAKeyPair takes a PKCS #1 private key under SM4-ECB, and its key under the signing key.
func skfImportRSAKeyPair(c *call) code {
	algorithm, wrapped, data := c.in.number(), c.in.bytes(), c.in.bytes()
	sign, got := c.key(true, rsaKey)
	if got != sarOK {
		return got
	}
	if algorithm != sgdSM4ECB {
		return sarNotSupported
	}
	secret, got := decryptRSA(sign, wrapped)
	if got != sarOK {
		return got
	}
	block, err := sm4.NewCipher(secret)
	if err != nil || len(data) == 0 || len(data)%sm4.BlockSize != 0 {
		return sarInData
	}
	plain := make([]byte, len(data))
	gmcipher.NewECBDecrypter(block).CryptBlocks(plain, data)
	var der asn1.RawValue
	if _, err := asn1.Unmarshal(plain, &der); err != nil { // padding follows
		return sarInData
	}
	key, err := x509.ParsePKCS1PrivateKey(der.FullBytes)
	if err != nil {
		return sarInData
	}
	return c.made(false, key)
}

// skfECCSignData signs e = SM3(Z‖M). Its answer is a structure, except in the draft, where it is 64 bytes in a buffer.
func skfECCSignData(c *call) code {
	digest := c.in.bytes()
	key, got := c.key(true, sm2Key)
	if got != sarOK {
		return got
	}
	if c.device.dialect.HashesAgain {
		again, err := sm2.CalculateSM2Hash(key.Public().(*ecdsa.PublicKey), digest, nil)
		if err != nil {
			return sarFail
		}
		digest = again
	} else if len(digest) != scalarSize {
		return sarInDataLength
	}
	due := blobEncoding
	if c.draft() {
		due = rawEncoding
	}
	sig, err := c.sealEC(key, digest, due)
	if err != nil {
		return sarFail
	}
	if c.draft() {
		return c.skfBuffer(c.in.room(), sig)
	}
	c.out.bytes(sig)
	return sarOK
}

// skfRSASignData pads (PKCS #1 v1.5) and signs what it is given, a DigestInfo.
func skfRSASignData(c *call) code {
	data, r := c.in.bytes(), c.in.room()
	key, got := c.key(true, rsaKey)
	if got != sarOK {
		return got
	}
	rsaKey := key.(*rsa.PrivateKey)
	if len(data) == 0 || len(data) > rsaKey.Size()-11 {
		return sarInvalidParam
	}
	if r.query || r.size < uint64(rsaKey.Size()) {
		return c.skfBuffer(r, make([]byte, rsaKey.Size()))
	}
	sig, err := rsa.SignPKCS1v15(nil, rsaKey, 0, data)
	if err != nil {
		return sarFail
	}
	return c.skfBuffer(r, c.sealRSA(sig))
}

// ---- decryption ----

func decryptRSA(key crypto.Signer, data []byte) ([]byte, code) {
	k := key.(*rsa.PrivateKey)
	if len(data) != k.Size() {
		return nil, sarInDataLength
	}
	//lint:ignore SA1019 the interface knows no other padding
	plain, err := rsa.DecryptPKCS1v15(nil, k, data)
	if err != nil {
		return nil, sarDecryptPad
	}
	return plain, sarOK
}

// decrypt is the private decryption that each vendor has a name of its own for.
func (c *call) decrypt(sign bool, want kind, data []byte, r room) code {
	key, got := c.key(sign, want)
	if got != sarOK {
		return got
	}
	plain, got := c.plain(key, data)
	if got != sarOK {
		return got
	}
	return c.skfBuffer(r, plain)
}

func (c *call) plain(key crypto.Signer, data []byte) ([]byte, code) {
	k, ok := key.(*sm2.PrivateKey)
	if !ok {
		return decryptRSA(key, data)
	}
	cipher, ok := parseECCCipher(data)
	if !ok {
		return nil, sarInDataLength
	}
	plain, err := decryptSM2(k, cipher)
	if err != nil {
		return nil, sarInData
	}
	return plain, sarOK
}

func skfECCDecrypt(c *call) code { return c.decrypt(false, sm2Key, c.in.bytes(), c.in.room()) }

func skfRSADecrypt(c *call) code {
	sign := false
	if c.client.variant == string(SKFKeyspec) {
		sign = c.in.number() == keyspecSign
	}
	return c.decrypt(sign, rsaKey, c.in.bytes(), c.in.room())
}

func skfPrvKeyDecrypt(c *call) code {
	sign := c.in.number() == keyspecSign
	return c.decrypt(sign, sm2Key, c.in.bytes(), c.in.room())
}

// skfImportSessionKey takes a key of SM4 that was encrypted to the container's encryption key. It never leaves.
func skfImportSessionKey(c *call) code {
	algorithm, wrapped := c.in.number(), c.in.bytes()
	if algorithm != sgdSM4ECB && algorithm != sgdSM4CBC {
		return sarNotSupported
	}
	want := sm2Key
	if c.handle.box.encrypt.kind() == rsaKey {
		want = rsaKey
	}
	key, got := c.key(false, want)
	if got != sarOK {
		return got
	}
	secret, got := c.plain(key, wrapped)
	if got != sarOK {
		return got
	}
	if len(secret) != sm4.BlockSize {
		return sarInDataLength
	}
	block, err := sm4.NewCipher(secret)
	if err != nil {
		return sarFail
	}
	return c.open(handle{
		kind: keyHandle, app: c.handle.app, box: c.handle.box, session: &sessionKey{block: block, cbc: algorithm == sgdSM4CBC},
	})
}

// skfDecryptInit takes BLOCKCIPHERPARAM: IV, its length, the padding (1: PKCS #5), and the bits fed back.
func skfDecryptInit(c *call) code {
	p, k := c.in.bytes(), c.handle.session
	if len(p) != 44 {
		return sarInvalidParam
	}
	n, padding := le.Uint32(p[32:]), le.Uint32(p[36:])
	if padding > 1 || k.cbc && n != sm4.BlockSize {
		return sarInvalidParam
	}
	if k.cbc {
		k.mode = cipher.NewCBCDecrypter(k.block, p[:sm4.BlockSize])
	} else {
		k.mode = gmcipher.NewECBDecrypter(k.block)
	}
	k.padded, k.pending = padding == 1, nil
	return sarOK
}

// more decrypts what has come; of padded data the last block waits for the end.
func (k *sessionKey) more(data []byte) []byte {
	k.pending = append(k.pending, data...)
	n := len(k.pending) / sm4.BlockSize * sm4.BlockSize
	if k.padded && n > 0 && n == len(k.pending) {
		n -= sm4.BlockSize
	}
	plain := make([]byte, n)
	k.mode.CryptBlocks(plain, k.pending[:n])
	k.pending = k.pending[n:]
	return plain
}

// last decrypts what is left, and takes the padding off.
func (k *sessionKey) last() ([]byte, code) {
	pending, mode := k.pending, k.mode
	k.pending, k.mode = nil, nil
	if !k.padded {
		if len(pending) != 0 {
			return nil, sarInDataLength
		}
		return nil, sarOK
	}
	if len(pending) != sm4.BlockSize {
		return nil, sarInDataLength
	}
	mode.CryptBlocks(pending, pending)
	n := int(pending[len(pending)-1])
	if n < 1 || n > sm4.BlockSize || !bytes.Equal(pending[len(pending)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, sarDecryptPad
	}
	return pending[:len(pending)-n], sarOK
}

// skfDecrypt wants room for the whole of the data, padding included, before it begins.
func skfDecrypt(c *call) code {
	data, r, k := c.in.bytes(), c.in.room(), c.handle.session
	switch {
	case k.mode == nil:
		return sarNotInitialized
	case len(data) == 0 || len(data) > maxPlain || len(data)%sm4.BlockSize != 0:
		return sarInDataLength
	case r.null || r.query || r.size < uint64(len(data)):
		return c.skfBuffer(r, make([]byte, len(data)))
	}
	plain := k.more(data)
	rest, got := k.last()
	if got != sarOK {
		return got
	}
	return c.skfBuffer(r, append(plain, rest...))
}

func skfDecryptUpdate(c *call) code {
	data, r, k := c.in.bytes(), c.in.room(), c.handle.session
	most := len(k.pending) + len(data)
	switch {
	case k.mode == nil:
		return sarNotInitialized
	case len(data) > maxPlain:
		return sarInDataLength
	case r.null || r.query || r.size < uint64(most/sm4.BlockSize*sm4.BlockSize):
		return c.skfBuffer(r, make([]byte, most))
	}
	return c.skfBuffer(r, k.more(data))
}

func skfDecryptFinal(c *call) code {
	r, k := c.in.room(), c.handle.session
	switch {
	case k.mode == nil:
		return sarNotInitialized
	case r.null || r.query || r.size < uint64(len(k.pending)):
		return c.skfBuffer(r, make([]byte, len(k.pending)))
	}
	rest, got := k.last()
	if got != sarOK {
		return got
	}
	return c.skfBuffer(r, rest)
}
