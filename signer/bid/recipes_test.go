package bid_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/envelope"
)

// recipes lists the vectors.
func recipes(t *testing.T, all cast) []recipe {
	var rs []recipe
	for _, r := range slices.Concat(good(), frames(), manifests(), signatures(t, all), contents(), envelopes(t, all), sealings(), prices()) {
		if r.aes || !bothCiphers(r.name) {
			rs = append(rs, r)
			continue
		}
		twin := r
		r.name, twin.name, twin.aes = r.name+"-sm4", r.name+"-aes", true
		rs = append(rs, r, twin)
	}
	return rs
}

// bothCiphers says whether a vector is made with either cipher.
func bothCiphers(name string) bool {
	return strings.HasPrefix(name, "good-") || strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "envelope-") || strings.HasPrefix(name, "sealing-") ||
		strings.HasPrefix(name, "signature-")
}

func part(code, envelope string, n int) content {
	return content{code, "technical", envelope, filler(n)}
}

func good() []recipe {
	var many []content
	for i := range 40 {
		many = append(many, part(fmt.Sprintf("p%02d", i), "技术", i*7))
	}
	return []recipe{
		{name: "good-both-layers", note: "two envelopes, both with both layers", want: "ok"},
		{name: "good-inner-only", note: "the outer layer is off", want: "ok", inner: true, keys: "bidder"},
		{name: "good-second-recipient", note: "opened with the second of two recipients' keys", want: "ok", keys: "platform second"},
		{name: "good-one-layer-off", note: "the outer layer is off one of two envelopes", want: "ok", outerDER: func(name string, inner, der []byte) []byte {
			if name == "技术" {
				return inner
			}
			return der
		}},
		{name: "good-open", note: "no part is sealed", want: "ok", noPrice: true, parts: []content{part("a", "", 500)}, keys: "bidder", manifest: func(m object) {
			m["recipients"] = []any{}
		}},
		{name: "good-no-platform", note: "a bid that is for no platform", want: "ok", inner: true, keys: "bidder", manifest: func(m object) {
			m["platform"] = object{"digest": "", "issuer": "", "serial": ""}
		}},
		{name: "good-no-price", note: "no price is committed to", want: "ok", noPrice: true},
		{name: "good-empty-part", note: "a part of no bytes is one chunk", want: "ok", parts: []content{part("a", "技术", 0), part("b", "", 0)}},
		{name: "good-one-byte", note: "a part of one byte", want: "ok", parts: []content{part("a", "技术", 1)}},
		{name: "good-full-chunks", note: "the last chunk is full", want: "ok", parts: []content{part("a", "技术", 192), part("b", "", 128)}},
		{name: "good-smallest-chunks", note: "chunks of 16 bytes", want: "ok", size: 16, parts: []content{part("a", "技术", 333)}},
		{name: "good-large-chunks", note: "chunks that are larger than the parts", want: "ok", size: 16 << 20},
		{name: "good-many-parts", note: "40 parts under one envelope", want: "ok", parts: many},
		{name: "good-names", note: "names in Chinese, with characters that JSON could escape", want: "ok", noPrice: true, parts: []content{part("a", "一 <&> 'x'", 70)}, manifest: func(m object) {
			m["tender"] = "XX-2026-0117"
			m["bidder"].(object)["name"] = "某某（中国）有限公司 <A&B> \\ \"引号\" 🙂"
			m["program"] = "é"
		}},
		{name: "good-outline", note: "the outline's digest is given", want: "ok", manifest: func(m object) { m["outline"] = strings.Repeat("0a", 32) }},
	}
}

