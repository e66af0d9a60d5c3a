/* Stands in for a system library that old versions of Wine lack. */
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
