package jpegmeta

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"
)

func TestStrip(t *testing.T) {
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	body := plain.String()[2:]
	tests := []struct {
		name, in, want string
		segments       int
	}{
		{"plain", "\xff\xd8" + body, "\xff\xd8" + body, 0},
		{"exif", "\xff\xd8\xff\xe1\x00\x08Exif\x00\x00" + body, "\xff\xd8" + body, 1},
		{"comment and fill byte", "\xff\xd8\xff\xff\xfe\x00\x04hi" + body, "\xff\xd8" + body, 1},
		{"colour profile stays", "\xff\xd8\xff\xe2\x00\x0eICC_PROFILE\x00" + body, "\xff\xd8\xff\xe2\x00\x0eICC_PROFILE\x00" + body, 0},
		{"a second, small picture", "\xff\xd8\xff\xe0\x00\x08JFXX\x00\x10" + body, "\xff\xd8" + body, 1},
		{"not a picture", "%PDF-", "%PDF-", 0},
		{"cut short", "\xff\xd8\xff\xe1\x00\x80Exif", "\xff\xd8\xff\xe1\x00\x80Exif", 0},
		{"JFIF and Adobe stay, other data goes", "\xff\xd8\xff\xe0\x00\x04ab\xff\xee\x00\x04cd\xff\xe2\x00\x04ef" + body, "\xff\xd8\xff\xe0\x00\x04ab\xff\xee\x00\x04cd" + body, 1},
		{"no segment where one should be", "\xff\xd8\xff\xe1\x00\x04ab????", "\xff\xd8\xff\xe1\x00\x04ab????", 0},
		{"a segment shorter than its length", "\xff\xd8\xff\xe1\x00\x01ab", "\xff\xd8\xff\xe1\x00\x01ab", 0},
		{"no picture", "\xff\xd8\xff\xe1\x00\x02", "\xff\xd8\xff\xe1\x00\x02", 0},
		{"behind the end", "\xff\xd8" + body + "secret", "\xff\xd8" + body, 1},
	}
	const endless = "\xff\xd8\xff\xfe\x00\x04hi\xff\xda\x00\x02picture"
	if got, n := Strip([]byte(endless)); string(got) != "\xff\xd8\xff\xda\x00\x02picture" || n != 1 {
		t.Errorf("of a picture without end stays %q, %d segments", got, n)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, n := Strip([]byte(tt.in))
			if string(got) != tt.want || n != tt.segments {
				t.Errorf("%d segments, %q", n, got)
			}
			if tt.segments > 0 {
				if _, err := jpeg.Decode(bytes.NewReader(got)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
