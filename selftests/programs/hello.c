// SPDX-License-Identifier: GPL-2.0
/*
 * An ordinary program: says what it was given and where it runs, reads a file,
 * writes another one.
 *
 *	hello [FILE-TO-READ [FILE-TO-WRITE [ANYTHING...]]]
 */
#include <cpuid.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char text[] = "written by hello\n";

static unsigned int apic_id(void)
{
	unsigned int eax, ebx = 0, ecx, edx;

	__get_cpuid(1, &eax, &ebx, &ecx, &edx);
	return ebx >> 24;
}

static void show_file(const char *path)
{
	char line[256];
	FILE *file = fopen(path, "r");

	if (!file)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), file))
		printf("%s: %s", path, line);
	fclose(file);
}

static void write_file(const char *path)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0640);
	struct stat st;

	if (fd < 0 || write(fd, text, sizeof(text) - 1) != sizeof(text) - 1 || close(fd))
		err(1, "%s", path);
	if (stat(path, &st))
		err(1, "%s", path);
	printf("%s: %lld bytes, mode %o\n", path, (long long)st.st_size, st.st_mode);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		printf("argument %d: %s\n", i, argv[i]);
	printf("APIC id: %u\n", apic_id());
	show_file(argc > 1 ? argv[1] : "/etc/hostname");
	write_file(argc > 2 ? argv[2] : "hello.txt");
	return 42;
}
