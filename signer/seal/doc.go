// Package seal makes the faces of seals and says where they go.
//
// Draw draws the red seal of a Chinese organisation or person from outlines, at any size up to 1200 dpi of a 42 mm seal: a Style
// says its Form, company, contract, finance, invoice or a person's name, and what stands on it; every form has its shape in a
// file of its own. Load reads the picture of an existing seal and bounds what it accepts, since such a file may come from
// anyone. Place reads and prints the rules for where a seal goes, `page=3,x=120mm,y=60mm`, `keyword=采购人（盖章）` and `edge`, and
// WriteDate the date beside it. The package knows pictures and millimetres only: it neither opens PDF files nor sees a key.
//
// A picture that is drawn here has no legal force of its own: that comes from the seal that was registered (备案) and from the
// signature under it.
package seal
