package cryptoki

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"
)

// Bounds on what a library may answer.
const (
	maxSlots      = 64
	maxMechanisms = 1024
	maxObjects    = 1024     // that a search takes
	maxAttribute  = 16 << 10 // bytes
	maxOutput     = 8 << 10  // bytes of a signature or of decrypted data
)

// function is the place of a function in CK_FUNCTION_LIST.
type function int

const (
	cInitialize       function = 0
	cFinalize         function = 1
	cGetInfo          function = 2
	cGetSlotList      function = 4
	cGetTokenInfo     function = 6
	cGetMechanismList function = 7
	cSetPIN           function = 11
	cOpenSession      function = 12
	cCloseSession     function = 13
	cGetSessionInfo   function = 15
	cLogin            function = 18
	cLogout           function = 19
	cCreateObject     function = 20
	cDestroyObject    function = 22
	cGetAttribute     function = 24
	cSetAttribute     function = 25
	cFindInit         function = 26
	cFind             function = 27
	cFindFinal        function = 28
	cDecryptInit      function = 33
	cDecrypt          function = 34
	cSignInit         function = 42
	cSign             function = 43
	cGenerateKeyPair  function = 59
	cDeriveKey        function = 62

	functions = 68 // in version 2.x; version 3 only appends
)

var names = map[function]string{
	cInitialize: "C_Initialize", cFinalize: "C_Finalize", cGetInfo: "C_GetInfo",
	cGetSlotList: "C_GetSlotList", cGetTokenInfo: "C_GetTokenInfo",
	cGetMechanismList: "C_GetMechanismList", cSetPIN: "C_SetPIN", cOpenSession: "C_OpenSession", cCloseSession: "C_CloseSession",
	cGetSessionInfo: "C_GetSessionInfo", cLogin: "C_Login", cLogout: "C_Logout", cCreateObject: "C_CreateObject",
	cDestroyObject: "C_DestroyObject", cGetAttribute: "C_GetAttributeValue", cSetAttribute: "C_SetAttributeValue",
	cFindInit: "C_FindObjectsInit", cFind: "C_FindObjects", cFindFinal: "C_FindObjectsFinal", cDecryptInit: "C_DecryptInit",
	cDecrypt: "C_Decrypt", cSignInit: "C_SignInit", cSign: "C_Sign",
	cGenerateKeyPair: "C_GenerateKeyPair", cDeriveKey: "C_DeriveKey",
}

// Error says which function returned what. It unwraps to its Return.
type Error struct {
	Function string
	Return   Return
}

func (e *Error) Error() string { return fmt.Sprintf("%s returned 0x%08X", e.Function, uint(e.Return)) }

// Unwrap gives the Return, so that errors.Is finds it.
func (e *Error) Unwrap() error { return e.Return }

func (r Return) Error() string { return fmt.Sprintf("PKCS #11 return value 0x%08X", uint(r)) }

// ErrBounds: the library answered with a length or a count that cannot be.
var ErrBounds = errors.New("the PKCS #11 library answered with an absurd length")

// Module is a loaded library.
type Module struct {
	list    [functions]uintptr
	started bool
}

// Load loads the library at an absolute path; nothing of it is called yet but C_GetFunctionList and what the library runs
// by itself when it is loaded. It stays loaded until the process ends, for many a library does not survive being unloaded.
func Load(path string) (*Module, error) {
	get, err := open(path, "C_GetFunctionList")
	if err != nil {
		return nil, err
	}
	// The library writes the address of its own static list, which is no Go memory, into this variable.
	list := new(unsafe.Pointer)
	var l lent
	defer l.giveBack()
	l.pins.Pin(list)
	if rv := host.result(invoke(get, uintptr(unsafe.Pointer(list)))); rv != 0 {
		return nil, &Error{"C_GetFunctionList", rv}
	}
	if *list == nil {
		return nil, errors.New("C_GetFunctionList gave no list")
	}
	first := pointerSize // after CK_VERSION and what aligns the first pointer
	if host.packed {
		first = 2
	}
	memory := unsafe.Slice((*byte)(*list), first+functions*pointerSize)
	if version := memory[0]; version != 2 && version != 3 {
		return nil, fmt.Errorf("the library speaks version %d of PKCS #11", version)
	}
	m := &Module{}
	for i := range m.list {
		m.list[i] = readPointer(memory[first+i*pointerSize:])
	}
	return m, nil
}

func readPointer(b []byte) uintptr { return uintptr(layout{ulong: pointerSize}.readULong(b)) }

func (l layout) result(r uintptr) Return {
	if l.ulong == 4 {
		return Return(uint32(r)) // the upper half of the register is left undefined
	}
	return Return(r)
}

