/*
 * PKCS #11 2.40, as far as a signing program needs it, each function forwarded to the server. The types follow the standard's
 * text; on unix its structures have natural alignment.
 */
#include "wire.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef unsigned char BYTE;
typedef unsigned long ULONG;

enum {
	CKR_OK = 0x00,
	CKR_ARGUMENTS_BAD = 0x07,
	CKR_FUNCTION_NOT_SUPPORTED = 0x54,
	CKR_CRYPTOKI_NOT_INITIALIZED = 0x190,
	CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191,
	CKM_RSA_PKCS_OAEP = 0x09,
	CKM_RSA_PKCS_PSS = 0x0D,
	CKM_SHA256_RSA_PKCS_PSS = 0x43,
	CKM_SHA384_RSA_PKCS_PSS = 0x44,
	CKM_SHA512_RSA_PKCS_PSS = 0x45,
	MAX_TEMPLATE = 1000, /* attributes */
};

typedef struct {
	BYTE major, minor;
} VERSION;

typedef struct {
	VERSION cryptoki;
	BYTE manufacturer[32];
	ULONG flags;
	BYTE description[32];
	VERSION library;
} INFO;

typedef struct {
	BYTE description[64], manufacturer[32];
	ULONG flags;
	VERSION hardware, firmware;
} SLOT_INFO;

typedef struct {
	BYTE label[32], manufacturer[32], model[16], serial[16];
	ULONG flags;
	ULONG max_sessions, sessions, max_rw_sessions, rw_sessions;
	ULONG max_pin, min_pin;
	ULONG total_public, free_public, total_private, free_private;
	VERSION hardware, firmware;
	BYTE time[16];
} TOKEN_INFO;

typedef struct {
	ULONG slot, state, flags, device_error;
} SESSION_INFO;

typedef struct {
	ULONG min_bits, max_bits, flags;
} MECHANISM_INFO;

typedef struct {
	ULONG type;
	void *value;
	ULONG length;
} ATTRIBUTE;

typedef struct {
	ULONG mechanism;
	void *parameter;
	ULONG length;
} MECHANISM;

typedef struct {
	ULONG hash, mgf, source;
	void *data;
	ULONG length;
} OAEP;

typedef struct {
	ULONG hash, mgf, salt;
} PSS;

typedef struct {
	void *create, *destroy, *lock, *unlock;
	ULONG flags;
	void *reserved;
} INITIALIZE_ARGS;

/* ---- what is too deep for a letter ---- */

typedef struct {
	ATTRIBUTE *attributes;
	ULONG count;
} TEMPLATE;

static TEMPLATE template(ATTRIBUTE *attributes, ULONG count)
{
	TEMPLATE t = {attributes, attributes && count <= MAX_TEMPLATE ? count : 0};
	return t;
}

static void write_template(struct message *m, void *of)
{
	TEMPLATE *t = of;
	ULONG i;

	put_number(m, t->count);
	for (i = 0; i < t->count; i++) {
		put_number(m, t->attributes[i].type);
		put_bytes(m, t->attributes[i].value, t->attributes[i].length);
	}
}

static void write_query(struct message *m, void *of)
{
	TEMPLATE *t = of;
	ULONG i;

	put_number(m, t->count);
	for (i = 0; i < t->count; i++) {
		put_number(m, t->attributes[i].type);
		put_room(m, t->attributes[i].value, &t->attributes[i].length);
	}
}

static void read_query(struct message *m, void *of)
{
	TEMPLATE *t = of;
	unsigned long long length;
	ULONG i;

	for (i = 0; i < t->count; i++) {
		ATTRIBUTE *a = &t->attributes[i];
		if (!get_buffer(m, a->value, a->value ? a->length : 0, &length))
			return;
		a->length = (ULONG)length;
	}
}

/* A mechanism is its number, three numbers of its parameter, and the bytes of the rest. */
static void write_mechanism(struct message *m, void *of)
{
	MECHANISM *k = of;
	OAEP none = {0}, *p = &none;
	PSS *pss;

	if (!k) {
		put_none(m);
		return;
	}
	put_number(m, k->mechanism);
	switch (k->mechanism) {
	case CKM_RSA_PKCS_OAEP:
		if (k->parameter && k->length == sizeof *p)
			p = k->parameter;
		break;
	case CKM_RSA_PKCS_PSS:
	case CKM_SHA256_RSA_PKCS_PSS:
	case CKM_SHA384_RSA_PKCS_PSS:
	case CKM_SHA512_RSA_PKCS_PSS:
		if (k->parameter && k->length == sizeof *pss) {
			pss = k->parameter;
			none.hash = pss->hash;
			none.mgf = pss->mgf;
			none.source = pss->salt;
		}
		break;
	default:
		none.data = k->parameter;
		none.length = k->length;
	}
	put_number(m, p->hash);
	put_number(m, p->mgf);
	put_number(m, p->source);
	put_bytes(m, p->data, p->length);
}

