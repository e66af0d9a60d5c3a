package ses_test

import (
	"testing"

	"sealdesk/signer/ses"
)

func seeds(f *testing.F, kind string) {
	vectors, _ := readVectors(f)
	for _, v := range vectors {
		if v.Kind == kind {
			f.Add(v.data)
		}
	}
}

// Whatever comes in: an error or a judgement, never a panic, and what is read has the bytes that it was read from.
func FuzzParseSeal(f *testing.F) {
	seeds(f, "SESeal")
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ses.ParseSeal(data)
		if err != nil {
			return
		}
		if string(s.Raw()) != string(data) {
			t.Error("other bytes than were read")
		}
		s.Judge(ses.Options{})
		if w, h, err := s.Picture.Size(); err == nil && (w > 4096 || h > 4096) {
			t.Errorf("%d x %d pixels", w, h)
		}
	})
}

func FuzzParseSignature(f *testing.F) {
	seeds(f, "SES_Signature")
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ses.ParseSignature(data)
		if err != nil {
			return
		}
		s.Judge(ses.Document{Digest: s.DataHash}, ses.Options{})
		if s.Seal == nil || s.Version != s.Seal.Version {
			t.Error("a signature without its seal")
		}
	})
}
