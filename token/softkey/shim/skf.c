/*
 * The SKF interface of GM/T 0016, each function forwarded to the server. What a build has beside the standard is chosen by one of
 *
 *   DECRYPT_LONGMAI   SKF_ECCPrvKeyDecrypt (4 arguments), SKF_RSAPrvKeyDecrypt (5)
 *   DECRYPT_KEYSPEC   SKF_PrvKeyDecrypt (5), SKF_RSADecrypt (6)
 *   DECRYPT_HAITAI    SKF_ECCDecrypt (4), SKF_RSADecrypt (5)
 *   DECRYPT_CCORE     V_ECCPrvKeyDecrypt (5), V_RSAPrvKeyDecrypt (5)
 *   DRAFT_2010        the draft of 2010: other signatures, SKF_ReadCert for SKF_ExportCertificate, no SKF_GetContainerType
 *
 * Structures are the server's to lay out; here they are bytes of the size that a caller provides at the least.
 */
#include "wire.h"

#define API EXPORT unsigned int CONVENTION
#define CALL(...) (unsigned int)softkey_call(__VA_ARGS__)

typedef unsigned char BYTE;
typedef unsigned int ULONG;
typedef int BOOL;
typedef char *STRING;
typedef void *HANDLE;

/* The most that a structure takes in any layout. */
enum { DEVINFO_MOST = 512, RSA_PUBLIC = 268, ECC_PUBLIC_MOST = 136, ECC_SIGNATURE = 128 };

/* The parts of variable structures before their data. */
enum { ECC_CIPHER_HEAD = 164, ENVELOPE_HEAD = 208 };

typedef struct {
	BYTE bytes[44];
} BLOCKCIPHERPARAM;

/* A structure that ends in data tells its length in its head: bounded here, judged by the server. */
enum { MAX_CIPHER = 65536 };

static inline unsigned long cipher_size(const BYTE *blob)
{
	unsigned long n;

	if (!blob)
		return 0;
	n = blob[160] | (unsigned long)blob[161] << 8 | (unsigned long)blob[162] << 16 | (unsigned long)blob[163] << 24;
	return ECC_CIPHER_HEAD + (n < MAX_CIPHER ? n : 0);
}

/* ---- devices ---- */

API SKF_EnumDev(BOOL present, STRING names, ULONG *size)
{
	return CALL("SKF_EnumDev", "uB", (ULONG)present, names, size);
}

API SKF_ConnectDev(STRING name, HANDLE *device)
{
	return CALL("SKF_ConnectDev", "sH", name, device);
}

API SKF_DisConnectDev(HANDLE device)
{
	return CALL("SKF_DisConnectDev", "h", device);
}

API SKF_GetDevState(STRING name, ULONG *state)
{
	return CALL("SKF_GetDevState", "sU", name, state);
}

API SKF_GetDevInfo(HANDLE device, void *info)
{
	return CALL("SKF_GetDevInfo", "hF", device, info, (size_t)DEVINFO_MOST);
}

API SKF_WaitForDevEvent(STRING name, ULONG *size, ULONG *event)
{
	return CALL("SKF_WaitForDevEvent", "BU", name, size, event);
}

API SKF_CancelWaitForDevEvent(void)
{
	return CALL("SKF_CancelWaitForDevEvent", "");
}

API SKF_LockDev(HANDLE device, ULONG milliseconds)
{
	return CALL("SKF_LockDev", "hu", device, milliseconds);
}

API SKF_UnlockDev(HANDLE device)
{
	return CALL("SKF_UnlockDev", "h", device);
}

API SKF_SetLabel(HANDLE device, STRING label)
{
	return CALL("SKF_SetLabel", "hs", device, label);
}

API SKF_DevAuth(HANDLE device, BYTE *data, ULONG n)
{
	return CALL("SKF_DevAuth", "hb", device, data, (unsigned long)n);
}

API SKF_GenRandom(HANDLE device, BYTE *data, ULONG n)
{
	return CALL("SKF_GenRandom", "huF", device, n, data, (size_t)n);
}

/* ---- applications and PINs ---- */

/* Some libraries' DWORD is 8 bytes; the low 4 are all that counts, and where they lie is the same. */
API SKF_CreateApplication(HANDLE device, STRING name, STRING admin_pin, ULONG admin_tries, STRING pin, ULONG tries, ULONG rights,
			  HANDLE *application)
{
	return CALL("SKF_CreateApplication", "hssusuuH", device, name, admin_pin, admin_tries, pin, tries, rights, application);
}

API SKF_EnumApplication(HANDLE device, STRING names, ULONG *size)
{
	return CALL("SKF_EnumApplication", "hB", device, names, size);
}

API SKF_OpenApplication(HANDLE device, STRING name, HANDLE *application)
{
	return CALL("SKF_OpenApplication", "hsH", device, name, application);
}

API SKF_CloseApplication(HANDLE application)
{
	return CALL("SKF_CloseApplication", "h", application);
}

API SKF_DeleteApplication(HANDLE device, STRING name)
{
	return CALL("SKF_DeleteApplication", "hs", device, name);
}

