/*
 * Loads an SKF library as a C program does, and uses it hard: 10,000 calls, many threads, a forked child, unloading. It prints
 * what it measured, and exits with 1 at the first thing that is wrong.
 *
 *   drive LIBRARY DEVICE APPLICATION CONTAINER
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef unsigned int ULONG;
typedef void *HANDLE;

enum { WARM_UP = 100, TURNS = 1250, CALLS_A_TURN = 8, THREADS = 24, THREAD_TURNS = 20 };

enum { OK = 0, INVALID_HANDLE = 0x0A000005, NOT_LOGGED_IN = 0x0A00002D };

static ULONG (*enum_dev)(int, char *, ULONG *);
static ULONG (*connect_dev)(const char *, HANDLE *);
static ULONG (*disconnect_dev)(HANDLE);
static ULONG (*open_application)(HANDLE, const char *, HANDLE *);
static ULONG (*close_application)(HANDLE);
static ULONG (*open_container)(HANDLE, const char *, HANDLE *);
static ULONG (*close_container)(HANDLE);
static ULONG (*sign)(HANDLE, unsigned char *, ULONG, unsigned char *);
static char **names;

#define EXPECT(what, want)                                                                      \
	do {                                                                                    \
		ULONG got = what;                                                               \
		if (got != (ULONG)(want)) {                                                     \
			fprintf(stderr, "%s: got %#x, want %#x\n", #what, got, (ULONG)(want));  \
			exit(1);                                                                \
		}                                                                               \
	} while (0)

static void turn(void)
{
	HANDLE device, application, container;
	unsigned char digest[32] = {1}, signature[128];
	char list[256];
	ULONG size = sizeof list;

	EXPECT(enum_dev(1, list, &size), OK);
	EXPECT(connect_dev(names[2], &device), OK);
	EXPECT(open_application(device, names[3], &application), OK);
	EXPECT(open_container(application, names[4], &container), OK);
	EXPECT(sign(container, digest, sizeof digest, signature), NOT_LOGGED_IN);
	EXPECT(close_container(container), OK);
	EXPECT(close_application(application), OK);
	EXPECT(disconnect_dev(device), OK);
}

static void *turns(void *unused)
{
	int i;

	for (i = 0; i < THREAD_TURNS; i++)
		turn();
	return unused;
}

static int descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

#define FIND(f, name)                                                     \
	do {                                                              \
		*(void **)&f = dlsym(library, name);                      \
		if (!f) {                                                 \
			fprintf(stderr, "no %s: %s\n", name, dlerror());  \
			return 1;                                         \
		}                                                         \
	} while (0)

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int before = descriptors(), warm, i, status;
	size_t memory;
	HANDLE device;
	void *library;
	pid_t child;

	if (argc != 5 || !(library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL))) {
		fprintf(stderr, "the library does not load\n");
		return 1;
	}
	names = argv;
	FIND(enum_dev, "SKF_EnumDev");
	FIND(connect_dev, "SKF_ConnectDev");
	FIND(disconnect_dev, "SKF_DisConnectDev");
	FIND(open_application, "SKF_OpenApplication");
	FIND(close_application, "SKF_CloseApplication");
	FIND(open_container, "SKF_OpenContainer");
	FIND(close_container, "SKF_CloseContainer");
	FIND(sign, "SKF_ECCSignData");

	for (i = 0; i < WARM_UP; i++)
		turn();
	warm = descriptors();
	memory = mallinfo2().uordblks;
	for (i = 0; i < TURNS; i++)
		turn();
	memory = mallinfo2().uordblks - memory;
	printf("%d calls: %+d bytes, %+d descriptors\n", TURNS * CALLS_A_TURN, (int)memory, descriptors() - warm);
	if (memory || descriptors() != warm)
		return 1;

	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, turns, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%d threads: %+d descriptors\n", THREADS, descriptors() - warm);
	if (descriptors() - warm > 16)
		return 1;

	/* A child has neither the parent's handles nor its connections. */
	EXPECT(connect_dev(names[2], &device), OK);
	if (!(child = fork())) {
		EXPECT(disconnect_dev(device), INVALID_HANDLE);
		turn();
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status) {
		fprintf(stderr, "the child ended with %#x\n", status);
		return 1;
	}
	EXPECT(disconnect_dev(device), OK);

	dlclose(library);
	if (dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD)) {
		fprintf(stderr, "the library stays loaded\n");
		return 1;
	}
	printf("unloaded: %+d descriptors\n", descriptors() - before);
	return descriptors() != before;
}
