package desk

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"

	"sealdesk/signer/seal"
	"sealdesk/token"
)

// square is a picture of one colour.
func square(t *testing.T, ink color.Color) []byte {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, 40, 40))
	for i := range 40 * 40 {
		picture.Set(i%40, i/40, ink)
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, picture))
	return b.Bytes()
}

// The seals of the phone are offered from its link on, one that was changed there as it is now, and none that was removed here.
func TestSealsOfThePhone(t *testing.T) {
	_, d, phone := withPhone(t, buyer)
	login := func(seals ...token.SealPicture) (offered []SealChoice) {
		t.Helper()
		phone.Seals = seals
		ctx, scan := scanned(t, phone)
		s, err := d.ScanLogin(ctx, scan, false)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		all, err := s.Seals()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if c.Source == SealFromPhone {
				offered = append(offered, c)
			}
		}
		return offered
	}
	red, blue := square(t, color.NRGBA{R: 200, A: 255}), square(t, color.NRGBA{B: 200, A: 255})
	one := token.SealPicture{ID: "one", Name: "合同专用章", Kind: "contract", WidthMM: 42, HeightMM: 42, PNG: red}
	two := token.SealPicture{ID: "../../two", Name: "投标专用章", Kind: "bid", WidthMM: 40, HeightMM: 30, PNG: blue}

	got := login(one, two)
	if len(got) != 2 {
		t.Fatalf("%d seals are offered", len(got))
	}
	at := map[string]SealChoice{}
	for _, s := range got {
		at[s.Title] = s
	}
	if s := at["合同专用章"]; s.Form != seal.Contract || s.Seal.WidthMM != 42 || s.Owner != buyer.Name || s.Broken != nil || !s.Kept() {
		t.Errorf("the first: %+v", s)
	}
	if s := at["投标专用章"]; s.Seal.WidthMM != 40 || s.Seal.HeightMM != 30 {
		t.Errorf("the second: %+v", s)
	} else if r, _, b, _ := s.Seal.Image.At(3, 3).RGBA(); r != 0 || b == 0 {
		t.Error("the second has another picture")
	}
	if again := login(one, two); len(again) != 2 || again[0].ID != got[0].ID && again[0].ID != got[1].ID {
		t.Errorf("the same once more: %d", len(again))
	}

	// Changed there: it takes the place of the old one, under its title.
	one.PNG = blue
	if got = login(one, two); len(got) != 2 {
		t.Errorf("after a change: %d", len(got))
	}
	for _, s := range got {
		if s.Title == "合同专用章" {
			if r, _, b, _ := s.Seal.Image.At(3, 3).RGBA(); r != 0 || b == 0 {
				t.Error("the old picture is offered")
			}
			must(t, d.SealCase(Key{USCC: buyer.USCC}).Remove(s.ID))
		}
	}
	// Removed here: it stays so. Gone there: it is gone here.
	if got = login(one, two); len(got) != 1 || got[0].Title != "投标专用章" {
		t.Errorf("after a removal: %d", len(got))
	}
	if got = login(one); len(got) != 0 {
		t.Errorf("one that the phone has no more is offered: %+v", got)
	}
}

// What is no picture, or has no size, is left out, and keeps nobody from logging in.
func TestBadSealsOfThePhone(t *testing.T) {
	_, d, phone := withPhone(t, buyer)
	good := square(t, color.Black)
	phone.Seals = []token.SealPicture{
		{ID: "1", Name: "坏图", WidthMM: 42, HeightMM: 42, PNG: []byte("no picture")},
		{ID: "2", Name: "无大小", PNG: good},
		{ID: "3", Name: "过大", WidthMM: 500, HeightMM: 42, PNG: good},
		{ID: "4", Name: "", WidthMM: 42, HeightMM: 42, PNG: good},
		{ID: "5", Name: "合同专用章", Kind: "contract", WidthMM: 42, HeightMM: 42, PNG: good},
	}
	ctx, scan := scanned(t, phone)
	s, err := d.ScanLogin(ctx, scan, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	entries, err := os.ReadDir(s.SealCase().dir())
	if err != nil || len(entries) != 1 {
		t.Errorf("%d seals are kept, %v", len(entries), err)
	}
}
