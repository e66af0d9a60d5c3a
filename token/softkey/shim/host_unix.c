#define _GNU_SOURCE
#include "host.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL /* macOS: SO_NOSIGPIPE on the socket does it */
#define MSG_NOSIGNAL 0
#endif

/* socket_path is what the environment says, or softkey.sock beside the library. */
static int socket_path(char *to, size_t room)
{
	const char *set = getenv("SEALDESK_SOFTKEY_SOCKET");
	const char *slash;
	Dl_info self;
	int n;

	if (set && *set)
		n = snprintf(to, room, "%s", set);
	else if (dladdr((void *)&socket_path, &self) && self.dli_fname && (slash = strrchr(self.dli_fname, '/')))
		n = snprintf(to, room, "%.*s/softkey.sock", (int)(slash - self.dli_fname), self.dli_fname);
	else
		return 0;
	return n > 0 && (size_t)n < room;
}

int host_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (!socket_path(address.sun_path, sizeof address.sun_path))
		return -1;
#ifdef SOCK_CLOEXEC
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
#else
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
#endif
	if (fd < 0)
		return -1;
#ifdef SO_NOSIGPIPE
	{
		int on = 1;
		setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
	}
#endif
	if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
		close(fd);
		return -1;
	}
	return fd;
}

long host_send(int fd, const void *data, size_t n)
{
	ssize_t sent;

	do
		sent = send(fd, data, n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return (long)sent;
}

long host_receive(int fd, void *data, size_t n)
{
	ssize_t got;

	do
		got = recv(fd, data, n, 0);
	while (got < 0 && errno == EINTR);
	return (long)got;
}

int host_quiet(int fd)
{
	unsigned char probe;

	return recv(fd, &probe, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void host_close(int fd)
{
	close(fd);
}

long host_process(void)
{
	return (long)getpid();
}

int host_random(void *to, size_t n)
{
	return getentropy(to, n) == 0;
}

__attribute__((constructor)) static void load(void)
{
	softkey_load();
}

__attribute__((destructor)) static void unload(void)
{
	softkey_unload();
}