func (m *Module) call(f function, args ...uintptr) error {
	if m.list[f] == 0 {
		return &Error{names[f], CKR_FUNCTION_NOT_SUPPORTED}
	}
	if rv := host.result(invoke(m.list[f], args...)); rv != 0 {
		return &Error{names[f], rv}
	}
	return nil
}

// Initialize starts the library, letting it use the system's locks. A library that was started before stays as it is.
func (m *Module) Initialize() error {
	var l lent
	defer l.giveBack()
	args := make([]byte, 4*pointerSize) // no mutex functions of ours
	args = host.appendULong(args, ckfOSLockingOK)
	args = appendPointer(args, 0)
	err := m.call(cInitialize, l.bytes(args))
	if errors.Is(err, CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		return nil
	}
	m.started = err == nil
	return err
}

// Finalize ends what Initialize started.
func (m *Module) Finalize() error {
	if !m.started {
		return nil
	}
	m.started = false
	return m.call(cFinalize, 0)
}

// Info is what of CK_INFO is used; the texts are without the padding.
type Info struct {
	Manufacturer, Description string
	Major, Minor              int // of the library's version
}

// Info reads CK_INFO.
func (m *Module) Info() (Info, error) {
	var l lent
	defer l.giveBack()
	b := make([]byte, 256) // the structure has 88 bytes at most
	if err := m.call(cGetInfo, l.bytes(b)); err != nil {
		return Info{}, err
	}
	return host.info(b), nil
}

func (l layout) info(b []byte) Info {
	flags := 34 // after CK_VERSION and the manufacturer
	if !l.packed {
		flags = (flags + l.ulong - 1) / l.ulong * l.ulong
	}
	b, manufacturer := b[flags+l.ulong:], b[2:34]
	return Info{Manufacturer: text(manufacturer), Description: text(b[:32]), Major: int(b[32]), Minor: int(b[33])}
}

// numbers asks a function that fills an array of CK_ULONG, first for the length: for slots that is also what has the library
// look for new ones (C_GetSlotList).
func (m *Module) numbers(limit uint, call func(array, count uintptr) error) ([]uint, error) {
	for range 3 { // the answer may grow between the calls
		var l lent
		count, memory := l.number(0)
		err := call(0, count)
		n := host.readULong(memory)
		if err != nil && !errors.Is(err, CKR_BUFFER_TOO_SMALL) {
			l.giveBack()
			return nil, err
		}
		if n > limit {
			l.giveBack()
			return nil, ErrBounds
		}
		array := make([]byte, (n+8)*uint(host.ulong))
		count, memory = l.number(n + 8)
		err = call(l.bytes(array), count)
		got := host.readULong(memory)
		l.giveBack()
		if errors.Is(err, CKR_BUFFER_TOO_SMALL) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if got > n+8 {
			return nil, ErrBounds
		}
		return host.readULongs(array, got), nil
	}
	return nil, ErrBounds
}

func (l layout) readULongs(b []byte, n uint) []uint {
	out := make([]uint, n)
	for i := range out {
		out[i] = l.readULong(b[i*l.ulong:])
	}
	return out
}

// Slots lists the slots that hold a token.
func (m *Module) Slots() ([]uint, error) {
	return m.numbers(maxSlots, func(array, count uintptr) error { return m.call(cGetSlotList, 1, array, count) })
}

// Mechanisms lists the mechanisms of the token in a slot.
func (m *Module) Mechanisms(slot uint) ([]uint, error) {
	return m.numbers(maxMechanisms, func(array, count uintptr) error {
		return m.call(cGetMechanismList, uintptr(slot), array, count)
	})
}

// TokenInfo is what of CK_TOKEN_INFO is used; the texts are without the padding.
type TokenInfo struct {
	Label, Manufacturer, Model, Serial string
	Flags                              uint
	MaxPIN, MinPIN                     uint // bytes
}

// TokenInfo reads CK_TOKEN_INFO.
func (m *Module) TokenInfo(slot uint) (TokenInfo, error) {
	var l lent
	defer l.giveBack()
	b := make([]byte, 512) // the structure has 204 bytes at most
	if err := m.call(cGetTokenInfo, uintptr(slot), l.bytes(b)); err != nil {
		return TokenInfo{}, err
	}
	numbers := host.readULongs(b[96:], 7)
	return TokenInfo{
		Label: text(b[:32]), Manufacturer: text(b[32:64]), Model: text(b[64:80]), Serial: text(b[80:96]),
		Flags: numbers[0], MaxPIN: numbers[5], MinPIN: numbers[6],
	}, nil
}

// text takes the padding off: blanks by the standard, zeros by habit.
func text(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return strings.TrimRight(strings.ToValidUTF8(s, ""), " ")
}

// Session is a session with the token in one slot.
type Session struct {
	m      *Module
	handle uintptr
}

