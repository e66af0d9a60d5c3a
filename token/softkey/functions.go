package softkey

import "strings"

// functions are what the libraries forward.
var functions = map[string]function{
	"SKF_EnumDev":               {noTarget, false, skfEnumDev},
	"SKF_ConnectDev":            {noTarget, false, skfConnectDev},
	"SKF_DisConnectDev":         {deviceHandle, false, skfDisConnectDev},
	"SKF_GetDevState":           {noTarget, false, skfGetDevState},
	"SKF_GetDevInfo":            {deviceHandle, false, skfGetDevInfo},
	"SKF_WaitForDevEvent":       {noTarget, false, skfWaitForDevEvent},
	"SKF_CancelWaitForDevEvent": {noTarget, false, skfCancelWaitForDevEvent},
	"SKF_LockDev":               {deviceHandle, false, skfLockDev},
	"SKF_UnlockDev":             {deviceHandle, false, skfUnlockDev},
	"SKF_SetLabel":              {deviceHandle, false, skfSetLabel},
	"SKF_DevAuth":               {deviceHandle, false, skfDevAuth},
	"SKF_GenRandom":             {deviceHandle, false, skfGenRandom},
	"SKF_CreateApplication":     {deviceHandle, false, skfCreateApplication},
	"SKF_EnumApplication":       {deviceHandle, false, skfEnumApplication},
	"SKF_OpenApplication":       {deviceHandle, false, skfOpenApplication},
	"SKF_CloseApplication":      {appHandle, false, skfCloseApplication},
	"SKF_DeleteApplication":     {deviceHandle, false, skfDeleteApplication},
	"SKF_GetPINInfo":            {appHandle, false, skfGetPINInfo},
	"SKF_VerifyPIN":             {appHandle, true, skfVerifyPIN},
	"SKF_ChangePIN":             {appHandle, true, skfChangePIN},
	"SKF_UnblockPIN":            {appHandle, true, skfUnblockPIN},
	"SKF_ClearSecureState":      {appHandle, false, skfClearSecureState},
	"SKF_CreateContainer":       {appHandle, false, skfCreateContainer},
	"SKF_EnumContainer":         {appHandle, false, skfEnumContainer},
	"SKF_OpenContainer":         {appHandle, false, skfOpenContainer},
	"SKF_CloseContainer":        {containerHandle, false, skfClose},
	"SKF_DeleteContainer":       {appHandle, false, skfDeleteContainer},
	"SKF_GetContainerType":      {containerHandle, false, skfGetContainerType},
	"SKF_ExportCertificate":     {containerHandle, false, skfExportCertificate},
	"SKF_ImportCertificate":     {containerHandle, false, skfImportCertificate},
	"SKF_ReadCert":              {containerHandle, false, skfReadCert},
	"SKF_WriteCert":             {containerHandle, false, skfWriteCert},
	"SKF_ExportPublicKey":       {containerHandle, false, skfExportPublicKey},
	"SKF_GenECCKeyPair":         {containerHandle, false, skfGenECCKeyPair},
	"SKF_GenRSAKeyPair":         {containerHandle, false, skfGenRSAKeyPair},
	"SKF_ImportECCKeyPair":      {containerHandle, false, skfImportECCKeyPair},
	"SKF_ImportRSAKeyPair":      {containerHandle, false, skfImportRSAKeyPair},
	"SKF_ECCSignData":           {containerHandle, false, skfECCSignData},
	"SKF_RSASignData":           {containerHandle, false, skfRSASignData},
	"SKF_ECCPrvKeyDecrypt":      {containerHandle, false, skfECCDecrypt},
	"SKF_ECCDecrypt":            {containerHandle, false, skfECCDecrypt},
	"SKF_PrvKeyDecrypt":         {containerHandle, false, skfPrvKeyDecrypt},
	"V_ECCPrvKeyDecrypt":        {containerHandle, false, skfPrvKeyDecrypt},
	"SKF_RSAPrvKeyDecrypt":      {containerHandle, false, skfRSADecrypt},
	"SKF_RSADecrypt":            {containerHandle, false, skfRSADecrypt},
	"V_RSAPrvKeyDecrypt":        {containerHandle, false, skfRSADecrypt},
	"SKF_ImportSessionKey":      {containerHandle, false, skfImportSessionKey},
	"SKF_DecryptInit":           {keyHandle, false, skfDecryptInit},
	"SKF_Decrypt":               {keyHandle, false, skfDecrypt},
	"SKF_DecryptUpdate":         {keyHandle, false, skfDecryptUpdate},
	"SKF_DecryptFinal":          {keyHandle, false, skfDecryptFinal},
	"SKF_CreateFile":            {appHandle, false, skfCreateFile},
	"SKF_DeleteFile":            {appHandle, false, skfDeleteFile},
	"SKF_EnumFiles":             {appHandle, false, skfEnumFiles},
	"SKF_GetFileInfo":           {appHandle, false, skfGetFileInfo},
	"SKF_ReadFile":              {appHandle, false, skfReadFile},
	"SKF_WriteFile":             {appHandle, false, skfWriteFile},
	"SKF_CloseHandle":           {anyHandle, false, skfClose},

	"C_Initialize":        {noTarget, false, ckInitialize},
	"C_Finalize":          {noTarget, false, ckFinalize},
	"C_GetInfo":           {noTarget, false, ckGetInfo},
	"C_GetSlotList":       {noTarget, false, ckGetSlotList},
	"C_GetSlotInfo":       {slotTarget, false, ckGetSlotInfo},
	"C_GetTokenInfo":      {slotTarget, false, ckGetTokenInfo},
	"C_GetMechanismList":  {slotTarget, false, ckGetMechanismList},
	"C_GetMechanismInfo":  {slotTarget, false, ckGetMechanismInfo},
	"C_WaitForSlotEvent":  {noTarget, false, ckWaitForSlotEvent},
	"C_InitToken":         {slotTarget, true, ckInitToken},
	"C_OpenSession":       {slotTarget, false, ckOpenSession},
	"C_CloseSession":      {sessionTarget, false, ckCloseSession},
	"C_CloseAllSessions":  {slotTarget, false, ckCloseAllSessions},
	"C_GetSessionInfo":    {sessionTarget, false, ckGetSessionInfo},
	"C_InitPIN":           {sessionTarget, true, ckInitPIN},
	"C_SetPIN":            {sessionTarget, true, ckSetPIN},
	"C_Login":             {sessionTarget, true, ckLogin},
	"C_Logout":            {sessionTarget, false, ckLogout},
	"C_CreateObject":      {sessionTarget, false, ckCreateObject},
	"C_DestroyObject":     {sessionTarget, false, ckDestroyObject},
	"C_GetAttributeValue": {sessionTarget, false, ckGetAttributeValue},
	"C_SetAttributeValue": {sessionTarget, false, ckSetAttributeValue},
	"C_FindObjectsInit":   {sessionTarget, false, ckFindObjectsInit},
	"C_FindObjects":       {sessionTarget, false, ckFindObjects},
	"C_FindObjectsFinal":  {sessionTarget, false, ckFindObjectsFinal},
	"C_SignInit":          {sessionTarget, false, ckSignInit},
	"C_Sign":              {sessionTarget, false, ckSign},
	"C_SignUpdate":        {sessionTarget, false, ckSignUpdate},
	"C_SignFinal":         {sessionTarget, false, ckSignFinal},
	"C_DecryptInit":       {sessionTarget, false, ckDecryptInit},
	"C_Decrypt":           {sessionTarget, false, ckDecrypt},
	"C_GenerateKeyPair":   {sessionTarget, false, ckGenerateKeyPair},
	"C_GenerateRandom":    {sessionTarget, false, ckGenerateRandom},
}

func isCryptoki(name string) bool { return strings.HasPrefix(name, "C_") }

func unsupported(name string) code {
	if isCryptoki(name) {
		return ckrFunctionNotSupported
	}
	return sarNotSupported
}

func badArguments(name string) code {
	if isCryptoki(name) {
		return ckrArgumentsBad
	}
	return sarInvalidParam
}

// find looks up what the first argument names; check tells whether it is there and still good.
func (c *call) find(t target) {
	switch t {
	case noTarget:
	case slotTarget:
		c.findSlot()
	case sessionTarget:
		c.findSession()
	default:
		c.findHandle()
	}
}

func (c *call) check(t target) code {
	switch t {
	case noTarget:
		return 0
	case slotTarget:
		return c.checkSlot()
	case sessionTarget:
		return c.checkSession()
	}
	return c.checkHandle(t)
}
