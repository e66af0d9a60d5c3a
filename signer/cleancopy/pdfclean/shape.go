package pdfclean

import "sealdesk/signer/pdf"

// shape says which entries of a dictionary or stream are copied, and what is expected below each. An array has the
// shape of its elements. What no shape names is not drawn with and stays behind (ISO 32000-1, the tables named below).
type shape struct {
	keys map[pdf.Name]*shape
	each *shape // of a dictionary whose keys are names given by the file
	free bool   // small parts with many variants (functions, colour spaces): all but what is unseen
}

// unseen keys of free shapes lead to what is never drawn, or out of the document.
var unseen = names("Metadata", "PieceInfo", "LastModified", "AF", "AA", "OC", "StructParent", "StructParents", "F", "FFilter", "FDecodeParms", "EF")

// foreign types have no business among what a page draws with; whatever refers to one refers to null.
var foreign = names("Catalog", "Pages", "Page", "Annot", "Action", "Filespec", "EmbeddedFile", "Sig", "DocTimeStamp", "Outlines",
	"StructTreeRoot", "StructElem", "Metadata", "Bead", "Thread", "Rendition", "Template", "3D")

func names(list ...pdf.Name) map[pdf.Name]bool {
	m := make(map[pdf.Name]bool, len(list))
	for _, n := range list {
		m[n] = true
	}
	return m
}

// The shapes of what pages draw with.
var (
	anything   = &shape{free: true}
	contents   = &shape{keys: map[pdf.Name]*shape{}}
	intents    = entries("Type", "S", "OutputConditionIdentifier", "OutputCondition", "RegistryName", "DestOutputProfile") // table 365
	profile    = entries("N", "Alternate", "Range")                                                                        // table 66
	group      = entries("Type", "S", "CS", "I", "K")                                                                      // table 147
	mark       = &shape{keys: map[pdf.Name]*shape{}}                                                                       // of a marked-content list: it draws nothing
	resources  = entries("ProcSet")                                                                                        // table 33
	graphics   = entries("Type", "LW", "LC", "LJ", "ML", "D", "RI", "OP", "op", "OPM", "BG", "BG2", "UCR", "UCR2", "TR", "TR2", "HT", "FL", "SM", "SA", "BM", "CA", "ca", "AIS", "TK", "UseBlackPtComp", "HTO")
	softMask   = entries("Type", "S", "BC", "TR")
	font       = entries("Type", "Subtype", "Name", "BaseFont", "FirstChar", "LastChar", "Widths", "Encoding", "ToUnicode", "CIDSystemInfo", "DW", "W", "DW2", "W2", "CIDToGIDMap", "FontBBox", "FontMatrix")
	descriptor = entries("Type", "FontName", "FontFamily", "FontStretch", "FontWeight", "Flags", "FontBBox", "ItalicAngle", "Ascent", "Descent", "Leading", "CapHeight", "XHeight", "StemV", "StemH", "AvgWidth", "MaxWidth", "MissingWidth", "CharSet", "Style", "Lang", "CIDSet")
	program    = entries("Length1", "Length2", "Length3")
	picture    = entries("Width", "Height", "ColorSpace", "BitsPerComponent", "Intent", "ImageMask", "Decode", "Interpolate", "SMaskInData", "Matte") // table 89
	form       = entries("FormType", "BBox", "Matrix")                                                                                                // table 95
	xobject    = &shape{}                                                                                                                             // form or picture, by its own subtype
	pattern    = entries("Type", "PatternType", "PaintType", "TilingType", "BBox", "XStep", "YStep", "Matrix", "Shading")                             // tables 75, 76
)

func entries(keys ...pdf.Name) *shape {
	s := &shape{keys: make(map[pdf.Name]*shape, len(keys))}
	for _, k := range keys {
		s.keys[k] = anything
	}
	return s
}

func byName(each *shape) *shape { return &shape{each: each} }

// The shapes refer to one another in rings.
func init() {
	intents.keys["DestOutputProfile"] = profile
	for key, each := range map[pdf.Name]*shape{
		"ExtGState": graphics, "ColorSpace": anything, "Pattern": pattern, "Shading": anything, "XObject": xobject, "Font": font, "Properties": mark,
	} {
		resources.keys[key] = byName(each)
	}
	graphics.keys["SMask"], graphics.keys["Font"] = softMask, font
	softMask.keys["G"] = xobject
	font.keys["FontDescriptor"], font.keys["DescendantFonts"] = descriptor, font
	font.keys["CharProcs"], font.keys["Resources"] = byName(contents), resources
	descriptor.keys["FD"] = byName(descriptor)
	for _, key := range []pdf.Name{"FontFile", "FontFile2", "FontFile3"} {
		descriptor.keys[key] = program
	}
	picture.keys["SMask"], picture.keys["Mask"] = xobject, xobject
	form.keys["Resources"], form.keys["Group"] = resources, group
	pattern.keys["Resources"], pattern.keys["ExtGState"] = resources, graphics
}

// streamKeys are how any stream is encoded, and what it is.
var streamKeys = names("Type", "Subtype", "Filter", "DecodeParms")

// below gives the shape of an entry, nil when it stays behind.
func (s *shape) below(key pdf.Name, stream bool) *shape {
	switch {
	case s.each != nil:
		return s.each
	case s.free && unseen[key]:
		return nil
	case s.free, stream && streamKeys[key]:
		return anything
	}
	return s.keys[key]
}

// of picks the shape of an XObject by what it says it is. PostScript is never drawn, nor is what is neither.
func (s *shape) of(subtype pdf.Name) *shape {
	if s != xobject {
		return s
	}
	switch subtype {
	case "Form":
		return form
	case "Image":
		return picture
	}
	return nil
}
