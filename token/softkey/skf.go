package softkey

import (
	"bytes"
	"crypto"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	gmcipher "github.com/emmansun/gmsm/cipher"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
	"github.com/emmansun/gmsm/smx509"
)

// What SKF functions return: GM/T 0016, annex A.
const (
	sarOK               code = 0
	sarFail             code = 0x0A000001
	sarNotSupported     code = 0x0A000003
	sarInvalidHandle    code = 0x0A000005
	sarInvalidParam     code = 0x0A000006
	sarNameLength       code = 0x0A000009
	sarKeyUsage         code = 0x0A00000A
	sarModulusLength    code = 0x0A00000B
	sarNotInitialized   code = 0x0A00000C
	sarTimeout          code = 0x0A00000F
	sarInDataLength     code = 0x0A000010
	sarInData           code = 0x0A000011
	sarKeyNotFound      code = 0x0A00001B
	sarCertNotFound     code = 0x0A00001C
	sarDecryptPad       code = 0x0A00001E
	sarBufferTooSmall   code = 0x0A000020
	sarNotEvent         code = 0x0A000022
	sarDeviceRemoved    code = 0x0A000023
	sarPINIncorrect     code = 0x0A000024
	sarPINLocked        code = 0x0A000025
	sarPINLength        code = 0x0A000027
	sarUserTypeInvalid  code = 0x0A00002A
	sarApplicationThere code = 0x0A00002C
	sarNotLoggedIn      code = 0x0A00002D
	sarNoApplication    code = 0x0A00002E
	sarFileThere        code = 0x0A00002F
	sarNoRoom           code = 0x0A000030
	sarFileNotThere     code = 0x0A000031
)

const (
	adminType = 0 // of a PIN
	userType  = 1

	containerEmpty = 0 // types of a container
	containerRSA   = 1
	containerECC   = 2

	keyspecEncrypt = 1
	keyspecSign    = 2

	maxApplications = 16
	maxContainers   = 64
	maxRandom       = 65536
	maxPlain        = 65536
	maxCertificate  = 16384
	forever         = 0xFFFFFFFF // milliseconds

)

// deviceAuthKey is what keys leave the factory with, for SKF_DevAuth.
var deviceAuthKey = []byte("1234567812345678")

// handle is what a library's HANDLE stands for.
type handle struct {
	kind    target
	device  *Device
	plugged int // Device.plugged when it was opened
	app     *application
	box     *container
	session *sessionKey
}

// firstHandle keeps handles from looking like small numbers or pointers.
const firstHandle = 0x5E0000

// sessionKey is a key that came in by SKF_ImportSessionKey.
type sessionKey struct {
	block   cipher.Block
	cbc     bool
	mode    cipher.BlockMode // between SKF_DecryptInit and the end
	padded  bool
	pending []byte
}

func (c *call) draft() bool { return c.client.variant == string(SKFDraft2010) }

// open makes a handle of the target's device.
func (c *call) open(h handle) code {
	if len(c.client.handles) >= maxHandles {
		return sarNoRoom
	}
	s := c.server
	s.lastHandle += 16
	h.device, h.plugged = c.device, c.device.plugged
	c.client.handles[s.lastHandle] = &h
	c.out.number(s.lastHandle)
	return sarOK
}

func (c *call) findHandle() {
	if c.handle = c.client.handles[c.in.number()]; c.handle != nil {
		c.device = c.handle.device
	}
}

// checkHandle tells whether the handle is of the kind, and still good.
func (c *call) checkHandle(kind target) code {
	switch {
	case c.handle == nil:
		return sarInvalidHandle
	case !c.device.present:
		return sarDeviceRemoved
	case c.handle.plugged != c.device.plugged || kind != anyHandle && c.handle.kind != kind:
		return sarInvalidHandle
	}
	return sarOK
}

// buffer answers the room that the caller has with data: with the size alone when only that is asked for, and when the room is
// too small, which is tooSmall.
func (c *call) buffer(r room, data []byte, tooSmall code) code {
	size := uint64(len(data))
	if c.effects.absurd {
		size, data = absurdLength, nil
	}
	switch {
	case r.null:
		c.in.bad = true
		return sarOK
	case r.query || c.effects.absurd:
		c.out.number(size)
		c.out.none()
		return sarOK
	case r.size < size:
		c.out.keep = true
		c.out.number(size)
		c.out.none()
		return tooSmall
	}
	c.out.number(size)
	c.out.bytes(data)
	return sarOK
}

func (c *call) skfBuffer(r room, data []byte) code { return c.buffer(r, data, sarBufferTooSmall) }

// ---- devices ----

func skfEnumDev(c *call) code {
	c.in.number() // whether the key must be in the port: a key that is not is not known here
	var list []string
	for _, d := range c.server.devices {
		if d.present {
			list = append(list, d.name())
		}
	}
	return c.skfBuffer(c.in.room(), names(list))
}

