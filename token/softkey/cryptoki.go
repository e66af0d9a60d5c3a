package softkey

const (
	ckrFunctionNotSupported code = 0x54
	ckrArgumentsBad         code = 0x07
)

type session struct{}

func (k *call) findSlot() code     { return ckrFunctionNotSupported }
func (k *call) checkSlot() code    { return ckrFunctionNotSupported }
func (k *call) findSession() code  { return ckrFunctionNotSupported }
func (k *call) checkSession() code { return ckrFunctionNotSupported }
