package skf

import (
	"fmt"
	"path/filepath"
	"runtime"
	"unsafe"

	"sealdesk/token"
	"sealdesk/token/profile"
)

// handle is a DEVHANDLE, HAPPLICATION or HCONTAINER.
type handle uintptr

// names lists what the driver calls beside the functions of a dialect. Those up to SKF_VerifyPIN every library must have.
var names = []string{
	"SKF_EnumDev", "SKF_ConnectDev", "SKF_DisConnectDev", "SKF_GetDevInfo", "SKF_EnumApplication", "SKF_OpenApplication",
	"SKF_CloseApplication", "SKF_EnumContainer", "SKF_OpenContainer", "SKF_CloseContainer", "SKF_VerifyPIN",

	"SKF_GetPINInfo", "SKF_ChangePIN", "SKF_ClearSecureState", "SKF_ExportPublicKey",
	"SKF_GenRandom", "SKF_DevAuth", "SKF_CreateApplication", "SKF_CreateContainer", "SKF_GenECCKeyPair", "SKF_ImportECCKeyPair",
	"SKF_GenRSAKeyPair", "SKF_ImportRSAKeyPair",
	"SKF_EnumFiles", "SKF_GetFileInfo", "SKF_ReadFile",
}

const required = 11

// library is a loaded library. It is called on one thread only.
type library struct {
	functions map[string]uintptr
	*dialect
}

// load loads a library; it stays loaded as long as the process lives, for vendors' libraries leave threads behind that do not
// survive its end.
func load(path string, p profile.SKF) (*library, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("the path of the library is not absolute: %w", ErrLibrary)
	}
	find, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLibrary, err)
	}
	l := &library{functions: map[string]uintptr{}}
	for i, name := range names {
		if f := find(name); f != 0 {
			l.functions[name] = f
		} else if i < required {
			return nil, fmt.Errorf("it has no function %s: %w", name, ErrLibrary)
		}
	}
	l.dialect = newDialect(p, func(name string) bool { return find(name) != 0 })
	for _, list := range [][]profile.Function{
		l.signSM2, l.signRSA, l.decryptSM2, l.decryptRSA, {l.readCertificate, l.storeCertificate},
	} {
		for _, f := range list {
			l.functions[f.Name] = find(f.Name)
		}
	}
	return l, nil
}

// call calls a function with handles, numbers (uint32), bytes, and pointers to handles and numbers. Bytes are handed over as
// they are: whoever passes room for an answer makes it large enough for a library that does not look at its size.
func (l *library) call(name string, args ...any) error {
	f := l.functions[name]
	if f == 0 {
		return fmt.Errorf("the library has no function %s: %w", name, token.ErrNotSupported)
	}
	var pins runtime.Pinner
	defer pins.Unpin()
	words := make([]uintptr, len(args))
	for i, arg := range args {
		switch a := arg.(type) {
		case handle:
			words[i] = uintptr(a)
		case uint32:
			words[i] = uintptr(a)
		case []byte:
			if p := unsafe.SliceData(a); p != nil {
				pins.Pin(p)
				words[i] = uintptr(unsafe.Pointer(p))
			}
		case *uint32:
			pins.Pin(a)
			words[i] = uintptr(unsafe.Pointer(a))
		case *handle:
			pins.Pin(a)
			words[i] = uintptr(unsafe.Pointer(a))
		default:
			panic(fmt.Sprintf("argument %d of %s is of type %T", i, name, arg))
		}
	}
	if number := uint32(invoke(f, words...)); number != 0 {
		return &Error{Function: name, Number: number, outcome: l.outcome(number)}
	}
	return nil
}

// apply calls a function of the dialect with one of the container's keys, and gives what it put out, in at most room bytes.
// It is all of the room for a function that does not tell how much it wrote.
func (l *library) apply(f profile.Function, container handle, p position, input []byte, room int) ([]byte, error) {
	key := f.EncryptKey
	if p == signing {
		key = f.SignKey
	}
	output, size := make([]byte, room+slack), uint32(room)
	args := make([]any, len(f.Arguments))
	for i, a := range f.Arguments {
		switch a {
		case profile.Container:
			args[i] = container
		case profile.Key:
			args[i] = key
		case profile.Input:
			args[i] = input
		case profile.InputSize:
			args[i] = uint32(len(input))
		case profile.Output:
			args[i] = output
		case profile.OutputSize:
			args[i] = &size
		}
	}
	if err := l.call(f.Name, args...); err != nil {
		return nil, err
	}
	if size > uint32(room) {
		return nil, fmt.Errorf("%s tells of %d bytes: %w", f.Name, size, ErrAnswer)
	}
	return output[:size], nil
}

// list calls a function that gives names, the arguments before them standing first.
func (l *library) list(name string, args ...any) ([]string, error) {
	buffer, size := make([]byte, maxNames+slack), uint32(maxNames)
	if err := l.call(name, append(args, buffer, &size)...); err != nil {
		return nil, err
	}
	if size > maxNames {
		return nil, fmt.Errorf("%s tells of %d bytes: %w", name, size, ErrAnswer)
	}
	found, err := splitNames(buffer[:size])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return found, nil
}

// text is a name as C has it.
func text(s string) []byte { return append([]byte(s), 0) }
