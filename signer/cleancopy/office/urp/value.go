package urp

// Property is a com.sun.star.beans.PropertyValue. Value is a bool, int16, int32, string or []Property.
type Property struct {
	Name  string
	Value any
}

const (
	propertyType  = "com.sun.star.beans.PropertyValue"
	interfaceType = "com.sun.star.uno.XInterface"
)

// value writes an argument, whose type the method's declaration tells the peer.
func (w *writer) value(v any) {
	switch v := v.(type) {
	case bool:
		w.bool(v)
	case int16:
		w.u16(uint16(v))
	case int32:
		w.u32(uint32(v))
	case string:
		w.string(v)
	case typeName:
		w.typ(classInterface, string(v))
	case []Property:
		w.count(len(v))
		for _, p := range v {
			w.string(p.Name)
			w.u32(0xFFFFFFFF) // no handle
			w.any(p.Value)
			w.u32(0) // com.sun.star.beans.PropertyState.DIRECT_VALUE
		}
	default:
		panic("urp: a value of no kind that is passed")
	}
}

// any writes a value with its type before it.
func (w *writer) any(v any) {
	switch v.(type) {
	case bool:
		w.typ(classBoolean, "")
	case int16:
		w.typ(classShort, "")
	case int32:
		w.typ(classLong, "")
	case string:
		w.typ(classString, "")
	case []Property:
		w.typ(classSequence, "[]"+propertyType)
	}
	w.value(v)
}

// typeName is an interface's name, passed as a value of type "type".
type typeName string
