package jpegmeta

import (
	"bytes"
	"encoding/binary"
)

// Strip takes Exif, XMP, thumbnails, comments and the like out of a JPEG picture and tells how many such segments
// there were. What decides about colours (JFIF, ICC, Adobe) stays. Data that is no well-formed JPEG comes back as it is.
func Strip(data []byte) (stripped []byte, segments int) {
	if !bytes.HasPrefix(data, []byte("\xff\xd8\xff")) {
		return data, 0
	}
	out := append(make([]byte, 0, len(data)), 0xff, 0xd8)
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xff {
			return data, 0
		}
		marker := data[i+1]
		if marker == 0xff {
			i++
			continue
		}
		if marker == 0xda { // the picture itself follows
			end := i + 2 + bytes.LastIndex(data[i:], []byte("\xff\xd9"))
			if end < i+4 {
				return append(out, data[i:]...), segments
			}
			if end < len(data) {
				segments++
			}
			return append(out, data[i:end]...), segments
		}
		n := int(binary.BigEndian.Uint16(data[i+2:])) + 2
		if n < 4 || i+n > len(data) {
			return data, 0
		}
		small := bytes.HasPrefix(data[i+4:], []byte("JFXX\x00")) // a thumbnail beside JFIF
		colour := marker == 0xe0 && !small || marker == 0xe2 && bytes.HasPrefix(data[i+4:], []byte("ICC_PROFILE\x00")) || marker == 0xee
		if (marker >= 0xe0 && marker <= 0xef && !colour) || marker == 0xfe {
			segments++
		} else {
			out = append(out, data[i:i+n]...)
		}
		i += n
	}
	return data, 0
}
