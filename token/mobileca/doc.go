// Package mobileca is the driver of the mobile CA (移动CA): the key lies on a phone, in two shares, and the desktop asks for
// each signature. It speaks to the mobile CA's service, whose openapi.yaml the client in internal/wire is generated from; the
// sub-package csc does the same for any service of the Cloud Signature Consortium's API.
//
// To unlock the token is to pair with a phone: a QR code is shown on a Screen, the phone scans it, both show the same match
// code, and the person accepts there. The code binds the pairing to a key that the desktop makes for it alone (K_d), and
// carries a secret which only one who saw the screen knows; the match code is committed to before either side knows the
// other's nonce, so that nobody in between can grind for it. What the desktop asks for is signed with K_d and shown on the
// phone before its person enters the PIN there, which the desktop never learns.
//
// A pairing serves one request. When the desktop offers a session and the person takes it (会话签章), it serves signatures
// until either side ends it, or one of its bounds does.
//
// The phone signs only what it can show: Sign with a digest is refused with token.ErrNotSupported, SignMessage (crypto.MessageSigner)
// is the way. What the document is called, and what it is for, comes with the context: WithPurpose.
package mobileca
