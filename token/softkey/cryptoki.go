package softkey

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"strings"
)

// What PKCS #11 functions return: PKCS #11 2.40, 3.6.
const (
	ckrOK                     code = 0x00
	ckrSlotInvalid            code = 0x03
	ckrGeneralError           code = 0x05
	ckrFunctionFailed         code = 0x06
	ckrArgumentsBad           code = 0x07
	ckrNoEvent                code = 0x08
	ckrAttributeReadOnly      code = 0x10
	ckrAttributeSensitive     code = 0x11
	ckrAttributeTypeInvalid   code = 0x12
	ckrAttributeValueInvalid  code = 0x13
	ckrDataLengthRange        code = 0x21
	ckrDeviceMemory           code = 0x31
	ckrDeviceRemoved          code = 0x32
	ckrEncryptedDataInvalid   code = 0x40
	ckrEncryptedDataLength    code = 0x41
	ckrFunctionCanceled       code = 0x50
	ckrFunctionNotSupported   code = 0x54
	ckrKeyTypeInconsistent    code = 0x63
	ckrKeyFunctionForbidden   code = 0x68
	ckrKeyHandleInvalid       code = 0x60
	ckrMechanismInvalid       code = 0x70
	ckrMechanismParamInvalid  code = 0x71
	ckrObjectHandleInvalid    code = 0x82
	ckrOperationActive        code = 0x90
	ckrOperationNotStarted    code = 0x91
	ckrPINIncorrect           code = 0xA0
	ckrPINLengthRange         code = 0xA2
	ckrPINLocked              code = 0xA4
	ckrSessionCount           code = 0xB1
	ckrSessionHandleInvalid   code = 0xB3
	ckrParallelNotSupported   code = 0xB4
	ckrSessionReadOnly        code = 0xB5
	ckrSessionExists          code = 0xB6
	ckrTemplateIncomplete     code = 0xD0
	ckrTemplateInconsistent   code = 0xD1
	ckrTokenNotPresent        code = 0xE0
	ckrAlreadyLoggedIn        code = 0x100
	ckrNotLoggedIn            code = 0x101
	ckrUserPINNotInitialized  code = 0x102
	ckrUserTypeInvalid        code = 0x103
	ckrAnotherAlreadyLoggedIn code = 0x104
	ckrBufferTooSmall         code = 0x150
	ckrNotInitialized         code = 0x190
)

const (
	ckuAdmin   = 0 // types of user
	ckuUser    = 1
	ckuContext = 2

	ckfRW         = 0x02 // of a session
	ckfSerial     = 0x04
	ckfDontBlock  = 0x01
	unavailable   = ^uint64(0)
	maxSessions   = 256 // of one client
	modelName     = "softkey"
	versionOfOurs = "\x01\x00"
)

// session is one of PKCS #11's.
type session struct {
	device  *Device
	plugged int
	rw      bool
	found   []uint64 // C_FindObjects has these to give yet
	finding bool
	sign    *operation // between C_SignInit and the end
	decrypt *operation
}

// operation is a use of a key that has begun.
type operation struct {
	pair      *keyPair
	mechanism mechanism
	data      []byte // C_SignUpdate gathered it
	asks      bool   // a PIN of its own is due
}

func (c *call) findSlot() {
	slot := c.in.number()
	for _, d := range c.server.devices {
		if d.slot == slot {
			c.device = d
		}
	}
}

func (c *call) checkSlot() code {
	switch {
	case c.device == nil:
		return ckrSlotInvalid
	case !c.device.present && c.name != "C_GetSlotInfo":
		return ckrTokenNotPresent
	}
	return ckrOK
}

func (c *call) findSession() {
	if c.session = c.client.sessions[c.in.number()]; c.session != nil {
		c.device = c.session.device
	}
}

func (c *call) checkSession() code {
	switch {
	case c.session == nil:
		return ckrSessionHandleInvalid
	case !c.device.present:
		return ckrDeviceRemoved
	case c.session.plugged != c.device.plugged:
		return ckrSessionHandleInvalid
	}
	return ckrOK
}

// app is the application that PKCS #11 shows.
func (d *Device) app() *application { return d.applications[0] }

func (c *call) role() role { return c.client.logins[c.device.app()] }

func (c *call) ckBuffer(r room, data []byte) code { return c.buffer(r, data, ckrBufferTooSmall) }

// ulong is a CK_ULONG of the caller's.
func (c *call) ulong(n uint64) []byte {
	return binary.LittleEndian.AppendUint64(nil, n)[:c.client.longSize]
}

func (c *call) ulongs(list []uint64) []byte {
	var b []byte
	for _, n := range list {
		b = append(b, c.ulong(n)...)
	}
	return b
}

