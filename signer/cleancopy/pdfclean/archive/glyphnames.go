package archive

import (
	"strings"
	"sync"

	"golang.org/x/text/encoding/charmap"

	"sealdesk/signer/pdf"
)

// standardStrings are the names that a CFF program has without spelling them (TN 5176, appendix A), by number.
var standardStrings = sync.OnceValue(func() []string {
	return strings.Fields("" +
		".notdef space exclam quotedbl numbersign dollar percent ampersand quoteright parenleft parenright asterisk plus comma hyphen " +
		"period slash zero one two three four five six seven eight nine colon semicolon less equal greater question at A B C D E F G H I J " +
		"K L M N O P Q R S T U V W X Y Z bracketleft backslash bracketright asciicircum underscore quoteleft a b c d e f g h i j k l m n o " +
		"p q r s t u v w x y z braceleft bar braceright asciitilde exclamdown cent sterling fraction yen florin section currency " +
		"quotesingle quotedblleft guillemotleft guilsinglleft guilsinglright fi fl endash dagger daggerdbl periodcentered paragraph bullet " +
		"quotesinglbase quotedblbase quotedblright guillemotright ellipsis perthousand questiondown grave acute circumflex tilde macron " +
		"breve dotaccent dieresis ring cedilla hungarumlaut ogonek caron emdash AE ordfeminine Lslash Oslash OE ordmasculine ae dotlessi " +
		"lslash oslash oe germandbls onesuperior logicalnot mu trademark Eth onehalf plusminus Thorn onequarter divide brokenbar degree " +
		"thorn threequarters twosuperior registered minus eth multiply threesuperior copyright Aacute Acircumflex Adieresis Agrave Aring " +
		"Atilde Ccedilla Eacute Ecircumflex Edieresis Egrave Iacute Icircumflex Idieresis Igrave Ntilde Oacute Ocircumflex Odieresis Ograve " +
		"Otilde Scaron Uacute Ucircumflex Udieresis Ugrave Yacute Ydieresis Zcaron aacute acircumflex adieresis agrave aring atilde " +
		"ccedilla eacute ecircumflex edieresis egrave iacute icircumflex idieresis igrave ntilde oacute ocircumflex odieresis ograve otilde " +
		"scaron uacute ucircumflex udieresis ugrave yacute ydieresis zcaron exclamsmall Hungarumlautsmall dollaroldstyle dollarsuperior " +
		"ampersandsmall Acutesmall parenleftsuperior parenrightsuperior twodotenleader onedotenleader zerooldstyle oneoldstyle twooldstyle " +
		"threeoldstyle fouroldstyle fiveoldstyle sixoldstyle sevenoldstyle eightoldstyle nineoldstyle commasuperior threequartersemdash " +
		"periodsuperior questionsmall asuperior bsuperior centsuperior dsuperior esuperior isuperior lsuperior msuperior nsuperior " +
		"osuperior rsuperior ssuperior tsuperior ff ffi ffl parenleftinferior parenrightinferior Circumflexsmall hyphensuperior Gravesmall " +
		"Asmall Bsmall Csmall Dsmall Esmall Fsmall Gsmall Hsmall Ismall Jsmall Ksmall Lsmall Msmall Nsmall Osmall Psmall Qsmall Rsmall " +
		"Ssmall Tsmall Usmall Vsmall Wsmall Xsmall Ysmall Zsmall colonmonetary onefitted rupiah Tildesmall exclamdownsmall centoldstyle " +
		"Lslashsmall Scaronsmall Zcaronsmall Dieresissmall Brevesmall Caronsmall Dotaccentsmall Macronsmall figuredash hypheninferior " +
		"Ogoneksmall Ringsmall Cedillasmall questiondownsmall oneeighth threeeighths fiveeighths seveneighths onethird twothirds " +
		"zerosuperior foursuperior fivesuperior sixsuperior sevensuperior eightsuperior ninesuperior zeroinferior oneinferior twoinferior " +
		"threeinferior fourinferior fiveinferior sixinferior seveninferior eightinferior nineinferior centinferior dollarinferior " +
		"periodinferior commainferior Agravesmall Aacutesmall Acircumflexsmall Atildesmall Adieresissmall Aringsmall AEsmall Ccedillasmall " +
		"Egravesmall Eacutesmall Ecircumflexsmall Edieresissmall Igravesmall Iacutesmall Icircumflexsmall Idieresissmall Ethsmall " +
		"Ntildesmall Ogravesmall Oacutesmall Ocircumflexsmall Otildesmall Odieresissmall OEsmall Oslashsmall Ugravesmall Uacutesmall " +
		"Ucircumflexsmall Udieresissmall Yacutesmall Thornsmall Ydieresissmall 001.000 001.001 001.002 001.003 Black Bold Book Light Medium " +
		"Regular Roman Semibold ")
})

// isoAdobe are the characters of the names 1 to 228 among the standard strings, which are all that the encodings of PDF
// know but for the Euro (ISO 32000-1, annex D).
const isoAdobe = " !\"#$%&’()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_‘abcdefghijklmnopqrstuvwxyz{|}~" +
	"¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ–†‡·¶•‚„”»…‰¿`´ˆ˜¯˘˙¨˚¸˝˛ˇ—ÆªŁØŒºæıłøœß¹¬µ™Ð½±Þ¼÷¦°þ¾²®−ð×³©" +
	"ÁÂÄÀÅÃÇÉÊËÈÍÎÏÌÑÓÔÖÒÕŠÚÛÜÙÝŸŽáâäàåãçéêëèíîïìñóôöòõšúûüùýÿž"

// characters gives the character of each name in the Adobe Glyph List that the encodings of PDF know.
var characters = sync.OnceValue(func() map[string]rune {
	m := map[string]rune{"Euro": '€'}
	for i, r := range []rune(isoAdobe) {
		m[standardStrings()[i+1]] = r
	}
	return m
})

// names is the way back.
var names = sync.OnceValue(func() map[rune]string {
	m := map[rune]string{}
	for name, r := range characters() {
		m[r] = name
	}
	return m
})

// standardName gives a code's name in StandardEncoding, which CFF's and Type 1's fonts may have for their own, or "".
func standardName(code int) string {
	n := 0
	switch {
	case code >= ' ' && code <= '~':
		n = code - ' ' + 1
	case code >= 161 && code <= 251:
		n = int(standardHigh[code-161])
	}
	if n == 0 {
		return ""
	}
	return standardStrings()[n]
}

// standardHigh are the numbers of the names of the codes 161 to 251 (TN 5176, appendix B).
var standardHigh = [...]uint8{
	96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 0,
	111, 112, 113, 114, 0, 115, 116, 117, 118, 119, 120, 121, 122, 0, 123, 0,
	124, 125, 126, 127, 128, 129, 130, 131, 0, 132, 133, 0, 134, 135, 136, 137,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	138, 0, 139, 0, 0, 0, 0, 140, 141, 142, 143, 0, 0, 0, 0, 0,
	144, 0, 0, 0, 145, 0, 0, 146, 147, 148, 149,
}

// encodings are those that PDF/A allows a TrueType font.
var encodings = map[pdf.Name]*charmap.Charmap{"WinAnsiEncoding": charmap.Windows1252, "MacRomanEncoding": charmap.Macintosh}

// encoded gives a code's character in one of the encodings, as annex D differs from the systems' tables.
func encoded(m *charmap.Charmap, code int) rune {
	r := m.DecodeByte(byte(code))
	switch {
	case r == '\u00a0':
		return ' '
	case r == '\u00ad':
		return '-'
	case r == '€' && m == charmap.Macintosh:
		return '¤'
	}
	return r
}