/* ---- the library ---- */

/* The process that initialised the library; a child must do so anew. */
static _Atomic pid_t initialized;

#define CALL(...) (initialized == getpid() ? softkey_call(__VA_ARGS__) : (ULONG)CKR_CRYPTOKI_NOT_INITIALIZED)

EXPORT ULONG C_Initialize(void *args)
{
	pid_t before = initialized, self = getpid();
	ULONG returned;

	if (args && ((INITIALIZE_ARGS *)args)->reserved)
		return CKR_ARGUMENTS_BAD;
	if (before == self || !atomic_compare_exchange_strong(&initialized, &before, self))
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	returned = softkey_call("C_Initialize", "");
	if (returned == GONE) /* no server: a library without keys */
		returned = CKR_OK;
	if (returned != CKR_OK)
		initialized = 0;
	return returned;
}

EXPORT ULONG C_Finalize(void *reserved)
{
	ULONG returned;

	if (reserved)
		return CKR_ARGUMENTS_BAD;
	returned = CALL("C_Finalize", "");
	if (returned == CKR_CRYPTOKI_NOT_INITIALIZED)
		return returned;
	initialized = 0;
	return CKR_OK;
}

EXPORT ULONG C_GetInfo(INFO *info)
{
	if (!info)
		return CKR_ARGUMENTS_BAD;
	memset(info, 0, sizeof *info);
	return CALL("C_GetInfo", "FFFF", &info->cryptoki, sizeof info->cryptoki, info->manufacturer, sizeof info->manufacturer,
		    info->description, sizeof info->description, &info->library, sizeof info->library);
}

/* A list's size is counted in numbers, its buffer in bytes. */
static ULONG list(const char *name, ULONG of, ULONG *numbers, ULONG *count)
{
	ULONG bytes, returned;

	if (!count)
		return CKR_ARGUMENTS_BAD;
	bytes = *count < MAX_TEMPLATE ? *count * sizeof *numbers : MAX_TEMPLATE * sizeof *numbers;
	returned = CALL(name, "lD", of, numbers, &bytes);
	*count = bytes / sizeof *numbers;
	return returned;
}

EXPORT ULONG C_GetSlotList(BYTE present, ULONG *slots, ULONG *count)
{
	ULONG returned = list("C_GetSlotList", present, slots, count);

	if (returned == GONE) {
		*count = 0;
		return CKR_OK;
	}
	return returned;
}

EXPORT ULONG C_GetSlotInfo(ULONG slot, SLOT_INFO *info)
{
	if (!info)
		return CKR_ARGUMENTS_BAD;
	return CALL("C_GetSlotInfo", "lFFLFF", slot, info->description, sizeof info->description, info->manufacturer,
		    sizeof info->manufacturer, &info->flags, &info->hardware, sizeof info->hardware, &info->firmware,
		    sizeof info->firmware);
}

EXPORT ULONG C_GetTokenInfo(ULONG slot, TOKEN_INFO *info)
{
	if (!info)
		return CKR_ARGUMENTS_BAD;
	return CALL("C_GetTokenInfo", "lFFFFLLLLLLLLLLLFFF", slot, info->label, sizeof info->label, info->manufacturer,
		    sizeof info->manufacturer, info->model, sizeof info->model, info->serial, sizeof info->serial, &info->flags,
		    &info->max_sessions, &info->sessions, &info->max_rw_sessions, &info->rw_sessions, &info->max_pin, &info->min_pin,
		    &info->total_public, &info->free_public, &info->total_private, &info->free_private, &info->hardware,
		    sizeof info->hardware, &info->firmware, sizeof info->firmware, info->time, sizeof info->time);
}

EXPORT ULONG C_GetMechanismList(ULONG slot, ULONG *mechanisms, ULONG *count)
{
	return list("C_GetMechanismList", slot, mechanisms, count);
}

EXPORT ULONG C_GetMechanismInfo(ULONG slot, ULONG mechanism, MECHANISM_INFO *info)
{
	if (!info)
		return CKR_ARGUMENTS_BAD;
	return CALL("C_GetMechanismInfo", "llLLL", slot, mechanism, &info->min_bits, &info->max_bits, &info->flags);
}

