package softkey

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/binary"
)

// The structures of GM/T 0016, 6.4: packed, little endian, numbers of a curve at the end of their 64 bytes.

const (
	coordinateRoom = 64  // bytes for a coordinate, r or s
	modulusRoom    = 256 // bytes for an RSA modulus
	eccCipherHead  = 2*coordinateRoom + 32 + 4
	maxSM2Cipher   = 65536 // bytes of C2

	sgdSM4ECB = 0x00000401
	sgdSM4CBC = 0x00000402
	sgdRSA    = 0x00010000
	sgdSM2    = 0x00020100 // SM2 signatures
	sgdSM3    = 0x00000001
	sgdSHA256 = 0x00000004
)

var le = binary.LittleEndian

// fixed is a string in a field of n bytes, filled up with zeros.
func fixed(s string, n int) []byte {
	b := make([]byte, n)
	copy(b, s)
	return b
}

// devInfo is DEVINFO: 294 bytes, 296 with natural alignment, and in the draft of 2010 another structure of 180.
func (d *Device) devInfo(draft bool) []byte {
	var b []byte
	if draft {
		b = append(b, fixed(d.manufacturer, 64)...)
		b = append(b, fixed(d.label, 64)...)
		b = append(b, fixed(d.serial, 32)...)
		b = append(b, 1, 0, 1, 0, 1, 0) // versions of hardware, firmware and application
		b = le.AppendUint32(b, 1)       // type
		b = append(b, minPIN, maxPIN)   // lengths
		b = le.AppendUint32(b, sgdSM2)  // algorithms
		return le.AppendUint32(b, 0)    // reserved
	}
	b = append(b, 1, 0) // version of the structure
	b = append(b, fixed(d.manufacturer, 64)...)
	b = append(b, fixed(d.manufacturer, 64)...) // issuer
	b = append(b, fixed(d.label, 32)...)
	b = append(b, fixed(d.serial, 32)...)
	b = append(b, 1, 0, 1, 0) // versions of hardware and firmware
	if d.dialect.AlignedDevInfo {
		b = append(b, 0, 0)
	}
	asymmetric := uint32(sgdRSA | sgdSM2)
	if d.dialect.NoRSA {
		asymmetric = sgdSM2
	}
	for _, n := range []uint32{
		sgdSM4ECB | sgdSM4CBC, asymmetric, sgdSM3 | sgdSHA256,
		sgdSM4ECB,    // of device authentication
		65536, 32768, // space, and what is free of it
		4096, 4096, // most bytes at a time
	} {
		b = le.AppendUint32(b, n)
	}
	return append(b, make([]byte, 64)...)
}

// eccPublicBlob is ECCPUBLICKEYBLOB: 132 bytes, 136 in the draft.
func eccPublicBlob(pub *ecdsa.PublicKey, draft bool) ([]byte, error) {
	point, err := pointOf(pub)
	if err != nil {
		return nil, err
	}
	var b []byte
	if draft {
		b = le.AppendUint32(b, sgdSM2)
	}
	b = le.AppendUint32(b, 256)
	for _, half := range [][]byte{point[1 : 1+scalarSize], point[1+scalarSize:]} {
		b = append(b, make([]byte, coordinateRoom-scalarSize)...)
		b = append(b, half...)
	}
	return b, nil
}

// rsaPublicBlob is RSAPUBLICKEYBLOB: 268 bytes. It has no room for more than 2048 bits.
func rsaPublicBlob(pub *rsa.PublicKey) ([]byte, bool) {
	if pub.Size() > modulusRoom {
		return nil, false
	}
	b := le.AppendUint32(nil, sgdRSA)
	b = le.AppendUint32(b, uint32(pub.N.BitLen()))
	b = append(b, pub.N.FillBytes(make([]byte, modulusRoom))...)
	return binary.BigEndian.AppendUint32(b, uint32(pub.E)), true
}

// parseECCCipher turns ECCCIPHERBLOB into C1‖C3‖C2.
func parseECCCipher(b []byte) ([]byte, bool) {
	if len(b) < eccCipherHead {
		return nil, false
	}
	n := le.Uint32(b[eccCipherHead-4:])
	if n == 0 || n > maxSM2Cipher || uint64(len(b)-eccCipherHead) < uint64(n) {
		return nil, false
	}
	cipher := append([]byte{4}, b[coordinateRoom-scalarSize:coordinateRoom]...)
	cipher = append(cipher, b[2*coordinateRoom-scalarSize:2*coordinateRoom]...)
	cipher = append(cipher, b[2*coordinateRoom:2*coordinateRoom+32]...)
	return append(cipher, b[eccCipherHead:eccCipherHead+int(n)]...), true
}

// envelope is ENVELOPEDKEYBLOB: an encryption key under a session key, which is under the container's signing key.
type envelope struct {
	algorithm uint32
	key       []byte // encrypted: its last 32 bytes are the key's
	public    []byte // the point, 04‖x‖y
	cipher    []byte // C1‖C3‖C2 of the session key
}

func parseEnvelope(b []byte) (envelope, bool) {
	const publicAt, cipherAt = 76, 208
	if len(b) < cipherAt || le.Uint32(b) != 1 {
		return envelope{}, false
	}
	cipher, ok := parseECCCipher(b[cipherAt:])
	public := append([]byte{4}, b[publicAt+4+coordinateRoom-scalarSize:publicAt+4+coordinateRoom]...)
	public = append(public, b[cipherAt-scalarSize:cipherAt]...)
	return envelope{le.Uint32(b[4:]), b[publicAt-scalarSize : publicAt], public, cipher}, ok
}

// names is a list of names as SKF gives it: each ends with a zero byte, and the list with another.
func names(list []string) []byte {
	var b []byte
	for _, name := range list {
		b = append(append(b, name...), 0)
	}
	return append(b, 0)
}
