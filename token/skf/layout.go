package skf

import (
	"bytes"
	"crypto/rsa"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"sealdesk/token/foreign"
)

const (
	maxNames = 64 << 10 // bytes of a list of names
	maxCount = 64       // names in a list
	maxName  = 256      // bytes of a name

	maxCertificate = 16 << 10 // bytes

	// slack is more room than was told, for libraries that write past it.
	slack = 512

	devInfoRoom = 512 // bytes; DEVINFO has 294, aligned 296
)

// splitNames takes a list apart: names that each end in a zero byte, and one more zero byte.
func splitNames(list []byte) ([]string, error) {
	var found []string
	for len(list) > 0 && list[0] != 0 {
		name, rest, ended := bytes.Cut(list, []byte{0})
		if len(name) > maxName || len(found) == maxCount {
			return nil, ErrAnswer
		}
		found = append(found, string(name))
		if !ended { // some libraries leave the last zeros out of the size
			break
		}
		list = rest
	}
	return found, nil
}

// deviceLayout tells where the fields of DEVINFO begin that are used.
type deviceLayout struct {
	manufacturer, label, serial, end int
	authAlgorithm                    int // zero: there is none
}

// The numbers behind the texts move by two bytes where a library was built without packing; the texts stay.
var (
	standardDevice = deviceLayout{manufacturer: 2, label: 130, serial: 162, end: 194, authAlgorithm: 210}
	draftDevice    = deviceLayout{manufacturer: 0, label: 64, serial: 128, end: 160}
)

const (
	manufacturerSize = 64 // bytes of the text, in both layouts
	packedDevInfo    = 294
)

// deviceInfo is what a device tells of itself.
type deviceInfo struct {
	manufacturer, label, serial string
	authAlgorithm               uint32
}

// unwritten fills the room for a DEVINFO, to see how much of it the library wrote.
const unwritten = 0xA5

func (l deviceLayout) parse(info []byte) (deviceInfo, error) {
	size := len(bytes.TrimRight(info, string([]byte{unwritten})))
	if size < l.end {
		return deviceInfo{}, fmt.Errorf("a DEVINFO of %d bytes: %w", size, ErrAnswer)
	}
	d := deviceInfo{
		manufacturer: display(info[l.manufacturer : l.manufacturer+manufacturerSize]),
		label:        display(info[l.label:l.serial]),
		serial:       display(info[l.serial:l.end]),
	}
	if at := l.authAlgorithm; at != 0 {
		if size > packedDevInfo {
			at += 2
		}
		d.authAlgorithm = binary.LittleEndian.Uint32(info[at:])
	}
	return d, nil
}

// display makes a text of a token fit for a label and a URI: it ends at the first zero byte, is of UTF-8 or of GB 18030, and
// is printed as hex if it is neither, as some serial numbers are.
func display(field []byte) string {
	field, _, _ = bytes.Cut(field, []byte{0})
	field = bytes.TrimSpace(field)
	s := string(field)
	if !utf8.ValidString(s) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(field)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return hex.EncodeToString(field)
		}
		s = string(decoded)
	}
	if !foreign.IsLine(s) {
		return hex.EncodeToString(field)
	}
	return s
}

// RSAPUBLICKEYBLOB is packed and little endian, but its two numbers are big endian and stand at the right of their fields.
const (
	maxModulus    = 256 // bytes: keys of 2048 bits at most
	exponentSize  = 4
	rsaPublicSize = 4 + 4 + maxModulus + exponentSize
)

// parseRSAPublicKey reads an RSAPUBLICKEYBLOB. Some libraries put the numbers of short keys at the left of their fields.
func parseRSAPublicKey(b []byte) (*rsa.PublicKey, error) {
	if len(b) != rsaPublicSize {
		return nil, fmt.Errorf("a public key of %d bytes: %w", len(b), ErrAnswer)
	}
	bits := binary.LittleEndian.Uint32(b[4:])
	if bits < 1024 || bits > 8*maxModulus || bits%8 != 0 {
		return nil, fmt.Errorf("a public key of %d bits: %w", bits, ErrAnswer)
	}
	modulus := b[8 : 8+maxModulus]
	n := new(big.Int).SetBytes(modulus)
	if n.BitLen() > int(bits) {
		n.SetBytes(modulus[:bits/8])
	}
	e := binary.BigEndian.Uint32(b[8+maxModulus:])
	if n.BitLen() != int(bits) || n.Bit(0) == 0 || e < 3 || e%2 == 0 || e > 1<<31-1 {
		return nil, fmt.Errorf("a public key of no sense: %w", ErrAnswer)
	}
	return &rsa.PublicKey{N: n, E: int(e)}, nil
}