API SKF_GetPINInfo(HANDLE application, ULONG type, ULONG *most, ULONG *left, BOOL *initial)
{
	return CALL("SKF_GetPINInfo", "huUUU", application, type, most, left, (ULONG *)initial);
}

API SKF_VerifyPIN(HANDLE application, ULONG type, STRING pin, ULONG *left)
{
	return CALL("SKF_VerifyPIN", "husU", application, type, pin, left);
}

API SKF_ChangePIN(HANDLE application, ULONG type, STRING old, STRING next, ULONG *left)
{
	return CALL("SKF_ChangePIN", "hussU", application, type, old, next, left);
}

API SKF_UnblockPIN(HANDLE application, STRING admin_pin, STRING pin, ULONG *left)
{
	return CALL("SKF_UnblockPIN", "hssU", application, admin_pin, pin, left);
}

API SKF_ClearSecureState(HANDLE application)
{
	return CALL("SKF_ClearSecureState", "h", application);
}

/* ---- files ---- */

enum { FILE_ATTRIBUTE = 44 };

API SKF_CreateFile(HANDLE application, STRING name, ULONG size, ULONG read, ULONG write)
{
	return CALL("SKF_CreateFile", "hsuuu", application, name, size, read, write);
}

API SKF_DeleteFile(HANDLE application, STRING name)
{
	return CALL("SKF_DeleteFile", "hs", application, name);
}

API SKF_EnumFiles(HANDLE application, STRING names, ULONG *size)
{
	return CALL("SKF_EnumFiles", "hB", application, names, size);
}

API SKF_GetFileInfo(HANDLE application, STRING name, void *attribute)
{
	return CALL("SKF_GetFileInfo", "hsF", application, name, attribute, (size_t)FILE_ATTRIBUTE);
}

API SKF_ReadFile(HANDLE application, STRING name, ULONG offset, ULONG n, BYTE *data, ULONG *size)
{
	return CALL("SKF_ReadFile", "hsuuB", application, name, offset, n, data, size);
}

API SKF_WriteFile(HANDLE application, STRING name, ULONG offset, BYTE *data, ULONG n)
{
	return CALL("SKF_WriteFile", "hsub", application, name, offset, data, (unsigned long)n);
}

/* ---- containers ---- */

API SKF_CreateContainer(HANDLE application, STRING name, HANDLE *container)
{
	return CALL("SKF_CreateContainer", "hsH", application, name, container);
}

API SKF_EnumContainer(HANDLE application, STRING names, ULONG *size)
{
	return CALL("SKF_EnumContainer", "hB", application, names, size);
}

API SKF_OpenContainer(HANDLE application, STRING name, HANDLE *container)
{
	return CALL("SKF_OpenContainer", "hsH", application, name, container);
}

API SKF_CloseContainer(HANDLE container)
{
	return CALL("SKF_CloseContainer", "h", container);
}

API SKF_DeleteContainer(HANDLE application, STRING name)
{
	return CALL("SKF_DeleteContainer", "hs", application, name);
}

API SKF_ExportPublicKey(HANDLE container, BOOL sign, BYTE *blob, ULONG *size)
{
	return CALL("SKF_ExportPublicKey", "huB", container, (ULONG)sign, blob, size);
}

#ifdef DRAFT_2010

/* keyspec: 1 encryption, 2 signing */
API SKF_ReadCert(HANDLE container, ULONG keyspec, ULONG *size, BYTE *certificate)
{
	return CALL("SKF_ReadCert", "huB", container, keyspec, certificate, size);
}

API SKF_WriteCert(HANDLE container, ULONG keyspec, ULONG n, BYTE *certificate)
{
	return CALL("SKF_WriteCert", "hub", container, keyspec, certificate, (unsigned long)n);
}

API SKF_ECCSignData(HANDLE container, BYTE *data, ULONG n, BYTE *signature, ULONG *size)
{
	return CALL("SKF_ECCSignData", "hbB", container, data, (unsigned long)n, signature, size);
}

#else

API SKF_GetContainerType(HANDLE container, ULONG *type)
{
	return CALL("SKF_GetContainerType", "hU", container, type);
}

API SKF_ExportCertificate(HANDLE container, BOOL sign, BYTE *certificate, ULONG *size)
{
	return CALL("SKF_ExportCertificate", "huB", container, (ULONG)sign, certificate, size);
}

API SKF_ImportCertificate(HANDLE container, BOOL sign, BYTE *certificate, ULONG n)
{
	return CALL("SKF_ImportCertificate", "hub", container, (ULONG)sign, certificate, (unsigned long)n);
}

API SKF_ECCSignData(HANDLE container, BYTE *data, ULONG n, BYTE *signature)
{
	return CALL("SKF_ECCSignData", "hbF", container, data, (unsigned long)n, signature, (size_t)ECC_SIGNATURE);
}

