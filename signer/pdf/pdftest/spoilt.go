package pdftest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sealdesk/signer/pdf"
)

// Spoilt makes files with one thing wrong out of a whole one, for each thing that can be: every value within its objects in
// turn is "of another type", "unreadable" (a reference to an object that is broken) and "missing". It tells where, and ends
// in these words. Of numbers in a row the first stands for all. The file is one revision whose objects have the numbers
// from 1 without a gap, as a Builder makes it; with any other Spoilt panics.
func Spoilt(data []byte, use func(place string, data []byte)) {
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	must(err)
	var objects []pdf.Object
	var raw [][]byte // of streams
	for _, e := range f.Revisions()[0].Entries {
		if e.Kind == pdf.Free {
			continue
		}
		o, err := f.Resolve(e.Ref())
		must(err)
		var b []byte
		if s, ok := o.(*pdf.Stream); ok {
			b, err = io.ReadAll(f.Raw(s))
			must(err)
			o = s.Dict
		}
		objects, raw = append(objects, o), append(raw, b)
	}
	root := f.Trailer()["Root"].(pdf.Ref)
	trailer := maps.Clone(f.Trailer())
	delete(trailer, "Size")
	unreadable := pdf.Ref{Num: uint32(len(objects) + 1)}
	for at, o := range objects {
		others(o, unreadable, func(place string, other pdf.Object) {
			b := Builder{Trailer: trailer}
			for i, o := range objects {
				if i == at {
					o = other
				}
				body := string(pdf.Append(nil, o))
				if raw[i] != nil {
					body += "\nstream\n" + string(raw[i]) + "\nendstream"
				}
				b.AddRaw(body)
			}
			if strings.HasSuffix(place, " unreadable") {
				b.AddRaw("<< /Unreadable ")
			}
			use(fmt.Sprintf("%d%s", at+1, place), b.Bytes(pdf.Table, root))
		})
	}
}

// others makes a value with each value within it exchanged.
func others(o pdf.Object, unreadable pdf.Ref, use func(place string, other pdf.Object)) {
	within := func(place string, inner pdf.Object, with func(pdf.Object) pdf.Object) {
		wrong := pdf.Object(pdf.Name("Spoilt"))
		if _, name := inner.(pdf.Name); name {
			wrong = pdf.Boolean(true)
		}
		use(place+" of another type", with(wrong))
		use(place+" unreadable", with(unreadable))
		use(place+" missing", with(nil))
		others(inner, unreadable, func(deeper string, other pdf.Object) { use(place+deeper, with(other)) })
	}
	switch o := o.(type) {
	case pdf.Dict:
		for _, key := range o.Keys() {
			within("/"+string(key), o[key], func(v pdf.Object) pdf.Object {
				d := maps.Clone(o)
				if d[key] = v; v == nil {
					delete(d, key)
				}
				return d
			})
		}
	case pdf.Array:
		for i := range o {
			if i > 0 && isNumber(o[i]) && isNumber(o[i-1]) {
				continue
			}
			within(fmt.Sprintf("[%d]", i), o[i], func(v pdf.Object) pdf.Object {
				a := slices.Clone(o)
				if a[i] = v; v == nil {
					a[i] = pdf.Null{}
				}
				return a
			})
		}
	}
}

func isNumber(o pdf.Object) bool {
	switch o.(type) {
	case pdf.Integer, pdf.Real:
		return true
	}
	return false
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