// padded is a string in one of PKCS #11's fields, which blanks fill up.
func padded(s string, n int) []byte {
	return []byte(s + strings.Repeat(" ", n))[:n]
}

// ---- the library and its slots ----

func ckInitialize(*call) code { return ckrOK }

// ckFinalize closes the process's sessions and ends its waits.
func ckFinalize(c *call) code {
	clear(c.client.sessions)
	clear(c.client.logins)
	c.client.cancels++
	c.server.broadcast()
	return ckrOK
}

func ckGetInfo(c *call) code {
	manufacturer := DefaultManufacturer
	if len(c.server.devices) > 0 {
		manufacturer = c.server.devices[0].manufacturer
	}
	c.out.bytes([]byte{2, 40})
	c.out.bytes(padded(manufacturer, 32))
	c.out.bytes(padded("Software USB key", 32))
	c.out.bytes([]byte(versionOfOurs))
	return ckrOK
}

func ckGetSlotList(c *call) code {
	present := c.in.number() != 0
	var slots []uint64
	for _, d := range c.server.devices {
		if d.present || !present {
			slots = append(slots, d.slot)
		}
	}
	return c.ckBuffer(c.in.room(), c.ulongs(slots))
}

func ckGetSlotInfo(c *call) code {
	flags := uint64(0x02 | 0x04) // removable, hardware
	if c.device.present {
		flags |= 0x01
	}
	c.out.bytes(padded("Software USB port", 64))
	c.out.bytes(padded(c.device.manufacturer, 32))
	c.out.number(flags)
	c.out.bytes([]byte(versionOfOurs))
	c.out.bytes([]byte(versionOfOurs))
	return ckrOK
}

// pinFlags are CKF_USER_PIN_COUNT_LOW, FINAL_TRY and LOCKED; the security officer's lie four bits higher.
func (p *pin) pinFlags() uint64 {
	switch {
	case p.Left == 0:
		return 0x40000
	case p.Left == 1:
		return 0x10000 | 0x20000
	case p.Left < p.Max:
		return 0x10000
	}
	return 0
}

func ckGetTokenInfo(c *call) code {
	d, app := c.device, c.device.app()
	flags := uint64(0x01|0x04|0x400) | app.user.pinFlags() | app.admin.pinFlags()<<4 // random, login required, initialised
	if !app.user.Unset {
		flags |= 0x08
	}
	if d.pad != nil {
		flags |= 0x100 // protected authentication path
	}
	c.out.bytes(padded(d.label, 32))
	c.out.bytes(padded(d.manufacturer, 32))
	c.out.bytes(padded(modelName, 16))
	c.out.bytes(padded(d.serial, 16))
	c.out.number(flags)
	for _, n := range []uint64{
		maxSessions, c.sessionsOf(d, false), maxSessions, c.sessionsOf(d, true),
		maxPIN, minPIN,
		unavailable, unavailable, unavailable, unavailable, // memory
	} {
		c.out.number(n)
	}
	c.out.bytes([]byte(versionOfOurs))
	c.out.bytes([]byte(versionOfOurs))
	c.out.bytes(padded("", 16)) // there is no clock
	return ckrOK
}

func (c *call) sessionsOf(d *Device, rwOnly bool) uint64 {
	n := uint64(0)
	for _, s := range c.client.sessions {
		if s.device == d && s.plugged == d.plugged && (s.rw || !rwOnly) {
			n++
		}
	}
	return n
}

// ckWaitForSlotEvent gives the events since the last one this process was given.
func ckWaitForSlotEvent(c *call) code {
	flags := c.in.number()
	before := c.client.cancels
	for c.client.seen >= len(c.server.events) {
		if flags&ckfDontBlock != 0 {
			return ckrNoEvent
		}
		if !c.wait(nil) || c.client.cancels != before {
			return ckrNotInitialized
		}
	}
	e := c.server.events[c.client.seen]
	c.client.seen++
	d := c.named(e.device)
	if d == nil {
		return ckrGeneralError
	}
	c.out.number(d.slot)
	return ckrOK
}

// ckInitToken empties the token. Its user has no PIN then.
func ckInitToken(c *call) code {
	secret, label, app := c.in.bytes(), c.in.bytes(), c.device.app()
	switch {
	case secret == nil || len(label) != maxLabel:
		return ckrArgumentsBad
	case c.sessionsOf(c.device, false) > 0:
		return ckrSessionExists
	}
	if got := c.ckTry(&app.admin, secret); got != ckrOK {
		return got
	}
	c.device.label = string(bytes.TrimRight(label, " "))
	c.device.extra = nil
	c.forget(func(h *handle) bool { return h.app == app && h.box != nil })
	app.containers = nil
	app.user.Unset = true
	app.user.Left = app.user.Max
	return c.ckSaved()
}

func (c *call) ckSaved() code {
	if c.device.save() != nil {
		return ckrDeviceMemory
	}
	return ckrOK
}

