package pdfclean

import "sealdesk/signer/pdf"

// shape says which entries of a dictionary or stream are copied, and what is expected below each. An array has the
// shape of its elements. What no shape names is not drawn with and stays behind (ISO 32000-1, the tables named below).
// Resources are in no shape: they are copied by what the operators ask for.
type shape struct {
	keys map[pdf.Name]*shape
	each *shape // of a dictionary whose keys are names given by the file
}

// foreign types have no business among what a page draws with; whatever refers to one refers to null.
var foreign = map[pdf.Name]bool{
	"Catalog": true, "Pages": true, "Page": true, "Annot": true, "Action": true, "Filespec": true, "EmbeddedFile": true, "Sig": true,
	"DocTimeStamp": true, "Outlines": true, "StructTreeRoot": true, "StructElem": true, "Metadata": true, "Bead": true, "Thread": true,
	"Rendition": true, "Template": true, "3D": true,
}

// The shapes of what pages draw with.
var (
	profile    = entries("N", "Alternate", "Range")   // table 66
	group      = entries("Type", "S", "CS", "I", "K") // table 147
	graphics   = entries("Type", "LW", "LC", "LJ", "ML", "D", "RI", "OP", "op", "OPM", "BG", "BG2", "UCR", "UCR2", "TR", "TR2", "HT", "FL", "SM", "SA", "BM", "CA", "ca", "AIS", "TK", "UseBlackPtComp")
	softMask   = entries("Type", "S", "BC", "TR")
	font       = entries("Type", "Subtype", "BaseFont", "FirstChar", "LastChar", "Widths", "Encoding", "ToUnicode", "CIDSystemInfo", "DW", "W", "DW2", "W2", "CIDToGIDMap", "FontBBox", "FontMatrix")
	descriptor = entries("Type", "FontName", "FontFamily", "FontStretch", "FontWeight", "Flags", "FontBBox", "ItalicAngle", "Ascent", "Descent", "Leading", "CapHeight", "XHeight", "StemV", "StemH", "AvgWidth", "MaxWidth", "MissingWidth", "Style", "Lang")
	program    = entries("Length1", "Length2", "Length3")
	picture    = entries("Width", "Height", "ColorSpace", "BitsPerComponent", "Intent", "ImageMask", "Decode", "Interpolate", "SMaskInData", "Matte") // table 89
	form       = entries("FormType", "BBox", "Matrix")                                                                                                // table 95
	xobject    = &shape{}                                                                                                                             // form or picture, by its own subtype
	pattern    = entries("Type", "PatternType", "PaintType", "TilingType", "BBox", "XStep", "YStep", "Matrix", "Shading")                             // tables 75, 76

	// anything is what functions, colour spaces, shadings, halftones, encodings and character maps are made of; their
	// entries have the same meanings wherever they stand.
	anything = &shape{keys: map[pdf.Name]*shape{}}
)

// loose are the entries of anything.
var loose = []pdf.Name{
	"Type", "FunctionType", "Domain", "Range", "Size", "BitsPerSample", "Order", "Encode", "Decode", "C0", "C1", "N", "Functions", "Bounds", // 7.10
	"WhitePoint", "BlackPoint", "Gamma", "Matrix", "Alternate", "Colorants", "Process", "Components", "MixingHints", "Solidities", "PrintingOrder", "DotGain", // 8.6
	"ShadingType", "ColorSpace", "Background", "BBox", "AntiAlias", "Coords", "Function", "Extend", "BitsPerCoordinate", "BitsPerComponent", "BitsPerFlag", "VerticesPerRow", // 8.7.4
	"HalftoneType", "Frequency", "Angle", "SpotFunction", "AccurateScreens", "TransferFunction", "Width", "Height", "Width2", "Height2", "Xsquare", "Ysquare", "Default", "Gray", "Red", "Green", "Blue", "Cyan", "Magenta", "Yellow", "Black", // 10.5
	"BaseEncoding", "Differences", "CMapName", "CIDSystemInfo", "WMode", "UseCMap", "Registry", "Ordering", "Supplement", "Panose", // 9.6, 9.7
	"Predictor", "Colors", "Columns", "EarlyChange", "K", "EndOfLine", "EncodedByteAlign", "Rows", "EndOfBlock", "BlackIs1", "DamagedRowsBeforeError", "JBIG2Globals", "ColorTransform", // 7.4
}

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
	for _, key := range loose {
		anything.keys[key] = anything
	}
	anything.keys["Colorants"] = byName(anything)
	graphics.keys["SMask"], graphics.keys["Font"] = softMask, font
	softMask.keys["G"] = xobject
	font.keys["FontDescriptor"], font.keys["DescendantFonts"] = descriptor, font
	descriptor.keys["FD"] = byName(descriptor)
	for _, key := range []pdf.Name{"FontFile", "FontFile2", "FontFile3"} {
		descriptor.keys[key] = program
	}
	picture.keys["SMask"], picture.keys["Mask"] = xobject, xobject
	form.keys["Group"] = group
	pattern.keys["ExtGState"] = graphics
}

// draws tells whether a stream of this shape is made of operators.
func (s *shape) draws() bool { return s == form || s == pattern || s == xobject }

// streamKeys are how any stream is encoded, and what it is.
var streamKeys = map[pdf.Name]bool{"Type": true, "Subtype": true, "Filter": true, "DecodeParms": true}

// below gives the shape of an entry, nil when it stays behind.
func (s *shape) below(key pdf.Name, stream bool) *shape {
	switch {
	case s.each != nil:
		return s.each
	case stream && streamKeys[key]:
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
