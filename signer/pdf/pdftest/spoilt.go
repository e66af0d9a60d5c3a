package pdftest

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"sealdesk/signer/pdf"
)

// Spoilt yields a file with one thing wrong, for each thing that can be: every value within its objects in turn is
// "of another type", "unreadable" (a reference to an object that is broken) and "missing". It tells where, and ends in
// these words. The file is one revision whose objects have the numbers from 1 without a gap, as a Builder makes it.
func Spoilt(data []byte) iter.Seq2[string, []byte] {
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		panic(err)
	}
	var objects []pdf.Object
	var raw [][]byte // of streams
	for _, e := range f.Revisions()[0].Entries {
		if e.Kind == pdf.Free {
			continue
		}
		o, err := f.Resolve(e.Ref())
		if err != nil {
			panic(err)
		}
		var b []byte
		if s, ok := o.(*pdf.Stream); ok {
			if b, err = io.ReadAll(f.Raw(s)); err != nil {
				panic(err)
			}
			o = s.Dict
		}
		objects, raw = append(objects, o), append(raw, b)
	}
	root := f.Trailer()["Root"].(pdf.Ref)
	trailer := maps.Clone(f.Trailer())
	delete(trailer, "Size")
	unreadable := pdf.Ref{Num: uint32(len(objects) + 1)}
	build := func(at int, o pdf.Object, broken bool) []byte {
		b := Builder{Trailer: trailer}
		for i, was := range objects {
			if i == at {
				was = o
			}
			if d, ok := was.(pdf.Dict); ok && raw[i] != nil {
				b.AddRaw(string(pdf.Append(nil, d)) + "\nstream\n" + string(raw[i]) + "\nendstream")
			} else {
				b.Add(was)
			}
		}
		if broken {
			b.AddRaw("<< /Unreadable ")
		}
		return b.Bytes(pdf.Table, root)
	}
	return func(yield func(string, []byte) bool) {
		for i, o := range objects {
			for place, other := range others(o, unreadable) {
				if !yield(fmt.Sprintf("%d%s", i+1, place), build(i, other, strings.HasSuffix(place, " unreadable"))) {
					return
				}
			}
		}
	}
}

// others yields a value with each value within it exchanged.
func others(o pdf.Object, unreadable pdf.Ref) iter.Seq2[string, pdf.Object] {
	return func(yield func(string, pdf.Object) bool) {
		within := func(place string, inner pdf.Object, with func(pdf.Object) pdf.Object) bool {
			wrong := pdf.Object(pdf.Name("Spoilt"))
			if _, name := inner.(pdf.Name); name {
				wrong = pdf.Boolean(true)
			}
			for _, other := range []struct {
				what string
				pdf.Object
			}{{" of another type", wrong}, {" unreadable", unreadable}, {" missing", nil}} {
				if !yield(place+other.what, with(other.Object)) {
					return false
				}
			}
			for deeper, other := range others(inner, unreadable) {
				if !yield(place+deeper, with(other)) {
					return false
				}
			}
			return true
		}
		switch o := o.(type) {
		case pdf.Dict:
			for _, key := range o.Keys() {
				with := func(v pdf.Object) pdf.Object {
					d := maps.Clone(o)
					if d[key] = v; v == nil {
						delete(d, key)
					}
					return d
				}
				if !within("/"+string(key), o[key], with) {
					return
				}
			}
		case pdf.Array:
			for i := range o {
				with := func(v pdf.Object) pdf.Object {
					a := slices.Clone(o)
					if a[i] = v; v == nil {
						a[i] = pdf.Null{}
					}
					return a
				}
				if !within(fmt.Sprintf("[%d]", i), o[i], with) {
					return
				}
			}
		}
	}
}