// ---- sessions and PINs ----

func ckOpenSession(c *call) code {
	flags := c.in.number()
	rw := flags&ckfRW != 0
	switch {
	case flags&ckfSerial == 0:
		return ckrParallelNotSupported
	case len(c.client.sessions) >= maxSessions:
		return ckrSessionCount
	}
	c.server.lastHandle += 16
	c.client.sessions[c.server.lastHandle] = &session{device: c.device, plugged: c.device.plugged, rw: rw}
	c.out.number(c.server.lastHandle)
	return ckrOK
}

// ckCloseSession closes one. With a process's last one on a token its PIN is forgotten (PKCS #11, 5.6).
func ckCloseSession(c *call) code {
	for n, s := range c.client.sessions {
		if s == c.session {
			delete(c.client.sessions, n)
		}
	}
	if c.sessionsOf(c.device, false) == 0 {
		delete(c.client.logins, c.device.app())
	}
	return ckrOK
}

func ckCloseAllSessions(c *call) code {
	for n, s := range c.client.sessions {
		if s.device == c.device {
			delete(c.client.sessions, n)
		}
	}
	delete(c.client.logins, c.device.app())
	return ckrOK
}

func ckGetSessionInfo(c *call) code {
	// CKS_RO_PUBLIC_SESSION, RO_USER, RW_PUBLIC, RW_USER, RW_SO
	state, flags := uint64(0), uint64(ckfSerial)
	if c.session.rw {
		state, flags = 2, ckfSerial|ckfRW
	}
	switch c.role() {
	case user:
		state++
	case admin:
		state = 4
	}
	c.out.number(c.device.slot)
	c.out.number(state)
	c.out.number(flags)
	c.out.number(0)
	return ckrOK
}

// ckTry spends a try.
func (c *call) ckTry(p *pin, secret []byte) code {
	if p.Left == 0 {
		return ckrPINLocked
	}
	right := p.try(secret)
	if got := c.ckSaved(); got != ckrOK {
		return got
	}
	switch {
	case right:
		return ckrOK
	case p.Left == 0:
		return ckrPINLocked
	}
	return ckrPINIncorrect
}

// entered is the PIN of the call, or the one that the person types on the key's own pad.
func (c *call) entered(secret []byte) ([]byte, code) {
	pad := c.device.pad
	if pad == nil {
		if secret == nil {
			return nil, ckrArgumentsBad
		}
		return secret, ckrOK
	}
	if len(secret) > 0 {
		return nil, ckrArgumentsBad
	}
	c.server.mu.Unlock()
	typed, ok := pad(c.ctx)
	c.server.mu.Lock()
	if !ok {
		return nil, ckrFunctionCanceled
	}
	return typed, c.checkSession()
}

func ckLogin(c *call) code {
	kind, secret, app := c.in.number(), c.in.bytes(), c.device.app()
	p, who := &app.user, user
	switch kind {
	case ckuUser:
	case ckuContext:
		if c.session.sign == nil && c.session.decrypt == nil {
			return ckrOperationNotStarted
		}
		if c.role() != user {
			return ckrNotLoggedIn
		}
	case ckuAdmin:
		p, who = &app.admin, admin
	default:
		return ckrUserTypeInvalid
	}
	if kind != ckuContext && c.role() != nobody {
		if c.role() == who {
			return ckrAlreadyLoggedIn
		}
		return ckrAnotherAlreadyLoggedIn
	}
	if p.Unset {
		return ckrUserPINNotInitialized
	}
	secret, got := c.entered(secret)
	if got != ckrOK {
		return got
	}
	if got := c.ckTry(p, secret); got != ckrOK {
		if kind == ckuContext { // the operation is left waiting for its PIN
			return got
		}
		delete(c.client.logins, app)
		return got
	}
	if kind == ckuContext {
		for _, op := range []*operation{c.session.sign, c.session.decrypt} {
			if op != nil {
				op.asks = false
			}
		}
		return ckrOK
	}
	c.client.logins[app] = who
	return ckrOK
}

func ckLogout(c *call) code {
	if c.role() == nobody {
		return ckrNotLoggedIn
	}
	delete(c.client.logins, c.device.app())
	for _, s := range c.client.sessions {
		if s.device == c.device {
			s.sign, s.decrypt, s.found, s.finding = nil, nil, nil, false
		}
	}
	return ckrOK
}

func ckInitPIN(c *call) code {
	secret := c.in.bytes()
	switch {
	case c.role() != admin:
		return ckrNotLoggedIn
	case !pinFits(secret):
		return ckrPINLengthRange
	}
	return c.ckSetPIN(&c.device.app().user, secret)
}

func (c *call) ckSetPIN(p *pin, secret []byte) code {
	if p.set(secret) != nil {
		return ckrFunctionFailed
	}
	p.Initial = false
	return c.ckSaved()
}