EXPORT ULONG C_WaitForSlotEvent(ULONG flags, ULONG *slot, void *reserved)
{
	if (reserved || !slot)
		return CKR_ARGUMENTS_BAD;
	return CALL("C_WaitForSlotEvent", "lL", flags, slot);
}

EXPORT ULONG C_InitToken(ULONG slot, BYTE *pin, ULONG pin_length, BYTE *label)
{
	return CALL("C_InitToken", "lbb", slot, pin, pin_length, label, 32UL);
}

/* ---- sessions ---- */

EXPORT ULONG C_OpenSession(ULONG slot, ULONG flags, void *application, void *notify, ULONG *session)
{
	(void)application;
	(void)notify;
	if (!session)
		return CKR_ARGUMENTS_BAD;
	return CALL("C_OpenSession", "llL", slot, flags, session);
}

EXPORT ULONG C_CloseSession(ULONG session)
{
	return CALL("C_CloseSession", "l", session);
}

EXPORT ULONG C_CloseAllSessions(ULONG slot)
{
	return CALL("C_CloseAllSessions", "l", slot);
}

EXPORT ULONG C_GetSessionInfo(ULONG session, SESSION_INFO *info)
{
	if (!info)
		return CKR_ARGUMENTS_BAD;
	return CALL("C_GetSessionInfo", "lLLLL", session, &info->slot, &info->state, &info->flags, &info->device_error);
}

EXPORT ULONG C_InitPIN(ULONG session, BYTE *pin, ULONG pin_length)
{
	return CALL("C_InitPIN", "lb", session, pin, pin_length);
}

EXPORT ULONG C_SetPIN(ULONG session, BYTE *old, ULONG old_length, BYTE *next, ULONG next_length)
{
	return CALL("C_SetPIN", "lbb", session, old, old_length, next, next_length);
}

EXPORT ULONG C_Login(ULONG session, ULONG type, BYTE *pin, ULONG pin_length)
{
	return CALL("C_Login", "llb", session, type, pin, pin_length);
}

EXPORT ULONG C_Logout(ULONG session)
{
	return CALL("C_Logout", "l", session);
}

/* ---- objects ---- */

EXPORT ULONG C_CreateObject(ULONG session, ATTRIBUTE *attributes, ULONG count, ULONG *object)
{
	TEMPLATE t = template(attributes, count);

	return CALL("C_CreateObject", "lwL", session, write_template, &t, object);
}

EXPORT ULONG C_DestroyObject(ULONG session, ULONG object)
{
	return CALL("C_DestroyObject", "ll", session, object);
}

EXPORT ULONG C_GetAttributeValue(ULONG session, ULONG object, ATTRIBUTE *attributes, ULONG count)
{
	TEMPLATE t = template(attributes, count);

	return CALL("C_GetAttributeValue", "llwR", session, object, write_query, &t, read_query, &t);
}

EXPORT ULONG C_SetAttributeValue(ULONG session, ULONG object, ATTRIBUTE *attributes, ULONG count)
{
	TEMPLATE t = template(attributes, count);

	return CALL("C_SetAttributeValue", "llw", session, object, write_template, &t);
}

EXPORT ULONG C_FindObjectsInit(ULONG session, ATTRIBUTE *attributes, ULONG count)
{
	TEMPLATE t = template(attributes, count);

	return CALL("C_FindObjectsInit", "lw", session, write_template, &t);
}

EXPORT ULONG C_FindObjects(ULONG session, ULONG *objects, ULONG most, ULONG *count)
{
	if (!objects || !count)
		return CKR_ARGUMENTS_BAD;
	*count = most;
	return list("C_FindObjects", session, objects, count);
}

EXPORT ULONG C_FindObjectsFinal(ULONG session)
{
	return CALL("C_FindObjectsFinal", "l", session);
}

/* ---- keys ---- */

EXPORT ULONG C_SignInit(ULONG session, MECHANISM *mechanism, ULONG key)
{
	return CALL("C_SignInit", "lwl", session, write_mechanism, mechanism, key);
}

EXPORT ULONG C_Sign(ULONG session, BYTE *data, ULONG n, BYTE *signature, ULONG *size)
{
	return CALL("C_Sign", "lbD", session, data, n, signature, size);
}

EXPORT ULONG C_SignUpdate(ULONG session, BYTE *data, ULONG n)
{
	return CALL("C_SignUpdate", "lb", session, data, n);
}

