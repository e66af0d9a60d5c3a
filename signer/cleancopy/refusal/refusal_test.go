package refusal_test

import (
	"errors"
	"io"
	"testing"

	"sealdesk/signer/cleancopy/refusal"
)

func TestError(t *testing.T) {
	params := map[string]any{"path": "a"}
	plain, wrapped := refusal.New(refusal.Empty, "the file is empty", params), refusal.Wrap(refusal.Unreadable, io.ErrUnexpectedEOF, "the file cannot be read", params)
	if plain.Error() != "the file is empty" || plain.Code() != refusal.Empty || plain.Unwrap() != nil {
		t.Errorf("%v", plain)
	}
	if wrapped.Error() != "the file cannot be read: unexpected EOF" || !errors.Is(wrapped, io.ErrUnexpectedEOF) {
		t.Errorf("%v", wrapped)
	}
	if wrapped.Params()["path"] = "b"; wrapped.Params()["path"] != "a" {
		t.Error("whoever asks for the parameters can change them")
	}
}
