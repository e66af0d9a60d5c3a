package skf

import (
	"maps"
	"slices"
	"strings"

	"sealdesk/token/profile"
)

// dialect is everything in which libraries differ: what the profile says, and what the standard says where it is silent.
type dialect struct {
	errors map[profile.Number]profile.Outcome

	signSM2, signRSA, decryptSM2, decryptRSA []profile.Function
	readCertificate, storeCertificate        profile.Function

	hashesAgain   bool
	deviceKey     string
	device        deviceLayout
	publicKeyHead int // bytes before an ECCPUBLICKEYBLOB
	seals         []string
}

// standardErrors are the numbers of GM/T 0016-2012, annex A, that say more than that something failed. Those from 0x0B000000 on
// are Longmai's, and nobody else's.
var standardErrors = map[profile.Number]profile.Outcome{
	0x0A000003: profile.NotSupported,
	0x0A000005: profile.Gone, // an invalid handle: of a device that was pulled out and may be back again
	0x0A000006: profile.BadInput,
	0x0A00000B: profile.BadInput,
	0x0A00000F: profile.TimedOut,
	0x0A000010: profile.BadInput,
	0x0A000011: profile.BadInput,
	0x0A00001B: profile.NotFound, // key
	0x0A00001C: profile.NotFound, // certificate
	0x0A000023: profile.Gone,
	0x0A000024: profile.PINWrong,
	0x0A000025: profile.PINLocked,
	0x0A000026: profile.PINForm,
	0x0A000027: profile.PINForm,
	0x0A00002C: profile.Exists, // application
	0x0A00002D: profile.NotLoggedIn,
	0x0A00002E: profile.NotFound, // application
	0x0A00002F: profile.Exists,
	0x0A000030: profile.NoRoom,
	0x0A000031: profile.NotFound,
	0x0A000032: profile.NoRoom,
	0x0B000035: profile.NotFound, // container
	0x0B000036: profile.Exists,   // container
}

// The functions of the editions.
var (
	standardSignSM2 = function("SKF_ECCSignData", "container input inputSize output", 0, 0)
	standardSignRSA = function("SKF_RSASignData", "container input inputSize output outputSize", 0, 0)
	standardRead    = function("SKF_ExportCertificate", "container key output outputSize", 1, 0)
	standardStore   = function("SKF_ImportCertificate", "container key input inputSize", 1, 0)

	draftSignSM2 = function("SKF_ECCSignData", "container input inputSize output outputSize", 0, 0)
	draftRead    = function("SKF_ReadCert", "container key outputSize output", 2, 1)
	draftStore   = function("SKF_WriteCert", "container key inputSize input", 2, 1)
)

// Vendors' functions of which only one form is known, so that they can be called in any library. A function whose name goes with
// several forms is called only where a profile tells which: a wrong call crashes.
var (
	vendorSignSM2 = []profile.Function{
		function("SKF_ECCSignDataEx", "container key input inputSize output", 1, 0),
	}
	vendorDecryptSM2 = []profile.Function{
		function("SKF_ECCPrvKeyDecrypt", "container input output outputSize", 0, 0),
		function("SKF_ECCPrvKeyDecryptEx", "container key input output outputSize", 1, 0),
		function("V_ECCPrvKeyDecrypt", "container key input output outputSize", 2, 1),
	}
	vendorDecryptRSA = []profile.Function{
		function("SKF_RSAPrvKeyDecrypt", "container input inputSize output outputSize", 0, 0),
		function("V_RSAPrvKeyDecrypt", "container input inputSize output outputSize", 0, 0),
	}
)

func function(name, arguments string, signKey, encryptKey uint32) profile.Function {
	f := profile.Function{Name: name, SignKey: signKey, EncryptKey: encryptKey}
	for a := range strings.FieldsSeq(arguments) {
		f.Arguments = append(f.Arguments, profile.Argument(a))
	}
	return f
}

// newDialect completes a profile for a library with these exports.
func newDialect(p profile.SKF, exports func(name string) bool) *dialect {
	if exports(draftRead.Name) && !exports(standardRead.Name) {
		p.Edition = profile.SKF2010
	}
	d := &dialect{errors: maps.Clone(standardErrors), hashesAgain: p.HashesAgain, deviceKey: p.DeviceKey, seals: p.Seals}
	maps.Copy(d.errors, p.Errors)
	if d.deviceKey == "" {
		d.deviceKey = "1234567812345678"
	}
	signSM2 := standardSignSM2
	d.readCertificate, d.storeCertificate, d.device = standardRead, standardStore, standardDevice
	if p.Edition == profile.SKF2010 {
		signSM2 = draftSignSM2
		d.readCertificate, d.storeCertificate, d.device = draftRead, draftStore, draftDevice
		d.publicKeyHead = 4
	}
	choose := func(own []profile.Function, known ...profile.Function) []profile.Function {
		all := slices.Clone(own)
		for _, f := range known {
			if !slices.ContainsFunc(own, func(o profile.Function) bool { return o.Name == f.Name }) {
				all = append(all, f)
			}
		}
		return slices.DeleteFunc(all, func(f profile.Function) bool { return !exports(f.Name) })
	}
	d.signSM2 = choose(p.SignSM2, append([]profile.Function{signSM2}, vendorSignSM2...)...)
	d.signRSA = choose(p.SignRSA, standardSignRSA)
	d.decryptSM2 = choose(p.DecryptSM2, vendorDecryptSM2...)
	d.decryptRSA = choose(p.DecryptRSA, vendorDecryptRSA...)
	return d
}

func (d *dialect) outcome(number uint32) profile.Outcome {
	if o, ok := d.errors[profile.Number(number)]; ok {
		return o
	}
	return profile.Failed
}