EXPORT ULONG C_SignFinal(ULONG session, BYTE *signature, ULONG *size)
{
	return CALL("C_SignFinal", "lD", session, signature, size);
}

EXPORT ULONG C_DecryptInit(ULONG session, MECHANISM *mechanism, ULONG key)
{
	return CALL("C_DecryptInit", "lwl", session, write_mechanism, mechanism, key);
}

EXPORT ULONG C_Decrypt(ULONG session, BYTE *cipher, ULONG n, BYTE *plain, ULONG *size)
{
	return CALL("C_Decrypt", "lbD", session, cipher, n, plain, size);
}

EXPORT ULONG C_GenerateKeyPair(ULONG session, MECHANISM *mechanism, ATTRIBUTE *public_attributes, ULONG public_count,
			       ATTRIBUTE *private_attributes, ULONG private_count, ULONG *public_key, ULONG *private_key)
{
	TEMPLATE a = template(public_attributes, public_count), b = template(private_attributes, private_count);

	return CALL("C_GenerateKeyPair", "lwwwLL", session, write_mechanism, mechanism, write_template, &a, write_template, &b,
		    public_key, private_key);
}

EXPORT ULONG C_GenerateRandom(ULONG session, BYTE *data, ULONG n)
{
	return CALL("C_GenerateRandom", "llF", session, n, data, (size_t)n);
}

static ULONG unsupported(void)
{
	return CKR_FUNCTION_NOT_SUPPORTED;
}

/* ---- the list of functions, in the standard's order ---- */

typedef void (*FUNCTION)(void);

EXPORT ULONG C_GetFunctionList(void **list);

static struct {
	VERSION version;
	FUNCTION functions[68];
} functions = {
	{2, 40},
	{
		/* clang-format off */
#define HAS(f) (FUNCTION)f
#define LACKS(f) (FUNCTION)unsupported
		HAS(C_Initialize), HAS(C_Finalize), HAS(C_GetInfo), HAS(C_GetFunctionList), HAS(C_GetSlotList), HAS(C_GetSlotInfo),
		HAS(C_GetTokenInfo), HAS(C_GetMechanismList), HAS(C_GetMechanismInfo), HAS(C_InitToken), HAS(C_InitPIN), HAS(C_SetPIN),
		HAS(C_OpenSession), HAS(C_CloseSession), HAS(C_CloseAllSessions), HAS(C_GetSessionInfo), LACKS(C_GetOperationState),
		LACKS(C_SetOperationState), HAS(C_Login), HAS(C_Logout), HAS(C_CreateObject), LACKS(C_CopyObject), HAS(C_DestroyObject),
		LACKS(C_GetObjectSize), HAS(C_GetAttributeValue), HAS(C_SetAttributeValue), HAS(C_FindObjectsInit), HAS(C_FindObjects),
		HAS(C_FindObjectsFinal), LACKS(C_EncryptInit), LACKS(C_Encrypt), LACKS(C_EncryptUpdate), LACKS(C_EncryptFinal),
		HAS(C_DecryptInit), HAS(C_Decrypt), LACKS(C_DecryptUpdate), LACKS(C_DecryptFinal), LACKS(C_DigestInit), LACKS(C_Digest),
		LACKS(C_DigestUpdate), LACKS(C_DigestKey), LACKS(C_DigestFinal), HAS(C_SignInit), HAS(C_Sign), HAS(C_SignUpdate),
		HAS(C_SignFinal), LACKS(C_SignRecoverInit), LACKS(C_SignRecover), LACKS(C_VerifyInit), LACKS(C_Verify),
		LACKS(C_VerifyUpdate), LACKS(C_VerifyFinal), LACKS(C_VerifyRecoverInit), LACKS(C_VerifyRecover),
		LACKS(C_DigestEncryptUpdate), LACKS(C_DecryptDigestUpdate), LACKS(C_SignEncryptUpdate), LACKS(C_DecryptVerifyUpdate),
		LACKS(C_GenerateKey), HAS(C_GenerateKeyPair), LACKS(C_WrapKey), LACKS(C_UnwrapKey), LACKS(C_DeriveKey),
		LACKS(C_SeedRandom), HAS(C_GenerateRandom), LACKS(C_GetFunctionStatus), LACKS(C_CancelFunction), HAS(C_WaitForSlotEvent),
		/* clang-format on */
	},
};

EXPORT ULONG C_GetFunctionList(void **list)
{
	if (!list)
		return CKR_ARGUMENTS_BAD;
	*list = &functions;
	return CKR_OK;
}