func (c *call) named(name string) *Device {
	for _, d := range c.server.devices {
		if d.name() == name {
			return d
		}
	}
	return nil
}

func skfConnectDev(c *call) code {
	if c.device = c.named(c.in.text()); c.device == nil {
		return sarInvalidParam
	}
	if !c.device.present {
		return sarDeviceRemoved
	}
	return c.open(handle{kind: deviceHandle})
}

// skfClose closes a handle of whatever kind.
func skfClose(c *call) code {
	for n, h := range c.client.handles {
		if h == c.handle {
			delete(c.client.handles, n)
		}
	}
	return sarOK
}

func skfDisConnectDev(c *call) code {
	if c.device.lockedBy == c.client {
		c.device.lockedBy = nil
		c.server.broadcast()
	}
	return skfClose(c)
}

func skfGetDevState(c *call) code {
	const absent, present = 0, 1
	if d := c.named(c.in.text()); d != nil && d.present {
		c.out.number(present)
	} else {
		c.out.number(absent)
	}
	return sarOK
}

func skfGetDevInfo(c *call) code {
	c.out.bytes(c.device.devInfo(c.draft()))
	return sarOK
}

// skfWaitForDevEvent gives the events since the last one this process was given, or since it loaded the library.
func skfWaitForDevEvent(c *call) code {
	r := c.in.room()
	before := c.client.cancels
	for c.client.seen >= len(c.server.events) {
		if !c.wait(nil) {
			return sarFail
		}
		if c.client.cancels != before {
			return sarNotEvent
		}
	}
	e := c.server.events[c.client.seen]
	got := c.skfBuffer(r, append([]byte(e.device), 0))
	if got == sarOK && !r.query {
		c.client.seen++
	}
	c.out.number(uint64(e.kind))
	return got
}

func skfCancelWaitForDevEvent(c *call) code {
	c.client.cancels++
	c.server.broadcast()
	return sarOK
}

func skfLockDev(c *call) code {
	var limit <-chan time.Time
	if ms := c.in.number(); ms != forever {
		limit = time.After(time.Duration(ms) * time.Millisecond)
	}
	for c.device.lockedBy != nil && c.device.lockedBy != c.client {
		if !c.wait(limit) {
			return sarTimeout
		}
		if got := c.checkHandle(deviceHandle); got != sarOK {
			return got
		}
	}
	c.device.lockedBy = c.client
	return sarOK
}

func skfUnlockDev(c *call) code {
	if c.device.lockedBy == c.client {
		c.device.lockedBy = nil
		c.server.broadcast()
	}
	return sarOK
}

func skfSetLabel(c *call) code {
	label := c.in.text()
	if len(label) > maxLabel {
		return sarNameLength
	}
	c.device.label = label
	return c.saved()
}

// saved writes what the call changed to the disk.
func (c *call) saved() code {
	if c.device.save() != nil {
		return sarFail
	}
	return sarOK
}

func skfGenRandom(c *call) code {
	n := c.in.number()
	if n == 0 || n > maxRandom {
		return sarInvalidParam
	}
	random := make([]byte, n)
	rand.Read(random)
	c.client.nonces[c.device] = random
	c.out.bytes(random)
	return sarOK
}

// skfDevAuth compares with the last random of 8 bytes, filled up to a block with zeros, under the device's key.
func skfDevAuth(c *call) code {
	nonce := c.client.nonces[c.device]
	delete(c.client.nonces, c.device)
	data := c.in.bytes()
	if len(nonce) != 8 || len(data) != sm4.BlockSize {
		return sarInDataLength
	}
	block, err := sm4.NewCipher(deviceAuthKey)
	if err != nil {
		return sarFail
	}
	want := make([]byte, sm4.BlockSize)
	copy(want, nonce)
	block.Encrypt(want, want)
	if subtle.ConstantTimeCompare(want, data) != 1 {
		return sarFail
	}
	c.client.authed[c.device] = true
	return sarOK
}

// ---- applications and PINs ----

func skfCreateApplication(c *call) code {
	name := c.in.text()
	adminPIN, adminTries := c.in.bytes(), c.in.number()
	userPIN, userTries := c.in.bytes(), c.in.number()
	c.in.number() // rights to make files, which this key has none of
	d := c.device
	switch {
	case c.in.bad || name == "" || len(name) > maxText || min(adminTries, userTries) < 1 || max(adminTries, userTries) > maxTries:
		return sarInvalidParam
	case !pinFits(adminPIN) || !pinFits(userPIN):
		return sarPINLength
	case !c.client.authed[d]:
		return sarNotLoggedIn
	case d.application(name) != nil:
		return sarApplicationThere
	case len(d.applications) >= maxApplications:
		return sarNoRoom
	}
	app := &application{name: name}
	var err error
	if app.admin, err = newPIN(adminPIN, int(adminTries)); err != nil {
		return sarFail
	}
	if app.user, err = newPIN(userPIN, int(userTries)); err != nil {
		return sarFail
	}
	d.applications = append(d.applications, app)
	if got := c.saved(); got != sarOK {
		return got
	}
	return c.open(handle{kind: appHandle, app: app})
}

