/*
 * On Windows the server is reached over TCP on this machine, at the port that SEALDESK_SOFTKEY_PORT says. Nothing is asked of it
 * while the library is loaded, when Windows lets nothing be waited for; the first call does it.
 */
#include "host.h"

#undef VARIANT /* what the library was built for; of Windows it is a type */
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <ntsecapi.h>

int host_connect(void)
{
	struct sockaddr_in address;
	const char *port = getenv("SEALDESK_SOFTKEY_PORT");
	WSADATA about;
	SOCKET s;

	if (!port || WSAStartup(MAKEWORD(2, 2), &about))
		return -1;
	memset(&address, 0, sizeof address);
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((u_short)atoi(port));
	s = socket(AF_INET, SOCK_STREAM, 0);
	if (s == INVALID_SOCKET)
		return -1;
	if (connect(s, (struct sockaddr *)&address, sizeof address)) {
		closesocket(s);
		return -1;
	}
	return (int)s; /* the numbers of sockets are small */
}

long host_send(int s, const void *data, size_t n)
{
	return send((SOCKET)s, data, (int)n, 0);
}

long host_receive(int s, void *data, size_t n)
{
	return recv((SOCKET)s, data, (int)n, 0);
}

int host_quiet(int s)
{
	struct timeval now = {0, 0};
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET((SOCKET)s, &readable);
	return select(0, &readable, NULL, NULL, &now) == 0;
}

void host_close(int s)
{
	closesocket((SOCKET)s);
}

long host_process(void)
{
	return (long)GetCurrentProcessId();
}

int host_random(void *to, size_t n)
{
	return RtlGenRandom(to, (ULONG)n);
}
