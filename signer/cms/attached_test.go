package cms

import (
	"bytes"
	"crypto/sha1"
	"errors"
	"slices"
	"testing"
)

var oidTest = oid{1, 2, 840, 113549, 1, 9, 16, 1, 4}

// attachedFrame is newFrame with its content inside.
func attachedFrame() *frame {
	f := newFrame()
	f.version = der(3)
	f.encap = tlv(0x30, der(oidTest), tlv(0xa0, tlv(4, []byte("content"))))
	f.attrs[0] = attr(oidAttrContentType, der(oidTest))
	return f
}

func essV1(hash []byte) []byte {
	return attr(oidAttrSigningCert, tlv(0x30, tlv(0x30, tlv(0x30, tlv(4, hash)))))
}

func TestAttached(t *testing.T) {
	name := sha1.Sum(testCert.Raw)
	for _, tc := range []struct {
		name   string
		kind   Kind // "": accepted
		change func(f *frame)
	}{
		{"nothing changed", "", func(*frame) {}},
		{"the older name of the certificate", "", func(f *frame) { f.attrs[2] = essV1(name[:]) }},
		{"version 1", "", func(f *frame) { f.version = der(1) }}, // as GM/T 0010 has it
		{"version 2", Malformed, func(f *frame) { f.version = der(2) }},
		{"another content type", ContentType, func(f *frame) { f.encap = tlv(0x30, der(oidData), tlv(0xa0, tlv(4, []byte("content")))) }},
		{"content type attribute of data", ContentType, func(f *frame) { f.attrs[0] = attr(oidAttrContentType, der(oidData)) }},
		{"detached", Malformed, func(f *frame) { f.encap = tlv(0x30, der(oidTest)) }},
		{"content in pieces", Malformed, func(f *frame) {
			f.encap = tlv(0x30, der(oidTest), tlv(0xa0, tlv(0x24, tlv(4, []byte("con")), tlv(4, []byte("tent")))))
		}},
		{"two contents", Malformed, func(f *frame) {
			f.encap = tlv(0x30, der(oidTest), tlv(0xa0, tlv(4, []byte("content")), tlv(4, []byte("content"))))
		}},
		{"the older name is another's", CertificateMismatch, func(f *frame) { f.attrs[2] = essV1(make([]byte, 20)) }},
		{"the older name with a digest's name", Malformed, func(f *frame) {
			f.attrs[2] = attr(oidAttrSigningCert, tlv(0x30, tlv(0x30, tlv(0x30, alg(oidSHA256), tlv(4, name[:])))))
		}},
		{"another content", DigestMismatch, func(f *frame) { f.encap = tlv(0x30, der(oidTest), tlv(0xa0, tlv(4, []byte("contend")))) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := attachedFrame()
			tc.change(f)
			slices.SortFunc(f.attrs, bytes.Compare)
			s, err := ParseAttached(f.build(), oidTest)
			if err == nil {
				h, _ := s.DigestHash()
				h.Write(s.Content())
				err = s.Check(h.Sum(nil))
			}
			if tc.kind == "" && err != nil || tc.kind != "" && !errors.Is(err, &Error{Kind: tc.kind}) {
				t.Errorf("got %v, want %q", err, tc.kind)
			}
		})
	}
	if _, err := Parse(attachedFrame().build()); !errors.Is(err, &Error{Kind: Attached}) {
		t.Errorf("read as a detached one: %v", err)
	}
}
