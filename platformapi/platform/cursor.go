package platform

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// position is where a page of a list ended.
type position struct {
	created time.Time
	id      string
}

const cursorTag = 16 // bytes of the HMAC

// sealCursor writes a position as base64url(time in µs || id || HMAC over both and the list's filter), so that a cursor is
// good for the list it came from only.
func sealCursor(key [32]byte, filter string, p position) string {
	id, err := uuid.Parse(p.id)
	if err != nil {
		return ""
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(p.created.UnixMicro()))
	b = append(b, id[:]...)
	return base64.RawURLEncoding.EncodeToString(append(b, cursorMAC(key, filter, b)...))
}

// openCursor reads what sealCursor wrote.
func openCursor(key [32]byte, filter, cursor string) (position, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) != 8+16+cursorTag || !hmac.Equal(b[24:], cursorMAC(key, filter, b[:24])) {
		return position{}, false
	}
	return position{created: time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC(), id: uuid.UUID(b[8:24]).String()}, true
}

func cursorMAC(key [32]byte, filter string, b []byte) []byte {
	m := hmac.New(sha256.New, key[:])
	m.Write(b)
	m.Write([]byte(filter))
	return m.Sum(nil)[:cursorTag]
}
