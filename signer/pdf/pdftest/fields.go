package pdftest

import "sealdesk/signer/pdf"

// Fields returns a document of two pages with fields that somebody left for
// signatures on the second: 采购人签章 (with more in it) from 100,200 to 300,300;
// 乙方.供应商签章 in two places from 100,400 to 200,500 and from 300,400 to 400,500, its
// type inherited; 隐形 without a size; 只读 not to be changed; and 金额 for text.
func Fields(o Options, more pdf.Dict) []byte {
	o.Pages = 2
	b, root := Build(o)
	page2 := pdf.Ref{Num: 7}
	widget := func(d pdf.Dict, r pdf.Rect) pdf.Ref {
		d["Type"], d["Subtype"], d["F"], d["P"], d["Rect"] = pdf.Name("Annot"), pdf.Name("Widget"), pdf.Integer(4), page2, rect(r)
		return b.Add(d)
	}
	signature := func(name string) pdf.Dict { return pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.TextString(name)} }

	d := signature("采购人签章")
	d["TU"], d["MK"] = pdf.TextString("采购人（盖章）"), pdf.Dict{"BC": pdf.Array{}}
	for k, v := range more {
		d[k] = v
	}
	buyer := widget(d, pdf.Rect{100, 300, 300, 200}) // the corners in any order
	group, shared := b.Reserve(), b.Reserve()
	left := widget(pdf.Dict{"Parent": shared}, pdf.Rect{100, 400, 200, 500})
	right := widget(pdf.Dict{"Parent": shared}, pdf.Rect{300, 400, 400, 500})
	b.Set(shared, pdf.Dict{"T": pdf.TextString("供应商签章"), "Parent": group, "Kids": pdf.Array{left, right}})
	b.Set(group, pdf.Dict{"T": pdf.TextString("乙方"), "FT": pdf.Name("Sig"), "Kids": pdf.Array{shared}})
	hidden := widget(signature("隐形"), pdf.Rect{})
	frozen := signature("只读")
	frozen["Ff"] = pdf.Integer(1)
	readOnly := widget(frozen, pdf.Rect{10, 30, 50, 60})
	text := widget(pdf.Dict{"FT": pdf.Name("Tx"), "T": pdf.TextString("金额")}, pdf.Rect{10, 10, 50, 20})

	catalog := pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": pdf.Ref{Num: 2},
		"AcroForm": b.Add(pdf.Dict{"Fields": pdf.Array{buyer, group, hidden, readOnly, text}})}
	b.Set(root, catalog)
	page := pdf.Dict{"Type": pdf.Name("Page"), "Parent": pdf.Ref{Num: 2}, "Contents": pdf.Ref{Num: 6},
		"Annots": pdf.Array{buyer, left, right, hidden, readOnly, text}}
	if o.Rotate != 0 {
		page["Rotate"] = pdf.Integer(o.Rotate)
	}
	b.Set(page2, page)
	if o.Form == 0 {
		o.Form = pdf.Table
	}
	return b.Bytes(o.Form, root)
}
