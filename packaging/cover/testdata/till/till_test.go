package till

import (
	"os"
	"testing"
)

func TestPrice(t *testing.T) {
	if Price("bread", true, false) != 4 || Price("milk", true, false) != 3 || os.Getenv("TILL_BROKEN") != "" {
		t.Error("a price is wrong")
	}
	if Free("bread") {
		t.Error("bread is free")
	}
}