func frames() []recipe {
	file := func(f func(b []byte) []byte) func(*made, []byte) []byte {
		return func(_ *made, b []byte) []byte { return f(b) }
	}
	put := func(at int, with ...byte) func(*made, []byte) []byte {
		return file(func(b []byte) []byte { copy(b[at:], with); return b })
	}
	add := func(at int, by int) func(*made, []byte) []byte {
		return file(func(b []byte) []byte {
			binary.BigEndian.PutUint32(b[at:], uint32(int(binary.BigEndian.Uint32(b[at:]))+by))
			return b
		})
	}
	first := func(n int) func(*made, []byte) []byte { return file(func(b []byte) []byte { return b[:n] }) }
	without := func(n int) func(*made, []byte) []byte { return file(func(b []byte) []byte { return b[:len(b)-n] }) }
	// sizes of the usual parts in the file: chunks of 64 bytes and tags
	frame := func(v *made) int {
		n := len(v.head) + len(v.raw) + len(v.signature)
		for _, e := range v.envelopes {
			n += 4 + len(e)
		}
		return n
	}
	contents := func(v *made) int { return frame(v) + len(bytes.Join(v.lists, nil)) }
	return []recipe{
		{name: "frame-empty", note: "no byte", want: "not_a_bid", file: first(0)},
		{name: "frame-magic", note: "the first byte is another", want: "not_a_bid", file: put(0, 0x88)},
		{name: "frame-text-mode", note: "the magic's CR LF became LF", want: "not_a_bid", file: file(func(b []byte) []byte { return slices.Delete(b, 6, 7) })},
		{name: "frame-pdf", note: "a PDF file", want: "not_a_bid", file: file(func([]byte) []byte { return []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n") })},
		{name: "frame-version-2", note: "version 2", want: "future_version", file: put(8, 0, 2)},
		{name: "frame-version-65535", note: "version 65535", want: "future_version", file: put(8, 0xff, 0xff)},
		{name: "frame-version-0", note: "version 0", want: "malformed", file: put(8, 0, 0)},
		{name: "frame-version-2-alone", note: "version 2 and nothing behind it", want: "future_version", file: file(func(b []byte) []byte { b[9] = 2; return b[:10] })},
		{name: "frame-reserved", note: "a reserved byte is not zero", want: "malformed", file: put(11, 1)},
		{name: "frame-manifest-0", note: "a manifest of no bytes", want: "malformed", file: put(12, 0, 0, 0, 0)},
		{name: "frame-manifest-huge", note: "a manifest of 4 GiB", want: "malformed", file: put(12, 0xff, 0xff, 0xff, 0xff)},
		{name: "frame-manifest-longer", note: "the manifest's length is one too much", want: "malformed", file: add(12, 1)},
		{name: "frame-manifest-shorter", note: "the manifest's length is one too little", want: "malformed", file: add(12, -1)},
		{name: "frame-signature-0", note: "a signature of no bytes", want: "malformed", file: put(16, 0, 0, 0, 0)},
		{name: "frame-signature-huge", note: "a signature of 4 GiB", want: "malformed", file: put(16, 0xff, 0xff, 0xff, 0xff)},
		{name: "frame-envelopes-huge", note: "envelopes of 4 GiB", want: "malformed", file: put(20, 0xff, 0xff, 0xff, 0xff)},
		{name: "frame-envelopes-longer", note: "the envelopes' length is one too much", want: "malformed", file: add(20, 1)},
		{name: "frame-envelopes-shorter", note: "the envelopes' length is one too little", want: "malformed", file: add(20, -1)},
		{name: "frame-cut-magic", note: "five bytes of the magic", want: "cut", file: first(5)},
		{name: "frame-cut-head", note: "the head without its last byte", want: "cut", file: first(23)},
		{name: "frame-cut-manifest", note: "cut in the manifest", want: "cut", file: first(100)},
		{name: "frame-cut-envelopes", note: "cut before the last byte of the envelopes", want: "cut", file: func(v *made, b []byte) []byte { return b[:frame(v)-1] }},
		{name: "frame-cut-lists", note: "cut in the lists of digests", want: "cut", file: func(v *made, b []byte) []byte { return b[:frame(v)+33] }},
		{name: "frame-cut-contents", note: "nothing of the contents is left", want: "cut tech.1 0", file: func(v *made, b []byte) []byte { return b[:contents(v)] }},
		{name: "frame-cut-chunk", note: "cut in the third chunk of the first part", want: "cut tech.1 2", file: func(v *made, b []byte) []byte { return b[:contents(v)+165] }},
		{name: "frame-cut-second-part", note: "the second part's last chunk is gone, and all behind it", want: "cut price.1 2", file: func(v *made, b []byte) []byte { return b[:contents(v)+5*16+300+160] }},
		{name: "frame-cut-last-byte", note: "the last byte is gone", want: "cut opening.price 2", file: without(1)},
		{name: "frame-appended-byte", note: "a byte too many", want: "appended", file: file(func(b []byte) []byte { return append(b, 0) })},
		{name: "frame-appended-chunk", note: "the last chunk is there twice", want: "appended", file: file(func(b []byte) []byte { return append(b, b[len(b)-40:]...) })},
	}
}

func manifests() []recipe {
	bad := func(name, note string, change func(m object)) recipe {
		return recipe{name: "manifest-" + name, note: note, want: "malformed", manifest: change}
	}
	member := func(name, note, member string, value any) recipe {
		return bad(name, note, func(m object) { m[member] = value })
	}
	in := func(name, note, list string, i int, member string, value any) recipe {
		return bad(name, note, func(m object) { m[list].([]any)[i].(object)[member] = value })
	}
	raw := func(name, note, want string, change func(s string) string) recipe {
		return recipe{name: "manifest-" + name, note: note, want: want, raw: func(b []byte) []byte { return []byte(change(string(b))) }}
	}
	replace := func(old, with string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				panic(old)
			}
			return strings.Replace(s, old, with, 1)
		}
	}
	return []recipe{
		raw("format-2", "format 2, with a member that is new", "future_version", func(s string) string {
			return replace(`"format":1,`, `"format":2,"future":true,`)(s)
		}),
		raw("not-json", "no JSON", "malformed", func(s string) string { return s[:len(s)-1] }),
		raw("not-utf8", "a name that is not UTF-8", "malformed", replace("某某公司", "\xff某公司")),
		raw("spaces", "a space behind a colon", "malformed", replace(`"format":1`, `"format": 1`)),
		raw("newline", "a line end behind it", "malformed", func(s string) string { return s + "\n" }),
		raw("order", "members in another order", "malformed", func(s string) string {
			return replace(`{"bidder"`, `{"lot":"1","bidder"`)(replace(`"lot":"1",`, ``)(s))
		}),
		raw("twice", "a member twice", "malformed", replace(`"lot":"1",`, `"lot":"1","lot":"1",`)),
		raw("case", "a member in another case", "malformed", replace(`"lot":`, `"Lot":`)),
		raw("escaped", "a character that is escaped without need", "malformed", replace("某某公司", `\u67d0某公司`)),
		raw("number", "a number written otherwise", "malformed", replace(`"format":1,`, `"format":1.0,`)),
		raw("array", "an array", "malformed", func(s string) string { return "[" + s + "]" }),
		raw("deep", "thousands of arrays in each other", "malformed", func(s string) string { return strings.Repeat("[", 20000) + strings.Repeat("]", 20000) }),
		bad("unknown-member", "a member that version 1 does not have", func(m object) { m["extra"] = "x" }),
		bad("missing-member", "a member is missing", func(m object) { delete(m, "program") }),
		member("null-list", "a list is null", "commitments", nil),
		member("format-0", "format 0", "format", 0),
		member("format-string", "the format is a string", "format", "1"),
		member("built-local", "a time that is not in UTC", "built", "2026-11-26T11:04:05+08:00"),
		member("built-fraction", "a time with a fraction", "built", "2026-11-26T03:04:05.5Z"),
		member("built-no-day", "a day that is not", "built", "2026-02-30T03:04:05Z"),
		member("cipher", "a cipher that is not known", "cipher", "SM4-CBC"),
		member("chunk-small", "chunks of 15 bytes", "chunkSize", 15),
		member("chunk-negative", "chunks of -64 bytes", "chunkSize", -64),
		member("chunk-large", "chunks of 16 MiB and a byte", "chunkSize", 16<<20+1),
		member("id-short", "an id of 15 bytes", "id", strings.Repeat("ab", 15)),
		member("id-upper", "an id in capitals", "id", strings.Repeat("AB", 16)),
		member("tender-empty", "no tender", "tender", ""),
		member("tender-line", "a tender of two lines", "tender", "a\nb"),
		member("tender-long", "a tender of 501 bytes", "tender", strings.Repeat("x", 501)),
		member("lot-space", "a lot with a space behind it", "lot", "1 "),
		member("name-direction", "a name that turns the direction of writing", "program", "a\u202eb"),
		member("name-separator", "a name with a line separator", "program", "a\u2028b"),
		member("outline", "an outline that is no digest", "outline", "abc"),
		member("no-parts", "no parts", "parts", []any{}),
		member("no-recipients", "envelopes for nobody", "recipients", []any{}),
		bad("signer-serial", "a serial number in capitals", func(m object) { m["signer"].(object)["serial"] = "AB" }),
		bad("platform-half", "a platform with a serial number alone", func(m object) { m["platform"] = object{"digest": "", "issuer": "", "serial": "01"} }),
		bad("platform-none", "an outer layer on a bid that is for no platform", func(m object) { m["platform"] = object{"digest": "", "issuer": "", "serial": ""} }),
		in("part-code", "a code with a slash", "parts", 0, "code", "a/b"),
		in("part-code-twice", "a code twice, in another case", "parts", 1, "code", "TECH.1"),
		in("part-name-folder", "a file name with a folder", "parts", 0, "name", "../../x.pdf"),
		in("part-name-backslash", "a file name with a backslash", "parts", 0, "name", `a\b.pdf`),
		in("part-name-device", "a file name that Windows takes for a device", "parts", 0, "name", "con.pdf"),
		in("part-name-hidden", "a file name with a dot before it", "parts", 0, "name", ".profile"),
		in("part-name-twice", "a file name twice, in another case", "parts", 1, "name", "TECH.1.pdf"),
		in("part-name-empty", "no file name", "parts", 0, "name", ""),
		in("part-kind", "a kind with a space", "parts", 0, "kind", "a b"),
		in("part-envelope", "a part in an envelope that is not there", "parts", 0, "envelope", "别的"),
		in("part-digest", "a digest in capitals", "parts", 0, "digest", strings.Repeat("AB", 32)),
		in("part-size-negative", "a negative size", "parts", 0, "size", -1),
		in("part-size-huge", "a size of more than 1 TiB", "parts", 0, "size", int64(1)<<40+1),
		in("part-size-chunks", "more than 1048576 chunks", "parts", 0, "size", 64<<20+1),
		in("part-size-fraction", "a size with a fraction", "parts", 0, "size", 300.5),
		{name: "manifest-part-size-larger", note: "a size one larger than the content", want: "cut opening.price 2", manifest: func(m object) {
			m["parts"].([]any)[0].(object)["size"] = 301
		}},
		in("envelope-name", "an envelope without a name", "envelopes", 0, "name", ""),
		in("envelope-twice", "an envelope twice", "envelopes", 1, "name", "技术"),
		bad("envelope-unused", "an envelope that no part is in", func(m object) { m["parts"].([]any)[0].(object)["envelope"] = "" }),
		in("commitment-part", "a commitment that names no part", "commitments", 0, "part", "nothing"),
		in("commitment-kind", "a commitment that another kind of part opens", "commitments", 0, "part", "price.1"),
		bad("commitment-twice", "a commitment twice", func(m object) { m["commitments"] = append(m["commitments"].([]any), m["commitments"].([]any)[0]) }),
	}
}

func signatures(t *testing.T, all cast) []recipe {
	signed := func(f func(raw, s []byte) ([]byte, []byte)) func(raw, s []byte) ([]byte, []byte) { return f }
	changed := func(old, with string) func(raw, s []byte) ([]byte, []byte) {
		return func(raw, s []byte) ([]byte, []byte) {
			if !bytes.Contains(raw, []byte(old)) {
				panic(old)
			}
			return bytes.Replace(raw, []byte(old), []byte(with), 1), s
		}
	}
	return []recipe{
		{name: "signature-lot", note: "another lot than was signed", want: "bad_signature", signed: changed(`"lot":"1"`, `"lot":"2"`)},
		{name: "signature-bidder", note: "another bidder than signed", want: "bad_signature", signed: changed("某某公司", "某某公伺")},
		{name: "signature-commitment", note: "another commitment than was signed", want: "bad_signature", signed: func(raw, s []byte) ([]byte, []byte) {
			at := bytes.Index(raw, []byte(`"commitments":[{"digest":"`)) + 26
			raw[at] = "10"[btoi(raw[at] == '1')]
			return raw, s
		}},
		{name: "signature-value", note: "a bit of the signature value", want: "bad_signature", signed: signed(func(raw, s []byte) ([]byte, []byte) {
			s[len(s)-41] ^= 1
			return raw, s
		})},
		{name: "signature-other-signer", note: "signed with another certificate than the manifest names", want: "bad_signature", signed: signed(func(raw, s []byte) ([]byte, []byte) {
			p := all.signers["other-sm2"]
			if bytes.Contains(raw, []byte("AES-256")) {
				p = all.signers["other-rsa"]
			}
			return raw, sign(t, p, raw)
		})},
		{name: "signature-missing", note: "an area of zeros", want: "bad_signature", signed: signed(func(raw, s []byte) ([]byte, []byte) { return raw, make([]byte, len(s)) })},
		{name: "signature-no-der", note: "an area that is no DER", want: "malformed", signed: signed(func(raw, s []byte) ([]byte, []byte) { return raw, bytes.Repeat([]byte{0xff}, len(s)) })},
		{name: "signature-followed", note: "something behind the signature that is not zero", want: "malformed", signed: signed(func(raw, s []byte) ([]byte, []byte) {
			s[len(s)-1] = 1
			return raw, s
		})},
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func contents() []recipe {
	swap := func(a, i, b, j int) func(v *made) {
		return func(v *made) { v.chunks[a][i], v.chunks[b][j] = v.chunks[b][j], v.chunks[a][i] }
	}
	flip := func(a, i, at int) func(v *made) {
		return func(v *made) {
			c := v.chunks[a][i]
			if at < 0 {
				at += len(c)
			}
			c[at] ^= 0x10
		}
	}
	distinct := []content{
		{"tech.1", "technical", "技术", random(300)}, {"price.1", "price", "报价", random(320)}, {"letter", "qualification", "", random(256)},
	}
	r := func(name, note, want string, store func(v *made)) recipe {
		return recipe{name: "content-" + name, note: note, want: want, store: store, parts: distinct}
	}
	return []recipe{
		r("first-bit", "a bit of the first chunk", "altered tech.1 0", flip(0, 0, 0)),
		r("middle-bit", "a bit of the third chunk", "altered tech.1 2", flip(0, 2, 20)),
		r("last-bit", "a bit of the last chunk", "altered tech.1 4", flip(0, 4, 1)),
		r("tag-bit", "a bit of a tag", "altered tech.1 1", flip(0, 1, -1)),
		r("second-part-bit", "a bit of the second part", "altered price.1 3", flip(1, 3, 7)),
		r("open-bit", "a bit of the part that is not sealed", "altered letter 1", flip(2, 1, 9)),
		r("swapped", "two chunks of one part are swapped", "swapped tech.1 1", swap(0, 1, 0, 3)),
		r("swapped-open", "two chunks of the part that is not sealed are swapped", "swapped letter 0", swap(2, 0, 2, 3)),
		r("swapped-parts", "a chunk of one part is swapped with one of another", "swapped tech.1 0", swap(0, 0, 1, 0)),
		r("reordered", "three chunks changed their places", "reordered tech.1 0", func(v *made) {
			c := v.chunks[0]
			c[0], c[1], c[2] = c[1], c[2], c[0]
		}),
		r("reversed", "the full chunks of a part stand in reverse", "reordered price.1 0", func(v *made) { slices.Reverse(v.chunks[1]) }),
		r("repeated", "a copy of one chunk stands in the place of another", "repeated tech.1 2", func(v *made) { v.chunks[0][2] = v.chunks[0][1] }),
		r("repeated-from-part", "a copy of another part's chunk", "repeated tech.1 2", func(v *made) { v.chunks[0][2] = v.chunks[1][1] }),
		r("shifted", "a chunk is gone, those behind it moved up, and one was added", "altered tech.1 4", func(v *made) {
			c := v.chunks[0]
			last := bytes.Clone(c[4])
			copy(c, c[1:])
			c[4] = append(last[:0:0], random(len(last))...)
			c[3] = append(last, random(len(c[0])-len(last))...)
			v.chunks[0] = [][]byte{c[0], c[1], c[2], bytes.Clone(c[2]), c[4]}
		}),
		r("list-bit", "a bit of a list of digests", "digests_altered tech.1", func(v *made) { v.lists[0][40] ^= 1 }),
		r("lists-swapped", "two digests of a list are swapped", "digests_altered price.1", func(v *made) {
			l := v.lists[1]
			v.lists[1] = slices.Concat(l[32:64], l[:32], l[64:])
		}),
		r("zeroed", "a chunk of zeros, as on a disk that lost a block", "altered price.1 1", func(v *made) { clear(v.chunks[1][1]) }),
	}
}

func envelopes(t *testing.T, all cast) []recipe {
	only := func(f func(inner, der []byte) []byte) func(name string, inner, der []byte) []byte {
		return func(name string, inner, der []byte) []byte {
			if name == "技术" {
				return f(inner, der)
			}
			return der
		}
	}
	r := func(name, note, want string, f func(inner, der []byte) []byte) recipe {
		return recipe{name: "envelope-" + name, note: note, want: want, outerDER: only(f)}
	}
	// again makes an outer layer around something else than the inner one.
	again := func(kind envelope.Content, around func(inner []byte) []byte) func(inner, der []byte) []byte {
		return func(inner, _ []byte) []byte {
			suite, who := envelope.GM, "platform-sm2"
			if s, err := envelope.Parse(inner); err == nil && s.Suite() == envelope.AES {
				suite, who = envelope.AES, "platform-rsa"
			}
			der, err := envelope.Seal(suite, kind, around(inner), all.keys[who].Certificate)
			if err != nil {
				t.Fatal(err)
			}
			return der
		}
	}
	var kept []byte
	return []recipe{
		{name: "envelope-no-platform-key", note: "the platform's key is not there", want: "no_key", keys: "bidder"},
		{name: "envelope-no-bidder-key", note: "the bidder's key is not there", want: "no_key", keys: "platform stranger"},
		{name: "envelope-impostor", note: "another key under the bidder's certificate", want: "wrong_key", keys: "platform impostor"},
		{name: "envelope-impostor-inner", note: "the same without the outer layer", want: "wrong_key", inner: true, keys: "impostor"},
		r("inner-altered", "another inner layer than was signed, without the outer one", "envelope_altered", func(inner, _ []byte) []byte {
			inner = bytes.Clone(inner)
			inner[len(inner)-1] ^= 1
			return inner
		}),
		r("inner-replaced", "another inner layer in the outer one", "envelope_altered", again(envelope.Envelope, func(inner []byte) []byte {
			inner = bytes.Clone(inner)
			inner[len(inner)-1] ^= 1
			return inner
		})),
		r("garbage-inside", "no envelope in the outer one", "malformed", again(envelope.Envelope, func([]byte) []byte { return []byte("garbage") })),
		r("third-layer", "a layer in between", "envelope_altered", func(inner, der []byte) []byte {
			return again(envelope.Envelope, func([]byte) []byte { return der })(inner, der)
		}),
		r("outer-as-data", "the outer layer says that it holds data", "envelope_altered", again(envelope.Data, func(inner []byte) []byte { return inner })),
		r("iv", "a bit of the outer layer's IV", "malformed", func(inner, der []byte) []byte {
			// The IV is the octet string before the encrypted content.
			der = bytes.Clone(der)
			s, err := envelope.Parse(der)
			if err != nil {
				t.Fatal(err)
			}
			_ = s
			at := bytes.LastIndex(der, []byte{4, 16})
			for !bytes.Contains(der[at-14:at], []byte{6, 8, 0x2a, 0x81}) && !bytes.Contains(der[at-14:at], []byte{6, 9, 0x60, 0x86}) {
				at = bytes.LastIndex(der[:at], []byte{4, 16})
			}
			der[at+2] ^= 1 // the tag of the ContentInfo inside
			return der
		}),
		r("padding", "the last block of the outer layer", "wrong_key", func(_, der []byte) []byte {
			der = bytes.Clone(der)
			der[len(der)-17] ^= 0x80 // flips a bit of the padding's last byte
			return der
		}),
		r("empty", "an envelope of no bytes", "malformed", func([]byte, []byte) []byte { return nil }),
		r("cut", "an envelope without its last byte", "malformed", func(_, der []byte) []byte { return der[:len(der)-1] }),
		r("followed", "something behind the envelope", "malformed", func(_, der []byte) []byte { return append(bytes.Clone(der), 0) }),
		r("version", "EnvelopedData of version 9", "malformed", func(_, der []byte) []byte {
			der = bytes.Clone(der)
			at := bytes.Index(der, []byte{2, 1})
			der[at+2] = 9
			return der
		}),
		{name: "envelope-exchanged", note: "the envelopes stand in each other's place", want: "envelope_altered", store: func(v *made) {
			v.envelopes[0], v.envelopes[1] = v.envelopes[1], v.envelopes[0]
		}},
		{name: "envelope-missing", note: "an envelope fewer than the manifest has", want: "malformed", store: func(v *made) { v.envelopes = v.envelopes[:1] }},
		{name: "envelope-extra", note: "an envelope more than the manifest has", want: "malformed", store: func(v *made) { v.envelopes = append(v.envelopes, v.envelopes[0]) }},
		{name: "envelope-other-form", note: "an envelope of the other cipher's form", want: "malformed", innerDER: func(name string, der []byte) []byte {
			s, err := envelope.Parse(der)
			if err != nil {
				t.Fatal(err)
			}
			suite, who := envelope.GM, "bidder-rsa"
			if s.Suite() == envelope.GM {
				suite = envelope.AES
			}
			der, err = envelope.Seal(suite, envelope.Data, make([]byte, 32), all.keys[who].Certificate)
			if err != nil {
				t.Fatal(err)
			}
			return der
		}, inner: true},
		{name: "envelope-other-secret", note: "an envelope with another key than the manifest's check says", want: "wrong_key", secret: func(name string, s []byte) []byte { return random(32) }},
		{name: "envelope-short-secret", note: "an envelope with a key of 31 bytes", want: "wrong_key", secret: func(name string, s []byte) []byte { return s[:31] }},
		{name: "envelope-same-secret", note: "the second envelope holds the first one's key", want: "wrong_key", secret: func(name string, s []byte) []byte {
			if name == "技术" {
				kept = s
			}
			return kept
		}},
		{name: "envelope-wrong-bidder", note: "an envelope for another certificate than the bidder's", want: "no_key", innerDER: func(name string, der []byte) []byte {
			s, err := envelope.Parse(der)
			if err != nil {
				t.Fatal(err)
			}
			var c *smx509.Certificate = all.keys["stranger-sm2"].Certificate
			if s.Suite() == envelope.AES {
				c = all.keys["stranger-rsa"].Certificate
			}
			if der, err = envelope.Seal(s.Suite(), envelope.Data, make([]byte, 32), c); err != nil {
				t.Fatal(err)
			}
			return der
		}},
	}
}

func sealings() []recipe {
	at := func(code string, i int, f func(c *chunk)) func(string, int, *chunk) {
		return func(gotCode string, got int, c *chunk) {
			if gotCode == code && got == i {
				f(c)
			}
		}
	}
	r := func(name, note, want string, seal func(string, int, *chunk)) recipe {
		return recipe{name: "sealing-" + name, note: note + "; digests and signature are over that", want: want, seal: seal}
	}
	return []recipe{
		r("not-last", "the last chunk is sealed as if more followed", "not_authentic tech.1 4", at("tech.1", 4, func(c *chunk) { c.nonce[11] = 0 })),
		r("early-last", "a chunk is sealed as the last", "not_authentic tech.1 1", at("tech.1", 1, func(c *chunk) { c.nonce[11] = 1 })),
		r("index", "a chunk is sealed under another number", "not_authentic tech.1 2", at("tech.1", 2, func(c *chunk) { c.nonce[10] = 3 })),
		r("nonce", "the nonce does not begin with zeros", "not_authentic tech.1 0", at("tech.1", 0, func(c *chunk) { c.nonce[0] = 1 })),
		r("unbound", "chunks are bound to nothing", "not_authentic tech.1 0", func(_ string, _ int, c *chunk) { c.aad = nil }),
		r("other-binding", "a chunk is bound to another part", "not_authentic price.1 1", at("price.1", 1, func(c *chunk) { c.aad = bytes.Repeat([]byte{1}, 32) })),
		r("other-key", "a part is sealed with another key", "not_authentic price.1 0", func(code string, _ int, c *chunk) {
			if code == "price.1" {
				c.key = bytes.Repeat([]byte{7}, len(c.key))
			}
		}),
	}
}

func prices() []recipe {
	r := func(name, note string, opening func(o object) []byte) recipe {
		return recipe{name: "price-" + name, note: note, want: "price_mismatch", opening: opening}
	}
	field := func(o object, i int, name string, value any) []byte {
		o["fields"].([]any)[i].(object)[name] = value
		return canonicalJSON(o)
	}
	return []recipe{
		r("value", "another price than was committed to", func(o object) []byte { return field(o, 0, "value", "99.00") }),
		r("capitals", "other capitals", func(o object) []byte { return field(o, 0, "capitals", "玖拾玖元整") }),
		r("nonce", "another nonce", func(o object) []byte { o["nonce"] = hex.EncodeToString(random(16)); return canonicalJSON(o) }),
		r("nonce-short", "a nonce of 15 bytes", func(o object) []byte { o["nonce"] = strings.Repeat("00", 15); return canonicalJSON(o) }),
		r("order", "the fields in another order", func(o object) []byte { slices.Reverse(o["fields"].([]any)); return canonicalJSON(o) }),
		r("fewer", "a field is missing", func(o object) []byte { o["fields"] = o["fields"].([]any)[:1]; return canonicalJSON(o) }),
		r("none", "no fields", func(o object) []byte { o["fields"] = []any{}; return canonicalJSON(o) }),
		r("twice", "a field twice", func(o object) []byte { return field(o, 1, "name", "投标总价") }),
		r("not-json", "no JSON", func(o object) []byte { return []byte("100.00") }),
		r("spaced", "JSON with white space", func(o object) []byte { return append([]byte(" "), canonicalJSON(o)...) }),
		r("unknown", "a member that is not known", func(o object) []byte { o["more"] = "x"; return canonicalJSON(o) }),
		{name: "price-other-tender", note: "a commitment for another lot", want: "price_mismatch", manifest: func(m object) {
			m["commitments"].([]any)[0].(object)["digest"] = strings.Repeat("5a", 32)
		}},
	}
}
