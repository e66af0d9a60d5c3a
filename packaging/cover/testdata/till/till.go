// Package till branches; its test goes some of the ways.
package till

// Price is what is to be paid for a thing, a child paying half.
func Price(thing string, child, member bool) int {
	price := 0
	switch thing {
	case "bread":
		price = 4
	case "milk":
		price = 6
	}
	if (child || member) && price > 5 {
		price /= 2
	}
	return price
}

// Kind is a truth with a name, of which the operands stay without a probe.
type Kind bool

// Free tells what costs nothing.
func Free(thing string) Kind {
	var free Kind = thing == "air" || thing == "light"
	if free {
		return true
	}
	return false
}