func (d *Device) application(name string) *application {
	for _, app := range d.applications {
		if app.name == name {
			return app
		}
	}
	return nil
}

func skfEnumApplication(c *call) code {
	var list []string
	for _, app := range c.device.applications {
		list = append(list, app.name)
	}
	return c.skfBuffer(c.in.room(), names(list))
}

func skfOpenApplication(c *call) code {
	app := c.device.application(c.in.text())
	if app == nil {
		return sarNoApplication
	}
	return c.open(handle{kind: appHandle, app: app})
}

// skfCloseApplication leaves the PIN in force: it is the process's, not the handle's.
func skfCloseApplication(c *call) code { return skfClose(c) }

func skfDeleteApplication(c *call) code {
	app := c.device.application(c.in.text())
	switch {
	case app == nil:
		return sarNoApplication
	case !c.client.authed[c.device]:
		return sarNotLoggedIn
	case len(c.device.applications) == 1: // PKCS #11 needs one
		return sarFail
	}
	c.device.applications = slices.DeleteFunc(c.device.applications, func(a *application) bool { return a == app })
	c.forget(func(h *handle) bool { return h.app == app })
	return c.saved()
}

// forget closes the handles that every client has of what is deleted.
func (c *call) forget(gone func(*handle) bool) {
	for _, cl := range c.server.clients {
		for n, h := range cl.handles {
			if gone(h) {
				delete(cl.handles, n)
			}
		}
	}
}

// pinOf is the PIN of a type, and whose it is.
func (a *application) pinOf(kind uint64) (*pin, role) {
	switch kind {
	case userType:
		return &a.user, user
	case adminType:
		return &a.admin, admin
	}
	return nil, nobody
}

func skfGetPINInfo(c *call) code {
	p, _ := c.handle.app.pinOf(c.in.number())
	if p == nil {
		return sarUserTypeInvalid
	}
	c.out.number(uint64(p.Max))
	c.out.number(uint64(p.Left))
	initial := uint64(0)
	if p.Initial {
		initial = 1
	}
	c.out.number(initial)
	return sarOK
}

// tryPIN spends a try, and answers the tries left.
func (c *call) tryPIN(p *pin, secret []byte) code {
	c.out.keep = true
	if p.Left == 0 {
		c.out.number(0)
		return sarPINLocked
	}
	right := p.try(secret)
	c.out.number(uint64(p.Left))
	if got := c.saved(); got != sarOK {
		return got
	}
	switch {
	case right:
		return sarOK
	case p.Left == 0:
		return sarPINLocked
	case c.device.dialect.PINIncorrect != 0:
		return code(c.device.dialect.PINIncorrect)
	}
	return sarPINIncorrect
}

func skfVerifyPIN(c *call) code {
	p, who := c.handle.app.pinOf(c.in.number())
	secret := c.in.bytes()
	switch {
	case p == nil:
		return sarUserTypeInvalid
	case secret == nil:
		return sarInvalidParam
	}
	got := c.tryPIN(p, secret)
	if got == sarOK {
		c.client.logins[c.handle.app] = who
	} else {
		delete(c.client.logins, c.handle.app)
	}
	return got
}

func skfChangePIN(c *call) code {
	p, _ := c.handle.app.pinOf(c.in.number())
	old, next := c.in.bytes(), c.in.bytes()
	switch {
	case p == nil:
		return sarUserTypeInvalid
	case old == nil || next == nil:
		return sarInvalidParam
	case !pinFits(next):
		c.out.keep = true
		c.out.number(uint64(p.Left))
		return sarPINLength
	}
	got := c.tryPIN(p, old)
	if got != sarOK {
		delete(c.client.logins, c.handle.app)
		return got
	}
	return c.setPIN(p, next)
}

func (c *call) setPIN(p *pin, secret []byte) code {
	if p.set(secret) != nil {
		return sarFail
	}
	p.Initial = false
	return c.saved()
}

func skfUnblockPIN(c *call) code {
	adminPIN, next := c.in.bytes(), c.in.bytes()
	app := c.handle.app
	switch {
	case adminPIN == nil || next == nil:
		return sarInvalidParam
	case !pinFits(next):
		c.out.keep = true
		c.out.number(uint64(app.admin.Left))
		return sarPINLength
	}
	if got := c.tryPIN(&app.admin, adminPIN); got != sarOK {
		return got
	}
	return c.setPIN(&app.user, next)
}

func skfClearSecureState(c *call) code {
	delete(c.client.logins, c.handle.app)
	return sarOK
}

func (c *call) loggedIn() bool { return c.client.logins[c.handle.app] == user }

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
