package archive

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Metadata is the XMP packet of a file that is PDF/A-2b and tells nothing else of itself (ISO 19005-2, 6.6.4).
func Metadata() []byte {
	return []byte("<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">` +
		`<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description></rdf:RDF></x:xmpmeta>` +
		"\n<?xpacket end=\"r\"?>")
}

// d50 is the white that profiles connect at (ICC.1:2004-10, 7.2.16).
var d50 = [3]float64{0.9642, 1, 0.8249}

// Profile is an ICC profile, version 4.2, of the colours of sRGB (IEC 61966-2-1), made of their formula.
func Profile() []byte {
	// The primaries and the white of sRGB as chromaticities x, y.
	red, green, blue, white := [2]float64{0.64, 0.33}, [2]float64{0.30, 0.60}, [2]float64{0.15, 0.06}, [2]float64{0.3127, 0.3290}
	w := xyz(white)
	m := matrix{xyz(red), xyz(green), xyz(blue)}.transposed()
	s := m.inverse().times(w)
	for row := range m {
		for i := range s {
			m[row][i] *= s[i]
		}
	}
	adapt := bradford(w, d50)
	m = adapt.product(m)

	column := func(i int) []byte { return tagXYZ(m[0][i], m[1][i], m[2][i]) }
	// Y = ((X + 0.055) / 1.055)^2.4, and X / 12.92 below 0.04045.
	curve := append([]byte("para\x00\x00\x00\x00\x00\x03\x00\x00"), fixed(2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)...)
	var chad []float64
	for _, row := range adapt {
		chad = append(chad, row[:]...)
	}
	return profile([]tag{
		{"desc", text("sRGB")}, {"cprt", text("No copyright, use freely")}, {"wtpt", tagXYZ(d50[0], d50[1], d50[2])},
		{"chad", append([]byte("sf32\x00\x00\x00\x00"), fixed(chad...)...)},
		{"rXYZ", column(0)}, {"gXYZ", column(1)}, {"bXYZ", column(2)}, {"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	})
}

type tag struct {
	name string
	data []byte
}

// profile puts tags behind a header (ICC.1, 7.2) and their table. Equal data is written once.
func profile(tags []tag) []byte {
	const headerSize = 128
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var data []byte
	at := headerSize + 4 + 12*len(tags)
	for i, t := range tags {
		offset := at + len(data)
		if i > 0 && bytes.Equal(tags[i-1].data, t.data) {
			offset -= len(t.data)
		} else {
			data = append(data, t.data...)
			for len(data)%4 != 0 {
				data = append(data, 0)
			}
		}
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(offset))
		table = binary.BigEndian.AppendUint32(table, uint32(len(t.data)))
	}
	head := make([]byte, headerSize)
	binary.BigEndian.PutUint32(head, uint32(at+len(data)))
	copy(head[8:], "\x04\x20\x00\x00mntrRGB XYZ ")
	copy(head[24:], "\x07\xd4\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00acsp") // the day of the specification, 1 January 2004
	copy(head[68:], fixed(d50[0], d50[1], d50[2]))
	return append(append(head, table...), data...)
}

// text is a multi-localized string with one language.
func text(s string) []byte {
	b := append([]byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS"), 0, 0, 0, byte(2*len(s)), 0, 0, 0, 28)
	for _, c := range []byte(s) {
		b = append(b, 0, c)
	}
	return b
}

func tagXYZ(x, y, z float64) []byte { return append([]byte("XYZ \x00\x00\x00\x00"), fixed(x, y, z)...) }

// fixed writes numbers as s15Fixed16Number.
func fixed(v ...float64) []byte {
	var b []byte
	for _, x := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(x*65536))))
	}
	return b
}

func xyz(c [2]float64) [3]float64 { return [3]float64{c[0] / c[1], 1, (1 - c[0] - c[1]) / c[1]} }

// bradford adapts colours from one white to another (ICC.1, annex E).
func bradford(from, to [3]float64) matrix {
	cone := matrix{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}
	a, b := cone.times(from), cone.times(to)
	scale := matrix{{b[0] / a[0]}, {0, b[1] / a[1]}, {0, 0, b[2] / a[2]}}
	return cone.inverse().product(scale).product(cone)
}

type matrix [3][3]float64

func (m matrix) transposed() (t matrix) {
	for i := range m {
		for j := range m {
			t[j][i] = m[i][j]
		}
	}
	return t
}

func (m matrix) times(v [3]float64) (out [3]float64) {
	for i := range m {
		for j := range v {
			out[i] += m[i][j] * v[j]
		}
	}
	return out
}

func (m matrix) product(n matrix) (out matrix) {
	t := n.transposed()
	for j := range t {
		c := m.times(t[j])
		for i := range c {
			out[i][j] = c[i]
		}
	}
	return out
}

func (m matrix) inverse() (out matrix) {
	minor := func(i, j int) float64 {
		a, b, c, d := (i+1)%3, (i+2)%3, (j+1)%3, (j+2)%3
		return m[a][c]*m[b][d] - m[a][d]*m[b][c]
	}
	det := m[0][0]*minor(0, 0) + m[0][1]*minor(0, 1) + m[0][2]*minor(0, 2)
	for i := range m {
		for j := range m {
			out[j][i] = minor(i, j) / det
		}
	}
	return out
}
