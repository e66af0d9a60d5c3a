package header

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

var (
	// ErrMissing: the header is not there.
	ErrMissing = errors.New("the header is missing")
	// ErrMalformed: it is not of its form.
	ErrMalformed = errors.New("the header is malformed")
)

const (
	minKey = 8
	maxKey = 100
)

// ParseKey reads an Idempotency-Key: a structured-field string (RFC 9651, 3.3.3), `"018f…"`, of 8 to 100 characters.
// Parameters after it are not understood. The unquoted form, which many clients send, is taken for the same key.
func ParseKey(header string) (string, error) {
	s := strings.Trim(header, " ")
	if s == "" {
		return "", ErrMissing
	}
	if s[0] != '"' {
		for _, c := range []byte(s) {
			if c <= ' ' || c >= 0x7f || strings.IndexByte(`"\,;`, c) >= 0 {
				return "", ErrMalformed
			}
		}
		return s, checkKeyLength(s)
	}
	var key strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			if i != len(s)-1 {
				return "", ErrMalformed
			}
			return key.String(), checkKeyLength(key.String())
		case c == '\\':
			i++
			if i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", ErrMalformed
			}
			key.WriteByte(s[i])
		case c < ' ' || c >= 0x7f:
			return "", ErrMalformed
		default:
			key.WriteByte(c)
		}
	}
	return "", ErrMalformed
}

func checkKeyLength(key string) error {
	if len(key) < minKey || len(key) > maxKey {
		return ErrMalformed
	}
	return nil
}

// FormatKey writes a key as ParseKey reads it.
func FormatKey(key string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`
}

// FormatETag is the strong entity tag of a version of what has the id: a contract, a tender, a bid.
func FormatETag(id string, version int64) string {
	return `"c-` + id + "-" + strconv.FormatInt(version, 10) + `"`
}

// ParseIfMatch reads the version out of the one entity tag of what has the id. A tag of something else names no version of it:
// that is version -1, which matches nothing.
func ParseIfMatch(header, id string) (int64, error) {
	s := strings.Trim(header, " ")
	if s == "" {
		return 0, ErrMissing
	}
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return 0, ErrMalformed
	}
	digits, ok := strings.CutPrefix(s[1:len(s)-1], "c-"+id+"-")
	v, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || v < 1 || strconv.FormatInt(v, 10) != digits {
		return -1, nil
	}
	return v, nil
}

// ParseDigest reads the sha-256 member of a Content-Digest or Repr-Digest (RFC 9530), a dictionary of byte sequences;
// other algorithms beside it are passed over. The answer is lower-case hex.
func ParseDigest(header string) (string, error) {
	found := ""
	for member := range strings.SplitSeq(header, ",") {
		name, value, ok := strings.Cut(strings.Trim(member, " \t"), "=")
		if !ok || len(value) < 2 || value[0] != ':' || value[len(value)-1] != ':' {
			return "", ErrMalformed
		}
		if name != "sha-256" {
			continue
		}
		sum, err := base64.StdEncoding.Strict().DecodeString(value[1 : len(value)-1])
		if err != nil || len(sum) != sha256.Size || found != "" {
			return "", ErrMalformed
		}
		found = hex.EncodeToString(sum)
	}
	if found == "" {
		return "", ErrMalformed
	}
	return found, nil
}

// FormatDigest writes a SHA-256 in hex as the value of Content-Digest or Repr-Digest.
func FormatDigest(sha256Hex string) (string, error) {
	sum, err := hex.DecodeString(sha256Hex)
	if err != nil || len(sum) != sha256.Size {
		return "", ErrMalformed
	}
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum) + ":", nil
}

// Token is the access token of an Authorization header of the scheme DPoP (RFC 9449, 7.1), "" when there is none.
func Token(header string) string {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "DPoP") {
		return ""
	}
	return strings.Trim(token, " ")
}