// ckSetPIN changes the PIN of whoever is logged in, the user's when nobody is.
func ckSetPIN(c *call) code {
	old, next, p := c.in.bytes(), c.in.bytes(), &c.device.app().user
	if c.role() == admin {
		p = &c.device.app().admin
	}
	switch {
	case !c.session.rw:
		return ckrSessionReadOnly
	case old == nil || next == nil:
		return ckrArgumentsBad
	case !pinFits(next):
		return ckrPINLengthRange
	case p.Unset:
		return ckrUserPINNotInitialized
	}
	if got := c.ckTry(p, old); got != ckrOK {
		return got
	}
	return c.ckSetPIN(p, next)
}

func ckGenerateRandom(c *call) code {
	n := c.in.number()
	if n == 0 || n > maxRandom {
		return ckrArgumentsBad
	}
	random := make([]byte, n)
	rand.Read(random)
	c.out.bytes(random)
	return ckrOK
}

// SetPINPad gives the key a pad of its own, on which the person types what enter returns; false is the cancel button. PKCS #11
// then takes no PIN from the computer. nil takes the pad away.
func (d *Device) SetPINPad(enter func(context.Context) (pin []byte, ok bool)) {
	d.server.mu.Lock()
	defer d.server.mu.Unlock()
	d.pad = enter
}

// ---- using keys ----

// begin is C_SignInit and C_DecryptInit.
func (c *call) begin(decrypt bool) code {
	number, m, got := c.mechanism(decrypt)
	key := c.in.number()
	place := &c.session.sign
	if decrypt {
		place = &c.session.decrypt
	}
	switch {
	case c.in.bad:
		return ckrArgumentsBad
	case *place != nil:
		return ckrOperationActive
	case got != ckrOK:
		return got
	}
	o, ok := c.object(key)
	switch {
	case !ok || o.class != privateClass:
		return ckrKeyHandleInvalid
	case m.kind != o.pair.kind():
		return ckrKeyTypeInconsistent
	case !c.allows(o, decrypt):
		return ckrKeyFunctionForbidden
	}
	if !m.fits(number) {
		return ckrMechanismParamInvalid
	}
	*place = &operation{pair: o.pair, mechanism: m, asks: o.pair.asks}
	return ckrOK
}

func ckSignInit(c *call) code    { return c.begin(false) }
func ckDecryptInit(c *call) code { return c.begin(true) }

// sealed ends a signature: over the data gathered and given. A query for the size, and a buffer that is too small, end nothing.
func (c *call) sealed(data []byte, r room) code {
	op := c.session.sign
	size := c.signatureSize(op)
	switch {
	case r.null:
		return ckrArgumentsBad
	case op.asks:
		c.session.sign = nil
		return ckrNotLoggedIn
	case r.query && op.mechanism.querySize != 0:
		return c.ckBuffer(r, make([]byte, op.mechanism.querySize))
	case r.query || r.size < uint64(size):
		return c.ckBuffer(r, make([]byte, size))
	}
	c.session.sign = nil
	sig, got := c.signature(op, slices.Concat(op.data, data))
	if got != ckrOK {
		return got
	}
	return c.ckBuffer(r, sig)
}

func ckSign(c *call) code {
	data, r := c.in.bytes(), c.in.room()
	if c.session.sign == nil {
		return ckrOperationNotStarted
	}
	return c.sealed(data, r)
}

func ckSignUpdate(c *call) code {
	data, op := c.in.bytes(), c.session.sign
	switch {
	case op == nil:
		return ckrOperationNotStarted
	case op.asks:
		c.session.sign = nil
		return ckrNotLoggedIn
	case len(op.data)+len(data) > maxPlain:
		c.session.sign = nil
		return ckrDataLengthRange
	}
	op.data = append(op.data, data...)
	return ckrOK
}

func ckSignFinal(c *call) code {
	if c.session.sign == nil {
		return ckrOperationNotStarted
	}
	return c.sealed(nil, c.in.room())
}

// ckDecrypt answers a query for the size with the most that it can be.
func ckDecrypt(c *call) code {
	data, r, op := c.in.bytes(), c.in.room(), c.session.decrypt
	switch {
	case op == nil:
		return ckrOperationNotStarted
	case r.null:
		return ckrArgumentsBad
	case op.asks:
		c.session.decrypt = nil
		return ckrNotLoggedIn
	case r.query:
		return c.ckBuffer(r, make([]byte, len(data)))
	}
	plain, got := op.plain(data)
	if got == ckrOK && uint64(len(plain)) > r.size {
		return c.ckBuffer(r, plain)
	}
	c.session.decrypt = nil
	if got != ckrOK {
		return got
	}
	return c.ckBuffer(r, plain)
}
