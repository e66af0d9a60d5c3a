package archive

import "encoding/binary"

// What a charstring may take until its width is known, after Adobe TN 5177, appendix B, but for the steps.
const (
	maxOperands = 48
	maxNesting  = 10
	maxSteps    = 4096
)

// width reads the width with which a Type 2 charstring begins: an operand more than its first operator that clears the
// stack takes (Adobe TN 5177, 3.1).
func (c *cff) width(char []byte, p *private) (float64, error) {
	var stack []float64
	calls := [][]byte{char}
	for range maxSteps {
		b := calls[len(calls)-1]
		if len(b) == 0 {
			return 0, errFont
		}
		if v, n := readNumber(b); n > 0 {
			stack, calls[len(calls)-1] = append(stack, v), b[n:]
		} else if b[0] == 255 && len(b) >= 5 {
			stack, calls[len(calls)-1] = append(stack, float64(int32(binary.BigEndian.Uint32(b[1:])))/65536), b[5:]
		} else {
			calls[len(calls)-1] = b[1:]
			switch b[0] {
			case 10, 29: // callsubr, callgsubr
				subrs := p.subrs
				if b[0] == 29 {
					subrs = c.global
				}
				if len(stack) == 0 || len(calls) > maxNesting {
					return 0, errFont
				}
				i := int(stack[len(stack)-1]) + bias(len(subrs))
				if i < 0 || i >= len(subrs) {
					return 0, errFont
				}
				stack, calls = stack[:len(stack)-1], append(calls, subrs[i])
			case 11: // return
				if len(calls) == 1 {
					return 0, errFont
				}
				calls = calls[:len(calls)-1]
			default:
				extra, ok := surplus(b[0], len(stack))
				switch {
				case !ok:
					return 0, errFont
				case extra:
					return (p.nominal + stack[0]) * p.scale, nil
				}
				return p.standard * p.scale, nil
			}
		}
		if len(stack) > maxOperands {
			return 0, errFont
		}
	}
	return 0, errFont
}

// bias is what a subroutine's number counts from (TN 5177, 4.7).
func bias(subrs int) int {
	switch {
	case subrs < 1240:
		return 107
	case subrs < 33900:
		return 1131
	}
	return 32768
}

// surplus tells whether there is an operand more than an operator takes; ok is false where there is another number of
// them, or an operator that no charstring begins with.
func surplus(op byte, operands int) (extra, ok bool) {
	takes := 0
	switch op {
	case 1, 3, 18, 23: // hints for stems, in pairs
		return operands%2 == 1, operands > 1
	case 19, 20: // masks, which may have hints before them
		return operands%2 == 1, true
	case 4, 22: // vmoveto, hmoveto
		takes = 1
	case 21: // rmoveto
		takes = 2
	case 14: // endchar, which may make an accented character of two
		if operands >= 4 {
			takes = 4
		}
	default:
		return false, false
	}
	return operands == takes+1, operands == takes || operands == takes+1
}
