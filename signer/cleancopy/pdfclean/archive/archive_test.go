package archive

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// The profile turns colours into what the standard's formula says: checked on its tags, which are read back.
func TestProfile(t *testing.T) {
	p := Profile()
	if int(binary.BigEndian.Uint32(p)) != len(p) || len(p) > 1024 || string(p[36:40]) != "acsp" || string(p[12:20]) != "mntrRGB " {
		t.Fatalf("header % x, %d bytes", p[:44], len(p))
	}
	tags := map[string][]byte{}
	for i := range binary.BigEndian.Uint32(p[128:]) {
		e := p[132+12*i:]
		at, size := binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:])
		tags[string(e[:4])] = p[at : at+size]
	}
	number := func(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }
	// The published colorants of sRGB, adapted to D50.
	for name, want := range map[string][3]float64{
		"rXYZ": {0.4360, 0.2225, 0.0139}, "gXYZ": {0.3851, 0.7169, 0.0971}, "bXYZ": {0.1431, 0.0606, 0.7141}, "wtpt": {0.9642, 1, 0.8249},
	} {
		for i, w := range want {
			if got := number(tags[name][8+4*i:]); math.Abs(got-w) > 0.0005 {
				t.Errorf("%s[%d] = %.4f, want %.4f", name, i, got, w)
			}
		}
	}
	curve := tags["gTRC"]
	if string(curve[:4]) != "para" || math.Abs(number(curve[12:])-2.4) > 1e-4 {
		t.Errorf("curve % x", curve)
	}
	if !bytes.Equal(curve, tags["bTRC"]) || !bytes.Equal(curve, tags["rTRC"]) {
		t.Error("the curves differ")
	}
}

// program is a TrueType font of two glyphs, 0 and 1, where 1 is A and as wide as is said.
func program(advance uint16) []byte {
	table := func(n int, set map[int]uint16) []byte {
		b := make([]byte, n)
		for at, v := range set {
			binary.BigEndian.PutUint16(b[at:], v)
		}
		return b
	}
	tables := []struct {
		name string
		data []byte
	}{
		{"cmap", table(4+8+4+2+6, map[int]uint16{2: 1, 4: 3, 6: 1, 10: 12, 12: 6, 14: 12, 18: 'A', 20: 1, 22: 1})},
		{"glyf", make([]byte, 4)}, {"head", table(54, map[int]uint16{18: 1000})}, {"hhea", table(36, map[int]uint16{34: 2})},
		{"hmtx", table(8, map[int]uint16{0: 500, 4: advance})}, {"loca", make([]byte, 6)}, {"maxp", table(6, map[int]uint16{4: 2})},
	}
	b := table(12+16*len(tables), map[int]uint16{0: 1, 4: uint16(len(tables))})
	for i, e := range tables {
		entry := b[12+16*i:]
		copy(entry, e.name)
		binary.BigEndian.PutUint32(entry[8:], uint32(len(b)))
		binary.BigEndian.PutUint32(entry[12:], uint32(len(e.data)))
		b = append(b, e.data...)
	}
	return b
}

