package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/image/font/gofont/goregular"

	"sealdesk/assets"
	"sealdesk/signer/seal"
)

// Rare characters of names, of the basic plane and beyond, are in the seal's face.
func TestRareCharactersOfNames(t *testing.T) {
	const rare = "䶮㛃堃喆淼犇骉翀頔镕瑀甡燚昇玥婠彧晞禕祎钘𫖯𬱖𬍛𬭎𦈡𬘫𬀩𨱑"
	if missing := font(t).Missing(rare); len(missing) > 0 {
		t.Errorf("missing: %q", missing)
	}
	for _, r := range rare {
		if _, err := seal.Draw(font(t), seal.Style{Form: seal.Personal, Name: string(r)}, 64); err != nil {
			t.Errorf("%c: %v", r, err)
		}
	}
}

func TestMissingNamesEachCharacterOnce(t *testing.T) {
	if got := string(font(t).Missing("某🀄公司🀄🀅")); got != "🀄🀅" {
		t.Errorf("Missing = %q", got)
	}
}

// What the first face lacks comes from the next one, and is told.
func TestOrLendsWhatIsMissing(t *testing.T) {
	latin, err := seal.ParseFont(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	if missing := latin.Missing("A章"); string(missing) != "章" {
		t.Fatalf("the Latin face lacks %q", missing)
	}
	both := latin.Or(font(t))
	if missing := both.Missing("A章"); len(missing) > 0 {
		t.Errorf("together they lack %q", missing)
	}
	lent := both.Lent("A章")
	if len(lent) != 1 || lent['章'] != font(t).Name() || font(t).Name() == "" {
		t.Errorf("lent %v", lent)
	}
	got, err := seal.Draw(both, seal.Style{Form: seal.Personal, Name: "章"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	want, err := seal.Draw(font(t), seal.Style{Form: seal.Personal, Name: "章"}, 100)
	if err != nil || !bytes.Equal(got.Pix, want.Pix) {
		t.Errorf("the lent character is drawn otherwise: %v", err)
	}
	var missing *seal.MissingGlyphError
	if _, err := seal.Draw(latin, seal.Style{Form: seal.Personal, Name: "章"}, 100); !errors.As(err, &missing) || missing.Rune != '章' {
		t.Errorf("error %v", err)
	}
}

// A font of which only what is needed is read draws the same.
func TestOpenFont(t *testing.T) {
	f, err := seal.OpenFont(bytes.NewReader(assets.SerifBold()))
	if err != nil {
		t.Fatal(err)
	}
	style := seal.Style{Name: "云溪县教育局"}
	got, err := seal.Draw(f, style, 100)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := seal.Draw(font(t), style, 100)
	if !bytes.Equal(got.Pix, want.Pix) {
		t.Error("the faces differ")
	}
	if _, err := seal.OpenFont(bytes.NewReader(nil)); err == nil {
		t.Error("nothing was accepted as a font")
	}
}