// OpenSession opens a session; a writable one is needed to change the PIN or to store objects.
func (m *Module) OpenSession(slot uint, writable bool) (*Session, error) {
	var l lent
	defer l.giveBack()
	flags := uintptr(ckfSerialSession)
	if writable {
		flags |= ckfRWSession
	}
	handle, memory := l.number(0)
	if err := m.call(cOpenSession, uintptr(slot), flags, 0, 0, handle); err != nil {
		return nil, err
	}
	return &Session{m, uintptr(host.readULong(memory))}, nil
}

// Close closes the session.
func (s *Session) Close() error { return s.m.call(cCloseSession, s.handle) }

// LoggedIn asks the library for the state of the session.
func (s *Session) LoggedIn() (bool, error) {
	var l lent
	defer l.giveBack()
	b := make([]byte, 4*8)
	if err := s.m.call(cGetSessionInfo, s.handle, l.bytes(b)); err != nil {
		return false, err
	}
	state := host.readULong(b[host.ulong:])
	return state == CKS_RO_USER_FUNCTIONS || state == CKS_RW_USER_FUNCTIONS, nil
}

// Login hands over a PIN. An empty one leaves the asking to the token (CKF_PROTECTED_AUTHENTICATION_PATH).
func (s *Session) Login(user uint, pin []byte) error {
	var l lent
	defer l.giveBack()
	return s.m.call(cLogin, s.handle, uintptr(user), l.bytes(pin), uintptr(len(pin)))
}

// Logout ends the login of every session of this process with the token.
func (s *Session) Logout() error { return s.m.call(cLogout, s.handle) }

// SetPIN changes the user's PIN.
func (s *Session) SetPIN(old, new []byte) error {
	var l lent
	defer l.giveBack()
	return s.m.call(cSetPIN, s.handle, l.bytes(old), uintptr(len(old)), l.bytes(new), uintptr(len(new)))
}

// Find lists the objects that a template matches.
func (s *Session) Find(template ...Attribute) (objects []uint, err error) {
	var l lent
	defer l.giveBack()
	if err := s.m.call(cFindInit, s.handle, l.bytes(l.template(template)), uintptr(len(template))); err != nil {
		return nil, err
	}
	defer func() {
		if final := s.m.call(cFindFinal, s.handle); err == nil {
			err = final
		}
	}()
	const batch = 64
	array := make([]byte, batch*host.ulong)
	count, memory := l.number(0)
	for len(objects) < maxObjects {
		if err := s.m.call(cFind, s.handle, l.bytes(array), batch, count); err != nil {
			return nil, err
		}
		n := host.readULong(memory)
		if n > batch {
			return nil, ErrBounds
		}
		if n == 0 {
			return objects, nil
		}
		objects = append(objects, host.readULongs(array, n)...)
	}
	return nil, ErrBounds
}

// roomFor is how much room is made for an attribute at first.
func roomFor(typ uint) uint {
	if typ == CKA_VALUE {
		return maxAttribute
	}
	return 1 << 10
}

// Attributes reads attributes of an object, in one call as a rule. Those that the object has not, or keeps secret, are nil.
func (s *Session) Attributes(object uint, types ...uint) ([][]byte, error) {
	values, whole, err := s.attributes(object, types, roomFor)
	if err != nil || whole {
		return values, err
	}
	for i, typ := range types { // one of them spoilt the call for the others
		one, _, err := s.attributes(object, []uint{typ}, func(uint) uint { return maxAttribute })
		if err != nil {
			return nil, err
		}
		values[i] = one[0]
	}
	return values, nil
}

// attributes is one call. It is whole when the library has dealt with each attribute: by the standard it does so even where
// one is missing, but not every library keeps to that.
func (s *Session) attributes(object uint, types []uint, room func(uint) uint) (values [][]byte, whole bool, err error) {
	var l lent
	defer l.giveBack()
	template := make([]Attribute, len(types))
	for i, typ := range types {
		template[i] = Attribute{typ, make([]byte, room(typ))}
	}
	memory := l.template(template)
	err = s.m.call(cGetAttribute, s.handle, uintptr(object), l.bytes(memory), uintptr(len(types)))
	missing := errors.Is(err, CKR_ATTRIBUTE_TYPE_INVALID) || errors.Is(err, CKR_ATTRIBUTE_SENSITIVE) ||
		errors.Is(err, CKR_ATTRIBUTE_VALUE_INVALID)
	small := errors.Is(err, CKR_BUFFER_TOO_SMALL)
	if err != nil && !missing && !small {
		return nil, false, err
	}
	whole = !small
	values = make([][]byte, len(types))
	size := len(memory) / len(types)
	for i, a := range template {
		switch n := host.readULong(memory[(i+1)*size-host.ulong:]); {
		case n == host.unavailable():
		case missing && n == uint(len(a.Value)): // as it was before the call
			whole = false
		case n > uint(len(a.Value)):
			return nil, false, ErrBounds
		default:
			values[i] = a.Value[:n:n]
		}
	}
	return values, whole, nil
}

