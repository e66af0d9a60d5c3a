package softkey

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/emmansun/gmsm/sm4"
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
	c.in.number() // rights to make files: whoever has the PIN makes them
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
