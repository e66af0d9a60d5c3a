// Package seal makes the faces of seals and says where they go.
//
// Draw draws the round red seal of a Chinese organisation from outlines, at any
// size up to 600 dpi of a 42 mm seal; Load reads the picture of an existing one
// and bounds what it accepts, since such a file may come from anyone. Place reads
// and prints the rules for where a seal goes, `page=3,x=120mm,y=60mm`,
// `keyword=采购人（盖章）` and `edge`, and WriteDate the date beside it. The package knows pictures and millimetres
// only: it neither opens PDF files nor sees a key.
package seal