// ValueSize asks how long an object's CKA_VALUE is, in bytes; -1 when the token does not tell.
func (s *Session) ValueSize(object uint) (int, error) {
	var l lent
	defer l.giveBack()
	memory := l.template([]Attribute{{CKA_VALUE, nil}})
	err := s.m.call(cGetAttribute, s.handle, uintptr(object), l.bytes(memory), 1)
	if err != nil {
		return 0, err
	}
	n := host.readULong(memory[len(memory)-host.ulong:])
	if n == host.unavailable() || n > 1<<30 {
		return -1, nil
	}
	return int(n), nil
}

// Value reads an object's CKA_VALUE of whatever length up to limit: longer ones, and a token that does not tell, are ErrBounds.
func (s *Session) Value(object uint, limit int) ([]byte, error) {
	size, err := s.ValueSize(object)
	if err != nil {
		return nil, err
	}
	if size < 0 || size > limit {
		return nil, ErrBounds
	}
	values, _, err := s.attributes(object, []uint{CKA_VALUE}, func(uint) uint { return uint(size) })
	if err != nil {
		return nil, err
	}
	return values[0], nil
}

// Create stores a new object.
func (s *Session) Create(template ...Attribute) (uint, error) {
	var l lent
	defer l.giveBack()
	object, memory := l.number(0)
	err := s.m.call(cCreateObject, s.handle, l.bytes(l.template(template)), uintptr(len(template)), object)
	return host.readULong(memory), err
}

// Set changes attributes of an object.
func (s *Session) Set(object uint, template ...Attribute) error {
	var l lent
	defer l.giveBack()
	return s.m.call(cSetAttribute, s.handle, uintptr(object), l.bytes(l.template(template)), uintptr(len(template)))
}

// Destroy deletes an object.
func (s *Session) Destroy(object uint) error {
	return s.m.call(cDestroyObject, s.handle, uintptr(object))
}

// GenerateKeyPair makes a key pair and gives the handles of its halves.
func (s *Session) GenerateKeyPair(m Mechanism, public, private []Attribute) (pub, priv uint, err error) {
	var l lent
	defer l.giveBack()
	pubAt, pubMemory := l.number(0)
	privAt, privMemory := l.number(0)
	err = s.m.call(cGenerateKeyPair, s.handle, l.mechanism(m), l.bytes(l.template(public)), uintptr(len(public)),
		l.bytes(l.template(private)), uintptr(len(private)), pubAt, privAt)
	return host.readULong(pubMemory), host.readULong(privMemory), err
}

// DeriveKey derives a key from another and gives its handle.
func (s *Session) DeriveKey(m Mechanism, base uint, template ...Attribute) (uint, error) {
	var l lent
	defer l.giveBack()
	object, memory := l.number(0)
	err := s.m.call(cDeriveKey, s.handle, l.mechanism(m), uintptr(base), l.bytes(l.template(template)), uintptr(len(template)),
		object)
	return host.readULong(memory), err
}

// SignInit begins a signature with a key.
func (s *Session) SignInit(m Mechanism, key uint) error {
	var l lent
	defer l.giveBack()
	return s.m.call(cSignInit, s.handle, l.mechanism(m), uintptr(key))
}

// Sign ends the signature that SignInit began.
func (s *Session) Sign(data []byte) ([]byte, error) { return s.output(cSign, data) }

// DecryptInit begins a decryption with a key.
func (s *Session) DecryptInit(m Mechanism, key uint) error {
	var l lent
	defer l.giveBack()
	return s.m.call(cDecryptInit, s.handle, l.mechanism(m), uintptr(key))
}

// Decrypt ends the decryption that DecryptInit began.
func (s *Session) Decrypt(data []byte) ([]byte, error) { return s.output(cDecrypt, data) }

// output calls a function of the form f(session, in, inLen, out, &outLen), once.
func (s *Session) output(f function, data []byte) ([]byte, error) {
	var l lent
	defer l.giveBack()
	out := make([]byte, maxOutput)
	count, memory := l.number(maxOutput)
	if err := s.m.call(f, s.handle, l.bytes(data), uintptr(len(data)), l.bytes(out), count); err != nil {
		clear(out)
		return nil, err
	}
	n := host.readULong(memory)
	if n > maxOutput {
		clear(out)
		return nil, ErrBounds
	}
	result := append([]byte{}, out[:n]...)
	clear(out)
	runtime.KeepAlive(out)
	return result, nil
}
