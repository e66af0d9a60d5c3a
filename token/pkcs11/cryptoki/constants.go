package cryptoki

// Numbers of PKCS #11 v2.40 under the standard's own names.
const (
	CKU_USER             = 1
	CKU_CONTEXT_SPECIFIC = 2

	CKO_CERTIFICATE = 1
	CKO_PUBLIC_KEY  = 2
	CKO_PRIVATE_KEY = 3
	CKO_SECRET_KEY  = 4

	CKC_X_509 = 0

	CKK_RSA            = 0x00
	CKK_EC             = 0x03
	CKK_GENERIC_SECRET = 0x10

	CKA_CLASS               = 0x000
	CKA_TOKEN               = 0x001
	CKA_PRIVATE             = 0x002
	CKA_LABEL               = 0x003
	CKA_VALUE               = 0x011
	CKA_CERTIFICATE_TYPE    = 0x080
	CKA_ISSUER              = 0x081
	CKA_SERIAL_NUMBER       = 0x082
	CKA_KEY_TYPE            = 0x100
	CKA_SUBJECT             = 0x101
	CKA_ID                  = 0x102
	CKA_SENSITIVE           = 0x103
	CKA_DECRYPT             = 0x105
	CKA_ENCRYPT             = 0x104
	CKA_SIGN                = 0x108
	CKA_VERIFY              = 0x10A
	CKA_DERIVE              = 0x10C
	CKA_MODULUS             = 0x120
	CKA_MODULUS_BITS        = 0x121
	CKA_PUBLIC_EXPONENT     = 0x122
	CKA_VALUE_LEN           = 0x161
	CKA_EXTRACTABLE         = 0x162
	CKA_EC_PARAMS           = 0x180
	CKA_EC_POINT            = 0x181
	CKA_ALWAYS_AUTHENTICATE = 0x202

	CKM_RSA_PKCS_KEY_PAIR_GEN = 0x0000
	CKM_RSA_PKCS              = 0x0001
	CKM_RSA_X_509             = 0x0003
	CKM_RSA_PKCS_OAEP         = 0x0009
	CKM_RSA_PKCS_PSS          = 0x000D
	CKM_SHA_1                 = 0x0220
	CKM_SHA256                = 0x0250
	CKM_SHA384                = 0x0260
	CKM_SHA512                = 0x0270
	CKM_EC_KEY_PAIR_GEN       = 0x1040
	CKM_ECDSA                 = 0x1041
	CKM_ECDH1_DERIVE          = 0x1050

	CKG_MGF1_SHA1   = 1
	CKG_MGF1_SHA256 = 2
	CKG_MGF1_SHA384 = 3
	CKG_MGF1_SHA512 = 4

	CKF_LOGIN_REQUIRED                = 0x000004
	CKF_USER_PIN_INITIALIZED          = 0x000008
	CKF_PROTECTED_AUTHENTICATION_PATH = 0x000100
	CKF_TOKEN_INITIALIZED             = 0x000400
	CKF_USER_PIN_COUNT_LOW            = 0x010000
	CKF_USER_PIN_FINAL_TRY            = 0x020000
	CKF_USER_PIN_LOCKED               = 0x040000

	CKS_RO_USER_FUNCTIONS = 1
	CKS_RW_USER_FUNCTIONS = 3
)

const (
	ckfOSLockingOK   = 2
	ckfRWSession     = 2
	ckfSerialSession = 4
	ckzDataSpecified = 1
	ckdNull          = 1
)

// Return is a CK_RV other than CKR_OK.
type Return uint

// Return values that callers branch on.
const (
	CKR_CANCEL                       Return = 0x001
	CKR_SLOT_ID_INVALID              Return = 0x003
	CKR_GENERAL_ERROR                Return = 0x005
	CKR_FUNCTION_FAILED              Return = 0x006
	CKR_ARGUMENTS_BAD                Return = 0x007
	CKR_ATTRIBUTE_SENSITIVE          Return = 0x011
	CKR_ATTRIBUTE_TYPE_INVALID       Return = 0x012
	CKR_ATTRIBUTE_VALUE_INVALID      Return = 0x013
	CKR_DATA_INVALID                 Return = 0x020
	CKR_DATA_LEN_RANGE               Return = 0x021
	CKR_DEVICE_ERROR                 Return = 0x030
	CKR_DEVICE_MEMORY                Return = 0x031
	CKR_DEVICE_REMOVED               Return = 0x032
	CKR_ENCRYPTED_DATA_INVALID       Return = 0x040
	CKR_ENCRYPTED_DATA_LEN_RANGE     Return = 0x041
	CKR_FUNCTION_CANCELED            Return = 0x050
	CKR_FUNCTION_NOT_SUPPORTED       Return = 0x054
	CKR_KEY_HANDLE_INVALID           Return = 0x060
	CKR_KEY_TYPE_INCONSISTENT        Return = 0x063
	CKR_KEY_FUNCTION_NOT_PERMITTED   Return = 0x068
	CKR_MECHANISM_INVALID            Return = 0x070
	CKR_MECHANISM_PARAM_INVALID      Return = 0x071
	CKR_OBJECT_HANDLE_INVALID        Return = 0x082
	CKR_OPERATION_ACTIVE             Return = 0x090
	CKR_PIN_INCORRECT                Return = 0x0A0
	CKR_PIN_INVALID                  Return = 0x0A1
	CKR_PIN_LEN_RANGE                Return = 0x0A2
	CKR_PIN_EXPIRED                  Return = 0x0A3
	CKR_PIN_LOCKED                   Return = 0x0A4
	CKR_SESSION_CLOSED               Return = 0x0B0
	CKR_SESSION_HANDLE_INVALID       Return = 0x0B3
	CKR_SESSION_READ_ONLY            Return = 0x0B5
	CKR_TEMPLATE_INCONSISTENT        Return = 0x0D1
	CKR_TOKEN_NOT_PRESENT            Return = 0x0E0
	CKR_TOKEN_NOT_RECOGNIZED         Return = 0x0E1
	CKR_TOKEN_WRITE_PROTECTED        Return = 0x0E2
	CKR_USER_ALREADY_LOGGED_IN       Return = 0x100
	CKR_USER_NOT_LOGGED_IN           Return = 0x101
	CKR_USER_PIN_NOT_INITIALIZED     Return = 0x102
	CKR_BUFFER_TOO_SMALL             Return = 0x150
	CKR_CRYPTOKI_NOT_INITIALIZED     Return = 0x190
	CKR_CRYPTOKI_ALREADY_INITIALIZED Return = 0x191
)
