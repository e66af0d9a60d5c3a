package softkey

// Dialect is how a vendor's key differs from what the standards say. The zero value follows GM/T 0016-2012, and has no SM2 in
// PKCS #11, which no standard gives it.
type Dialect struct {
	// PINIncorrect is what a wrong PIN returns by SKF; 0x0A000024 when 0.
	PINIncorrect uint32 `json:"pinIncorrect,omitempty"`
	// AlignedDevInfo lays DEVINFO out with natural alignment, in 296 bytes, where 294 packed ones are due.
	AlignedDevInfo bool `json:"alignedDevInfo,omitempty"`
	// HashesAgain has SKF_ECCSignData sign SM3(Z‖data) where data itself, e, is to be signed.
	HashesAgain bool `json:"hashesAgain,omitempty"`
	// NoRSA has every RSA function of SKF return SAR_NOTSUPPORTYETERR.
	NoRSA bool `json:"noRSA,omitempty"`

	// SM2 is the vendor's numbering of SM2 in PKCS #11; without one the key's SM2 pairs are not seen there.
	SM2 *SM2Numbers `json:"sm2,omitempty"`
	// IDs says how PKCS #11 objects of one pair are told to belong together.
	IDs IDScheme `json:"ids,omitempty"`
	// RawPoint gives CKA_EC_POINT as the bare point where a DER OCTET STRING is due.
	RawPoint bool `json:"rawPoint,omitempty"`
}

// IDScheme is a convention for CKA_ID and CKA_LABEL.
type IDScheme string

const (
	// KeyIDs: certificate and keys of a pair share 20 bytes of the SHA-256 of the public key.
	KeyIDs IDScheme = ""
	// ContainerIDs: CKA_ID is the container's name for the encryption pair, and the name with an S for the signing pair; two
	// vendor attributes tell container (0x80000066) and use (0x80000067: 1 encryption, 2 signing).
	ContainerIDs IDScheme = "container"
	// NoIDs: CKA_ID is empty; only the public keys tell what belongs together.
	NoIDs IDScheme = "none"
)

// SM2Numbers are a vendor's numbers for SM2 in PKCS #11 and the formats that go with them. A mechanism that is 0 is missing.
type SM2Numbers struct {
	KeyType  uint32 `json:"keyType"`
	Generate uint32 `json:"generate,omitempty"`
	Sign     uint32 `json:"sign"`              // over e = SM3(Z‖M)
	SignRaw  uint32 `json:"signRaw,omitempty"` // the same, r‖s whatever DER says
	Message  uint32 `json:"message,omitempty"` // over M, with the standard's default identifier
	Decrypt  uint32 `json:"decrypt,omitempty"`
	// DecryptDER is a mechanism of its own for the SM2Cipher of GM/T 0009.
	DecryptDER uint32 `json:"decryptDER,omitempty"`

	DER       bool `json:"der,omitempty"`       // signatures are SEQUENCE{r,s}, not r‖s
	CipherDER bool `json:"cipherDER,omitempty"` // Decrypt takes an SM2Cipher, not C1‖C3‖C2
	SignSize  int  `json:"signSize,omitempty"`  // what a query for the signature's size says; the true size when 0
}

// The numbers of vendors, as their libraries and headers have them.
var (
	// Longmai GM3000: libgm3000_pkcs11.
	Longmai = SM2Numbers{
		KeyType: 0x84000020, Generate: 0x83000000, Sign: 0x83000000, Message: 0x83000001, Decrypt: 0x83000000,
		CipherDER: true, SignSize: 128,
	}
	// Sansec: swpkcs11.h.
	Sansec = SM2Numbers{
		KeyType: 0x80000004, Generate: 0x80008001, Sign: 0x80008104, SignRaw: 0x80008105, Message: 0x80008102,
		Decrypt: 0x80008200, DecryptDER: 0x80008201,
	}
	// TASS: a numbering near Sansec's, with DER.
	TASS = SM2Numbers{
		KeyType: 0x80000004, Generate: 0x80008001, Sign: 0x80008000, Decrypt: 0x80008200, DER: true,
	}
	// IBM: EP11 and ICSF.
	IBM = SM2Numbers{
		KeyType: 0x80050002, Generate: 0x8005000A, Sign: 0x8005000B, Decrypt: 0x8005000D,
	}
)