API SKF_ImportECCKeyPair(HANDLE container, BYTE *envelope)
{
	return CALL("SKF_ImportECCKeyPair", "hb", container, envelope,
		    envelope ? ENVELOPE_HEAD + cipher_size(envelope + ENVELOPE_HEAD) : 0);
}

#endif

/* ---- keys ---- */

API SKF_GenECCKeyPair(HANDLE container, ULONG algorithm, BYTE *blob)
{
	return CALL("SKF_GenECCKeyPair", "huF", container, algorithm, blob, (size_t)ECC_PUBLIC_MOST);
}

API SKF_GenRSAKeyPair(HANDLE container, ULONG bits, BYTE *blob)
{
	return CALL("SKF_GenRSAKeyPair", "huF", container, bits, blob, (size_t)RSA_PUBLIC);
}

API SKF_ImportRSAKeyPair(HANDLE container, ULONG algorithm, BYTE *wrapped, ULONG wrapped_n, BYTE *data, ULONG n)
{
	return CALL("SKF_ImportRSAKeyPair", "hubb", container, algorithm, wrapped, (unsigned long)wrapped_n, data, (unsigned long)n);
}

API SKF_RSASignData(HANDLE container, BYTE *data, ULONG n, BYTE *signature, ULONG *size)
{
	return CALL("SKF_RSASignData", "hbB", container, data, (unsigned long)n, signature, size);
}

API SKF_ImportSessionKey(HANDLE container, ULONG algorithm, BYTE *wrapped, ULONG n, HANDLE *key)
{
	return CALL("SKF_ImportSessionKey", "hubH", container, algorithm, wrapped, (unsigned long)n, key);
}

API SKF_DecryptInit(HANDLE key, BLOCKCIPHERPARAM parameters)
{
	return CALL("SKF_DecryptInit", "hb", key, &parameters, (unsigned long)sizeof parameters);
}

API SKF_Decrypt(HANDLE key, BYTE *data, ULONG n, BYTE *plain, ULONG *size)
{
	return CALL("SKF_Decrypt", "hbB", key, data, (unsigned long)n, plain, size);
}

API SKF_DecryptUpdate(HANDLE key, BYTE *data, ULONG n, BYTE *plain, ULONG *size)
{
	return CALL("SKF_DecryptUpdate", "hbB", key, data, (unsigned long)n, plain, size);
}

API SKF_DecryptFinal(HANDLE key, BYTE *plain, ULONG *size)
{
	return CALL("SKF_DecryptFinal", "hB", key, plain, size);
}

API SKF_CloseHandle(HANDLE handle)
{
	return CALL("SKF_CloseHandle", "h", handle);
}

/* ---- decryption by a container's private key, which each vendor adds under a name of its own ---- */

#ifdef DECRYPT_LONGMAI
API SKF_ECCPrvKeyDecrypt(HANDLE container, BYTE *cipher, BYTE *plain, ULONG *size)
{
	return CALL("SKF_ECCPrvKeyDecrypt", "hbB", container, cipher, cipher_size(cipher), plain, size);
}

API SKF_RSAPrvKeyDecrypt(HANDLE container, BYTE *cipher, ULONG n, BYTE *plain, ULONG *size)
{
	return CALL("SKF_RSAPrvKeyDecrypt", "hbB", container, cipher, (unsigned long)n, plain, size);
}
#endif

#ifdef DECRYPT_KEYSPEC
API SKF_PrvKeyDecrypt(HANDLE container, ULONG keyspec, BYTE *cipher, BYTE *plain, ULONG *size)
{
	return CALL("SKF_PrvKeyDecrypt", "hubB", container, keyspec, cipher, cipher_size(cipher), plain, size);
}

API SKF_RSADecrypt(HANDLE container, ULONG keyspec, BYTE *cipher, ULONG n, BYTE *plain, ULONG *size)
{
	return CALL("SKF_RSADecrypt", "hubB", container, keyspec, cipher, (unsigned long)n, plain, size);
}
#endif

#ifdef DECRYPT_HAITAI
API SKF_ECCDecrypt(HANDLE container, BYTE *cipher, BYTE *plain, ULONG *size)
{
	return CALL("SKF_ECCDecrypt", "hbB", container, cipher, cipher_size(cipher), plain, size);
}

API SKF_RSADecrypt(HANDLE container, BYTE *cipher, ULONG n, BYTE *plain, ULONG *size)
{
	return CALL("SKF_RSADecrypt", "hbB", container, cipher, (unsigned long)n, plain, size);
}
#endif

#ifdef DECRYPT_CCORE
API V_ECCPrvKeyDecrypt(HANDLE container, ULONG keyspec, BYTE *cipher, BYTE *plain, ULONG *size)
{
	return CALL("V_ECCPrvKeyDecrypt", "hubB", container, keyspec, cipher, cipher_size(cipher), plain, size);
}

API V_RSAPrvKeyDecrypt(HANDLE container, BYTE *cipher, ULONG n, BYTE *plain, ULONG *size)
{
	return CALL("V_RSAPrvKeyDecrypt", "hbB", container, cipher, (unsigned long)n, plain, size);
}
#endif
