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
		{"not a picture", "%PDF-", "%PDF-", 0},
		{"cut short", "\xff\xd8\xff\xe1\x00\x80Exif", "\xff\xd8\xff\xe1\x00\x80Exif", 0},
		{"behind the end", "\xff\xd8" + body + "secret", "\xff\xd8" + body, 1},
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
