package pdfcopy

import (
	"fmt"
	"image"
	"image/png"
	"os"
)

func dump(n int, a, b *image.RGBA) {
	dir := os.Getenv("DUMPDIR")
	if dir == "" {
		return
	}
	mx, cnt := 0, 0
	y0, y1 := -1, -1
	for i := range a.Pix {
		if i < len(b.Pix) {
			d := int(a.Pix[i]) - int(b.Pix[i])
			if d < 0 {
				d = -d
			}
			mx = max(mx, d)
			if d > 40 {
				cnt++
				y := i / a.Stride
				if y0 < 0 {
					y0 = y
				}
				y1 = y
			}
		}
	}
	fmt.Println("page", n, a.Rect, b.Rect, "max", mx, "count", cnt, y0, y1)
	for k, m := range map[string]*image.RGBA{"before": a, "after": b} {
		f, _ := os.Create(fmt.Sprintf("%s/%s-%d.png", dir, k, n))
		png.Encode(f, m)
		f.Close()
	}
}
