// Package skf drives the USB keys of Chinese certificate authorities through their SKF libraries (GM/T 0016-2012 and 2023,
// and the draft of 2010), without a C compiler: the library is loaded at run time.
//
// A token is an application on a device; its URI is skf:token=APPLICATION;manufacturer=…;serial=…. A container of the
// application holds a signing and an encryption pair, each with a certificate.
//
// Libraries agree on names more than on anything else. What one does otherwise than the standard is told by a [profile.SKF];
// where it is silent, the driver finds out: the layout of DEVINFO from what was written, a wrong PIN from the counter that
// went down, the form of a signature from what verifies with the certificate, and the function that decrypts, which the
// standard lacks, by having it decrypt a random number that was encrypted here. None of it costs another PIN.
//
// What a library answers is bounded and checked. All calls are made one after the other on one thread. Handles are open as
// long as a call needs them, and from Unlock to Lock, when the PIN is forgotten by SKF_ClearSecureState.
//
// An empty device has no application and no PIN. It is listed, under its own label, so that it can be made use of: Unlock
// makes an application "SEALDESK" on it, whose PIN is the one that is handed in. It authenticates with the device key that
// makers deliver, once, if the device asks for that.
//
// A [Driver] is not guarded, and a library may crash or never return: it belongs in a process of its own.
package skf