// changed is our profile with other bytes at a place.
func changed(at int, b string) []byte {
	p := slices.Clone(Profile())
	copy(p[at:], b)
	return p
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name, font, contents, resources, against string
		program                                  []byte
		profile                                  []byte // of the output intent; ours unless given
		more                                     string // object 8
		page                                     string // its boxes and contents, unless they are the usual ones
	}{
		{name: "nothing", contents: "0 g 0 0 9 9 re f"},
		{name: "sRGB", contents: "1 0 0 rg 0 0 9 9 re f"},
		{name: "CMYK", contents: "1 0 0 0 k 0 0 9 9 re f", against: "DeviceCMYK"},
		{name: "CMYK with a meaning", contents: "1 0 0 0 k 0 0 9 9 re f", resources: "/ColorSpace << /DefaultCMYK [/CalRGB << /WhitePoint [1 1 1] >>] >>"},
		{name: "a spot colour of CMYK", contents: "/S cs 1 scn 0 0 9 9 re f", resources: "/ColorSpace << /S [/Separation /Gold /DeviceCMYK << /FunctionType 2 /Domain [0 1] /N 1 >>] >>", against: "DeviceCMYK"},
		{name: "a spot colour whose name is no UTF-8", contents: "/S cs 1 scn 0 0 9 9 re f", resources: "/ColorSpace << /S [/Separation /#BD#F0 /DeviceRGB << /FunctionType 2 /Domain [0 1] /N 1 >>] >>", against: "6.1.8"},
		{name: "spot colours of which one's name is no UTF-8", contents: "/S cs 1 1 scn 0 0 9 9 re f", resources: "/ColorSpace << /S [/DeviceN [/Gold /#BD#F0] /DeviceRGB << /FunctionType 2 /Domain [0 1] /N 1 >> << >>] >>", against: "6.1.8"},
		{name: "a font whose name is no UTF-8", resources: "/Properties << /P << /Type /FontDescriptor /FontName /#CB#CE#CC#E5 >> >>", against: "6.1.8"},
		{name: "a font that is not embedded", contents: "BT /F 9 Tf (A) Tj ET", font: "/Type1", against: "Test"},
		{name: "a font that is", contents: "BT /F 9 Tf (A) Tj ET", font: "/TrueType", program: program(600)},
		{name: "a font that is as wide but for a hair", contents: "BT /F 9 Tf (A) Tj ET", font: "/TrueType", program: program(601)},
		{name: "a font that is wider", contents: "BT /F 9 Tf (A) Tj ET", font: "/TrueType", program: program(650), against: "6.2.11.5"},
		{name: "a character without a glyph", contents: "BT /F 9 Tf (B) Tj ET", font: "/TrueType", program: program(600), against: "6.2.11.8"},
		{name: "a program that is none", contents: "BT /F 9 Tf (A) Tj ET", font: "/TrueType", program: []byte("none"), against: "6.2.11.4.1"},
		{name: "a transfer function", contents: "/G gs 0 0 9 9 re f", resources: "/ExtGState << /G << /Type /ExtGState /TR /Identity >> >>", against: "6.2.5"},
		{name: "a blend mode of its own", contents: "/G gs 0 0 9 9 re f", resources: "/ExtGState << /G << /BM /Glow >> >>", against: "6.2.10"},
		{name: "an inline picture", contents: "BI /W 1 /H 1 /BPC 8 /CS /G /I true ID x EI", against: "6.2.8.1"},
		{name: "states saved too deep", contents: strings.Repeat("q ", 29), against: "6.1.13"},
		{name: "an inline picture that is not interpolated", contents: "BI /W 1 /H 1 /BPC 8 /CS /G ID x EI"},
		{name: "an inline picture in LZW", contents: "BI /W 1 /H 1 /BPC 8 /CS /G /F /LZW ID x EI", against: "6.1.7.2"},
		{name: "a font that is not there", contents: "BT /X 9 Tf (A) Tj ET"},
		{name: "a font within a form's resources", against: "Short", more: "<< /Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /X << /Type /Font /Subtype /Type1 /BaseFont /Short >> >> >> /Length 21 >>\nstream\nBT /X 9 Tf (A) Tj ET \nendstream"},
		{name: "a string that is shown, too long", contents: "BT /F 9 Tf (" + strings.Repeat("A", maxString+1) + ") Tj ET", font: "/TrueType", program: program(600), against: "6.1.13 a string"},
		{name: "a string too long", resources: "/Properties << /P (" + strings.Repeat("A", maxString+1) + ") >>", against: "6.1.13 a string"},
		{name: "a name too long", resources: "/Properties << /P /" + strings.Repeat("A", 128) + " >>", against: "6.1.13 a name"},
		{name: "a key too long", resources: "/Properties << /" + strings.Repeat("A", 128) + " 1 >>", against: "6.1.13 a name"},
		{name: "a number too large", resources: "/Properties << /P 2147483648 >>", against: "6.1.13 a number"},
		{name: "a number too small", resources: "/Properties << /P -2147483649 >>", against: "6.1.13 a number"},
		{name: "a page too small", page: "/MediaBox [0 0 2 2]", against: "6.1.13 a page"},
		{name: "a page too large", page: "/MediaBox [0 0 14401 9]", against: "6.1.13 a page"},
		{name: "a palette of CMYK", resources: "/ColorSpace << /S [/Indexed /DeviceCMYK 0 <00000000>] >>", against: "DeviceCMYK"},
		{name: "a palette of another space", resources: "/ColorSpace << /S [/Indexed [/CalRGB << /WhitePoint [1 1 1] >>] 0 <000000>] >>"},
		{name: "a pattern coloured in CMYK", resources: "/ColorSpace << /S [/Pattern /DeviceCMYK] >>", against: "DeviceCMYK"},
		{name: "a spot colour without another", resources: "/ColorSpace << /S [/Separation /Gold] >>"},
		{name: "a spot colour of another space", resources: "/ColorSpace << /S [/Separation /Gold [/CalGray << /WhitePoint [1 1 1] >>] << >>] >>"},
		{name: "spot colours that are not described", resources: "/ColorSpace << /S [/DeviceN [/Gold /Silver] /DeviceRGB << >>] >>", against: "6.2.4.4"},
		{name: "spot colours of one that is not described", resources: "/ColorSpace << /S [/DeviceN [/Gold] /DeviceRGB << >>] >>", against: "6.2.4.4"},
		{name: "spot colours of none", resources: "/ColorSpace << /S [/DeviceN [/None] /DeviceRGB << >>] >>"},
		{name: "spot colours without their names", resources: "/ColorSpace << /S [/DeviceN 1 /DeviceRGB << >>] >>", against: "6.2.4.4"},
		{name: "a profile of its own", resources: "/ColorSpace << /S [/ICCBased 6 0 R] >>"},
		{name: "a profile of its own that is none", resources: "/ColorSpace << /S [/ICCBased 8 0 R] >>", more: "<< /N 3 /Length 1 >>\nstream\nx\nendstream", against: "6.2.4.2"},
		{name: "a profile of its own that is not there", resources: "/ColorSpace << /S [/ICCBased null] >>"},
		{name: "a profile for printing", profile: changed(12, "prtr")},
		{name: "a profile for scanning", profile: changed(12, "scnr"), against: "6.2.3"},
		{name: "a profile that is too short", profile: Profile()[:127], against: "6.2.4.2 an ICC profile is none"},
		{name: "a profile without its mark", profile: changed(36, "none"), against: "6.2.4.2 an ICC profile is none"},
		{name: "a profile that is cut", profile: changed(0, "\x01"), against: "6.2.4.2 an ICC profile is none"},
		{name: "a profile of version 4.3", profile: changed(8, "\x04\x30")},
		{name: "a profile of version 4.4", profile: changed(8, "\x04\x40"), against: "6.2.4.2 an ICC profile is of version"},
		{name: "a profile of version 5", profile: changed(8, "\x05"), against: "6.2.4.2 an ICC profile is of version"},
		{name: "a profile of another number of colours", profile: changed(16, "CMYK"), against: "6.2.4.2 an ICC profile has other components"},
		{name: "a rendering intent of its own", resources: "/ExtGState << /G << /Type /ExtGState /RI /Bright >> >>", against: "6.2.6"},
		{name: "a rendering intent", resources: "/ExtGState << /G << /Type /ExtGState /RI /Perceptual >> >>"},
		{name: "the usual transfer function", resources: "/ExtGState << /G << /TR2 /Default /SMask /None /BM /Normal >> >>"},
		{name: "another transfer function", resources: "/ExtGState << /G << /Type /ExtGState /TR2 /Identity >> >>", against: "6.2.5"},
		{name: "a transfer function that is no name", resources: "/ExtGState << /G << /Type /ExtGState /TR2 1 >> >>", against: "6.2.5"},
		{name: "the usual halftone", resources: "/ExtGState << /G << /HT /Default >> >>"},
		{name: "another halftone", resources: "/ExtGState << /G << /HT /Round >> >>", against: "6.2.5 a halftone"},
		{name: "a halftone that is no name", resources: "/ExtGState << /G << /HT << >> >> >>", against: "6.2.5 a halftone"},
		{name: "blend modes of which one is known", resources: "/ExtGState << /G << /BM [/Glow /Normal] >> >>", against: "6.2.10"},
		{name: "blend modes that are known", resources: "/ExtGState << /G << /BM [/Multiply /Normal] >> >>"},
		{name: "a stream in LZW", more: "<< /Filter [/LZWDecode] /Length 0 >>\nstream\n\nendstream", against: "6.1.7.2 filter LZWDecode"},
		{name: "a picture in JPEG 2000", more: "<< /Filter /JPXDecode /Length 0 >>\nstream\n\nendstream", against: "6.2.8.3"},
		{name: "a stream in a filter of its own", more: "<< /Filter /Zip /Length 0 >>\nstream\n\nendstream", against: "6.1.7.2 filter Zip"},
		{name: "a picture that is interpolated", more: "<< /Subtype /Image /Interpolate true /Length 0 >>\nstream\n\nendstream", against: "6.2.8.1"},
		{name: "a pattern's cell of CMYK", more: "<< /PatternType 1 /TilingType 1 /Length 9 >>\nstream\n1 0 0 0 k\nendstream", against: "DeviceCMYK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b pdftest.Builder
			root := b.AddRaw("<< /Type /Catalog /Pages 2 0 R /OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /DestOutputProfile 6 0 R >>] >>")
			b.AddRaw("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
			b.AddRaw("<< /Type /Page /Parent 2 0 R " + cmp.Or(tt.page, "/MediaBox [0 0 99 99] /Contents 4 0 R") + " /Resources << /Font << /F 5 0 R >> " + tt.resources + " >> >>")
			b.AddStream(nil, []byte(tt.contents))
			profile := tt.profile
			if profile == nil {
				profile = Profile()
			}
			file := ""
			if tt.program != nil {
				file = "/FontFile2 7 0 R"
			}
			b.AddRaw(fmt.Sprintf("<< /Type /Font /Subtype %s /BaseFont /ABCDEF+Test /FirstChar 65 /Widths [600] /Encoding /WinAnsiEncoding /FontDescriptor << /Flags 32 %s >> >>",
				cmp.Or(tt.font, "/Type1"), file))
			b.AddStream(pdf.Dict{"N": pdf.Integer(3)}, profile)
			b.AddStream(nil, tt.program)
			b.AddRaw(cmp.Or(tt.more, "null"))
			data := b.Bytes(pdf.Table, root)
			f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			v, err := Judge(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(append(append(v.Fonts, v.Colours...), v.Other...), "|")
			if v.OK() != (tt.against == "") || !strings.Contains(said, tt.against) {
				t.Errorf("%q, want %q", said, tt.against)
			}
		})
	}
}

func FuzzTrueType(f *testing.F) {
	f.Add(program(600))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if t, err := parseTrueType(b); err == nil {
			t.advance(1)
		}
	})
}
